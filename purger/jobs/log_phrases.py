"""What a job's log says, as sentences for people; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from msgspec import UNSET

from purger.report.model import CheckedLogReport, FetchReport, LogReport

_WHOSE = {
    "own": "its own branch's cache",
    "target": "the target branch's cache",
    "default": "the default branch's cache",
    "unknown": "a cache of some other branch",
}
_AGAIN = "Purge again, wait, then restart the job."


class StoredFile(Protocol):
    """An archive as a log names it; None where the log does not."""

    @property
    def branch(self) -> str | None:
        """The branch part of its key."""

    @property
    def archive(self) -> str | None:
        """Its file name."""


def archive_text(file: StoredFile) -> str:
    """Return an archive as a log names it: `main/cache-linux-….tgz`."""
    return f"{file.branch}/{file.archive}" if file.archive else "a cache that the log does not name"


def what_it_did(log: LogReport) -> str:
    """Return what the job fetched, as the end of a sentence that begins with the job."""
    if log.fetched:
        return "fetched " + ", ".join(f"{archive_text(fetch)}, {_WHOSE[fetch.source]}" for fetch in log.fetched)
    return "started clean" if log.started_clean else "asked for no cache"


def lines_about(report: CheckedLogReport) -> Iterator[str]:
    """Yield a checked log line by line; the first line is the result."""
    job = report.job
    yield f"{f'Job {job.id}' if job else report.source}: {_result(report)}"
    if job and _is_running(job.state):
        yield f"The job is {job.state}: this is its log so far."
    for fetch in report.fetched:
        if fetch.deleted is not UNSET:
            yield f"{archive_text(fetch)}: {_because_of(fetch)}"
    if report.asked:
        yield "It asked for:"
    for fetch in report.asked:
        at = f", {_clock(fetch.at)}" if fetch.at else ""
        yield f"  {archive_text(fetch)} ({_WHOSE[fetch.source]}{at}): {'found' if fetch.found else 'not found'}"
    for stored in report.stored:
        how = {True: "It stored", False: "It failed to store", None: "It began to store"}[stored.succeeded]
        yield f"{how} {archive_text(stored)}{f' at {_clock(stored.at)}' if stored.at else ''}."
    if report.nothing_changed:
        yield "It found its cache unchanged, and stored none."
    yield from _failures(report)


def _is_running(state: str) -> bool:
    from purger.travis.jobs import RUNNING_STATES  # heavy, and loaded already where there is a job

    return state in RUNNING_STATES


def _result(report: CheckedLogReport) -> str:
    if not report.fetched:
        return "the job started clean." if report.started_clean else "the job asked for no cache."
    if all(fetch.deleted is UNSET for fetch in report.fetched):
        return f"the job {what_it_did(report)}."
    is_bad = any(fetch.deleted is True for fetch in report.fetched)
    return f"the job fetched {'a cache that the purge deleted' if is_bad else 'no cache that was deleted'}."


def _because_of(fetch: FetchReport) -> str:
    """Return what it means that the archive was fetched, after a purge."""
    if not fetch.deleted:
        why = "the purge never saw it" if fetch.outcome is None else f"its outcome was {fetch.outcome}"
        return f"The purge had not deleted it: {why}."
    gone = f" (seen gone at {_clock(fetch.deleted_at)})" if isinstance(fetch.deleted_at, datetime) else ""
    match fetch.when:
        case "before":
            return f"It was fetched before the purge deleted it{gone}: this log is too old to tell. Restart the job."
        case "after":
            return (
                f"The purge had deleted it{gone}, and it was fetched after that: the deletion had not applied yet, "
                f"or a running job uploaded it again. {_AGAIN}"
            )
        case _:
            return f"The purge deleted it{gone}; which came first is not known. {_AGAIN}"


def _failures(log: LogReport) -> Iterator[str]:
    for symptom in log.symptoms:
        yield f"A known symptom: {symptom.line}"
        yield f"  {symptom.meaning}"
        yield f"  {symptom.what_to_do}"
    if log.last_failing_lines:
        yield "The last command that failed:"
        for line in log.last_failing_lines:
            yield f"  {line}"
        if not log.fetched:
            yield "It fetched no cache and failed anyway: not a cache problem. Check the build itself."
    if log.truncated:
        yield "The log ends before the job does."


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
