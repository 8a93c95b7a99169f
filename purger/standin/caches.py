"""The object store of one repository: archives by key, listed by prefix, at most 1,000 at a time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LIST_CAP = 1000


@dataclass(frozen=True, slots=True)
class Archive:
    """One stored cache file. `branch` is the full name; `last_modified` is UTC, in whole seconds."""

    branch: str
    name: str
    size_bytes: int
    last_modified: datetime
    repository_id: int = 0

    @property
    def key(self) -> str:
        """Where the object store keeps it: `REPOSITORY-ID/BRANCH/NAME`."""
        return f"{self.repository_id}/{self.branch}/{self.name}"

    @property
    def displayed_branch(self) -> str:
        """The last part of the full name: all that the API's list and the page tell of it."""
        return self.branch.rpartition("/")[2]


class ArchiveStore:
    """Archives by key. An archive whose deletion is still pending is there, and listed, like any other."""

    def __init__(self, repository_id: int) -> None:
        """Start empty."""
        self._prefix = f"{repository_id}/"
        self._objects: dict[str, Archive] = {}
        self._pending: set[str] = set()
        # Sorted: Python orders text by code point, which is the order of its UTF-8 bytes that the store uses.
        self._keys: list[str] = []

    def __iter__(self) -> Iterator[Archive]:
        """All archives in the order of their keys, without a cap, those with a pending deletion included."""
        return (self._objects[key] for key in self._keys)

    def __contains__(self, archive: Archive) -> bool:
        """Whether this very upload is stored, not another one under its key."""
        return self._objects.get(archive.key) is archive

    def put(self, archive: Archive) -> Archive:
        """Store an archive; another one under its key gives way."""
        if archive.key not in self._objects:
            insort(self._keys, archive.key)
        self._objects[archive.key] = archive
        self._pending.discard(archive.key)
        return archive

    def clear(self) -> None:
        """Forget everything."""
        self._objects.clear()
        self._pending.clear()
        self._keys.clear()

    def listed(self, branch: str | None = None, match: str | None = None) -> list[Archive]:
        """What GET caches answers: one page below the prefix, of which `match` then picks by a part of the name.

        An empty `branch` is no branch; that of a nested name (`feature/foo`) is below its first part's prefix.
        """
        prefix = f"{self._prefix}{branch}/" if branch else self._prefix
        page: list[Archive] = []
        for position in range(bisect_left(self._keys, prefix), len(self._keys)):
            key = self._keys[position]
            if len(page) == LIST_CAP or not key.startswith(prefix):
                break
            page.append(self._objects[key])
        return [archive for archive in page if not match or match in archive.name]

    def is_pending(self, archive: Archive) -> bool:
        """Whether its deletion was asked for and has not applied yet."""
        return archive.key in self._pending

    def mark_pending(self, archive: Archive) -> None:
        """Note that its deletion was asked for."""
        self._pending.add(archive.key)

    def remove(self, archive: Archive) -> bool:
        """Take this very upload away for good; False if it is not there any more."""
        if archive not in self:
            return False
        del self._objects[archive.key]
        self._pending.discard(archive.key)
        del self._keys[bisect_left(self._keys, archive.key)]
        return True


def uploaded_again(archive: Archive, date: datetime) -> Archive:
    """The same archive as a job uploads it at `date`: newer than before, by a whole second at least."""
    return replace(archive, last_modified=max(date, archive.last_modified + timedelta(seconds=1)))
