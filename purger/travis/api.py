"""Call the API: the user, repositories and their permissions, lists of caches, and exact deletions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from purger.browser.connections import Connections
from purger.browser.network import Network
from purger.core.cache import Cache
from purger.core.errors import AccessError
from purger.core.retry_policies import DEFAULT_POLICIES, RetryPolicies
from purger.secrets.token import Token
from purger.travis.addresses import Owner, Repository, Site
from purger.travis.client import Calls
from purger.travis.decoding import (
    BranchesPayload,
    BuildsPayload,
    CachesPayload,
    PagePayload,
    RepositoriesPayload,
    RepositoryPayload,
    UserPayload,
)
from purger.travis.payloads import caches_of
from purger.travis.rate_limit import Budget

_Page = TypeVar("_Page", bound=PagePayload)

VIEW = {"cache_view": "see the caches"}
VIEW_AND_DELETE = VIEW | {"cache_delete": "delete the caches"}
"""What a token needs to show caches, and to delete them: the API's name of each permission, and what it allows."""
MAX_PAGES = 1000
MAX_PAGES_OF_BUILDS = 10
"""A thousand builds of pull requests: those with caches are hardly older."""


@dataclass(frozen=True, slots=True)
class User:
    """The user that a token belongs to."""

    login: str


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """The API's description of a repository; `permissions` are those that the token has."""

    id: int
    slug: str
    active: bool
    permissions: frozenset[str]

    def require(self, rights: Mapping[str, str], *, where: str | None = None, so: str = "") -> None:
        """Raise AccessError unless the token has these rights: what each allows to do, by the API's name for it.

        `where` is the URL that is concerned, and `so` ends the message.
        """
        if missing := [name for name in rights if name not in self.permissions]:
            raise AccessError(
                f"the token may not {' or '.join(rights[name] for name in missing)} of {self.slug} "
                f"({' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing){so}",
                where=where,
                remedy="Ask an admin of the repository, or use a token of someone who may.",
            )


class Api(Calls):
    """The API calls that a purge needs (docs/TRAVIS.md section 4). All of them raise the errors of `Calls`."""

    def for_one(self) -> Api:
        """Return the same API with a request count of its own, for one repository."""
        return Api(self.connections, self.site, self._token, self._budget, self._policies, self.clock)

    @staticmethod
    @asynccontextmanager
    async def open(
        network: Network, site: Site, token: Token, budget: Budget, policies: RetryPolicies = DEFAULT_POLICIES
    ) -> AsyncIterator[Api]:
        """Open the API for a `with` block. Its connections are kept open until the end."""
        async with Connections(network) as connections:
            yield Api(connections, site, token, budget, policies)

    async def user(self) -> User:
        """Return the user that the token belongs to. Raises AccessError if the API rejects the token."""
        payload = await self.call("GET", f"{self.site.api_url}/user", UserPayload)
        return User(payload.login or "?")

    async def repository(self, repository: Repository) -> RepositoryFacts:
        """Return the API's description of a repository. Raises AccessError if the token can't see it."""
        payload = await self.call("GET", self.site.repository_call(repository), RepositoryPayload)
        return _facts(payload)

    async def caches(self, repository_id: int, branch: str | None = None, match: str | None = None) -> list[Cache]:
        """Return the caches that the API lists, at most 1,000 (docs/TRAVIS.md section 4).

        `branch` is a full name and also selects the branches nested below it; `match` is a part of the cache's name.
        """
        payload = await self.call("GET", self._caches_call(repository_id, branch, match), CachesPayload)
        return caches_of(payload.caches)

    async def delete_caches(self, repository_id: int, branch: str, match: str | None = None) -> list[Cache]:
        """Delete the caches that `caches` lists for the same arguments; return those that the response names.

        The call is sent once. A refused deletion may have been applied, and a job may have uploaded the caches again
        since, so list them before another attempt. Raises ValueError for an empty branch.
        """
        if not branch:
            raise ValueError("an empty branch would delete every cache")
        payload = await self.send_once("DELETE", self._caches_call(repository_id, branch, match), CachesPayload)
        return caches_of(payload.caches)

    def _caches_call(self, repository_id: int, branch: str | None, match: str | None) -> str:
        parameters = {"branch": branch, "match": match}
        query = "&".join(f"{name}={quote(text, safe='')}" for name, text in parameters.items() if text is not None)
        return f"{self.site.api_url}/repo/{repository_id}/caches" + (f"?{query}" if query else "")

    async def branches(self, repository_id: int) -> dict[str, bool | None]:
        """Return the full names of the repository's branches that were ever built, and whether the host has them.

        None means that the API does not say.
        """
        first = f"{self.site.api_url}/repo/{repository_id}/branches?limit=100"
        return {
            branch.name: branch.exists_on_github
            async for page in self._pages(first, BranchesPayload)
            for branch in page.branches
        }

    async def pull_requests(self, repository_id: int, max_pages: int = MAX_PAGES_OF_BUILDS) -> list[int]:
        """Return the numbers of the pull requests that were built lately, the newest first."""
        first = f"{self.site.api_url}/repo/{repository_id}/builds?build.event_type=pull_request&limit=100"
        numbers: dict[int, None] = {}
        async for page in self._pages(first, BuildsPayload, max_pages):
            found = (build.pull_request_number for build in page.builds)
            numbers |= dict.fromkeys(number for number in found if number is not None)
        return list(numbers)

    async def repositories(self, owner: Owner) -> list[tuple[Repository | None, RepositoryFacts]]:
        """Return all repositories of an owner with the API's facts; None for one whose name holds several slashes."""
        found: list[tuple[Repository | None, RepositoryFacts]] = []
        async for page in self._pages(self.site.repositories_call(owner), RepositoriesPayload):
            for item in page.repositories:
                facts = _facts(item)
                login, _, name = facts.slug.partition("/")
                found.append((None if "/" in name else Repository(owner.provider, login, name), facts))
        return found

    async def _pages(self, address: str, form: type[_Page], max_pages: int = MAX_PAGES) -> AsyncIterator[_Page]:
        for _ in range(max_pages):
            page = await self.call("GET", address, form)
            yield page
            if not page.next_path:
                return
            address = self.site.api_url + page.next_path


def _facts(payload: RepositoryPayload) -> RepositoryFacts:
    return RepositoryFacts(
        id=payload.id,
        slug=payload.slug,
        active=payload.active is not False,
        permissions=frozenset(name for name, granted in (payload.permissions or {}).items() if granted),
    )
