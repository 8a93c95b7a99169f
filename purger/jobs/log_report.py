"""Build the report of a job's log from what was read of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from purger.core.cache import Outcome
from purger.report.model import FetchReport, LogReport, StoredReport, SymptomReport
from purger.secrets.likely_secrets import shown_lines
from purger.travis.job_log import Fetch, FetchVerdict, JobLog, explained


def log_report(log: JobLog, verdicts: Sequence[FetchVerdict] | None = None) -> LogReport:
    """Build the report of a log; `verdicts` add to each fetched archive what a purge did to it."""
    compared: Sequence[FetchVerdict | None] = verdicts or [None] * len(log.fetched)
    return LogReport(
        started_clean=log.started_clean,
        asked=[_fetch_report(fetch) for fetch in log.asked],
        fetched=[_fetch_report(fetch, verdict) for fetch, verdict in zip(log.fetched, compared, strict=True)],
        stored=[
            StoredReport(
                branch=stored.branch,
                archive=stored.archive,
                at=stored.at,
                succeeded=stored.succeeded,
                failure=stored.reason,
            )
            for stored in log.stored
        ],
        nothing_changed=log.nothing_changed,
        symptoms=[
            SymptomReport(
                id=symptom.id,
                line="".join(shown_lines([symptom.line])),
                meaning=symptom.meaning,
                what_to_do=symptom.what_to_do,
            )
            for symptom in (explained(found, log) for found in log.symptoms)
        ],
        last_failing_lines=shown_lines(log.last_failing_lines),
        truncated=log.truncated,
        cache_use=log.cache_use.value,
        unknown_reason=log.unknown.value if log.unknown else None,
        is_worth_a_restart=log.unknown is not None and log.unknown.is_worth_a_restart,
        fetched_unnamed=log.fetched_unnamed,
        unpacking_cut_off=log.unpacking_cut_off,
        stopped=log.stopped,
        stopped_storing=log.stopped_storing,
        several_jobs=log.several_jobs,
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
        outcome=None if verdict.outcome is None else Outcome(verdict.outcome),
        deleted_at=verdict.deleted_at,
        when=verdict.when,
        reason=verdict.doubt or UNSET,
    )
