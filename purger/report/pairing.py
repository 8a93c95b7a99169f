"""Pair the caches of a former report with those of a later one: the same version, or a newer upload."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from itertools import product

from purger.core.cache import Version
from purger.report.model import CacheReport
from purger.travis.keys import last_part


class Pairs:
    """Caches of a former report, each with the one of a later report that it is paired with."""

    def __init__(
        self,
        former: Iterable[CacheReport],
        later: Iterable[CacheReport],
        key: Callable[[CacheReport], Hashable],
        fits: Callable[[CacheReport, CacheReport], bool] = lambda _former, _later: True,
    ) -> None:
        former = list(former)
        self._later_of: dict[int, CacheReport] = {}
        free: dict[Hashable, list[CacheReport]] = {}
        for cache in later:
            free.setdefault(key(cache), []).append(cache)
        # What is left goes first: what is listed is rather that than a namesake that was deleted.
        for is_left, is_same in product((True, False), (_is_of_same_branch, _may_be_of_same_branch)):
            for cache in former:
                if cache.is_left is not is_left or id(cache) in self._later_of:
                    continue
                alike = free.get(key(cache), [])
                at = next((at for at, one in enumerate(alike) if is_same(cache, one) and fits(cache, one)), None)
                if at is not None:
                    self._later_of[id(cache)] = alike.pop(at)
        self.rest = [cache for alike in free.values() for cache in alike]
        """The later ones that are paired with none."""

    def __contains__(self, former: CacheReport) -> bool:
        return id(former) in self._later_of

    def later(self, former: CacheReport) -> CacheReport | None:
        """Return what this one is paired with, if anything."""
        return self._later_of.get(id(former))


def version(cache: CacheReport) -> Version:
    """Return the identity of the upload, as the site shows it."""
    return (row_of(cache), last_part(cache.name), cache.last_modified, cache.size_bytes)


def place(cache: CacheReport) -> tuple[str, str]:
    """Return what all uploads of one cache have in common, as the site shows it."""
    return (row_of(cache), last_part(cache.name))


def is_newer(former: CacheReport, later: CacheReport) -> bool:
    """Whether the later one was uploaded after the former one."""
    return later.last_modified > former.last_modified


def row_of(cache: CacheReport) -> str:
    """Return the name of the row in which the page shows the cache; older reports do not have it."""
    return last_part(cache.branch) if cache.row is None else cache.row


def _is_of_same_branch(one: CacheReport, other: CacheReport) -> bool:
    return one.branch == other.branch


def _may_be_of_same_branch(one: CacheReport, other: CacheReport) -> bool:
    # A report has what is displayed in the place of a name that is not known.
    return one.branch == other.branch or one.branch == row_of(one) or other.branch == row_of(other)
