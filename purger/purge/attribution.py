"""Attribute caches to their branches, as far as the listing of a known branch shows them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from purger.core.cache import Cache, Version, without
from purger.core.selection import Selection
from purger.purge.branch_listings import CALLS_AT_ONCE, BranchListings, cache_in
from purger.purge.concurrently import all_of
from purger.purge.plan import by_displayed_name
from purger.travis.keys import is_front_of_file_name, last_part


class Attribution:
    """Find the branches of caches of one repository. What no branch lists is not looked up again.

    `selection` returns the current one: it changes once the policies are decided.
    """

    def __init__(self, listings: BranchListings, selection: Callable[[], Selection]) -> None:
        self._listings = listings
        self._selection = selection
        self._unattributable: set[Version] = set()

    async def attribute(
        self, caches: Sequence[Cache], wanted: Collection[Cache], listed: Sequence[Cache] = ()
    ) -> list[Cache]:
        """Return the caches, those that are wanted with the branches that they belong to, as far as a listing shows it.

        `listed` are all caches besides these, with the branches that are known of them: what they show as branches is
        asked first. What no branch lists is returned as it is, and not looked up again.
        """
        known: dict[str, list[Cache]] = {}
        for cache in (*listed, *(cache for cache in caches if cache not in wanted)):
            if cache.full_branch is not None:
                known.setdefault(cache.full_branch, []).append(cache)
        nested = {cache for cache in caches if cache in wanted and not cache.is_attributed}
        missing = Counter(cache.version for cache in caches if cache in nested)
        missing = Counter({version: count for version, count in missing.items() if version not in self._unattributable})
        found: dict[Version, deque[Cache]] = {}
        if missing:
            for names in _batches(await self._candidates([*caches, *listed]), CALLS_AT_ONCE):
                for cache in await all_of([self._others(name, missing, known.get(name, ())) for name in names]):
                    if missing[cache.version] > 0:
                        missing[cache.version] -= 1
                        found.setdefault(cache.version, deque()).append(cache)
                missing = +missing
                if not missing:
                    break
        self._unattributable |= missing.keys()
        return [
            found[cache.version].popleft() if cache in nested and found.get(cache.version) else cache
            for cache in caches
        ]

    async def decidable(
        self, caches: Sequence[Cache], listed: Sequence[Cache], no_branch_lists: Collection[Cache] = ()
    ) -> list[Cache]:
        """Return the caches, attributed where the selection can't be decided without that.

        Those that `no_branch_lists` are not taken for caches of the branch whose name is displayed.
        """
        unclear = self._unclear(caches)
        if not unclear:
            return list(caches)
        if self._selection().decision is None:
            by_name = by_displayed_name(await self._listings.branches())
            open_ones = unclear.difference(no_branch_lists)
            caches = [_of_the_only_branch(cache, by_name) if cache in open_ones else cache for cache in caches]
        caches = await self.in_full(caches, self._unclear(caches))
        return await self.attribute(caches, self._unclear(caches), listed)

    def _unclear(self, caches: Iterable[Cache]) -> set[Cache]:
        return {cache for cache in caches if self._selection().decide(cache) is None}

    async def in_full(self, caches: Sequence[Cache], wanted: Collection[Cache]) -> list[Cache]:
        """Return the caches, those that are wanted and shown with a branch's name under the full name of that branch.

        A branch is listed for each name that may be meant. What none of them lists stays as it is.
        """
        displayed = {cache.branch for cache in wanted if cache.full_branch is None and cache.is_attributed}
        if not displayed:
            return list(caches)
        by_name = by_displayed_name(await self._listings.branches())
        names = dict.fromkeys(name for shown in sorted(displayed) for name in (shown, *by_name.get(shown, ())))
        found: dict[Version, deque[Cache]] = {}
        known = Counter(cache for cache in caches if cache.full_branch is not None)
        for cache in await all_of([self._listings.own(name) for name in names]):
            if known[cache] > 0:
                known[cache] -= 1
            else:
                found.setdefault(cache.version, deque()).append(cache)
        return [
            found[cache.version].popleft()
            if cache.full_branch is None and cache.branch in displayed and found.get(cache.version)
            else cache
            for cache in caches
        ]

    async def _others(self, branch: str, wanted: Iterable[Version], known: Iterable[Cache]) -> list[Cache]:
        return without(await self._listings.own(branch, wanted), known)

    async def _candidates(self, listed: Iterable[Cache]) -> list[str]:
        """Return the branches that may hold some of the listed caches, the likeliest first."""
        shown = {cache.branch for cache in listed if not is_front_of_file_name(cache.branch)}
        known = await self._listings.branches()
        likely = [name for name in known if last_part(name) in shown]
        return [*dict.fromkeys([*likely, *sorted(shown), *await self._listings.pull_requests(), *known])]


def _of_the_only_branch(cache: Cache, by_name: Mapping[str, Sequence[str]]) -> Cache:
    """Return the cache under the name that is displayed for its branch, where no other known branch is meant by it."""
    is_displayed = cache.full_branch is None and cache.is_attributed
    is_the_only = by_name.get(cache.branch, [cache.branch]) == [cache.branch]
    return cache_in(cache.branch, cache) if is_displayed and is_the_only else cache


def _batches(names: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))
