"""Purge, restart the jobs that failed, read their logs, and repeat while they fetch a deleted cache."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec

from purger.core import events
from purger.core.errors import OutOfTimeError, PurgerError
from purger.core.selection import Selection
from purger.jobs.attempts import Attempt, JobRun, attempt_report
from purger.jobs.ended_logs import EndedLogs
from purger.jobs.follow import Follower
from purger.jobs.purged_caches import PurgedCaches
from purger.jobs.restart import require_restartable, restart
from purger.jobs.settings import RetrySettings
from purger.jobs.unlisted import delete_unlisted
from purger.jobs.verdict import (
    WORTH_A_RESTART,
    error_of,
    is_spared,
    judge,
    sentence_about,
    unlisted_error,
    unlisted_of,
)
from purger.purge.record import Record
from purger.purge.run import Hooks, Request, Run
from purger.purge.settings import Settings
from purger.report.build import repository_report, run_report
from purger.report.model import Report, RetryReport, Verdict
from purger.travis.addresses import Repository
from purger.travis.api import Api
from purger.travis.jobs import JobFacts, Jobs
from purger.travis.rate_limit import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRequest:
    """Which jobs to restart, of which repository, and which of its caches to delete before."""

    repository: Repository
    job_ids: Sequence[int]
    selection: Selection = field(default_factory=Selection)


@dataclass(frozen=True, slots=True)
class RetryResult:
    """What came of a retry: its attempts, and what stopped it or the job error with the highest exit code."""

    attempts: tuple[Attempt, ...]
    error: PurgerError | None

    @property
    def last_runs(self) -> list[JobRun]:
        """Each job as it was restarted last, or failed to; where it never was, as far as it came."""
        runs = [run for attempt in self.attempts for run in attempt.jobs]
        runs.sort(key=lambda run: run.restarted_at is not None or run.error is not None)
        return list({run.id: run for run in runs}.values())


class Retry:
    """Purge, wait, restart the jobs together, read their logs; repeat while one of them fetches a deleted
    cache, or gets no answer.

    `hooks.confirm` is called once, before the first deletion. `budget` is given where other requests share it.
    """

    def __init__(
        self,
        settings: Settings,
        request: RetryRequest,
        retrying: RetrySettings,
        hooks: Hooks | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.settings = settings
        self.request = request
        self.retrying = retrying
        self._hooks = hooks or Hooks()
        self._budget = budget or Budget(
            settings.pace.max_rate, on_wait=self._emit_wait, pauses=settings.policies.rate_limit
        )
        self._attempts: list[Attempt] = []
        self._error: PurgerError | None = None
        self._is_confirmed = False
        self._known: dict[int, JobFacts] = {}
        self._began_at = datetime.now(UTC)

    async def execute(self) -> None:
        """Run the command. Only cancellation is raised: errors are in the report, its repositories and its jobs."""
        settings = self.settings
        try:
            async with Api.open(
                settings.network, settings.site, settings.token, self._budget, settings.policies
            ) as api:
                jobs = Jobs(api)
                pages = {job_id: self._page_of(job_id) for job_id in self.request.job_ids}
                self._known = await require_restartable(api, jobs, self.request.repository, pages)
                await self._all_attempts(jobs, api)
        except PurgerError as error:
            self._error = error

    def result(self, stopped: PurgerError | None = None) -> RetryResult:
        """Return what came of the retry so far; `stopped` is what ended it from outside."""
        so_far = RetryResult(tuple(self._attempts), self._error or stopped)
        if isinstance(so_far.error, OutOfTimeError):
            so_far = replace(so_far, error=_with_remedy(so_far.error, so_far.last_runs))
        job_errors = [run.error for run in so_far.last_runs if run.error]
        return replace(so_far, error=so_far.error or max(job_errors, key=lambda error: error.exit_code, default=None))

    def report(self, started_at: datetime, stopped: PurgerError | None = None) -> Report:
        """Build the report of the last purge, with all attempts under `retry`."""
        result = self.result(stopped)
        records = result.attempts[-1].run.result().records if result.attempts else ()
        selection = result.attempts[-1].run.selection if result.attempts else self.request.selection
        report = run_report(records, result.error, started_at, selection=selection)
        attempts = [attempt_report(attempt, result.error) for attempt in result.attempts]
        return msgspec.structs.replace(report, retry=RetryReport(jobs=list(self.request.job_ids), attempts=attempts))

    def _emit_wait(self, seconds: float, why: str) -> None:
        self._hooks.observe(events.Waiting("", seconds, why))

    async def _confirm_once(self, records: Sequence[Record]) -> bool:
        self._is_confirmed = self._is_confirmed or await self._hooks.confirm(records)
        return self._is_confirmed

    def _page_of(self, job_id: int) -> str:
        return self.settings.site.job_page(self.request.repository.slug, job_id, self.request.repository.provider)

    async def _all_attempts(self, jobs: Jobs, api: Api) -> None:
        name, policies = str(self.request.repository), self.settings.policies
        follower = Follower(jobs, self.retrying, name, self._hooks.observe, policies.polling)
        logs = EndedLogs(jobs, policies.job_log_s)
        job_ids, wait_s = list(self.request.job_ids), self.retrying.wait_s
        for number in range(1, self.retrying.retry_attempts + 1):
            self._hooks.observe(events.AttemptStarted(name, number, self.retrying.retry_attempts, len(job_ids)))
            attempt = Attempt(number, wait_s, self._purge())
            self._attempts.append(attempt)
            await attempt.run.execute()
            result = attempt.run.result()
            if result.error:
                raise result.error
            (record,) = result.records
            if record.error or not (record.ok or record.ledger.left):
                return  # of what is listed nobody can tell whether it is selected, and another purge can't either
            if record.ok:
                await self._settle(follower, attempt)
                await self._restart(jobs, attempt, job_ids)
                async for run in follower.follow([run for run in attempt.jobs if not run.error], self._known):
                    await self._judge(logs, run)
                for run in attempt.jobs:
                    await self._delete_unlisted(api, logs, run)
                job_ids = [run.id for run in attempt.jobs if run.verdict in WORTH_A_RESTART and not run.error]
                if not job_ids:
                    return
            elif number < self.retrying.retry_attempts:
                await follower.pause(wait_s, lambda: "some caches remain, so nothing is restarted yet")
            wait_s *= 2 if attempt.wait_s else 1

    async def _settle(self, follower: Follower, attempt: Attempt) -> None:
        """Wait before the restart, unless this command has deleted nothing: then no deletion has to settle."""
        if any(record.ledger.gone for one in self._attempts for record in one.run.result().records):
            await follower.pause(attempt.wait_s, lambda: "the deletions settle before the restart")
        elif attempt.wait_s:
            attempt.wait_s = 0.0
            why = "nothing was deleted, so no deletion has to settle before the restart"
            self._hooks.observe(events.NotWaiting(str(self.request.repository), why))

    def _purge(self) -> Run:
        # What the policies keep was decided at the start, and is kept in every attempt.
        decisions = self._attempts[-1].run.decisions if self._attempts else {}
        request = Request(
            repositories=[self.request.repository],
            selection=self.request.selection,
            decisions=decisions,
            is_first=not self._attempts,
        )
        return Run(self.settings, request, replace(self._hooks, confirm=self._confirm_once), self._budget)

    async def _restart(self, jobs: Jobs, attempt: Attempt, job_ids: Sequence[int]) -> None:
        attempt.jobs = [JobRun(job_id, self._page_of(job_id)) for job_id in job_ids]
        for run in attempt.jobs:
            before = await restart(jobs, run)
            if before is not None:
                self._known[run.id] = before
            elif run.error is not None:
                self._emit_judged(run, run.error.what)

    async def _judge(self, logs: EndedLogs, run: JobRun) -> None:
        """Read the log of a job that is done, set its verdict and error, and emit JobJudged."""
        if run.error or run.state is None:
            self._emit_judged(run, run.error.what if run.error else "")
            return
        unread = None if run.state == "canceled" else await self._read_log(logs, run)
        run.verdict = judge(run.state, run.log, run.fetched)
        text = f"job {run.id} {sentence_about(run.verdict, run.log)}"
        is_last = len(self._attempts) == self.retrying.retry_attempts
        if unread and run.verdict is Verdict.PASSED:
            text += f", but its log can't be read: {unread.what}"
        elif unread:
            run.error = unread.about(f"job {run.id} failed, and its log can't be read")
            text = run.error.what
        elif run.verdict not in WORTH_A_RESTART or is_last or is_spared(run.fetched):
            attempts = len(self._attempts)
            run.error = error_of(run.verdict, run.id, run.url, run.log, run.fetched, attempts)
        self._emit_judged(run, text)

    async def _read_log(self, logs: EndedLogs, run: JobRun) -> PurgerError | None:
        """Read the log of a job that has ended, and compare it with the purges; return why it can't be read."""
        try:
            run.log = await logs.read(run, self._known[run.id])
        except PurgerError as error:
            return error
        # Of many caches this takes long; the purge that made the records has ended.
        run.fetched = await asyncio.to_thread(lambda log: self._purged_so_far().verdicts(log), run.log)
        return None

    def _emit_judged(self, run: JobRun, text: str) -> None:
        is_passed = run.verdict is Verdict.PASSED
        self._hooks.observe(events.JobJudged(str(self.request.repository), is_passed, text))

    async def _delete_unlisted(self, api: Api, logs: EndedLogs, run: JobRun) -> None:
        """Try to delete the job's own cache that the site does not list; not where filters say to spare some."""
        unlisted = unlisted_of(run.fetched)
        if run.verdict is not Verdict.UNLISTED or not self.request.selection.everything:
            return
        name = str(self.request.repository)
        self._hooks.observe(events.Warned(name, f"job {run.id} fetched a cache that the site does not list"))
        if await self._confirm_once(self._attempts[-1].run.result().records):
            branch = logs.own_branch(run.id)
            tried = await delete_unlisted(api, self.request.repository, branch, unlisted[0].fetch)
            run.error = unlisted_error(run.id, run.url, run.fetched, tried)

    def _purged_so_far(self) -> PurgedCaches:
        purges = [
            repository_report(record, None) for attempt in self._attempts for record in attempt.run.result().records
        ]
        ahead = timedelta(seconds=self._attempts[-1].run.selection.clock_offset_s or 0)
        return PurgedCaches.of(purges, self._began_at + ahead, datetime.now(UTC) + ahead)


def _with_remedy(error: OutOfTimeError, runs: Sequence[JobRun]) -> OutOfTimeError:
    """Return the error with the remedy for jobs that may still run: they can't be restarted now."""
    left = [str(run.id) for run in runs if run.restarted_at and not run.verdict and not run.error]
    if not left:
        return error
    jobs = f"job {left[0]}" if len(left) == 1 else f"the jobs {', '.join(left)}"
    how = f"`purger check-log {left[0] if len(left) == 1 else 'JOB'} --report FILE`, with the report of this run"
    return OutOfTimeError(error.what, where=error.where, remedy=f"Wait until {jobs} ended; then {how}.")
