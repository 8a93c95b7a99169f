"""Find out which branch a cache belongs to, by listing branches one by one.

The list of a repository shows the last part of a branch alone, and a part of a file name with a slash as the branch
(docs/TRAVIS.md section 4). The listing of one branch (`?branch=`) holds everything below that branch.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from purger.core.cache import Cache, Version, versions, within, without
from purger.core.errors import PurgerError
from purger.core.selection import Selection
from purger.travis.api import Api
from purger.travis.keys import is_front_of_file_name, is_whole_file_name, last_part

CALLS_AT_ONCE = 6

Found = TypeVar("Found")


class BranchListings:
    """Listings of single branches of one repository. What is known of its branches is fetched once, when needed."""

    def __init__(self, api: Api, repository_id: int, selection: Selection) -> None:
        self._api = api
        self._id = repository_id
        self._selection = selection
        self._branches: list[str] | None = None
        self._pull_requests: list[str] | None = None
        self._fetching = asyncio.Lock()
        self._at_once = asyncio.Semaphore(CALLS_AT_ONCE)
        self._unattributable: set[Version] = set()
        self.counts: dict[str, int] = {}
        """How many caches the last listing of each branch that the selection names showed below it."""

    async def listing(self, branch: str) -> list[Cache]:
        """Return everything that the API lists below a branch, nested branches included."""
        async with self._at_once:
            listing = await self._api.caches(self._id, branch)
        if branch in self.counts:
            self.counts[branch] = len(listing)
        return listing

    async def branches(self) -> list[str]:
        """Return the full names of the repository's branches and of those that the selection names."""
        async with self._fetching:
            if self._branches is None:
                self._branches = [*dict.fromkeys([*self._selection.literals, *await self._api.branches(self._id)])]
            return self._branches

    async def of_selected_branches(self) -> list[Cache]:
        """Return the caches of the branches that the selection names in full, each with its full branch.

        A pattern with a slash can only mean full names: those of the repository's branches that match it.
        """
        names = dict.fromkeys(self._selection.literals)
        patterns = [glob for glob in self._selection.globs if "/" in glob]
        if patterns:
            known = await self.branches()
            names |= dict.fromkeys(name for name in known if any(fnmatchcase(name, glob) for glob in patterns))
        self.counts = dict.fromkeys(names, 0)
        return await all_of([self.own(name) for name in names])

    async def own(self, branch: str, wanted: Iterable[Version] | None = None) -> list[Cache]:
        """Return the caches of just this branch, each with the names that are known for certain.

        With `wanted`, only the caches of these versions matter: where none is listed, nothing else is asked.
        """
        listing = await self.listing(branch)
        if not listing or (wanted is not None and versions(listing).keys().isdisjoint(wanted)):
            return []
        for nested in await self._nested_branches(branch):
            listing = without(listing, await self.listing(nested))
        shown = last_part(branch)
        direct = [cache for cache in listing if cache.branch == shown]
        others = [cache for cache in listing if cache.branch != shown]
        found = [replace(cache, full_branch=branch, file_name=_whole(cache.name)) for cache in direct]
        found += await self._with_a_slash(branch, others)
        # A cache of a branch that nobody knows, below this one: then what else is below may be that one's, too.
        if not any(is_whole_file_name(cache.name) for cache in others):
            rest = [cache for cache in others if not is_front_of_file_name(cache.branch)]
            found += [replace(cache, full_branch=branch) for cache in rest]
        return found

    async def _with_a_slash(self, branch: str, caches: Sequence[Cache]) -> list[Cache]:
        """Return those of the caches whose file name lies directly in the branch and has one slash."""
        by_front: dict[str, list[Cache]] = {}
        for cache in caches:
            if cache.file_name is not None:
                by_front.setdefault(cache.branch, []).append(cache)
        found: list[Cache] = []
        for front, nested in by_front.items():
            found += within(nested, await self.listing(f"{branch}/{front}"))
        return [replace(cache, full_branch=branch) for cache in found]

    async def _nested_branches(self, branch: str) -> list[str]:
        """Return the outermost branches below this one; a namesake (`a/a` below `a`) even where it is not known."""
        below = sorted({name for name in await self.branches() if name.startswith(f"{branch}/")}, key=len)
        outermost = [f"{branch}/{last_part(branch)}"]
        for name in below:
            if not any(name == other or name.startswith(f"{other}/") for other in outermost):
                outermost.append(name)
        return outermost

    async def attribute(self, caches: Sequence[Cache], listed: Sequence[Cache] = ()) -> list[Cache]:
        """Return the caches with the branches that they belong to, as far as a listing of a known branch shows it.

        `listed` are all other caches, with the branches that are known of them: what they show as branches is asked
        first. What no branch lists is returned as it is, and not looked up again.
        """
        known: dict[str, list[Cache]] = {}
        for cache in listed:
            if cache.full_branch is not None:
                known.setdefault(cache.full_branch, []).append(cache)
        missing = Counter(cache.version for cache in caches if not cache.is_attributed)
        missing = Counter({version: count for version, count in missing.items() if version not in self._unattributable})
        found: dict[Version, deque[Cache]] = {}
        if missing:
            for names in _batches(await self._candidates(caches, listed), CALLS_AT_ONCE):
                for cache in await all_of([self._others(name, missing, known.get(name, ())) for name in names]):
                    if missing[cache.version] > 0:
                        missing[cache.version] -= 1
                        found.setdefault(cache.version, deque()).append(cache)
                missing = +missing
                if not missing:
                    break
        self._unattributable |= missing.keys()
        return [
            found[cache.version].popleft() if not cache.is_attributed and found.get(cache.version) else cache
            for cache in caches
        ]

    async def decidable(self, caches: Sequence[Cache], listed: Sequence[Cache]) -> list[Cache]:
        """Return the caches, attributed where the selection can't be decided without that."""
        unclear = [cache for cache in caches if self._selection.decide(cache) is None]
        if not unclear:
            return list(caches)
        undecided = set(unclear)
        clear = [cache for cache in caches if cache not in undecided]
        attributed = iter(await self.attribute(unclear, [*listed, *clear]))
        return [next(attributed) if cache in undecided else cache for cache in caches]

    async def _others(self, branch: str, wanted: Iterable[Version], known: Iterable[Cache]) -> list[Cache]:
        return without(await self.own(branch, wanted), known)

    async def _candidates(self, caches: Iterable[Cache], listed: Iterable[Cache]) -> list[str]:
        """Return the branches that may hold these caches, the likeliest first."""
        shown = {cache.branch for cache in (*caches, *listed) if not is_front_of_file_name(cache.branch)}
        known = await self.branches()
        async with self._fetching:
            if self._pull_requests is None:
                self._pull_requests = [f"PR.{number}" for number in await self._api.pull_requests(self._id)]
        likely = [name for name in known if last_part(name) in shown]
        return [*dict.fromkeys([*likely, *sorted(shown), *self._pull_requests, *known])]


def _whole(name: str) -> str | None:
    return name if is_whole_file_name(name) else None


def _batches(names: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))


async def all_of(calls: Sequence[Coroutine[Any, Any, list[Found]]]) -> list[Found]:
    """Return what all of the calls find, together.

    Raises the first error as it is: callers know errors, not groups of them.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as errors:
        known = [error for error in errors.exceptions if isinstance(error, PurgerError)]
        if len(known) < len(errors.exceptions):
            raise
        raise known[0] from None
    return [item for task in tasks for item in task.result()]
