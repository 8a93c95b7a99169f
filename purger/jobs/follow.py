"""Follow restarted jobs from state to state until each has ended or timed out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from purger.core import events
from purger.core.errors import PurgerError, SiteError
from purger.core.retry_policies import DEFAULT_POLICIES, Pauses
from purger.core.units import seconds_text
from purger.jobs.attempts import JobRun
from purger.jobs.settings import RetrySettings
from purger.travis.jobs import JobFacts, Jobs
from purger.travis.refusals import BusyError

LONGEST_OUTAGE_S = 300.0
LONGEST_SILENCE_S = 60.0


@dataclass(slots=True)
class _Watch:
    """The jobs that have not ended, and when (on the monotonic clock, in seconds) something happened last."""

    waiting: dict[int, JobRun]
    progress_at: float
    answered_at: float
    emitted_at: float
    running_since: dict[int, float] = field(default_factory=dict)


class Follower:
    """Poll the states of jobs, with growing pauses; emit each change, and a sign of life at least once a minute."""

    def __init__(
        self,
        jobs: Jobs,
        limits: RetrySettings,
        repository: str,
        emit: events.Observer,
        pauses: Pauses = DEFAULT_POLICIES.polling,
    ) -> None:
        self._jobs = jobs
        self._limits = limits
        self._pauses = pauses
        self._repository = repository
        self._emit = emit

    async def pause(self, seconds: float, why: Callable[[], str]) -> None:
        """Wait; emit the reason at the start and once a minute, since a CI may stop a silent command."""
        deadline = time.monotonic() + seconds
        while (left_s := deadline - time.monotonic()) > 0:
            self._emit(events.Waiting(self._repository, left_s, why()))
            await asyncio.sleep(min(left_s, LONGEST_SILENCE_S))

    async def follow(self, runs: list[JobRun], before: Mapping[int, JobFacts]) -> None:
        """Return when each of the restarted jobs has ended, or has an error because it timed out.

        `before` has the facts of the jobs before they were restarted: the API returns those until the new run exists.
        Raises SiteError where the API is out of order for minutes, AccessError where it rejects the token.
        """
        now = time.monotonic()
        watch = _Watch({run.id: run for run in runs}, now, now, now)
        pauses = iter(self._pauses)
        while True:
            await self._poll(watch, before)
            self._time_out(watch)
            if not watch.waiting:
                return
            self._show_life(watch)
            await asyncio.sleep(min(next(pauses), self._limits.start_timeout_s, self._limits.job_timeout_s))

    async def _poll(self, watch: _Watch, before: Mapping[int, JobFacts]) -> None:
        """Ask for the state of each job once; while the API is busy, leave the rest for the next round."""
        for run in list(watch.waiting.values()):
            try:
                facts = await self._jobs.facts(run.id)
            except BusyError:
                if time.monotonic() - watch.answered_at >= LONGEST_OUTAGE_S:
                    raise
                return
            now = watch.answered_at = time.monotonic()
            if run.state is None and not _is_new(facts, before[run.id]):
                continue
            if facts.state != run.state:
                self._update(run, facts)
                watch.progress_at = watch.emitted_at = now
            if facts.state == "started":
                watch.running_since.setdefault(run.id, now)
            if not facts.is_running:
                del watch.waiting[run.id]

    def _time_out(self, watch: _Watch) -> None:
        """Set an error for each job that has had its time, and wait for it no longer."""
        now = time.monotonic()
        if watch.running_since.keys() & watch.waiting.keys():
            watch.progress_at = now
        for run in list(watch.waiting.values()):
            run.error = self._timeout_error(run, now, watch.running_since.get(run.id), watch.progress_at)
            if run.error:
                del watch.waiting[run.id]

    def _show_life(self, watch: _Watch) -> None:
        now = time.monotonic()
        if now - watch.emitted_at >= LONGEST_SILENCE_S:
            watch.emitted_at = now
            states = ", ".join(f"job {run.id} is {run.state or 'not restarted yet'}" for run in watch.waiting.values())
            self._emit(events.Waiting(self._repository, 0.0, states))

    def _update(self, run: JobRun, facts: JobFacts) -> None:
        run.state, run.started_at = facts.state, facts.started_at
        run.finished_at = None if facts.is_running else facts.finished_at
        self._emit(events.JobChanged(self._repository, run.id, facts.state))

    def _timeout_error(
        self, run: JobRun, now: float, running_since: float | None, progress_at: float
    ) -> PurgerError | None:
        if running_since is None and now - progress_at >= self._limits.start_timeout_s:
            return SiteError(
                f"job {run.id} was restarted, but did not start within {seconds_text(self._limits.start_timeout_s)}",
                where=run.url,
                remedy="Check its page: the workers may be busy, or the account out of credits. "
                "--start-timeout waits longer.",
            )
        if running_since is not None and now - running_since >= self._limits.job_timeout_s:
            return SiteError(
                f"job {run.id} has been running for {seconds_text(self._limits.job_timeout_s)} and has not ended",
                where=run.url,
                remedy="Check its page; --job-timeout waits longer.",
            )
        return None


def _is_new(facts: JobFacts, before: JobFacts) -> bool:
    """Return whether the first facts are of the new run: the API accepts a restart a little before it makes the run.

    Later ones are of it, too, even if they are those of the former run: the API's times are whole seconds.
    """
    return facts.is_running or facts != before
