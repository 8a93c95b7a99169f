"""The few API calls: who we are, what a repository allows, its exact list of caches, and exact deletions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from playwright.async_api import Playwright

from purger.core.cache import Archive
from purger.travis.rate_limit import Budget
from purger.secrets.token import Token
from purger.travis.payloads import archives_in
from purger.travis.client import Calls
from purger.travis.addresses import Owner, Repository, Site

MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class User:
    """Whose token it is."""

    id: int
    login: str


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What the API tells of a repository: its number, and what the token may do with it."""

    id: int
    slug: str
    provider: str
    active: bool
    permissions: frozenset[str]
    default_branch: str | None


class Api(Calls):
    """The calls that a purge needs; they raise what `Calls` does."""

    def for_one(self) -> Api:
        """The same API with a count of requests of its own, for one repository."""
        return Api(self._context, self.site, self._budget)

    @staticmethod
    @asynccontextmanager
    async def open(playwright: Playwright, site: Site, token: Token, budget: Budget) -> AsyncIterator[Api]:
        """An Api for the time of a `with` block."""
        context = await playwright.request.new_context(
            extra_http_headers={"Travis-API-Version": "3", "Authorization": f"token {token.reveal()}"},
        )
        try:
            yield Api(context, site, budget)
        finally:
            await context.dispose()

    async def user(self) -> User:
        """Whose token it is. Raises AccessError if it is refused."""
        told = await self.call("GET", f"{self.site.api_url}/user")
        return User(int(told["id"]), str(told.get("login", "?")))

    async def repository(self, repository: Repository) -> RepositoryFacts:
        """What the API tells of a repository. Raises AccessError where it is missing or hidden from the token."""
        told = await self.call("GET", self.site.repository_call(repository))
        return _facts(told, repository.provider)

    async def caches(self, repository_id: int, branch: str | None = None, match: str | None = None) -> list[Archive]:
        """The archives of the repository, at most 1,000; below one full branch, or with a text in their name."""
        told = await self.call("GET", self._caches_call(repository_id, branch, match))
        return archives_in(told["caches"])

    async def delete_caches(self, repository_id: int, branch: str, match: str | None = None) -> list[Archive]:
        """Delete what `caches` with the same branch and match lists, and give what the answer says is deleted.

        Sent once: a refused one may have been done, and a job may have uploaded again since. Look before another.
        """
        if not branch:
            raise ValueError("an empty branch would delete every cache")
        told = await self._json("DELETE", self._caches_call(repository_id, branch, match))
        return archives_in(told["caches"])

    def _caches_call(self, repository_id: int, branch: str | None, match: str | None) -> str:
        given = {"branch": branch, "match": match}
        query = "&".join(f"{name}={quote(text, safe='')}" for name, text in given.items() if text is not None)
        return f"{self.site.api_url}/repo/{repository_id}/caches" + (f"?{query}" if query else "")

    async def branches(self, repository_id: int) -> list[str]:
        """The full names of the repository's branches, as far as they still exist."""
        first = f"{self.site.api_url}/repo/{repository_id}/branches?limit=100"
        return [str(item["name"]) async for item in self._paged(first, "branches")]

    async def repositories(self, owner: Owner) -> list[tuple[Repository, RepositoryFacts]]:
        """All repositories of an owner, with what the API tells of each."""
        found = []
        async for item in self._paged(self.site.repositories_call(owner), "repositories"):
            facts = _facts(item, owner.provider)
            login, _, name = facts.slug.partition("/")
            found.append((Repository(owner.provider, login, name), facts))
        return found

    async def _paged(self, address: str, key: str) -> AsyncIterator[dict[str, Any]]:
        for _ in range(MOST_PAGES):
            told = await self.call("GET", address)
            for item in told[key]:
                yield item
            following = (told.get("@pagination") or {}).get("next") or {}
            if not following.get("@href"):
                return
            address = self.site.api_url + str(following["@href"])


def _facts(told: dict[str, Any], provider: str) -> RepositoryFacts:
    default_branch = told.get("default_branch") or {}
    permissions = told.get("@permissions") or {}
    return RepositoryFacts(
        id=int(told["id"]),
        slug=str(told["slug"]),
        provider=str(told.get("vcs_provider") or provider),
        active=bool(told.get("active", True)),
        permissions=frozenset(name for name, granted in permissions.items() if granted),
        default_branch=default_branch.get("name"),
    )
