"""Purges, restarts the jobs that failed, reads their logs, and does it again while they fetch a deleted cache."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from purger.core import events
from purger.report.artifacts import Artifacts
from purger.browser.start import driver
from purger.core.errors import AccessError, InputError, JobError, PurgerError
from purger.jobs.follow import Follower, Limits
from purger.travis.job_log import JobLog, read_log
from purger.jobs.attempts import Attempt, JobRun, attempt_value
from purger.travis.rate_limit import Budget
from purger.jobs.purged_caches import Purged
from purger.purge.record import Record
from purger.report.build import report_of, repository_value
from purger.purge.run import Run
from purger.core.selection import Selection
from purger.purge.settings import Settings
from purger.travis.api import Api
from purger.travis.jobs import JobBranches, JobFacts, Jobs, NoLogYetError, NoSuchJobError, RestartRefusedError, running_error
from purger.travis.addresses import Repository
from purger.jobs.verdict import Verdict, error_of, judge, sentence_about

LOG_PAUSES_S = (0.0, 1.0, 2.0, 4.0, 8.0)
"""A job may end some seconds before the last lines of its log are there."""


@dataclass(slots=True)
class Retry:
    """Purge and prove, wait, restart the jobs together, read their logs; again while one fetches a deleted cache.

    `wait_s` doubles with each of the `most_attempts`. `confirm` is asked once, before the first deletion. What was
    done stands in `attempts`, readable at any time; `error` is what stopped it all, or the worst that became of a job.
    """

    settings: Settings
    selection: Selection
    repository: Repository
    job_ids: Sequence[int]
    wait_s: float = 60.0
    most_attempts: int = 3
    limits: Limits = field(default_factory=Limits)
    artifacts: Artifacts | None = None
    observers: Sequence[events.Observer] = ()
    confirm: Callable[[Sequence[Record]], bool] = lambda _records: True
    attempts: list[Attempt] = field(default_factory=list)
    error: PurgerError | None = None
    _confirmed: bool = False
    _known: dict[int, JobFacts] = field(default_factory=dict)
    _branches: dict[int, JobBranches] = field(default_factory=dict)
    _began_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        """Raises InputError for an impossible number of attempts."""
        if self.most_attempts < 1:
            raise InputError(f"--attempts {self.most_attempts} is too small", remedy="Give 1 or more.")

    @property
    def dry_run(self) -> bool:
        """A retry always deletes."""
        return False

    @property
    def records(self) -> list[Record]:
        """What the last purge did."""
        return self.attempts[-1].run.records if self.attempts else []

    @property
    def purges(self) -> list[Record]:
        """What each purge did that had something to do."""
        records = [record for attempt in self.attempts for record in attempt.run.records]
        return [record for record in records if record.error or record.ledger.selected or not record.ok]

    @property
    def job_outcomes(self) -> list[PurgerError | str]:
        """Of each job as it was restarted last: the error that it ended with, or a sentence where it passed."""
        outcomes: list[PurgerError | str] = []
        for run in self.last_runs:
            if run.error:
                outcomes.append(run.error)
            elif run.verdict is Verdict.PASSED:
                outcomes.append(f"job {run.id} {sentence_about(run.verdict, run.log)}")
        return outcomes

    @property
    def last_runs(self) -> list[JobRun]:
        """Each job as it was restarted last."""
        return list({run.id: run for attempt in self.attempts for run in attempt.jobs}.values())

    async def execute(self) -> None:
        """Do it all. Nothing is raised but cancellation: errors stand in `error`, in the records and with the jobs."""
        try:
            async with driver() as playwright:
                budget = Budget(self.settings.max_rate, on_wait=self._tell_wait)
                async with Api.open(playwright, self.settings.site, self.settings.token, budget) as api:
                    await self._require_rights(api)
                    jobs = Jobs(api)
                    await self._require_restartable(jobs)
                    await self._all_attempts(jobs, budget)
            errors = [run.error for run in self.last_runs if run.error]
            self.error = self.error or max(errors, key=lambda error: error.exit_code, default=None)
        except PurgerError as error:
            self.error = error

    def report(self, started_at: datetime) -> dict[str, Any]:
        """The report of the last purge as JSON-ready values, and of each attempt under `retry`."""
        report = report_of(self.records, self.error, started_at, selection=self.selection)
        attempts = [attempt_value(attempt, self.error) for attempt in self.attempts]
        return report | {"retry": {"jobs": list(self.job_ids), "attempts": attempts}}

    def _see(self, event: events.Event) -> None:
        for observe in self.observers:
            observe(event)

    def _tell_wait(self, seconds: float, why: str) -> None:
        self._see(events.Waiting("", seconds, why))

    def _confirm_once(self, records: Sequence[Record]) -> bool:
        self._confirmed = self._confirmed or self.confirm(records)
        return self._confirmed

    async def _require_rights(self, api: Api) -> None:
        """Nothing is deleted for a job that can't be restarted then."""
        permissions = (await api.repository(self.repository)).permissions
        for permission, verb in (("build_restart", "restart jobs"), ("log_view", "read logs")):
            if permission not in permissions:
                raise AccessError(
                    f"the token may not {verb} of {self.repository} ({permission} is missing); nothing was deleted",
                    remedy="Ask an admin of the repository, or use a token of someone who may.",
                )

    async def _require_restartable(self, jobs: Jobs) -> None:
        for job_id in self.job_ids:
            facts = self._known[job_id] = await jobs.facts(job_id)
            slug = facts.repository_slug
            if slug is not None and slug.lower() != self.repository.slug.lower():
                raise InputError(
                    f"job {job_id} is of {slug}, not of {self.repository}", remedy=f"Name {slug} as the repository."
                )
            if facts.is_running:
                raise running_error(job_id, self._page_of(job_id))

    def _page_of(self, job_id: int) -> str:
        return self.settings.site.job_page(self.repository.slug, job_id, self.repository.provider)

    async def _all_attempts(self, jobs: Jobs, budget: Budget) -> None:
        follower = Follower(jobs, self.limits, str(self.repository), self._see)
        todo, wait_s = list(self.job_ids), self.wait_s
        for number in range(1, self.most_attempts + 1):
            self._see(events.AttemptStarted(str(self.repository), number, self.most_attempts, len(todo)))
            attempt = Attempt(number, wait_s, self._purge(budget))
            self.attempts.append(attempt)
            await attempt.run.execute()
            if attempt.run.error:
                raise attempt.run.error
            (record,) = attempt.run.records
            if record.error:
                return
            if record.ok:
                await follower.pause(wait_s, lambda: "the deletions settle before the restart")
                await self._restart(jobs, attempt, todo)
                await follower.follow([run for run in attempt.jobs if not run.error], self._known)
                for run in attempt.jobs:
                    await self._judge(jobs, run)
                todo = [run.id for run in attempt.jobs if run.verdict is Verdict.FETCHED_DELETED and not run.error]
                if not todo:
                    return
            elif number < self.most_attempts:
                await follower.pause(wait_s, lambda: "not all is gone, so nothing is restarted yet")
            wait_s *= 2

    def _purge(self, budget: Budget) -> Run:
        return Run(
            self.settings,
            self.selection,
            [self.repository],
            artifacts=self.artifacts,
            observers=self.observers,
            confirm=self._confirm_once,
            budget=budget,
        )

    async def _restart(self, jobs: Jobs, attempt: Attempt, job_ids: Sequence[int]) -> None:
        for job_id in job_ids:
            run = JobRun(job_id, self._page_of(job_id))
            attempt.jobs.append(run)
            try:
                self._known[job_id] = await jobs.facts(job_id)
                await jobs.restart(job_id)
                run.restarted_at = datetime.now(UTC)
            except (JobError, RestartRefusedError, NoSuchJobError) as error:
                run.error = error

    async def _judge(self, jobs: Jobs, run: JobRun) -> None:
        """Read the log of a job that has ended, and tell what it means."""
        text = run.error.what if run.error else ""
        if run.error is None and run.state is not None:
            if run.state != "canceled":
                run.log = await self._read_log(jobs, run.id)
                run.fetched = self._purged_so_far().verdicts(run.log)
            run.verdict = judge(run.state, run.log, run.fetched)
            is_last = len(self.attempts) == self.most_attempts
            if run.verdict is not Verdict.FETCHED_DELETED or is_last:
                attempts = len(self.attempts)
                run.error = error_of(run.verdict, run.id, run.url, run.log, run.fetched, attempts)
            text = f"job {run.id} {sentence_about(run.verdict, run.log)}"
        self._see(events.JobJudged(str(self.repository), run.id, run.verdict is Verdict.PASSED, text))

    async def _read_log(self, jobs: Jobs, job_id: int) -> JobLog:
        log = JobLog(is_log=False)
        for pause_s in LOG_PAUSES_S:
            await asyncio.sleep(pause_s)
            try:
                log = read_log([await jobs.log(job_id)])
            except NoLogYetError:
                continue
            if log.is_log and not log.truncated:
                break
        if log.asked:
            if job_id not in self._branches:
                self._branches[job_id] = await jobs.branches(self._known[job_id])
            told = self._branches[job_id]
            log = log.with_sources(own=told.own, target=told.target, default=told.default)
        return log

    def _purged_so_far(self) -> Purged:
        values = [repository_value(record, None) for attempt in self.attempts for record in attempt.run.records]
        return Purged.of(values, self._began_at, datetime.now(UTC))
