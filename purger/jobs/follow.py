"""Follow restarted jobs from state to state until each has ended or timed out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from purger.core import events
from purger.core.errors import PurgerError, SiteError
from purger.core.retry_policies import DEFAULT_POLICIES, Pauses
from purger.core.units import seconds_text
from purger.jobs.attempts import JobRun
from purger.jobs.settings import RetrySettings
from purger.travis.jobs import JobFacts, Jobs, NoSuchJobError, gone_error
from purger.travis.refusals import BusyError, TokenRefusedError

LONGEST_OUTAGE_S = 300.0
LONGEST_SILENCE_S = 60.0


@dataclass(slots=True)
class _Watch:
    """The jobs that are followed, and since when (on the monotonic clock, in seconds) something is so.

    `waiting` has the jobs that have not ended, in the order in which they are asked for; `done` those that have ended
    since the last `take_done`, or have an error.
    """

    waiting: dict[int, JobRun]
    progress_at: float
    emitted_at: float
    running_since: dict[int, float] = field(default_factory=dict)
    answered_at: dict[int, float] = field(default_factory=dict)
    busy_since: dict[int, float] = field(default_factory=dict)
    silent_since: float | None = None
    done: list[JobRun] = field(default_factory=list)

    def finish(self, run: JobRun) -> None:
        """Wait for this job no longer."""
        self.done.append(self.waiting.pop(run.id))

    def give_up(self, run: JobRun, error: PurgerError) -> None:
        """Keep the error that ends the following of this job, with the last state that is known of it."""
        run.error = error.about(f"job {run.id} can't be followed any more, it was {run.state or 'restarted'}")
        self.finish(run)

    def take_done(self) -> list[JobRun]:
        """Return the jobs that are done since the last call."""
        done, self.done = self.done, []
        return done

    def answered(self, run: JobRun, now: float) -> None:
        """Note that the API answered about this job."""
        self.silent_since = None
        self.answered_at[run.id] = now
        self.busy_since.pop(run.id, None)

    def was_busy(self, run: JobRun, error: BusyError, now: float) -> None:
        """Note that the API gave no state; give up the job for which it gave none for minutes, or all of them."""
        self.silent_since = now if self.silent_since is None else self.silent_since
        if now - self.silent_since >= LONGEST_OUTAGE_S:
            for one in list(self.waiting.values()):
                self.give_up(one, error)
        elif now - self.busy_since.setdefault(run.id, now) >= LONGEST_OUTAGE_S:
            self.give_up(run, error)
        else:
            self.waiting[run.id] = self.waiting.pop(run.id)  # the others come first in the next round


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

    async def follow(self, runs: list[JobRun], before: Mapping[int, JobFacts]) -> AsyncIterator[JobRun]:
        """Yield each restarted job as soon as it has ended, or has an error: it timed out, or can't be followed.

        `before` has the facts of the jobs before they were restarted: the API returns those until the new run exists.
        Raises TokenRefusedError; all other errors are each about a job, and the others are followed further.
        """
        now = time.monotonic()
        watch = _Watch({run.id: run for run in runs}, now, now)
        pauses = iter(self._pauses)
        while watch.waiting:
            for run in list(watch.waiting.values()):
                is_busy = await self._is_busy(watch, run, before[run.id])
                for done in watch.take_done():
                    yield done
                if is_busy:
                    break
            self._time_out(watch)
            for done in watch.take_done():
                yield done
            if watch.waiting:
                self._show_life(watch)
                await asyncio.sleep(min(next(pauses), self._limits.start_timeout_s, self._limits.job_timeout_s))

    async def _is_busy(self, watch: _Watch, run: JobRun, before: JobFacts) -> bool:
        """Ask for the state of a job once; return whether the API is busy, so that the next question has to wait."""
        try:
            facts = await self._jobs.facts(run.id)
        except TokenRefusedError:
            raise
        except BusyError as error:
            watch.was_busy(run, error, time.monotonic())
            return True
        except NoSuchJobError:
            watch.give_up(run, gone_error(run.id, run.url))
            return False
        except PurgerError as error:
            watch.give_up(run, error)
            return False
        now = time.monotonic()
        watch.answered(run, now)
        if run.state is not None or _is_new(facts, before):
            self._see(watch, run, facts, now)
        return False

    def _see(self, watch: _Watch, run: JobRun, facts: JobFacts, now: float) -> None:
        """Note the state of the new run."""
        if facts.state != run.state:
            self._update(run, facts)
            watch.progress_at = watch.emitted_at = now
        if facts.state == "started":
            watch.running_since.setdefault(run.id, now)
        else:
            watch.running_since.pop(run.id, None)  # its worker was lost, say, and it is in the queue again
        if not facts.is_running:
            watch.finish(run)

    def _time_out(self, watch: _Watch) -> None:
        """Set an error for each job that had its time when the API last answered, and wait for it no longer.

        Reading the log of another one may have taken long since then.
        """
        if watch.running_since.keys() & watch.waiting.keys():
            watch.progress_at = time.monotonic()
        for run in list(watch.waiting.values()):
            answered_at = watch.answered_at.get(run.id, watch.progress_at)
            run.error = self._timeout_error(run, answered_at, watch.running_since.get(run.id), watch.progress_at)
            if run.error:
                watch.finish(run)

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
