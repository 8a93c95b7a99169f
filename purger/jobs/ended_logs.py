"""Read the logs of jobs that have ended, in full, and with the source of each fetch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from purger.core.errors import JobError, PurgerError, SiteError
from purger.core.retry_policies import DEFAULT_POLICIES
from purger.jobs.attempts import JobRun
from purger.travis.job_log import JobLog
from purger.travis.jobs import (
    FormerLogError,
    JobBranches,
    JobFacts,
    Jobs,
    LogRemovedError,
    NoLogYetError,
    NotALogError,
)


class EndedLogs:
    """Read logs by the API; the branches of each job are asked for until they are known.

    `pauses_s` are those before each attempt: a job may end some seconds before the API has the last lines of its log.
    """

    def __init__(self, jobs: Jobs, pauses_s: Sequence[float] = DEFAULT_POLICIES.job_log_s) -> None:
        self._jobs = jobs
        self._pauses_s = pauses_s
        self._branches: dict[int, JobBranches] = {}

    def own_branch(self, job_id: int) -> str | None:
        """Return the full name of the branch whose cache is the job's own, where a log that was read asked for one."""
        branches = self._branches.get(job_id)
        return None if branches is None else branches.own

    async def read(self, run: JobRun, before: JobFacts) -> JobLog:
        """Return the log of a run that has ended; the last one that the API gave, where it is never in full.

        `before` has the facts from before the restart. Raises SiteError where the API gave no log, and JobError where
        there is a later run, whose log this may be.
        """
        log: JobLog | None = None
        why = SiteError("the API has none", where=run.url, remedy="Check its page: the log may be missing.")
        for pause_s in self._pauses_s:
            await asyncio.sleep(pause_s)
            try:
                log = await self._jobs.log(run.id, former=before)
            except (LogRemovedError, FormerLogError, NotALogError) as error:
                why = SiteError(error.what, where=error.where, remedy=error.remedy)
                continue
            except NoLogYetError:
                continue
            if log.too_long or not log.truncated:
                break
        now = await self._jobs.facts(run.id)
        is_later = bool(now.started_at and run.started_at) and now.started_at != run.started_at
        if now.is_running or is_later:
            raise JobError(
                "somebody restarted it before its log was read",
                where=run.url,
                remedy="Wait until it ends, or cancel it; then run this again.",
            )
        if log is None:
            raise why
        if not log.asked:
            return log
        if run.id not in self._branches:
            with suppress(PurgerError):  # what the log tells is true without them
                self._branches[run.id] = await self._jobs.branches(now)
        return self._branches.get(run.id, JobBranches()).with_sources(log)
