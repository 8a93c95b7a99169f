"""The object store of a repository: caches by key, listed by prefix, at most 1,000 at a time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LIST_CAP = 1000


@dataclass(frozen=True, slots=True)
class Cache:
    """One stored cache file. `branch` is the full name; `last_modified` is UTC, in whole seconds.

    A `name` may hold slashes (`cache-…--gemfile-gemfiles/rails_6.gemfile.tgz`). The API splits the key at its last two
    slashes (docs/TRAVIS.md section 4), so it shows a part of such a name as the branch.
    """

    branch: str
    name: str
    size_bytes: int
    last_modified: datetime
    repository_id: int = 0

    @property
    def key(self) -> str:
        """The key in the object store: `REPOSITORY-ID/BRANCH/NAME` (docs/TRAVIS.md section 4)."""
        return f"{self.repository_id}/{self.branch}/{self.name}"

    @property
    def displayed_branch(self) -> str:
        """The part of the key that the API's list and the page show as the branch: the last but one."""
        return self.key.rsplit("/", 2)[-2]

    @property
    def displayed_name(self) -> str:
        """The part of the key that the API shows as the name, and that `match` searches: the last one."""
        return self.key.rpartition("/")[2]


class CacheStore:
    """Caches by key. A cache with a pending deletion is stored and listed like any other."""

    def __init__(self, repository_id: int) -> None:
        self._prefix = f"{repository_id}/"
        self._objects: dict[str, Cache] = {}
        self._pending: set[str] = set()
        # Sorted. Python orders text by code point, which is the store's order by UTF-8 bytes.
        self._keys: list[str] = []

    def __iter__(self) -> Iterator[Cache]:
        """Iterate over all caches in the order of their keys, without a cap, including pending deletions."""
        return (self._objects[key] for key in self._keys)

    def __contains__(self, cache: Cache) -> bool:
        """Return whether this upload is stored, rather than another one with the same key."""
        return self._objects.get(cache.key) is cache

    def put(self, cache: Cache) -> Cache:
        """Store a cache and replace the one with the same key."""
        if cache.key not in self._objects:
            insort(self._keys, cache.key)
        self._objects[cache.key] = cache
        self._pending.discard(cache.key)
        return cache

    def clear(self) -> None:
        """Remove all caches."""
        self._objects.clear()
        self._pending.clear()
        self._keys.clear()

    def listed(self, branch: str | None = None, match: str | None = None) -> list[Cache]:
        """Return what GET caches answers: one capped page below the prefix, then filtered by `match`.

        An empty `branch` means all branches. A nested branch (`feature/foo`) is also below the prefix of `feature`.
        """
        prefix = f"{self._prefix}{branch}/" if branch else self._prefix
        page: list[Cache] = []
        for position in range(bisect_left(self._keys, prefix), len(self._keys)):
            key = self._keys[position]
            if len(page) == LIST_CAP or not key.startswith(prefix):
                break
            page.append(self._objects[key])
        return [cache for cache in page if not match or match in cache.displayed_name]

    def is_pending(self, cache: Cache) -> bool:
        """Return whether the cache's deletion was requested and is not applied yet."""
        return cache.key in self._pending

    def mark_pending(self, cache: Cache) -> None:
        """Record that the cache's deletion was requested."""
        self._pending.add(cache.key)

    def remove(self, cache: Cache) -> bool:
        """Remove this upload; return False if it is not stored any more."""
        if cache not in self:
            return False
        del self._objects[cache.key]
        self._pending.discard(cache.key)
        del self._keys[bisect_left(self._keys, cache.key)]
        return True


def uploaded_again(cache: Cache, date: datetime) -> Cache:
    """Return the cache as a job uploads it again at `date`, at least one second newer than before."""
    return replace(cache, last_modified=max(date, cache.last_modified + timedelta(seconds=1)))
