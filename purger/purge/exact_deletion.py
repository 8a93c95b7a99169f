"""Delete caches by their branch's full name through the API, so that nothing else is deleted with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from purger.core.cache import Cache, Version, within, without
from purger.purge.branch_listings import BranchListings
from purger.purge.concurrently import all_of
from purger.purge.plan import (
    SHARED_NAME,
    Deletion,
    Undeletable,
    are_selected,
    by_displayed_name,
    plan_deletions,
    unknown_branch_reason,
)
from purger.travis.api import Api

LeftBelow = Callable[[str, Iterable[Cache]], Counter[Version]]
"""Returns how often each version of some caches is selected, and left, that may lie below a folder."""


class ExactDeletion:
    """Exact deletions of one repository: what each would delete is listed before."""

    def __init__(self, api: Api, repository_id: int, listings: BranchListings) -> None:
        self._api = api
        self._id = repository_id
        self._listings = listings
        self._by_displayed_name: dict[str, list[str]] | None = None

    async def ways(self, caches: Sequence[Cache], left_below: LeftBelow) -> list[Deletion | Undeletable]:
        """Return how to delete these and nothing that is not selected; those with the same way are together."""
        found = await self._ways(caches, left_below)
        lost = [way for way in found if isinstance(way, Undeletable) and way.reason != SHARED_NAME]
        if not lost:
            return found
        # A branch may have been built for the first time since the branches were asked for.
        known = self._by_displayed_name
        self._by_displayed_name = by_displayed_name(await self._listings.branches(anew=True))
        if self._by_displayed_name == known:
            return found
        again = await self._ways([cache for way in lost for cache in way.caches], left_below)
        return [*(way for way in found if way not in lost), *again]

    async def _ways(self, caches: Sequence[Cache], left_below: LeftBelow) -> list[Deletion | Undeletable]:
        groups: dict[tuple[str | None, str, bool], list[Cache]] = {}
        for cache in caches:
            groups.setdefault((cache.full_branch, cache.branch, cache.may_be_nested), []).append(cache)
        return await all_of([self._ways_of_row(members, left_below) for members in groups.values()])

    async def _ways_of_row(self, wanted: list[Cache], left_below: LeftBelow) -> list[Deletion | Undeletable]:
        displayed = wanted[0].branch
        found: list[Deletion | Undeletable] = []
        async for folder in self._folders(wanted[0]):
            listing = await self._listings.listing(folder)
            reached = within(wanted, listing)
            if reached:
                found += plan_deletions(folder, listing, left_below(folder, listing), reached)
                wanted = without(wanted, reached)
            if not wanted:
                return found
        return [*found, Undeletable(tuple(wanted), unknown_branch_reason(displayed))]

    async def _folders(self, cache: Cache) -> AsyncIterator[str]:
        """Yield the folders of the object store that may hold a cache, the likeliest first.

        A file name with a slash has a folder of its own below its branch. Branches are fetched if need be.
        """
        if cache.full_branch is not None:
            if cache.may_be_nested:
                yield f"{cache.full_branch}/{cache.branch}"
            yield cache.full_branch
            return
        yield cache.branch
        if cache.may_be_nested:
            return
        if self._by_displayed_name is None:
            self._by_displayed_name = by_displayed_name(await self._listings.branches())
        for name in self._by_displayed_name.get(cache.branch, ()):
            if name != cache.branch:
                yield name

    async def delete(self, way: Deletion, left_below: LeftBelow) -> tuple[list[Cache], list[Undeletable]]:
        """Delete through the API what the way says. Return what the responses name as deleted, and what was spared.

        What a call would delete is listed first, by the very same query: a job may have uploaded a cache since the
        plan was made. Where a whole folder holds such a cache, the others are deleted by their names.
        """
        listed = await self._api.caches(self._id, way.folder, way.match)
        if are_selected(listed, left_below(way.folder, listed)):
            return await self._api.delete_caches(self._id, way.folder, way.match), []
        if way.match is not None:
            return [], [Undeletable(way.caches, SHARED_NAME)]
        deleted: list[Cache] = []
        spared: list[Undeletable] = []
        wanted = within(way.caches, listed)
        for narrower in plan_deletions(way.folder, listed, left_below(way.folder, listed), wanted):
            named, left = (
                ([], [narrower]) if isinstance(narrower, Undeletable) else await self.delete(narrower, left_below)
            )
            deleted += named
            spared += left
        return deleted, spared

    async def with_nothing_else(self, folders: Iterable[str], left_below: LeftBelow) -> list[str]:
        """Return those of these folders in which nothing is listed now but what is selected.

        A job may have uploaded a cache since the plan was made: the next load shows it, and then it is spared.
        """

        async def if_selected(folder: str) -> list[str]:
            listed = await self._listings.listing(folder)
            return [folder] if are_selected(listed, left_below(folder, listed)) else []

        return await all_of([if_selected(folder) for folder in folders])
