"""One job in one attempt of `purger retry`, the attempt around it, and both as the report has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from purger.core.errors import PurgerError
from purger.travis.job_log import FetchVerdict, JobLog
from purger.jobs.log_phrases import log_values
from purger.report.build import error_value, repository_value, time_text
from purger.purge.run import Run
from purger.jobs.verdict import Verdict


@dataclass(slots=True)
class JobRun:
    """One job in one attempt, as far as it came. Times are in UTC, `state` is the API's word.

    `log` is an empty one until it is read; `fetched` compares what it fetched with the purges before. `error` is
    why nothing more is to be tried with it.
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
    """One purge, the wait after it, and the jobs that were restarted then; `jobs` is empty where it came to none."""

    number: int
    wait_s: float
    run: Run
    jobs: list[JobRun] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict | None:
        """That of its jobs which matters most for what comes next; None where there is none yet."""
        return next((verdict for verdict in Verdict if any(run.verdict is verdict for run in self.jobs)), None)


def attempt_value(attempt: Attempt, error: PurgerError | None) -> dict[str, Any]:
    """An attempt as JSON-ready values; `error` is what stopped the command as a whole."""
    purges = [repository_value(record, error) for record in attempt.run.records]
    return {
        "number": attempt.number,
        "purge": purges[0] if purges else None,
        "wait_s": attempt.wait_s,
        "verdict": attempt.verdict.value if attempt.verdict else None,
        "jobs": [_job_value(run) for run in attempt.jobs],
    }


def _job_value(run: JobRun) -> dict[str, Any]:
    return {
        "job": run.id,
        "url": run.url,
        "restarted_at": _time(run.restarted_at),
        "state": run.state,
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
        "verdict": run.verdict.value if run.verdict else None,
        "error": error_value(run.error),
        **log_values(run.log, run.fetched),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else time_text(at)
