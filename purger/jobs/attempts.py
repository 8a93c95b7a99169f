"""One job in one attempt of `purger retry`, the attempt around it, and the reports of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from purger.core.errors import PurgerError
from purger.jobs.log_report import log_report
from purger.purge.run import Run
from purger.report.build import error_report, repository_report
from purger.report.model import AttemptReport, JobReport, Verdict
from purger.travis.job_log import FetchVerdict, JobLog


@dataclass(slots=True)
class JobRun:
    """One job in one attempt, as far as it came. Times are in UTC; `state` is the API's word.

    `log` is empty until it is read; `fetched` compares what the job fetched with the purges before. `error` says why
    this command is done with the job.
    """

    id: int
    url: str
    restarted_at: datetime | None = None
    state: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    log: JobLog = field(default_factory=lambda: JobLog(is_log=False))
    fetched: tuple[FetchVerdict, ...] = ()
    verdict: Verdict | None = None
    error: PurgerError | None = None


@dataclass(slots=True)
class Attempt:
    """One purge, the wait after it, and the jobs that were restarted then; none where the purge was not ok.

    `wait_s` is 0 where there was nothing to wait for.
    """

    number: int
    wait_s: float
    run: Run
    jobs: list[JobRun] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of its jobs that matters most for what comes next; None where there is none yet."""
        return next((verdict for verdict in Verdict if any(run.verdict is verdict for run in self.jobs)), None)


def attempt_report(attempt: Attempt, error: PurgerError | None) -> AttemptReport:
    """Build the report of an attempt; `error` is what stopped the command as a whole."""
    purges = [repository_report(record, error) for record in attempt.run.result().records]
    return AttemptReport(
        number=attempt.number,
        purge=purges[0] if purges else None,
        wait_s=attempt.wait_s,
        verdict=attempt.verdict,
        jobs=[_job_report(run) for run in attempt.jobs],
    )


def _job_report(run: JobRun) -> JobReport:
    return JobReport(
        job=run.id,
        url=run.url,
        restarted_at=run.restarted_at,
        state=run.state,
        started_at=run.started_at,
        finished_at=run.finished_at,
        verdict=run.verdict,
        error=error_report(run.error),
        **msgspec.structs.asdict(log_report(run.log, run.fetched)),
    )
