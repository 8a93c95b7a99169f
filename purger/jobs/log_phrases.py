"""What a job's log says, as sentences for people; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import UNSET

from purger.report.model import CheckedLogReport, FetchReport, LogReport
from purger.report.phrases import archive_text

_WHOSE = {
    "own": "its own branch's cache",
    "target": "the target branch's cache",
    "default": "the default branch's cache",
    "unknown": "whose it is, the log does not tell",
}
_UNNAMED = "a cache, which one the log does not show"
WHOLE_LOG = "Give the whole log, or the job itself: its number or the URL of its page."
_SYMPTOM = "(the line with the known symptom)"
_SEVERAL_JOBS = (
    "The log is of several jobs, and this is true of all of them together: give each job's log, or its number."
)
_SEVERAL_STARTS = (
    "The log shows a job's start more than once (it began again, or printed another log): this is true of all of it."
)
_CLEAR_ALL = "If it may be stale, purge the job's branch, named in full with --branch, then restart the job."
_AGAIN = "Purge again, wait, then restart the job."


def what_it_did(log: LogReport) -> str:
    """Return what the job fetched, as the end of a sentence that begins with the job."""
    match log.cache_use:
        case "fetched" if log.fetched:
            named = [f"{archive_text(fetch)}, {_WHOSE[fetch.source]}" for fetch in log.fetched]
            return "fetched " + ", ".join([*named, *([f"and {_UNNAMED}"] if log.fetched_unnamed else [])])
        case "fetched":
            return f"fetched {_UNNAMED}"
        case "started-clean":
            return "started clean"
        case "uses-no-cache":
            return "uses no cache"
        case _:
            return f"does not show what it fetched: its log {log.unknown_reason or 'is not there'}"


def lines_about(report: CheckedLogReport) -> Iterator[str]:
    """Yield a checked log line by line; the first line is the result and what to do now, the rest is evidence."""
    job = report.job
    yield f"{f'Job {job.id}' if job else report.source}: {_result(report)} {_what_to_do(report)}"
    if job and _is_running(job.state):
        yield f"The job is {job.state}: this is its log so far."
    if report.several_jobs:
        yield _SEVERAL_STARTS if job else _SEVERAL_JOBS
    for fetch in report.fetched:
        if fetch.deleted is not UNSET:
            yield f"{archive_text(fetch)}: {_because_of(fetch)}"
    yield from _lines_about_fetching(report)
    yield from _lines_about_storing(report)
    yield from _failures(report)


def _lines_about_fetching(log: LogReport) -> Iterator[str]:
    if log.asked:
        yield "It asked for:"
    for fetch in log.asked:
        at = f", {_clock(fetch.at)}" if fetch.at else ""
        answer = {True: "found", False: "not found", None: "no answer"}[fetch.found]
        yield f"  {archive_text(fetch)} ({_WHOSE[fetch.source]}{at}): {answer}"
    if log.unpacking_cut_off:
        yield "Unpacking it took too long and was aborted: a part of it may be missing."


def _lines_about_storing(log: LogReport) -> Iterator[str]:
    for stored in log.stored:
        at = f" at {_clock(stored.at)}" if stored.at else ""
        if stored.succeeded is False and stored.archive is None:
            yield f"It did not store its cache{at}{f': {stored.failure}' if stored.failure else ''}."
            continue
        how = {True: "It stored", False: "It failed to store", None: "It began to store"}[stored.succeeded]
        yield f"{how} {archive_text(stored)}{at}{f': {stored.failure}' if stored.failure else ''}."
    if log.nothing_changed:
        yield "It found its cache unchanged, and stored none."


def _is_running(state: str) -> bool:
    from purger.travis.jobs import RUNNING_STATES  # heavy, and loaded already where there is a job

    return state in RUNNING_STATES


def _result(report: CheckedLogReport) -> str:
    match report.cache_use:
        case "unknown":
            return "not known whether the job fetched a cache."
        case "fetched" if report.fetched and all(fetch.deleted is not UNSET for fetch in report.fetched):
            is_bad = any(fetch.deleted is True for fetch in report.fetched)
            is_unknown = report.fetched_unnamed or any(fetch.deleted is None for fetch in report.fetched)
            if not is_bad and is_unknown:
                return "not known whether the job fetched a cache that the purge deleted."
            return f"the job fetched {'a cache that the purge deleted' if is_bad else 'no cache that was deleted'}."
        case _:
            return f"the job {what_it_did(report)}."


def _what_to_do(report: CheckedLogReport) -> str:
    """Return what to do now, in one or two sentences."""
    match report.cache_use:
        case "fetched" if any(fetch.deleted is True for fetch in report.fetched):
            is_old = all(fetch.when == "before" for fetch in report.fetched if fetch.deleted is True)
            return "Restart the job." if is_old else _AGAIN
        case "fetched" if any(fetch.deleted is None for fetch in report.fetched):
            return _CLEAR_ALL if report.job else "Give the job's number, which tells its repository and its branches."
        case "fetched" if any(fetch.deleted is False for fetch in report.fetched) and not report.fetched_unnamed:
            return "If that one is stale, purge it, too."
        case "fetched":
            return "If its caches may be stale, purge them, then restart the job."
        case "started-clean" | "uses-no-cache":
            return "No cache is to blame for what fails in it."
        case _ if report.job and _is_running(report.job.state):
            return "The job still runs: wait a little, then try again."
        case _:
            return f"The log {report.unknown_reason}. {_remedy(report)}"


def _remedy(report: CheckedLogReport) -> str:
    if report.is_worth_a_restart:
        return "Restart the job."
    return "Look at the job's page." if report.job else WHOLE_LOG


def _because_of(fetch: FetchReport) -> str:
    """Return what it means that the archive was fetched, after a purge."""
    if fetch.deleted is None:
        return f"Not known whether the purge deleted it: it was {fetch.reason}."
    if not fetch.deleted:
        why = "the site did not list it to the purge" if fetch.outcome is None else f"its outcome was {fetch.outcome}"
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
    yield from _lines_about_symptoms(log)
    yield from last_lines(log)
    if log.truncated:
        yield "The log ends before the job does."


def _lines_about_symptoms(log: LogReport) -> Iterable[str]:
    """Return the lines that show the symptoms, those with the same meaning together; nothing is said twice."""
    shown: dict[tuple[str, str], list[str]] = {}
    for symptom in log.symptoms:
        shown.setdefault((symptom.meaning, symptom.what_to_do), []).append(f"A known symptom: {symptom.line}")
    return dict.fromkeys(line for about, quoted in shown.items() for line in (*quoted, *(f"  {one}" for one in about)))


def last_lines(log: LogReport) -> list[str]:
    """Return what the job printed when it failed or was stopped, under a title; nothing where that is not known."""
    if log.stopped_storing:
        return ["The job was stopped while it stored its cache: that is not the fault of the build."]
    if not log.last_failing_lines:
        return []
    title = "What it printed last:" if log.stopped else "The last command that failed:"
    quoted = {symptom.line.strip() for symptom in log.symptoms}
    return [title, *(f"  {_SYMPTOM if line.strip() in quoted else line}" for line in log.last_failing_lines)]


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
