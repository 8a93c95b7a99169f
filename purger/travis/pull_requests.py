"""Ask the host's public API which pull requests are closed. What it does not say is not guessed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec
from loguru import logger
from tenacity import retry_if_exception_type

from purger.browser.connections import Connections
from purger.core.errors import NoAnswerError, SiteError
from purger.core.hosts import origin_of
from purger.core.retry_policies import DEFAULT_POLICIES, RetryPolicies
from purger.travis.addresses import Repository, Site
from purger.travis.host import HostSettings
from purger.travis.refusals import REDIRECTS

CALLS_AT_ONCE = 6


class _PullRequestPayload(msgspec.Struct, frozen=True):
    number: int
    state: str


class _BusyError(Exception):
    """The host did not answer this time."""


class _ExhaustedError(Exception):
    """No further call will be answered either."""


@dataclass(frozen=True, slots=True)
class PullRequests:
    """Which pull requests are closed, as far as the host says, and why it does not say it of the others."""

    closed: dict[int, bool] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


async def closed_pull_requests(
    repository: Repository,
    numbers: Iterable[int],
    site: Site,
    settings: HostSettings,
    connections: Connections,
    policies: RetryPolicies = DEFAULT_POLICIES,
) -> PullRequests:
    """Ask which of the pull requests with these numbers are closed. Nothing is raised: what fails is a problem.

    A redirect is followed once, on the host alone: GitHub answers so for a repository that was renamed or transferred.
    """
    address = settings.address_of(repository, site)
    if address is None:
        return PullRequests({}, ("only GitHub is asked for pull requests, and only for the public site",))
    return await _Inquiry(connections, settings.headers, address, policies).ask(sorted(set(numbers)))


class _Inquiry:
    """Questions about pull requests of one repository; after one that says that no other will be answered, none."""

    def __init__(
        self, connections: Connections, headers: Mapping[str, str], address: str, policies: RetryPolicies
    ) -> None:
        self._connections = connections
        self._headers = headers
        self._address = address
        self._policies = policies
        self._problems: dict[str, None] = {}
        self._closed: dict[int, bool] = {}
        self._is_over = False
        self._at_once = asyncio.Semaphore(CALLS_AT_ONCE)

    async def ask(self, numbers: Iterable[int]) -> PullRequests:
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                group.create_task(self._ask(number))
        return PullRequests(self._closed, tuple(self._problems))

    async def _ask(self, number: int) -> None:
        again = self._policies.api_busy.again(retry_if_exception_type(_BusyError))
        async with self._at_once:
            if self._is_over:
                return
            try:
                await again(self._ask_once, number)
            except (_BusyError, _ExhaustedError) as error:
                self._is_over = True
                self._problems[str(error)] = None

    async def _ask_once(self, number: int) -> None:
        status, body, elsewhere = await self._get(f"{self._address}/pulls/{number}")
        if elsewhere is not None:
            status, body, _ = await self._get(elsewhere)
        match status:
            case 200:
                self._read(body, number)
            case 401:
                raise _ExhaustedError("GitHub refuses GITHUB_TOKEN")
            case 403 | 429:
                more = "" if "Authorization" in self._headers else "; GITHUB_TOKEN raises it"
                raise _ExhaustedError(f"GitHub's rate limit is reached, or it allows no access{more}")
            case status if status >= 500:
                raise _BusyError(f"GitHub answers {status}")
            case 404:
                self._problems["GitHub does not know or show some pull requests"] = None
            case status:
                self._problems[f"GitHub answers {status}"] = None

    async def _get(self, address: str) -> tuple[int, bytes, str | None]:
        """Return the status and the body of the answer, and the address on the same host that it leads to, if any."""
        timeout_s = self._policies.call_timeout_s
        try:
            async with self._connections.exchange("GET", address, self._headers, timeout_s=timeout_s) as response:
                body = await response.aread()
        except NoAnswerError as error:
            raise _BusyError(f"GitHub can't be asked: {error.what}") from None
        except SiteError as error:
            raise _ExhaustedError(f"GitHub can't be asked: {error.what}") from None
        logger.debug("GET {}: {}", address, response.status_code)
        location = response.headers.get("location") if response.status_code in REDIRECTS else None
        return response.status_code, body, location if location and _is_on_host_of(location, address) else None

    def _read(self, body: bytes, number: int) -> None:
        try:
            payload = msgspec.json.decode(body, type=_PullRequestPayload)
        except (msgspec.DecodeError, ValueError, RecursionError):
            payload = _PullRequestPayload(0, "")
        if payload.number != number or payload.state not in {"open", "closed"}:
            self._problems["GitHub answers in a form that purger does not know"] = None
        else:
            self._closed[number] = payload.state == "closed"


def _is_on_host_of(location: str, address: str) -> bool:
    try:
        return urlsplit(location).username is None and origin_of(location) == origin_of(address)
    except ValueError:
        return False
