"""Following restarted jobs: a former end is not the new one, and every wait has a limit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from purger.core import events
from purger.core.errors import ExitCode, LastingSiteError, PurgerError, SiteError
from purger.jobs import follow
from purger.jobs.attempts import JobRun
from purger.jobs.follow import Follower
from purger.jobs.settings import RetrySettings
from purger.travis.jobs import JobFacts, Jobs, NoSuchJobError
from purger.travis.refusals import BusyError, NotFoundError, TokenRefusedError

BEFORE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = BEFORE + timedelta(minutes=5)


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(follow, "time", time)
    monkeypatch.setattr(follow, "asyncio", time)
    return time


def facts(state: str, at: datetime | None = None, job: int = 5) -> JobFacts:
    ended = at if state in {"passed", "failed", "canceled", "errored"} else None
    return JobFacts(job, state, at, ended, 1, 1, "acme/widgets", None)


OLD = facts("failed", BEFORE)


class FakeJobs:
    """Answer for each job with the next of its states, and then with the last one."""

    def __init__(self, **listed: list[JobFacts | Exception]) -> None:
        self._listed = {int(name[1:]): list(states) for name, states in listed.items()}
        self.calls = 0

    async def facts(self, job_id: int) -> JobFacts:
        self.calls += 1
        states = self._listed[job_id]
        listed = states.pop(0) if len(states) > 1 else states[0]
        if isinstance(listed, Exception):
            raise listed
        return listed


async def followed(
    jobs: FakeJobs, *ids: int, start_timeout_s: float = 1800.0, job_timeout_s: float = 10_800.0
) -> tuple[list[JobRun], list[events.Event]]:
    observed: list[events.Event] = []
    runs = [JobRun(job, f"https://app/jobs/{job}") for job in ids]
    limits = RetrySettings(start_timeout_s=start_timeout_s, job_timeout_s=job_timeout_s)
    follower = Follower(cast(Jobs, jobs), limits, "acme/widgets", observed.append)
    done = [run async for run in follower.follow(runs, {job: replace(OLD, id=job) for job in ids})]
    assert sorted(run.id for run in done) == sorted(ids), "each job is yielded once"
    return runs, observed


def states(observed: list[events.Event]) -> Iterator[str]:
    return (event.state for event in observed if isinstance(event, events.JobChanged))


async def test_each_change_is_reported_once() -> None:
    course: list[Any] = [
        facts("created"),
        facts("queued"),
        facts("queued"),
        facts("started", LATER),
        facts("passed", LATER),
    ]
    (run,), observed = await followed(FakeJobs(j5=course), 5)
    assert list(states(observed)) == ["created", "queued", "started", "passed"]
    assert (run.state, run.started_at, run.finished_at, run.error) == ("passed", LATER, LATER, None)


async def test_the_old_end_is_not_the_new_one() -> None:
    (run,), observed = await followed(FakeJobs(j5=[OLD, OLD, OLD, facts("failed", LATER)]), 5)
    assert (run.state, run.finished_at) == ("failed", LATER)
    assert list(states(observed)) == ["failed"]


async def test_a_new_run_within_the_same_second_ends_as_the_old_one_did() -> None:
    """The API's times are whole seconds, so the facts of both ends are the same."""
    (run,), observed = await followed(FakeJobs(j5=[OLD, facts("started", BEFORE), OLD]), 5)
    assert (run.state, run.finished_at, run.error) == ("failed", BEFORE, None)
    assert list(states(observed)) == ["started", "failed"]


@pytest.mark.parametrize(
    "state", [OLD, facts("created"), facts("queued"), facts("received")], ids=lambda one: one.state
)
async def test_a_job_that_never_starts_is_given_up(time: Time, state: JobFacts) -> None:
    (run,), _ = await followed(FakeJobs(j5=[state]), 5, start_timeout_s=600.0)
    assert isinstance(run.error, SiteError)
    assert run.error.exit_code is ExitCode.SITE
    assert "did not start within 10 min" in run.error.what
    assert 600 <= time.now < 640


async def test_a_job_that_goes_back_to_the_queue_waits_for_its_start(time: Time) -> None:
    course: list[Any] = [facts("started", LATER), facts("queued")]
    (run,), _ = await followed(FakeJobs(j5=course), 5, start_timeout_s=600.0)
    assert run.error is not None
    assert "did not start within 10 min" in run.error.what
    assert 600 <= time.now < 660
    again: list[Any] = [*[facts("started", LATER)] * 40, facts("queued"), facts("started", LATER)]
    (run,), _ = await followed(FakeJobs(j5=again), 5, job_timeout_s=3600.0)
    assert run.error is not None
    assert "has been running for 60 min" in run.error.what
    assert time.now > 600 + 3600 + 300, "the run before the queue does not count"


async def test_a_job_that_never_ends_is_given_up(time: Time) -> None:
    (run,), observed = await followed(FakeJobs(j5=[facts("started", LATER)]), 5, job_timeout_s=3600.0)
    assert run.error is not None
    assert "has been running for 60 min" in run.error.what
    assert 3600 <= time.now < 3640
    waits = [event for event in observed if isinstance(event, events.Waiting)]
    assert 30 < len(waits) < 61, "it shows life about once a minute"
    assert "job 5 is started" in waits[0].why


async def test_a_job_in_the_queue_waits_while_another_runs(time: Time) -> None:
    first: list[Any] = [*[facts("started", LATER)] * 100, facts("passed", LATER)]
    second: list[Any] = [*[facts("queued", job=6)] * 110, facts("started", LATER, 6), facts("passed", LATER, 6)]
    runs, _ = await followed(FakeJobs(j5=first, j6=second), 5, 6, start_timeout_s=600.0)
    assert [(run.state, run.error) for run in runs] == [("passed", None), ("passed", None)]
    assert time.now > 1800


async def test_the_pauses_between_calls_grow(time: Time) -> None:
    jobs = FakeJobs(j5=[facts("started", LATER)])
    await followed(jobs, 5, job_timeout_s=3600.0)
    assert jobs.calls < 200


async def test_an_outage_of_minutes_is_endured(time: Time) -> None:
    busy = BusyError("the API answered 503")
    (run,), _ = await followed(FakeJobs(j5=[facts("created"), *[busy] * 12, facts("passed", LATER)]), 5)
    assert run.state == "passed"
    course: list[Any] = [facts("created"), busy]
    runs, _ = await followed(FakeJobs(j5=course, j6=[busy]), 5, 6)
    assert [run.error and run.error.exit_code for run in runs] == [ExitCode.SITE, ExitCode.SITE]
    assert [str(run.error) for run in runs] == [
        "job 5 can't be followed any more, it was created: the API answered 503",
        "job 6 can't be followed any more, it was restarted: the API answered 503",
    ]
    assert time.now < 700


async def test_a_refused_token_ends_it_at_once(time: Time) -> None:
    jobs = FakeJobs(j5=[facts("created"), TokenRefusedError("refused")], j6=[facts("created", job=6)])
    with pytest.raises(TokenRefusedError):
        await followed(jobs, 5, 6)
    assert (jobs.calls, time.now < 1) == (3, True)


@pytest.mark.parametrize("error", [NotFoundError("not found"), SiteError("boom"), LastingSiteError("another server")])
async def test_an_error_about_one_job_leaves_the_others(error: PurgerError) -> None:
    course = [facts("created", job=6), facts("started", LATER, 6), facts("passed", LATER, 6)]
    runs, _ = await followed(FakeJobs(j5=[facts("started", LATER), error], j6=list(course)), 5, 6)
    assert [(run.state, run.error is None) for run in runs] == [("started", False), ("passed", True)]
    assert isinstance(runs[0].error, type(error))
    assert str(runs[0].error) == f"job 5 can't be followed any more, it was started: {error.what}"


async def test_a_job_that_vanishes_while_it_is_followed_is_no_bad_input() -> None:
    (run,), _ = await followed(FakeJobs(j5=[facts("started", LATER), NoSuchJobError("there is no job 5")]), 5)
    assert run.error is not None
    assert run.error.exit_code is ExitCode.ACCESS
    assert "it was started: there is no job 5 any more" in run.error.what


async def test_a_job_of_which_no_state_comes_does_not_hold_up_the_others(time: Time) -> None:
    busy = BusyError("the API answered 500")
    runs, _ = await followed(
        FakeJobs(j5=[busy], j6=[*[facts("started", LATER, 6)] * 40, facts("passed", LATER, 6)]), 5, 6
    )
    assert [(run.state, run.error and run.error.what) for run in runs] == [
        (None, "job 5 can't be followed any more, it was restarted: the API answered 500"),
        ("passed", None),
    ]
    assert 300 < time.now < 1000


async def test_a_job_is_yielded_while_another_runs(time: Time) -> None:
    running = [*[facts("started", LATER, 6)] * 20, facts("passed", LATER, 6)]
    jobs = FakeJobs(j5=[facts("failed", LATER)], j6=list(running))
    follower = Follower(cast(Jobs, jobs), RetrySettings(job_timeout_s=3600.0), "acme/widgets", lambda _event: None)
    runs = [JobRun(job, f"https://app/jobs/{job}") for job in (5, 6)]
    seen = []
    async for run in follower.follow(runs, {job: replace(OLD, id=job) for job in (5, 6)}):
        seen.append((run.id, runs[1].state, run.error))
        time.now += 3600  # as long as its log may take; nobody asked for the other one meanwhile
    assert seen == [(5, None, None), (6, "passed", None)]


async def test_a_long_pause_shows_life(time: Time) -> None:
    observed: list[events.Event] = []
    await Follower(cast(Jobs, None), RetrySettings(), "acme/widgets", observed.append).pause(150, lambda: "why")
    assert time.now == 150
    assert [event.seconds for event in observed if isinstance(event, events.Waiting)] == [150, 90, 30]
