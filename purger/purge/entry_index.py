"""Find the entries of a repository by version and by name, in a time that does not grow with their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from purger.core.cache import Cache, Version
from purger.purge.entry import Entry

Unlisted = list[tuple[Sequence[Entry], list[Cache]]]
"""Caches of one displayed branch and name that no load has shown, with all entries of these."""


@dataclass(slots=True)
class EntryIndex:
    """All entries, and how to find them; of those that are listed more is kept than of those that are gone.

    In the end of a long purge nearly all are gone. `selected` counts the selected entries.
    """

    entries: list[Entry] = field(default_factory=list)
    listed: dict[Entry, None] = field(default_factory=dict)
    selected: int = 0
    _by_name: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    _by_version: dict[Version, dict[Entry, None]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Add an entry that is not known yet."""
        self.entries.append(entry)
        self.selected += entry.selected
        self._by_name.setdefault((entry.cache.branch, entry.cache.name), []).append(entry)
        if entry.listed:
            self.add_listed(entry)

    def add_listed(self, entry: Entry) -> None:
        """Add an entry to those that are listed, under the version that it has now."""
        version = entry.cache.version
        self.listed[entry] = None
        self._by_version.setdefault(version, {})[entry] = None

    def remove_listed(self, entry: Entry) -> None:
        """Remove an entry from those that are listed, before its version changes."""
        version = entry.cache.version
        del self.listed[entry]
        entries = self._by_version[version]
        del entries[entry]
        if not entries:
            del self._by_version[version]

    def left(self, versions: Iterable[Version], is_meant: Callable[[Cache], bool]) -> Counter[Version]:
        """Count the entries of each version that are selected and listed, and whose cache is meant.

        What is known to lie elsewhere does not count: a cache that is kept may have the same version there.
        """
        entries = (entry for version in versions for entry in self._by_version.get(version, ()))
        return Counter(entry.cache.version for entry in entries if entry.selected and is_meant(entry.cache))

    def relevant_to(self, listed: Iterable[Cache]) -> list[Entry]:
        """Return the entries that a load with this list may change: the listed ones, and gone ones of these names."""
        names = dict.fromkeys((cache.branch, cache.name) for cache in listed)
        gone = (entry for name in names for entry in self._by_name.get(name, ()) if not entry.listed)
        return [*self.listed, *gone]

    def find(self, deleted: Iterable[Cache], order: Callable[[Entry], Any]) -> tuple[list[Entry], Unlisted]:
        """Return the entries left of these versions, each once and in this order, and what no load has shown.

        A version that is gone already is neither.
        """
        candidates: dict[Version, Iterator[Entry]] = {}
        found: list[Entry] = []
        others: dict[tuple[str, str], list[Cache]] = {}
        for cache in deleted:
            version = cache.version
            entries = self._by_version.get(version)
            if not entries:
                others.setdefault((cache.branch, cache.name), []).append(cache)
                continue
            if version not in candidates:
                candidates[version] = iter(sorted((one for one in entries if one.selected), key=order))
            if entry := next(candidates[version], None):
                found.append(entry)
        return found, [self._unlisted(*item) for item in others.items()]

    def _unlisted(self, name: tuple[str, str], caches: Iterable[Cache]) -> tuple[Sequence[Entry], list[Cache]]:
        known = self._by_name.get(name, [])
        gone = {entry.cache.version for entry in known}
        return known, [cache for cache in caches if cache.version not in gone]
