"""List and delete caches by their branch's full name through the API, so that nothing else is deleted with them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from purger.core.cache import Cache, Version, last_part, versions, without
from purger.core.errors import PurgerError
from purger.core.selection import Selection
from purger.purge.entry import Entry
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

CALLS_AT_ONCE = 6

Found = TypeVar("Found")


class ExactDeletion:
    """Exact listings and deletions of one repository.

    The repository's branches are fetched once, when a displayed name has to be traced back to a full one.
    """

    def __init__(self, api: Api, repository_id: int, selection: Selection) -> None:
        self._api = api
        self._id = repository_id
        self._selection = selection
        self._branches: list[str] | None = None
        self._by_displayed_name: dict[str, list[str]] | None = None
        self._fetching_branches = asyncio.Lock()
        self._at_once = asyncio.Semaphore(CALLS_AT_ONCE)

    async def caches_of_named_branches(self) -> list[Cache]:
        """Return the caches of the branches that the selection names in full, each with its full branch.

        A pattern with a slash can only mean full names: those of the repository's branches that match it.
        """
        names = dict.fromkeys(self._selection.literals)
        patterns = [glob for glob in self._selection.globs if "/" in glob]
        if patterns:
            matching = [
                name for name in await self._all_branches() if any(fnmatchcase(name, glob) for glob in patterns)
            ]
            names |= dict.fromkeys(matching)
        return await _all([self._own(name) for name in names])

    async def _own(self, name: str) -> list[Cache]:
        """Return the caches of just this branch.

        Its listing holds those of nested branches too. All but a nested namesake (`a/a` below `a`) have another
        displayed name.
        """
        own = [cache for cache in await self._listing(name) if cache.branch == last_part(name)]
        if own:
            own = without(own, await self._listing(f"{name}/{last_part(name)}"))
        return [replace(cache, full_branch=name) for cache in own]

    async def ways(self, entries: Sequence[Entry], selected: Counter[Version]) -> list[Deletion | Undeletable]:
        """Return how to delete these and nothing that is not selected; those with the same way are together."""
        groups: dict[tuple[str | None, str], list[Cache]] = {}
        for entry in entries:
            groups.setdefault((entry.cache.full_branch, entry.cache.branch), []).append(entry.cache)
        return await _all(
            [self._ways_of_row(full, displayed, caches, selected) for (full, displayed), caches in groups.items()]
        )

    async def _ways_of_row(
        self, full: str | None, displayed: str, wanted: list[Cache], selected: Counter[Version]
    ) -> list[Deletion | Undeletable]:
        found: list[Deletion | Undeletable] = []
        async for name in self._names(full, displayed):
            listing = await self._listing(name)
            listed = versions(listing)
            reached = [cache for cache in wanted if cache.version in listed]
            if reached:
                found += plan_deletions(name, listing, selected, reached)
                wanted = without(wanted, reached)
            if not wanted:
                return found
        return [*found, Undeletable(tuple(wanted), unknown_branch_reason(displayed))]

    async def _names(self, full: str | None, displayed: str) -> AsyncIterator[str]:
        """Yield the full names that may be behind a cache, the likeliest first; fetch branches if need be."""
        yield full or displayed
        if full is None:
            if self._by_displayed_name is None:
                self._by_displayed_name = by_displayed_name([*self._selection.literals, *await self._all_branches()])
            for name in self._by_displayed_name.get(displayed, ()):
                if name != displayed:
                    yield name

    async def delete(self, way: Deletion, selected: Counter[Version]) -> list[Cache] | Undeletable:
        """Delete through the API what the way says. Return what the response names as deleted.

        What a call with a text in the name would delete is listed first, by the very same query.
        """
        if way.match is not None:
            listed = await self._api.caches(self._id, way.full_branch, way.match)
            if not are_selected(listed, selected):
                return Undeletable(way.caches, SHARED_NAME)
        return await self._api.delete_caches(self._id, way.full_branch, way.match)

    async def _listing(self, branch: str) -> list[Cache]:
        async with self._at_once:
            return await self._api.caches(self._id, branch)

    async def _all_branches(self) -> list[str]:
        async with self._fetching_branches:
            if self._branches is None:
                self._branches = await self._api.branches(self._id)
            return self._branches


async def _all(calls: Sequence[Coroutine[Any, Any, list[Found]]]) -> list[Found]:
    """Return what all of them find, together.

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
