"""Put the caches of a report in an order, and show only the first of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from purger.report.model import CacheReport, Report


class SortBy(StrEnum):
    """What caches are sorted by: names from A to Z, the largest first, the newest first."""

    BRANCH = "branch"
    SIZE = "size"
    AGE = "age"
    NAME = "name"


_KEYS: dict[SortBy | None, Callable[[CacheReport], Any]] = {
    SortBy.BRANCH: lambda cache: (cache.branch, cache.name),
    SortBy.SIZE: lambda cache: -cache.size_bytes,
    SortBy.AGE: lambda cache: -cache.last_modified.timestamp(),
    SortBy.NAME: lambda cache: (cache.name, cache.branch),
    None: lambda cache: (cache.last_modified, cache.row or cache.branch, cache.name, cache.size_bytes, cache.branch),
}


@dataclass(frozen=True, slots=True)
class Order:
    """An order of caches, and how many of them are shown at most.

    Without `by` it is that of `--limit`: oldest first, and caches of the same second in a purge's order
    (`core.decision.oldest_first`). `is_reversed` turns it round.
    """

    by: SortBy | None = None
    is_reversed: bool = False
    most: int | None = None

    def of(self, report: Report) -> Report:
        """Return the report with its caches in this order.

        With a limit, only so many of those that are selected, over all repositories, are in it and count as selected.
        """
        from msgspec.structs import replace

        each = [(at, cache) for at, one in enumerate(report.repositories) for cache in one.caches]
        each.sort(key=lambda item: _KEYS[self.by](item[1]), reverse=self.is_reversed)
        if self.most is not None:
            each = [item for item in each if item[1].selected][: self.most]
        by_repository: dict[int, list[CacheReport]] = {}
        for at, cache in each:
            by_repository.setdefault(at, []).append(cache)
        shown = []
        for at, one in enumerate(report.repositories):
            caches = by_repository.get(at, [])
            counts = {} if self.most is None else {"selected": len(caches), "remaining": len(caches)}
            shown.append(replace(one, caches=caches, **counts))
        return replace(report, repositories=shown)
