"""The log of a job that has ended is read again until it is complete; each fetch has its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from purger.core.errors import JobError, PurgerError, SiteError
from purger.jobs.attempts import JobRun
from purger.jobs.ended_logs import EndedLogs
from purger.travis.job_log import JobLog, read_log
from purger.travis.jobs import FormerLogError, JobBranches, JobFacts, Jobs, LogRemovedError, NoLogYetError, NotALogError
from tests.travis.job_log.corpus import LOGS

JOB = JobFacts(7, "failed", None, None, 3, 1, "acme/widgets", None)
RUN = JobRun(7, "https://app/jobs/7", state="failed", started_at=datetime(2026, 2, 1, tzinfo=UTC))
WHOLE = (LOGS / "new_own.log").read_bytes()


class FakeJobs:
    """Gives these logs one after the other."""

    def __init__(self, logs: Sequence[bytes | JobLog | PurgerError | None]) -> None:
        self._logs = list(logs)
        self.branch_calls = 0
        self.branches_are_known = True
        self.now = JOB

    async def log(self, _job_id: int, **_former: object) -> JobLog:
        log = self._logs.pop(0)
        if log is None:
            raise NoLogYetError("job 7 has no log yet", remedy="Wait.")
        if isinstance(log, PurgerError):
            raise log
        return log if isinstance(log, JobLog) else read_log([log])

    async def facts(self, _job_id: int) -> JobFacts:
        return self.now

    async def branches(self, _job: JobFacts) -> JobBranches:
        self.branch_calls += 1
        if not self.branches_are_known:
            raise SiteError("the API answered 500")
        return JobBranches("main", None, "main")


NO_PAUSES_S = (0.0, 0.0, 0.0)


@pytest.mark.parametrize("before", [[], [None], [WHOLE[: len(WHOLE) // 2], None]], ids=len)
async def test_a_log_is_read_again_until_it_is_complete(before: list[bytes | None]) -> None:
    log = await EndedLogs(cast(Jobs, FakeJobs([*before, WHOLE])), NO_PAUSES_S).read(RUN, JOB)
    assert not log.truncated
    assert [fetch.source for fetch in log.fetched] == ["own"]


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        (None, "the API has none"),
        (LogRemovedError("somebody removed it"), "somebody removed it"),
        (NotALogError("it is not a log"), "it is not a log"),
        (FormerLogError("it is of the run before"), "it is of the run before"),
    ],
)
async def test_a_log_that_never_comes_is_given_up(instead: PurgerError | None, said: str) -> None:
    jobs = FakeJobs([instead] * len(NO_PAUSES_S))
    with pytest.raises(SiteError, match=said):
        await EndedLogs(cast(Jobs, jobs), NO_PAUSES_S).read(RUN, JOB)
    assert jobs.branch_calls == 0


@pytest.mark.parametrize("log", [None, WHOLE[: len(WHOLE) // 2], WHOLE], ids=["none", "begun", "whole"])
@pytest.mark.parametrize(
    "now", [replace(JOB, state="created"), replace(JOB, started_at=datetime(2026, 3, 1, tzinfo=UTC))]
)
async def test_the_log_of_a_run_that_somebody_else_started_is_not_that_of_the_run_that_ended(
    now: JobFacts, log: bytes | None
) -> None:
    jobs = FakeJobs([log] * len(NO_PAUSES_S))
    jobs.now = now
    with pytest.raises(JobError, match="somebody restarted it before its log was read"):
        await EndedLogs(cast(Jobs, jobs), NO_PAUSES_S).read(RUN, JOB)


async def test_a_log_that_is_too_long_is_not_read_again() -> None:
    cut = replace(read_log([WHOLE]), truncated=True, too_long=True)
    jobs = FakeJobs([cut, WHOLE])
    assert (await EndedLogs(cast(Jobs, jobs), NO_PAUSES_S).read(RUN, JOB)).too_long


async def test_the_branches_of_a_job_are_asked_for_once() -> None:
    jobs = FakeJobs([WHOLE, WHOLE])
    logs = EndedLogs(cast(Jobs, jobs), NO_PAUSES_S)
    await logs.read(RUN, JOB)
    await logs.read(RUN, JOB)
    assert jobs.branch_calls == 1


async def test_without_the_branches_of_the_job_its_log_is_still_read() -> None:
    jobs = FakeJobs([WHOLE, WHOLE])
    jobs.branches_are_known = False
    logs = EndedLogs(cast(Jobs, jobs), NO_PAUSES_S)
    log = await logs.read(RUN, JOB)
    assert [(fetch.source, fetch.branches) for fetch in log.fetched] == [("own", frozenset())]
    assert logs.own_branch(RUN.id) is None
    jobs.branches_are_known = True
    await logs.read(RUN, JOB)
    assert logs.own_branch(RUN.id) == "main"
