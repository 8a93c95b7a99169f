"""Follows restarted jobs from state to state until each has ended, or has had its time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from purger.core import events
from purger.core.errors import PurgerError, SiteError
from purger.jobs.attempts import JobRun
from purger.purge.repository import growing_pauses
from purger.travis.client import BusyError
from purger.travis.jobs import JobFacts, Jobs
from purger.core.units import seconds_text

LONGEST_OUTAGE_S = 300.0
LONGEST_SILENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, in seconds, jobs may wait for their start while none of them runs, and how long each may run."""

    start_s: float = 1800.0
    run_s: float = 10_800.0


class Follower:
    """Asks for the states of jobs, with pauses that grow. `tell` is told of each change, and of life in between."""

    def __init__(self, jobs: Jobs, limits: Limits, repository: str, tell: events.Observer) -> None:
        self._jobs = jobs
        self._limits = limits
        self._repository = repository
        self._tell = tell

    async def pause(self, seconds: float, why: Callable[[], str]) -> None:
        """Wait, and say why at the start and once a minute: a CI takes silence for death."""
        deadline = time.monotonic() + seconds
        while (left_s := deadline - time.monotonic()) > 0:
            self._tell(events.Waiting(self._repository, left_s, why()))
            await asyncio.sleep(min(left_s, LONGEST_SILENCE_S))

    async def follow(self, runs: list[JobRun], before: Mapping[int, JobFacts]) -> None:
        """Return when each of the restarted jobs has ended, or was given up with an error of its own.

        `before` is what was known of the jobs before they were restarted: the API tells of that run until the new one
        is made. Raises SiteError where the API is out of order for minutes, AccessError where it refuses.
        """
        waiting = {run.id: run for run in runs}
        running_since: dict[int, float] = {}
        pauses = growing_pauses()
        progress_at = answered_at = told_at = time.monotonic()
        while True:
            for run in list(waiting.values()):
                try:
                    facts = await self._jobs.facts(run.id)
                except BusyError:
                    if time.monotonic() - answered_at >= LONGEST_OUTAGE_S:
                        raise
                    break
                answered_at = time.monotonic()
                if not _is_new(facts, before[run.id]):
                    continue
                if facts.state != run.state:
                    self._take_in(run, facts)
                    progress_at = told_at = answered_at
                if facts.state == "started":
                    running_since.setdefault(run.id, answered_at)
                if not facts.is_running:
                    del waiting[run.id]
            now = time.monotonic()
            if running_since.keys() & waiting.keys():
                progress_at = now
            for run in list(waiting.values()):
                run.error = self._out_of_time(run, now, running_since.get(run.id), progress_at)
                if run.error:
                    del waiting[run.id]
            if not waiting:
                return
            if now - told_at >= LONGEST_SILENCE_S:
                told_at = now
                states = ", ".join(f"job {run.id} is {run.state or 'not restarted yet'}" for run in waiting.values())
                self._tell(events.Waiting(self._repository, 0.0, states))
            await asyncio.sleep(min(next(pauses), self._limits.start_s, self._limits.run_s))

    def _take_in(self, run: JobRun, facts: JobFacts) -> None:
        run.state, run.started_at = facts.state, facts.started_at
        run.finished_at = None if facts.is_running else facts.finished_at
        self._tell(events.JobChanged(self._repository, run.id, facts.state))

    def _out_of_time(
        self, run: JobRun, now: float, running_since: float | None, progress_at: float
    ) -> PurgerError | None:
        if running_since is None and now - progress_at >= self._limits.start_s:
            return SiteError(
                f"job {run.id} was restarted, but did not start within {seconds_text(self._limits.start_s)}",
                where=run.url,
                remedy="Look at its page: the workers may be busy, or the account out of credits. "
                "--start-timeout waits longer.",
            )
        if running_since is not None and now - running_since >= self._limits.run_s:
            return SiteError(
                f"job {run.id} has been running for {seconds_text(self._limits.run_s)} and does not end",
                where=run.url,
                remedy="Look at its page; --job-timeout waits longer.",
            )
        return None


def _is_new(facts: JobFacts, before: JobFacts) -> bool:
    """Whether the API tells of the new run already: a restart is accepted first and made a little later."""
    return facts.is_running or facts != before
