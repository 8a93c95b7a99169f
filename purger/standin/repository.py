"""A repository of the stand-in: its stored caches, its permissions, and the caches that were deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from purger.standin.caches import Cache, CacheStore, uploaded_again
from purger.standin.clock import Clock
from purger.standin.faults import Faults, take_rule
from purger.standin.samples import cache_name, samples

DEFAULT_SIZE_BYTES = 20_308_738
DEFAULT_AGE_S = 7 * 86400.0
ALL_PERMISSIONS = ("cache_view", "cache_delete", "build_restart", "log_view")
_PULL_REQUEST = re.compile(r"PR\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryOptions:
    """The options of `StandIn.add_repository`; `seed` is that of `Repository.fill`."""

    slug: str
    provider: str
    private: bool
    active: bool
    visible: bool
    default_branch: str
    permissions: Mapping[str, bool] | None
    branches: Iterable[str] | None
    seed: int


class Repository:
    """A repository of the stand-in. Its methods may be called from any thread while the server runs."""

    def __init__(self, repository_id: int, clock: Clock, faults: Faults, options: RepositoryOptions) -> None:
        self.id = repository_id
        self.slug = options.slug
        self.provider = options.provider
        self.private = options.private
        self.active = options.active
        self.visible = options.visible
        self.default_branch = options.default_branch
        self.permissions = dict.fromkeys(ALL_PERMISSIONS, True) | dict(options.permissions or {})
        self._clock = clock
        self._faults = faults
        self._store = CacheStore(repository_id)
        self._deleted: list[tuple[Cache, float]] = []
        self._seed = options.seed
        self._added = 0
        self._branches = None if options.branches is None else list(options.branches)
        self._seen_branches: list[str] = []
        self._pull_requests: list[str] = []
        self._gone_branches: set[str] = set()
        self._closed_pull_requests: set[int] = set()

    def add(
        self,
        branch: str,
        *,
        name: str | None = None,
        size_bytes: int | None = None,
        age_s: float = DEFAULT_AGE_S,
    ) -> Cache:
        """Store a cache of this full branch, last modified `age_s` seconds ago; its name is unique by default."""
        with self._clock.settled() as now:
            self._added += 1
            cache = Cache(
                branch=branch,
                name=cache_name(f"{self.id}/{self._added}") if name is None else name,
                size_bytes=DEFAULT_SIZE_BYTES if size_bytes is None else size_bytes,
                last_modified=self._clock.date(now) - timedelta(seconds=round(age_s)),
                repository_id=self.id,
            )
            seen = self._pull_requests if _PULL_REQUEST.fullmatch(branch) else self._seen_branches
            if branch not in seen:
                seen.append(branch)
            return self._store.put(cache)

    def fill(self, count: int, *, seed: int | None = None, branches: int | None = None) -> None:
        """Add `count` realistic caches on `branches` new branches, or on one branch each by default."""
        seed = self._seed if seed is None else seed
        with self._clock.settled():
            existing = {cache.branch for cache in self._store}
            for sample in samples(count, seed=seed, branches=branches, existing=existing):
                unique = f"{self.id}/{seed}/{sample.branch}/{self._added}"
                name = cache_name(unique, sample.job)
                self.add(sample.branch, name=name, size_bytes=sample.size_bytes, age_s=sample.age_s)

    def clear(self) -> None:
        """Remove all caches, and clear the list of deleted ones."""
        with self._clock.settled():
            self._store.clear()
            self._deleted.clear()

    @property
    def caches(self) -> list[Cache]:
        """The stored caches in the order of their keys, without those with a pending deletion."""
        with self._clock.settled():
            return [cache for cache in self._store if not self._store.is_pending(cache)]

    @property
    def deleted(self) -> list[tuple[Cache, float]]:
        """The caches that requests have removed, in order, with the time in monotonic seconds."""
        with self._clock.settled():
            return list(self._deleted)

    @property
    def branches(self) -> list[str]:
        """The git branches that GET branches lists: the given ones, else all that `add` was called with."""
        with self._clock.settled():
            return list(self._seen_branches if self._branches is None else self._branches)

    @property
    def pull_requests(self) -> list[int]:
        """The numbers of the pull requests of which a cache was ever added, as GET builds lists them: newest first."""
        with self._clock.settled():
            return [int(name.removeprefix("PR.")) for name in reversed(self._pull_requests)]

    def remove_branch(self, name: str) -> None:
        """Remove a branch from the host: its builds and caches stay."""
        with self._clock.settled():
            self._gone_branches.add(name)

    def close_pull_request(self, number: int) -> None:
        """Close a pull request on the host."""
        with self._clock.settled():
            self._closed_pull_requests.add(number)

    def has_branch(self, name: str) -> bool:
        """Return whether the host still has the branch."""
        with self._clock.settled():
            return name not in self._gone_branches

    def state_of(self, pull_request: int) -> str:
        """Return the state of a pull request as the host names it."""
        with self._clock.settled():
            return "closed" if pull_request in self._closed_pull_requests else "open"

    def listed(self, branch: str | None = None, match: str | None = None) -> list[Cache]:
        """Return what GET caches lists now: capped, by key, including pending deletions."""
        with self._clock.settled():
            return self._store.listed(branch, match)

    def stored(self, branch: str, name: str) -> Cache | None:
        """Return the cache of this full branch and name, or None."""
        with self._clock.settled():
            found = (cache for cache in self._store.listed(branch) if cache.name == name)
            return next((cache for cache in found if cache.branch == branch), None)

    def upload(self, branch: str, name: str, at: float, size_bytes: int = DEFAULT_SIZE_BYTES) -> Cache:
        """Store the upload of a job at `at` (monotonic seconds), newer than the cache that it replaces."""
        before = self.stored(branch, name)
        date = self._clock.date(at)
        fresh = Cache(branch, name, size_bytes, date, self.id)
        return self._store.put(fresh if before is None else uploaded_again(before, date))

    def delete(self, caches: Iterable[Cache]) -> None:
        """Delete these caches as a DELETE request does, subject to the faults."""
        with self._clock.settled() as now:
            for cache in caches:
                if cache.branch in self._faults.lost_deletions or self._store.is_pending(cache):
                    continue
                if self._faults.deletion_delay_s > 0:
                    self._store.mark_pending(cache)
                    self._clock.schedule(now + self._faults.deletion_delay_s, partial(self._remove, cache))
                else:
                    self._remove(cache, now)

    def _remove(self, cache: Cache, at: float) -> None:
        if not self._store.remove(cache):
            return
        self._deleted.append((cache, at))
        rule = take_rule(self._faults.reupload, cache.branch)
        if rule is not None:
            self._clock.schedule(at + rule.delay_s, partial(self._upload_again, cache))

    def _upload_again(self, cache: Cache, at: float) -> None:
        if self.stored(cache.branch, cache.name) is None:
            self._store.put(uploaded_again(cache, self._clock.date(at)))
