"""Read the logs of jobs that have ended, in full, and with the source of each fetch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from purger.core.retry_policies import DEFAULT_POLICIES
from purger.travis.job_log import JobLog, with_sources
from purger.travis.jobs import JobBranches, JobFacts, Jobs, NoLogYetError


class EndedLogs:
    """Read logs by the API; the branches of each job are asked for once.

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

    async def read(self, job: JobFacts) -> JobLog:
        """Return the log of the job; the last one that the API gave, where it is never in full."""
        log = JobLog(is_log=False)
        for pause_s in self._pauses_s:
            await asyncio.sleep(pause_s)
            try:
                log = await self._jobs.log(job.id)
            except NoLogYetError:
                continue
            if log.too_long or (log.is_log and not log.truncated):
                break
        if not log.asked:
            return log
        if job.id not in self._branches:
            self._branches[job.id] = await self._jobs.branches(job)
        branches = self._branches[job.id]
        return with_sources(log, own=branches.own, target=branches.target, default=branches.default)
