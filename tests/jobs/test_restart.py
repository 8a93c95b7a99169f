"""Restarting jobs: what one of them meets is kept in its run, and what all would meet is raised."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from purger.core.errors import ExitCode, InputError, PurgerError, SiteError
from purger.jobs.attempts import JobRun
from purger.jobs.restart import require_restartable, restart
from purger.travis.addresses import Repository
from purger.travis.api import Api, RepositoryFacts
from purger.travis.jobs import JobFacts, Jobs, NoSuchJobError, RestartRefusedError, running_error
from purger.travis.refusals import BusyError, RateLimitedError, TokenRefusedError

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FACTS = JobFacts(5, "failed", AT, AT, 1, 1, "acme/widgets", None)


class FakeJobs:
    """A job that ended; its restart raises this error."""

    def __init__(self, error: PurgerError | None) -> None:
        self._error = error

    async def facts(self, job_id: int) -> JobFacts:
        assert job_id == FACTS.id
        return FACTS

    async def restart(self, job_id: int) -> None:
        assert job_id == FACTS.id
        if self._error:
            raise self._error


class FakeApi:
    """A repository that the token may do everything in."""

    async def repository(self, repository: Repository) -> RepositoryFacts:
        return RepositoryFacts(2, repository.slug, active=True, permissions=frozenset({"build_restart", "log_view"}))


async def test_who_gives_the_number_of_a_build_is_not_sent_to_a_strangers_repository() -> None:
    """Such a number is that of some other job, most likely of somebody else's."""
    jobs = cast(Jobs, FakeJobs(None))
    with pytest.raises(InputError, match="job 5 is of acme/widgets, not of acme/mine") as refused:
        await require_restartable(cast(Api, FakeApi()), jobs, Repository("github", "acme", "mine"), {5: "page"})
    assert (refused.value.remedy or "").startswith("Give the URL of the job's page (.../jobs/123), or the number in it")


async def restarted(error: PurgerError | None) -> tuple[JobRun, JobFacts | None]:
    run = JobRun(5, "https://app/jobs/5")
    return run, await restart(cast(Jobs, FakeJobs(error)), run)


async def test_the_facts_from_before_are_returned() -> None:
    run, before = await restarted(None)
    assert (before, run.error, run.restarted_at is None) == (FACTS, None, False)


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (running_error(5, "page"), "job 5 is running already, so it can't be restarted now"),
        (RestartRefusedError("job 5 may not be restarted"), "job 5 may not be restarted"),
        (SiteError("boom"), "job 5 was not restarted: boom"),
        (BusyError("no answer"), "whether job 5 was restarted is not known: no answer"),
        (
            RateLimitedError("too many", where="there", retry_after_s=4.0),
            "whether job 5 was restarted is not known: too many",
        ),
    ],
)
async def test_what_one_job_meets_is_kept_in_its_run(error: PurgerError, what: str) -> None:
    run, before = await restarted(error)
    assert (before, run.restarted_at) == (None, None)
    assert run.error is not None
    assert (type(run.error), run.error.what) == (type(error), what)
    assert (run.error.where, run.error.remedy) == (error.where, error.remedy)


async def test_a_job_that_was_there_when_the_purge_began_is_no_bad_input() -> None:
    class GoneJobs(FakeJobs):
        async def facts(self, job_id: int) -> JobFacts:
            raise NoSuchJobError(f"there is no job {job_id}, or the token can't see it")

    run = JobRun(5, "https://app/jobs/5")
    assert await restart(cast(Jobs, GoneJobs(None)), run) is None
    assert run.error is not None
    assert run.error.exit_code is ExitCode.ACCESS
    assert run.error.what.startswith("job 5 was not restarted: there is no job 5 any more")


async def test_a_refused_token_is_raised() -> None:
    with pytest.raises(TokenRefusedError):
        await restarted(TokenRefusedError("the token was refused"))


async def test_a_restart_that_is_cancelled_may_have_been_done() -> None:
    sent = asyncio.Event()

    class SlowJobs(FakeJobs):
        async def restart(self, job_id: int) -> None:
            assert job_id == FACTS.id
            sent.set()
            await asyncio.Event().wait()

    run = JobRun(5, "https://app/jobs/5")
    task = asyncio.create_task(restart(cast(Jobs, SlowJobs(None)), run))
    await sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert run.restarted_at is None
    assert run.error is not None
    assert run.error.what.startswith("whether job 5 was restarted is not known: ")
