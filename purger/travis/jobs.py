"""Jobs by the API: how a person names one, what state it is in, restarting it, and its log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from purger.core.errors import InputError, JobError, SiteError
from purger.travis.payloads import date_of
from purger.travis.client import BusyError, Calls, ConflictError, NotAllowedError, NotFoundError
from purger.travis.addresses import Site

RUNNING_STATES = frozenset({"created", "queued", "received", "started"})
RESTART_TRIES = 3
_HOW_TO_NAME = "Give the number of a job or the URL of its page: .../jobs/123."


class NoSuchJobError(InputError):
    """The API knows no such job, or hides it from this token."""


class NoLogYetError(InputError):
    """The job has not written any log so far."""


class JobRunningError(JobError):
    """The job is running already: it can't be restarted now."""


class RestartRefusedError(NotAllowedError):
    """The token may not restart the job, or nobody may."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What the API tells of a job. Times are in UTC; those of the run before stay until the new one starts.

    `pull_request` is the number of the one that the job was made for.
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
        """Whether it waits for its start or runs."""
        return self.state in RUNNING_STATES

    @property
    def passed(self) -> bool:
        """Whether it ended well."""
        return self.state == "passed"


@dataclass(frozen=True, slots=True)
class JobBranches:
    """Whose caches a job asks for, in this order: its own branch's, the pull request's target's, the default branch's.

    Its own is `PR.123` for a pull request's job. None is what the API does not tell, or what there is not.
    """

    own: str | None
    target: str | None
    default: str | None


def parse_job(text: str, site: Site) -> int:
    """The number of the job that a person means by a number, or by a URL of its page or of the API.

    Raises InputError for anything else, for a build, and for a URL on another site.
    """
    wanted = text.strip()
    if re.fullmatch(r"\d{1,18}", wanted, re.ASCII):
        return int(wanted)
    if "://" not in wanted:
        raise InputError(f"{text!r} does not name a job", remedy=_HOW_TO_NAME)
    address = wanted.split("#")[0].split("?")[0]
    front, api = (address.startswith(f"{base}/") for base in (site.url, site.api_url))
    if not front and not api:
        raise InputError(f"{text!r} is not on {site.url}", remedy=f"{_HOW_TO_NAME} For another installation add --url.")
    path = urlsplit(address).path
    if found := re.match(r".*/jobs?/(\d{1,18})(?:/|\Z)", path, re.ASCII):
        return int(found[1])
    if re.search(r"/builds?/\d", path):
        raise InputError(f"{text!r} is a build, which may have several jobs", remedy=_HOW_TO_NAME)
    raise InputError(f"{text!r} does not name a job", remedy=_HOW_TO_NAME)


class Jobs:
    """Jobs of the site that these calls go to. Methods raise what `Calls` does, and what they say besides."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._site = calls.site

    async def facts(self, job_id: int) -> JobFacts:
        """What the API tells of a job now. Raises NoSuchJobError."""
        try:
            return _facts(await self._calls.call("GET", self._site.job_call(job_id)))
        except NotFoundError:
            raise NoSuchJobError(
                f"there is no job {job_id}, or it is hidden from this token",
                where=self._site.job_call(job_id),
                remedy="Check the number, the site, and whose token it is.",
            ) from None

    async def branches(self, job: JobFacts) -> JobBranches:
        """Whose caches the job asks for.

        A job names its build, and the build its branch, which for a pull request is the target (read in the API's
        public source).
        """
        branch = default = None
        if job.build_id is not None:
            branch = _branch_in(await self._calls.call("GET", self._site.build_call(job.build_id)), "branch")
        if job.repository_id is not None:
            address = f"{self._site.api_url}/repo/{job.repository_id}"
            default = _branch_in(await self._calls.call("GET", address), "default_branch")
        if job.pull_request is None:
            return JobBranches(branch, None, default)
        return JobBranches(f"PR.{job.pull_request}", branch, default)

    async def restart(self, job_id: int) -> None:
        """Restart a job that has ended. Raises JobRunningError (409) and RestartRefusedError (403).

        An answer that is lost does not tell whether the restart was done, so the job's state is asked before
        the call is sent again.
        """
        address = f"{self._site.job_call(job_id)}/restart"
        for tries_left in reversed(range(RESTART_TRIES)):
            try:
                await self._calls.post(address)
            except ConflictError:
                if tries_left + 1 < RESTART_TRIES:
                    return
                raise running_error(job_id, address) from None
            except NotAllowedError as error:
                raise RestartRefusedError(
                    f"job {job_id} may not be restarted: {error.what.partition(': ')[2]}",
                    where=address,
                    remedy="Ask someone who may restart builds of this repository.",
                ) from None
            except NotFoundError:
                raise NoSuchJobError(f"there is no job {job_id} any more", where=address) from None
            except BusyError:
                if (await self.facts(job_id)).is_running:
                    return
                if not tries_left:
                    raise
            else:
                return

    async def log(self, job_id: int) -> bytes:
        """The raw log as far as it is written. Raises NoLogYetError."""
        try:
            content = await self._calls.read(f"{self._site.job_call(job_id)}/log.txt")
        except NotFoundError:
            content = b""
        if not content.strip():
            raise NoLogYetError(
                f"job {job_id} has no log yet",
                where=self._site.job_call(job_id),
                remedy="Wait until it runs, then look again.",
            )
        return content


def running_error(job_id: int, where: str) -> JobRunningError:
    """What is told of a job that can't be restarted since it runs."""
    return JobRunningError(
        f"job {job_id} is running already, so it can't be restarted now",
        where=where,
        remedy="Wait until it ends, or cancel it; then run this again.",
    )


def _branch_in(told: dict[str, Any], key: str) -> str | None:
    branch = told.get(key)
    name = branch.get("name") if isinstance(branch, dict) else None
    return str(name) if name else None


def _facts(told: dict[str, Any]) -> JobFacts:
    try:
        build, repository = told.get("build") or {}, told.get("repository") or {}
        number = build.get("pull_request_number")
        return JobFacts(
            id=int(told["id"]),
            state=str(told["state"]),
            started_at=date_of(told.get("started_at")),
            finished_at=date_of(told.get("finished_at")),
            build_id=None if build.get("id") is None else int(build["id"]),
            repository_id=None if repository.get("id") is None else int(repository["id"]),
            repository_slug=repository.get("slug"),
            pull_request=None if number is None else int(number),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SiteError("the API describes the job in a way that we don't know") from error
