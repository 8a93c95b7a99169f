"""Reaching archives by their branch's full name through the API, so that nothing else is deleted along with them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from purger.core.cache import Archive, Version, last_part, versions, without
from purger.core.errors import PurgerError
from purger.purge.ledger import Entry
from purger.core.selection import Selection
from purger.travis.api import Api
from purger.purge.plan import SHARED_NAME, NoWay, Way, exact_ways, full_names, unknown_branch

CALLS_AT_ONCE = 6

Found = TypeVar("Found")


class ExactCalls:
    """Exact listings and deletions of one repository.

    The repository's branches are fetched once, when a displayed name has to be traced back to a full one.
    """

    def __init__(self, api: Api, repository_id: int, selection: Selection) -> None:
        self._api = api
        self._id = repository_id
        self._selection = selection
        self._branches: list[str] | None = None
        self._at_once = asyncio.Semaphore(CALLS_AT_ONCE)

    async def named_in_full(self) -> list[Archive]:
        """The archives of the branches that the selection names in full, each with its full branch.

        A pattern with a slash can only mean full names: the repository's branches that match it are taken.
        """
        names = list(self._selection.literals)
        patterns = [glob for glob in self._selection.globs if "/" in glob]
        if patterns:
            names += [
                name
                for name in await self._all_branches()
                if name not in names and any(fnmatchcase(name, glob) for glob in patterns)
            ]
        return await _all([self._own(name) for name in names])

    async def _own(self, name: str) -> list[Archive]:
        """The archives of just this branch. Its listing holds those of nested branches too; all but a nested
        namesake (`a/a` below `a`) show by another displayed name."""
        own = [archive for archive in await self._listing(name) if archive.branch == last_part(name)]
        if own:
            own = without(own, await self._listing(f"{name}/{last_part(name)}"))
        return [
            Archive(archive.name, archive.branch, archive.size_bytes, archive.last_modified, name) for archive in own
        ]

    async def ways(self, entries: Sequence[Entry], selected: Counter[Version]) -> list[Way | NoWay]:
        """How to delete these entries and nothing that is not selected; those with the same way are together."""
        groups: dict[tuple[str | None, str], list[Archive]] = {}
        for entry in entries:
            groups.setdefault((entry.archive.full_branch, entry.archive.branch), []).append(entry.archive)
        return await _all(
            [self._ways_of_row(full, displayed, archives, selected) for (full, displayed), archives in groups.items()]
        )

    async def _ways_of_row(
        self, full: str | None, displayed: str, wanted: list[Archive], selected: Counter[Version]
    ) -> list[Way | NoWay]:
        found: list[Way | NoWay] = []
        async for name in self._names(full, displayed):
            listing = await self._listing(name)
            reached = [archive for archive in wanted if archive.version in versions(listing)]
            if reached:
                found += exact_ways(name, listing, selected, reached)
                wanted = without(wanted, reached)
            if not wanted:
                return found
        return [*found, NoWay(tuple(wanted), unknown_branch(displayed))]

    async def _names(self, full: str | None, displayed: str) -> AsyncIterator[str]:
        """The full names that may be behind an archive, the likeliest first; branches are fetched if need be."""
        yield full or displayed
        if full is None:
            for name in full_names(displayed, [*self._selection.literals, *await self._all_branches()])[1:]:
                yield name

    async def delete(self, way: Way, selected: Counter[Version]) -> list[Archive] | NoWay:
        """Delete through the API what the way says; gives what the answer says is deleted.

        What a call with a text in the name would delete is listed first, by the very same query.
        """
        if way.match is not None:
            listed = await self._api.caches(self._id, way.full_branch, way.match)
            if not versions(listed) <= selected:
                return NoWay(way.archives, SHARED_NAME)
        return await self._api.delete_caches(self._id, way.full_branch, way.match)

    async def _listing(self, branch: str) -> list[Archive]:
        async with self._at_once:
            return await self._api.caches(self._id, branch)

    async def _all_branches(self) -> list[str]:
        if self._branches is None:
            self._branches = await self._api.branches(self._id)
        return self._branches


async def _all(asked: Sequence[Coroutine[Any, Any, list[Found]]]) -> list[Found]:
    """What all of them find, together. Raises the first error as it is: callers know errors, not groups of them."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in asked]
    except ExceptionGroup as errors:
        known = [error for error in errors.exceptions if isinstance(error, PurgerError)]
        if len(known) < len(errors.exceptions):
            raise
        raise known[0] from None
    return [item for task in tasks for item in task.result()]
