"""List single branches of a repository, and tell which of what is listed belongs to each.

The list of a repository shows the last part of a branch alone, and a part of a file name with a slash as the branch
(docs/TRAVIS.md section 4). The listing of one branch (`?branch=`) holds everything below that branch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from purger.core.cache import Cache, Version, branch_of_pull_request, versions, within, without
from purger.core.selection import Selection
from purger.purge.concurrently import all_of
from purger.travis.api import MAX_PAGES, MAX_PAGES_OF_BUILDS, Api
from purger.travis.keys import LIST_CAP, begins_like_file_name, is_front_of_file_name, last_part

CALLS_AT_ONCE = 6


class BranchListings:
    """Listings of single branches of one repository. What is known of its branches is fetched once, when needed.

    `selection` returns the current one: it changes once the policies are decided.
    """

    def __init__(self, api: Api, repository_id: int, selection: Callable[[], Selection]) -> None:
        self._api = api
        self._id = repository_id
        self._current_selection = selection
        self._built: dict[str, bool | None] | None = None
        self._pull_requests: list[str] | None = None
        self._fetching = asyncio.Lock()
        self._at_once = asyncio.Semaphore(CALLS_AT_ONCE)
        self.counts: dict[str, int] = {}
        """How many caches the last listing of each branch that is named showed below it."""

    @property
    def _selection(self) -> Selection:
        return self._current_selection()

    async def listing(self, branch: str) -> list[Cache]:
        """Return everything that the API lists below a branch, nested branches included."""
        async with self._at_once:
            listing = await self._api.caches(self._id, branch)
        if branch in self.counts:
            self.counts[branch] = len(listing)
        return listing

    async def branches(self, *, anew: bool = False) -> dict[str, bool | None]:
        """Return the full names of the repository's branches and of those that the selection names.

        Each with whether the host has it, None where the API does not say. `anew` asks for those that came meanwhile.
        """
        return dict.fromkeys(self._selection.named) | await self.built_branches(anew=anew)

    async def built_branches(self, *, anew: bool = False) -> dict[str, bool | None]:
        """Return those of the branches that the API lists: a name that the selection gives may be no branch's."""
        async with self._fetching:
            if self._built is None or anew:
                self._built = await self._api.branches(self._id)
            return self._built

    async def of_selected_branches(self) -> list[Cache]:
        """Return the caches of the branches that the selection names in full, each with its full branch.

        A pattern with a slash can only mean full names: those of the repository's branches that match it.
        """
        names = dict.fromkeys(self._selection.literals)
        patterns = [glob for glob in self._selection.globs if "/" in glob]
        if patterns:
            known = await self.branches()
            names |= dict.fromkeys(name for name in known if any(fnmatchcase(name, glob) for glob in patterns))
        self.counts = {}
        return await self.of(names)

    async def of(self, names: Iterable[str]) -> list[Cache]:
        """Return the caches of just these branches, as `own` does, and those that may be of one; count what is listed.

        A cache that may be of one is `below` it: its listing has caches of another branch, which nobody knows, too.
        """
        names = list(names)
        self.counts |= dict.fromkeys(names, 0)
        return await all_of([self._below(name) for name in names])

    async def own(self, branch: str, wanted: Iterable[Version] | None = None) -> list[Cache]:
        """Return the caches of just this branch, each with the names that are known for certain.

        With `wanted`, only the caches of these versions matter: where none is listed, nothing else is asked.
        """
        return [cache for cache in await self._below(branch, wanted) if cache.full_branch == branch]

    async def _below(self, branch: str, wanted: Iterable[Version] | None = None) -> list[Cache]:
        listing = await self.listing(branch)
        if not listing or (wanted is not None and versions(listing).keys().isdisjoint(wanted)):
            return []
        for nested in await self._nested_branches(branch):
            listing = without(listing, await self.listing(nested))
        shown = last_part(branch)
        direct = [cache for cache in listing if cache.branch == shown]
        others = [cache for cache in listing if cache.branch != shown]
        found = [cache_in(branch, cache) for cache in direct]
        claimed = await self._with_a_slash(branch, others)
        others = without(others, claimed)
        # Of a file name with two slashes or more nobody knows the front, which would tell whose it is.
        unclear = [cache for cache in others if cache.may_be_nested and not is_front_of_file_name(cache.branch)]
        # What else there is belongs to a branch below this one that nobody knows: the unclear ones may be of that, too.
        is_own = len(unclear) == len(others)
        rest = [replace(one, full_branch=branch) if is_own else replace(one, below=branch) for one in unclear]
        return [*found, *claimed, *rest]

    async def _with_a_slash(self, branch: str, caches: Sequence[Cache]) -> list[Cache]:
        """Return those of the caches whose file name lies directly in the branch and has one slash."""
        by_front: dict[str, list[Cache]] = {}
        for cache in caches:
            if is_front_of_file_name(cache.branch):
                by_front.setdefault(cache.branch, []).append(cache)
        found: list[Cache] = []
        for front, nested in by_front.items():
            found += within(nested, await self.listing(f"{branch}/{front}"))
        return [replace(one, full_branch=branch, file_name=f"{one.branch}/{one.name}") for one in found]

    async def _nested_branches(self, branch: str) -> list[str]:
        """Return the outermost branches below this one; a namesake (`a/a` below `a`) even where it is not known."""
        below = sorted({name for name in await self.branches() if name.startswith(f"{branch}/")}, key=len)
        outermost = [f"{branch}/{last_part(branch)}"]
        for name in below:
            if not any(name == other or name.startswith(f"{other}/") for other in outermost):
                outermost.append(name)
        return outermost

    async def full_view(self, listed: Sequence[Cache]) -> tuple[list[Cache], bool]:
        """Return all caches of the repository, each branch listed on its own, and whether that is certainly all.

        `listed` is what the full list of the repository shows.
        """
        shown = {cache.branch for cache in listed if cache.is_attributed}
        names = [*dict.fromkeys([*await self.branches(), *sorted(shown), *await self.pull_requests(MAX_PAGES)])]
        found = await self.of(names)
        is_complete = all(self.counts[name] < LIST_CAP for name in names)
        return [*found, *await self.besides(found, listed)], is_complete

    async def besides(self, found: Sequence[Cache], listed: Sequence[Cache]) -> list[Cache]:
        """Return what the list of the repository showed besides those that were found since, and still shows.

        What was deleted or uploaded again meanwhile is not listed any more. It would count twice.
        """
        others = without(listed, found)
        return within(others, await self._api.caches(self._id)) if others else []

    async def pull_requests(self, max_pages: int = MAX_PAGES_OF_BUILDS) -> list[str]:
        """Return the names that pull requests have as branches, the newest first."""
        async with self._fetching:
            if self._pull_requests is None or max_pages > MAX_PAGES_OF_BUILDS:
                numbers = await self._api.pull_requests(self._id, max_pages)
                self._pull_requests = [branch_of_pull_request(number) for number in numbers]
            return self._pull_requests


def cache_in(branch: str, cache: Cache) -> Cache:
    """Return the cache as one that lies directly in the branch."""
    is_whole = begins_like_file_name(cache.name)
    return replace(cache, full_branch=branch, file_name=cache.name if is_whole else None, may_be_nested=not is_whole)
