"""A repository as a test sees it: its caches on the server, what it allows, and what was really deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial

from purger.standin.caches import Archive, ArchiveStore, uploaded_again
from purger.standin.clock import Clock
from purger.standin.faults import Faults, take_rule
from purger.standin.samples import archive_name, samples

DEFAULT_SIZE_BYTES = 20_308_738
DEFAULT_AGE_S = 7 * 86400.0
ALL_PERMISSIONS = ("cache_view", "cache_delete", "build_restart", "log_view")
_PULL_REQUEST = re.compile(r"PR\.\d+")


class Repository:
    """One repository of the stand-in. Its methods may be called from any thread while the server runs."""

    def __init__(
        self,
        repository_id: int,
        slug: str,
        clock: Clock,
        faults: Faults,
        *,
        provider: str = "github",
        private: bool = True,
        active: bool = True,
        visible: bool = True,
        default_branch: str = "main",
        permissions: Mapping[str, bool] | None = None,
        branches: Iterable[str] | None = None,
        seed: int = 0,
    ) -> None:
        """See StandIn.add_repository."""
        self.id = repository_id
        self.slug = slug
        self.provider = provider
        self.private = private
        self.active = active
        self.visible = visible
        self.default_branch = default_branch
        self.permissions = dict.fromkeys(ALL_PERMISSIONS, True) | dict(permissions or {})
        self._clock = clock
        self._faults = faults
        self._store = ArchiveStore(repository_id)
        self._deleted: list[tuple[Archive, float]] = []
        self._seed = seed
        self._added = 0
        self._branches = None if branches is None else list(branches)
        self._seen_branches: list[str] = []

    def add(
        self,
        branch: str,
        *,
        name: str | None = None,
        size_bytes: int | None = None,
        age_s: float = DEFAULT_AGE_S,
    ) -> Archive:
        """Store an archive of this full branch, last modified `age_s` seconds ago; a name of its own by default."""
        with self._clock.settled() as now:
            self._added += 1
            archive = Archive(
                branch=branch,
                name=archive_name(f"{self.id}/{self._added}") if name is None else name,
                size_bytes=DEFAULT_SIZE_BYTES if size_bytes is None else size_bytes,
                last_modified=self._clock.date(now) - timedelta(seconds=round(age_s)),
                repository_id=self.id,
            )
            if branch not in self._seen_branches and not _PULL_REQUEST.fullmatch(branch):
                self._seen_branches.append(branch)
            return self._store.put(archive)

    def fill(self, count: int, *, seed: int | None = None, branches: int | None = None) -> None:
        """Add `count` archives that look real, spread over so many new branches; one a branch by default."""
        seed = self._seed if seed is None else seed
        with self._clock.settled():
            taken = {archive.branch for archive in self._store}
            for sample in samples(count, seed=seed, branches=branches, taken=taken):
                unique = f"{self.id}/{seed}/{sample.branch}/{self._added}"
                name = archive_name(unique, sample.job)
                self.add(sample.branch, name=name, size_bytes=sample.size_bytes, age_s=sample.age_s)

    def clear(self) -> None:
        """Take all archives away, and forget what was deleted."""
        with self._clock.settled():
            self._store.clear()
            self._deleted.clear()

    @property
    def archives(self) -> list[Archive]:
        """What the server still has, in the order of keys; not what is about to go by a delayed deletion."""
        with self._clock.settled():
            return [archive for archive in self._store if not self._store.is_pending(archive)]

    @property
    def deleted(self) -> list[tuple[Archive, float]]:
        """What requests really removed, and when (monotonic seconds), in that order."""
        with self._clock.settled():
            return list(self._deleted)

    @property
    def branches(self) -> list[str]:
        """The git branches that GET branches tells: those given, else every pushed one that was ever added."""
        with self._clock.settled():
            return list(self._seen_branches if self._branches is None else self._branches)

    def listed(self, branch: str | None = None, match: str | None = None) -> list[Archive]:
        """What GET caches lists now: capped, by key, with what is about to go by a delayed deletion."""
        with self._clock.settled():
            return self._store.listed(branch, match)

    def stored(self, branch: str, name: str) -> Archive | None:
        """The archive of this full branch and name that a job would download now."""
        with self._clock.settled():
            found = (archive for archive in self._store.listed(branch, name) if archive.name == name)
            return next((archive for archive in found if archive.branch == branch), None)

    def upload(self, branch: str, name: str, at: float, size_bytes: int = DEFAULT_SIZE_BYTES) -> Archive:
        """Store what a job made at `at` (monotonic seconds), newer than what it replaces."""
        before = self.stored(branch, name)
        date = self._clock.date(at)
        fresh = Archive(branch, name, size_bytes, date, self.id)
        return self._store.put(fresh if before is None else uploaded_again(before, date))

    def delete(self, archives: Iterable[Archive]) -> None:
        """Do what a DELETE request for these archives does: at once, later, never, or with a job that undoes it."""
        with self._clock.settled() as now:
            for archive in archives:
                if archive.branch in self._faults.lost_deletions or self._store.is_pending(archive):
                    continue
                if self._faults.deletion_delay_s > 0:
                    self._store.mark_pending(archive)
                    self._clock.plan(now + self._faults.deletion_delay_s, partial(self._remove, archive))
                else:
                    self._remove(archive, now)

    def _remove(self, archive: Archive, at: float) -> None:
        if not self._store.remove(archive):
            return
        self._deleted.append((archive, at))
        rule = take_rule(self._faults.reupload, archive.branch)
        if rule is not None:
            self._clock.plan(at + rule.delay_s, partial(self._upload_again, archive))

    def _upload_again(self, archive: Archive, at: float) -> None:
        if self.stored(archive.branch, archive.name) is None:
            self._store.put(uploaded_again(archive, self._clock.date(at)))
