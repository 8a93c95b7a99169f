"""Call the API for the state, restart and log of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from purger.core.cache import branch_of_pull_request
from purger.core.errors import AccessError, InputError, JobError, SiteError
from purger.core.text import many
from purger.travis.client import Calls
from purger.travis.decoding import (
    BranchOfBuildPayload,
    DefaultBranchPayload,
    JobPayload,
    JobsPayload,
    NamedPayload,
    not_our_api,
)
from purger.travis.job_log import JobLog, LogSink, with_sources
from purger.travis.job_log.reader import AFTER_REMOVAL
from purger.travis.job_names import HOW_TO_NAME
from purger.travis.payloads import date_of
from purger.travis.refusals import (
    SIGN_IN_TO_THE_NETWORK,
    BusyError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
)

RUNNING_STATES = frozenset({"created", "queued", "received", "started"})
RESTART_ATTEMPTS = 3
LARGEST_LOG_BYTES = 200_000_000
"""The site ends a job whose log has more than 4 MB; installations may allow more. What is beyond is not read."""
_MOST_NAMED = 20


class NoSuchJobError(InputError):
    """The job does not exist, or the token can't see it."""


class NoLogYetError(InputError):
    """The job has no log yet."""


class LogRemovedError(NoLogYetError):
    """Somebody removed the job's log."""


class FormerLogError(NoLogYetError):
    """The API still has the log of the job's run before the restart."""


class NotALogError(SiteError):
    """What is in the log's place is something else, such as a sign-in page."""


class JobRunningError(JobError):
    """The job is running, so it can't be restarted now."""


class RestartRefusedError(NotAllowedError):
    """The token is not allowed to restart the job, or nobody is."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """The API's description of a job. After a restart the times (UTC) are of the previous run until the new one starts.

    `pull_request` is the number of the pull request that the job belongs to, if any.
    """

    id: int
    state: str
    started_at: datetime | None
    finished_at: datetime | None
    build_id: int | None
    repository_id: int | None
    repository_slug: str | None
    pull_request: int | None

    @property
    def is_running(self) -> bool:
        """Whether the job is waiting to start or running."""
        return self.state in RUNNING_STATES


@dataclass(frozen=True, slots=True)
class JobBranches:
    """The branches whose caches a job looks for, in this order (docs/TRAVIS.md section 5).

    `own` is `PR.123` for a job of a pull request, and `target` the branch that it merges into. A branch is None if it
    does not exist or the API does not name it.
    """

    own: str | None = None
    target: str | None = None
    default: str | None = None

    def with_sources(self, log: JobLog) -> JobLog:
        """Return the job's log with the source of each fetch."""
        return with_sources(log, own=self.own, target=self.target, default=self.default)


class Jobs:
    """The API calls about jobs. They raise the errors of `Calls`, and those that they name."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._site = calls.site

    async def facts(self, job_id: int) -> JobFacts:
        """Return the API's description of a job. Raises NoSuchJobError."""
        try:
            return _facts(await self._calls.call("GET", self._site.job_call(job_id), JobPayload), job_id)
        except NotFoundError:
            raise NoSuchJobError(
                f"there is no job {job_id}, or the token can't see it",
                where=self._site.job_call(job_id),
                remedy=f"{HOW_TO_NAME} Check the site, too, and whose token it is.",
            ) from None

    async def only_job_of(self, build_id: int) -> int:
        """Return the id of a build's one job, whose page is the build's. Raises InputError where it has several."""
        address = f"{self._site.build_call(build_id)}/jobs"
        try:
            jobs = (await self._calls.call("GET", address, JobsPayload)).jobs
        except NotFoundError:
            raise NoSuchJobError(
                f"there is no build {build_id}, or the token can't see it",
                where=address,
                remedy="Check the number, the site, and whose token it is.",
            ) from None
        if len(jobs) == 1:
            return jobs[0].id
        numbers = ", ".join(str(job.id) for job in jobs[:_MOST_NAMED])
        remedy = f"Give the number of one: {numbers}." if jobs else "Its page may tell why: there is no log to read."
        raise InputError(f"build {build_id} has {many(len(jobs), 'job')}", remedy=remedy)

    async def branches(self, job: JobFacts) -> JobBranches:
        """Return the branches whose caches the job looks for.

        The job's build names the branch, which for a pull request is its target (found in the API's public source).
        """
        branch = default = None
        if job.build_id is not None:
            build = await self._calls.call("GET", self._site.build_call(job.build_id), BranchOfBuildPayload)
            branch = _name_of(build.branch)
        if job.repository_id is not None:
            address = f"{self._site.api_url}/repo/{job.repository_id}"
            repository = await self._calls.call("GET", address, DefaultBranchPayload)
            default = _name_of(repository.default_branch)
        if job.pull_request is None:
            return JobBranches(branch, None, default)
        return JobBranches(branch_of_pull_request(job.pull_request), branch, default)

    async def restart(self, job_id: int) -> None:
        """Restart a job that has ended (docs/TRAVIS.md section 4).

        Raises JobRunningError (409), RestartRefusedError (403) or AccessError (404). A lost response does not show
        whether the job was restarted, so its state is checked before the next attempt.
        """
        address = f"{self._site.job_call(job_id)}/restart"
        for attempts_left in reversed(range(RESTART_ATTEMPTS)):
            try:
                await self._calls.post(address)
            except ConflictError:
                if attempts_left + 1 < RESTART_ATTEMPTS:
                    return
                raise running_error(job_id, address) from None
            except NotAllowedError as error:
                raise RestartRefusedError(
                    f"job {job_id} may not be restarted: {error.what.partition(': ')[2]}",
                    where=address,
                    remedy="Ask someone who may restart builds of this repository.",
                ) from None
            except NotFoundError:
                raise gone_error(job_id, address) from None
            except BusyError:
                if (await self.facts(job_id)).is_running:
                    return
                if not attempts_left:
                    raise
            else:
                return

    async def log(self, job_id: int, *, former: JobFacts | None = None) -> JobLog:
        """Read the log as far as it is written, in constant memory.

        Raises NoLogYetError, LogRemovedError, NotALogError, and FormerLogError where the last cache in it was asked for
        while the run of the facts `former` ran.
        """
        where = self._site.job_call(job_id)
        try:
            sink = await self._calls.read(f"{where}/log.txt", lambda: LogSink(LARGEST_LOG_BYTES))
        except NotFoundError:
            sink = LogSink(LARGEST_LOG_BYTES)
        if sink.is_blank:
            remedy = "Wait until it runs, then try again."
            raise NoLogYetError(f"job {job_id} has no log yet", where=where, remedy=remedy)
        if sink.was_removed:
            raise LogRemovedError(f"somebody removed the log of job {job_id}", where=where, remedy=AFTER_REMOVAL)
        log = sink.finish()
        if not log.is_log:
            raise NotALogError(
                f"what the API's address returns for job {job_id} is not a log",
                where=where,
                remedy=f"Check the job's page. {SIGN_IN_TO_THE_NETWORK}",
            )
        if former and _is_of(former, log):
            raise FormerLogError(
                f"the API still has the log of the run of job {job_id} before the restart",
                where=where,
                remedy="Wait a little, then give the job's number to `purger check-log`, with --report and the report "
                "of this run.",
            )
        return log


def _is_of(run: JobFacts, log: JobLog) -> bool:
    """Whether the last cache that a log names was asked for while this run ran, by the clock of the job's machine."""
    asked_at = max((fetch.at for fetch in log.asked if fetch.at is not None), default=None)
    if asked_at is None or run.started_at is None or run.finished_at is None:
        return False
    return run.started_at <= asked_at < run.finished_at


def running_error(job_id: int, where: str) -> JobRunningError:
    """Return the error for a job that can't be restarted because it is running."""
    return JobRunningError(
        f"job {job_id} is running already, so it can't be restarted now",
        where=where,
        remedy="Wait until it ends, or cancel it; then run this again.",
    )


def gone_error(job_id: int, where: str) -> AccessError:
    """Return the error for a job that was there when it was asked for first: the input was right."""
    return AccessError(
        f"there is no job {job_id} any more, or the token can't see it any more",
        where=where,
        remedy="Check its build's page: it may have been removed, or the repository hidden from the token.",
    )


def _name_of(branch: NamedPayload | None) -> str | None:
    return (branch.name or None) if branch else None


def _facts(payload: JobPayload, job_id: int) -> JobFacts:
    try:
        started_at, finished_at = date_of(payload.started_at), date_of(payload.finished_at)
    except (ValueError, OverflowError):
        raise not_our_api(f"job {job_id} has times that are none") from None
    build, repository = payload.build, payload.repository
    return JobFacts(
        id=payload.id,
        state=payload.state,
        started_at=started_at,
        finished_at=finished_at,
        build_id=build.id if build else None,
        repository_id=repository.id if repository else None,
        repository_slug=repository.slug if repository else None,
        pull_request=build.pull_request_number if build else None,
    )
