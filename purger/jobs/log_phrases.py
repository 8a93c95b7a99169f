"""What a job's log tells, in words for people and as values for machines; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from purger import __version__
from purger.core.errors import ExitCode
from purger.travis.job_log import Fetch, FetchVerdict, JobLog, Source, Stored, Symptom
from purger.report.build import SCHEMA, time_text

if TYPE_CHECKING:
    from purger.jobs.check_log import CheckedLog

_WHOSE: dict[Source, str] = {
    "own": "its own branch's cache",
    "target": "the target branch's cache",
    "default": "the default branch's cache",
    "unknown": "a cache of some other branch",
}
AGAIN = "Purge again, wait, then restart the job."
_STALE_SYMPTOMS = {"contextual-version-conflict", "version-conflict", "distribution-not-found"}


def archive_text(fetch: Fetch | Stored) -> str:
    """An archive as a log names it: `main/cache-linux-….tgz`."""
    return f"{fetch.branch}/{fetch.archive}" if fetch.archive else "a cache that the log does not name"


def whose(fetch: Fetch) -> str:
    """Whose cache it is, seen from the job."""
    return _WHOSE[fetch.source]


def what_it_did(log: JobLog) -> str:
    """What the job fetched, as the end of a sentence that begins with the job."""
    if log.fetched:
        return "fetched " + ", ".join(f"{archive_text(fetch)}, {whose(fetch)}" for fetch in log.fetched)
    return "started clean" if log.started_clean else "asked for no cache"


def advice(symptom: Symptom, log: JobLog) -> str:
    """What to do about a symptom in this log: a job that started clean can't have stale packages from a cache."""
    if symptom.id in _STALE_SYMPTOMS and not log.fetched:
        return "It fetched no cache, so none is to blame: look at the requirements themselves."
    return symptom.what_to_do


def because_of(verdict: FetchVerdict) -> str:
    """What it means that the archive was fetched, after a purge."""
    if not verdict.deleted:
        why = "the purge never saw it" if verdict.outcome is None else f"to the purge it was {verdict.outcome}"
        return f"The purge had not deleted it: {why}."
    gone = f" (seen gone at {_clock(verdict.deleted_at)})" if verdict.deleted_at else ""
    match verdict.when:
        case "before":
            return f"It was fetched before the purge deleted it{gone}: this log is too old to tell. Restart the job."
        case "after":
            return (
                f"The purge had deleted it{gone}, and it was fetched after that: the deletion had not applied yet, "
                f"or a running job uploaded it again. {AGAIN}"
            )
        case _:
            return f"The purge deleted it{gone}; which came first is not known. {AGAIN}"


def lines_about(checked: CheckedLog) -> Iterator[str]:
    """A checked log for people, line by line; the first one is the result."""
    log = checked.log
    yield f"{f'Job {checked.job.id}' if checked.job else checked.name}: {_result(checked)}"
    if checked.job and checked.job.is_running:
        yield f"The job is {checked.job.state}: this is its log so far."
    for verdict in checked.verdicts or ():
        yield f"{archive_text(verdict.fetch)}: {because_of(verdict)}"
    if log.asked:
        yield "It asked for:"
    for fetch in log.asked:
        found = "found" if fetch.found else "not there"
        at = f", {_clock(fetch.at)}" if fetch.at else ""
        yield f"  {archive_text(fetch)} ({whose(fetch)}{at}): {found}"
    for stored in log.stored:
        how = {True: "It stored", False: "It failed to store", None: "It began to store"}[stored.succeeded]
        yield f"{how} {archive_text(stored)}{f' at {_clock(stored.at)}' if stored.at else ''}."
    if log.nothing_changed:
        yield "It found its cache unchanged, and stored none."
    yield from _troubles(log)


def _result(checked: CheckedLog) -> str:
    log = checked.log
    if not log.fetched:
        return "the job started clean." if log.started_clean else "the job asked for no cache."
    if checked.verdicts is None:
        return f"the job {what_it_did(log)}."
    bad = sum(verdict.deleted for verdict in checked.verdicts)
    return "the job fetched a cache that the purge deleted." if bad else "the job fetched no cache that was deleted."


def _troubles(log: JobLog) -> Iterator[str]:
    for symptom in log.symptoms:
        yield f"A known symptom: {symptom.line}"
        yield f"  {symptom.meaning}"
        yield f"  {advice(symptom, log)}"
    if log.last_failing_lines:
        yield "The last command that failed:"
        for line in log.last_failing_lines:
            yield f"  {line}"
        if not log.fetched:
            yield "It fetched no cache and failed all the same: not a cache problem. Look at the build itself."
    if log.truncated:
        yield "The log ends before the job does."


def checked_log_value(checked: CheckedLog) -> dict[str, Any]:
    """A checked log as JSON-ready values."""
    job = checked.job
    return {
        "schema": SCHEMA,
        "version": __version__,
        "ok": checked.exit_code is ExitCode.OK,
        "exit_code": int(checked.exit_code),
        "error": None,
        "source": checked.name,
        "job": None if job is None else {"id": job.id, "state": job.state, "repository": job.repository_slug},
        **log_values(checked.log, checked.verdicts),
    }


def log_values(log: JobLog, verdicts: Sequence[FetchVerdict] | None) -> dict[str, Any]:
    """A log as JSON-ready values; `verdicts` add to each fetched archive what a purge did to it."""
    compared: Sequence[FetchVerdict | None] = verdicts or [None] * len(log.fetched)
    return {
        "started_clean": log.started_clean,
        "asked": [_fetch_value(fetch) for fetch in log.asked],
        "fetched": [_fetch_value(fetch) | _verdict_value(of) for fetch, of in zip(log.fetched, compared, strict=True)],
        "stored": [
            {
                "branch": stored.branch,
                "archive": stored.archive,
                "at": _time(stored.at),
                "succeeded": stored.succeeded,
            }
            for stored in log.stored
        ],
        "nothing_changed": log.nothing_changed,
        "symptoms": [
            {
                "id": symptom.id,
                "line": symptom.line,
                "meaning": symptom.meaning,
                "what_to_do": advice(symptom, log),
            }
            for symptom in log.symptoms
        ],
        "last_failing_lines": list(log.last_failing_lines),
        "truncated": log.truncated,
    }


def _fetch_value(fetch: Fetch) -> dict[str, Any]:
    return {
        "branch": fetch.branch,
        "archive": fetch.archive,
        "at": _time(fetch.at),
        "found": fetch.found,
        "source": fetch.source,
    }


def _verdict_value(verdict: FetchVerdict | None) -> dict[str, Any]:
    if verdict is None:
        return {}
    return {
        "deleted": verdict.deleted,
        "outcome": verdict.outcome,
        "deleted_at": _time(verdict.deleted_at),
        "when": verdict.when,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else time_text(at)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
