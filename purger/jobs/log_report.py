"""Build the report of a job's log from what was read of it; pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from purger.report.model import FetchReport, LogReport, StoredReport, SymptomReport
from purger.travis.job_log import Fetch, FetchVerdict, JobLog, Symptom

_STALE_SYMPTOMS = {"contextual-version-conflict", "version-conflict", "distribution-not-found"}


def log_report(log: JobLog, verdicts: Sequence[FetchVerdict] | None = None) -> LogReport:
    """Build the report of a log; `verdicts` add to each fetched archive what a purge did to it."""
    compared: Sequence[FetchVerdict | None] = verdicts or [None] * len(log.fetched)
    return LogReport(
        started_clean=log.started_clean,
        asked=[_fetch_report(fetch) for fetch in log.asked],
        fetched=[_fetch_report(fetch, verdict) for fetch, verdict in zip(log.fetched, compared, strict=True)],
        stored=[
            StoredReport(branch=stored.branch, archive=stored.archive, at=stored.at, succeeded=stored.succeeded)
            for stored in log.stored
        ],
        nothing_changed=log.nothing_changed,
        symptoms=[
            SymptomReport(
                id=symptom.id, line=symptom.line, meaning=symptom.meaning, what_to_do=_what_to_do(symptom, log)
            )
            for symptom in log.symptoms
        ],
        last_failing_lines=list(log.last_failing_lines),
        truncated=log.truncated,
    )


def _fetch_report(fetch: Fetch, verdict: FetchVerdict | None = None) -> FetchReport:
    report = FetchReport(
        branch=fetch.branch, archive=fetch.archive, at=fetch.at, found=fetch.found, source=fetch.source
    )
    if verdict is None:
        return report
    return msgspec.structs.replace(
        report,
        deleted=verdict.deleted,
        outcome=verdict.outcome,
        deleted_at=verdict.deleted_at,
        when=verdict.when,
    )


def _what_to_do(symptom: Symptom, log: JobLog) -> str:
    # A job that started clean can't have stale packages from a cache.
    if symptom.id in _STALE_SYMPTOMS and not log.fetched:
        return "It fetched no cache, so none is to blame: look at the requirements themselves."
    return symptom.what_to_do
