"""An attempt of a retry: the verdict of its jobs that matters most, and its report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import pytest

from purger.core.errors import JobError, SiteError
from purger.jobs.attempts import Attempt, JobRun, attempt_report
from purger.purge.record import Record
from purger.purge.run import Run
from purger.report.model import Verdict
from purger.travis.job_log import Fetch, FetchVerdict, JobLog
from tests.report.samples import record
from tests.support.builders import NOW

FETCH = Fetch("main", "cache-a.tgz", NOW, found=True, source="own")
GONE = FetchVerdict(FETCH, deleted=True, outcome="deleted", deleted_at=NOW, when="after")


@dataclass
class Result:
    """What a run of these records returns."""

    records: tuple[Record, ...]


@dataclass
class Purged:
    """A run that has ended."""

    records: tuple[Record, ...]

    def result(self) -> Result:
        return Result(self.records)


def attempt_of(*verdicts: Verdict | None, records: tuple[Record, ...] = ()) -> Attempt:
    jobs = [JobRun(number, f"https://app/jobs/{number}", verdict=verdict) for number, verdict in enumerate(verdicts, 1)]
    return Attempt(2, 60.0, cast(Run, Purged(records)), jobs)


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([], None),
        ([None], None),
        ([None, Verdict.PASSED], Verdict.PASSED),
        ([Verdict.PASSED, Verdict.CANCELED], Verdict.CANCELED),
        ([Verdict.UNKNOWN, Verdict.NOT_A_CACHE_PROBLEM], Verdict.NOT_A_CACHE_PROBLEM),
        ([Verdict.NOT_A_CACHE_PROBLEM, Verdict.FETCHED_DELETED, Verdict.PASSED], Verdict.FETCHED_DELETED),
    ],
)
def test_the_verdict_that_matters_most_is_that_of_the_attempt(
    verdicts: list[Verdict | None], verdict: Verdict | None
) -> None:
    assert attempt_of(*verdicts).verdict is verdict


def test_the_report_of_an_attempt_has_its_purge_and_its_jobs() -> None:
    attempt = attempt_of(Verdict.FETCHED_DELETED, None, records=(record(),))
    job = attempt.jobs[0]
    job.state, job.restarted_at, job.finished_at = "failed", NOW, NOW + timedelta(minutes=5)
    job.log = JobLog(is_log=True, asked=(FETCH,), fetched=(FETCH,), started_clean=False)
    job.fetched = (GONE,)
    attempt.jobs[1].error = JobError("it runs already")
    made = attempt_report(attempt, None)
    assert (made.number, made.wait_s, made.verdict) == (2, 60.0, "fetched-deleted")
    assert made.purge is not None
    assert made.purge.deleted == 3
    first, second = made.jobs
    assert (first.job, first.state, first.restarted_at, first.finished_at) == (1, "failed", NOW, job.finished_at)
    assert [(fetch.archive, fetch.deleted, fetch.when) for fetch in first.fetched] == [("cache-a.tgz", True, "after")]
    assert second.error is not None
    assert (second.verdict, second.error.message, second.fetched) == (None, "it runs already", [])


def test_an_attempt_without_a_purge_is_reported_without_one() -> None:
    made = attempt_report(attempt_of(), SiteError("the site is gone"))
    assert (made.purge, made.verdict, made.jobs) == (None, None, [])
