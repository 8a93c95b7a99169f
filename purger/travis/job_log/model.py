"""Define the contents of a job's log, and compare its fetches with what a purge deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from urllib.parse import unquote

Source = Literal["own", "target", "default", "unknown"]
SymptomId = Literal["contextual-version-conflict", "version-conflict", "distribution-not-found", "test-image"]
When = Literal["before", "after", "unknown"]

_GONE_OUTCOMES = frozenset({"deleted", "recreated"})
_LEFT_ALONE = "skipped"
_OF_TWO_BRANCHES = "deleted of one branch and kept of another, and the log shows both alike"
_ARCHIVE_SUFFIXES = (".tgz", ".tbz")


class CacheUse(StrEnum):
    """What a log proves about the caches of its job."""

    FETCHED = "fetched"
    STARTED_CLEAN = "started-clean"
    """It asked for a cache, and there was none."""
    NO_CACHE = "uses-no-cache"
    """The whole beginning was seen, and it has no cache part."""
    UNKNOWN = "unknown"


class Unknown(StrEnum):
    """Why a log does not tell whether its job fetched a cache, as the end of a sentence that begins with the log."""

    BEGINS_LATE = "begins too late, after the part that fetches a cache"
    FOLDED = "was copied with its folds closed, so that the part that fetches a cache is not in it"
    ENDS_EARLY = "ends before it tells whether a cache was fetched"
    IN_SET_UP = "ends in the set-up of the job, before the part that fetches a cache"
    FRAGMENT = "is a piece that does not show the part that fetches a cache"
    CUT_OUT = "has lines cut out of it, and they may be those that tell whether a cache was fetched"
    NO_ANSWER = "shows no answer to what the job asked for"
    STALLED = "ends while the job downloads a cache: it stalled, or was stopped"
    ABORTED = "shows a download that took too long and was aborted: a part of the cache may be unpacked"
    CRASHED = "shows a crash of the cache tool before any answer"

    @property
    def is_worth_a_restart(self) -> bool:
        """Whether the job itself came to no answer, so that no longer log would tell more."""
        return self in {Unknown.IN_SET_UP, Unknown.NO_ANSWER, Unknown.STALLED, Unknown.ABORTED, Unknown.CRASHED}


@dataclass(frozen=True, slots=True)
class Fetch:
    """One archive that the job looked for (docs/TRAVIS.md section 5).

    Attributes:
        branch: the branch in the archive's key as the log shows it; for a nested branch only its last part. Empty
            where the log does not show it, as for a file name with a slash.
        archive: the archive's file name, with its extension; empty for an attempt that the log does not name.
        at: the start of the enclosing timed block, in UTC; None if the log has no time markers.
        found: whether the archive existed and was downloaded; None if the log shows no answer.
        source: which of the job's branches the archive belongs to; "unknown" until it is derived.
        attempt: the number of the job's attempt at a cache; negative if the log does not show its beginning.
        branches: the full names of the branches that it may be of; empty where they are not known.
    """

    branch: str
    archive: str
    at: datetime | None
    found: bool | None
    source: Source = "unknown"
    attempt: int = 0
    branches: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stored:
    """One archive that the job uploaded at its end.

    Attributes:
        branch: the branch in the archive's key; None in logs of the old tool, which does not name its upload.
        archive: the archive's file name; None in logs of the old tool.
        at: when the upload started, in UTC, with the precision of `Fetch.at`.
        succeeded: None if the log ends before the result.
        reason: why it failed, where that is known.
    """

    branch: str | None
    archive: str | None
    at: datetime | None
    succeeded: bool | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Symptom:
    """A known symptom of a stale cache or a missing test image.

    Attributes:
        id: which symptom it is.
        line: the first line that shows it, without escape codes and markers.
        meaning: a sentence about its usual cause.
        what_to_do: a sentence about the remedy.
    """

    id: SymptomId
    line: str
    meaning: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class JobLog:
    """The contents of a job's log. Workspaces are not included.

    Attributes:
        is_log: whether the input looks like a log of Travis CI; an empty file or a web page does not.
        clone: the address from which the job cloned its repository; None if the log shows none, or several.
        asked: the archives that the job looked for, in order.
        fetched: those of them that were downloaded.
        stored: the archives that the job uploaded at its end.
        nothing_changed: the job found its cache unchanged and stored nothing.
        started_clean: True if no archive was found, False if one was, None if the log does not say.
        symptoms: the known symptoms, at most one of each kind, in the order of the log.
        last_failing_lines: the last lines of the last command that failed, at most 20, safe to show.
        truncated: the log stops before the job's last line, because it was cut or the job is still running.
        fetched_unnamed: it proves that a cache was fetched, and does not show which one.
        unknown: why the log does not tell whether a cache was fetched; None if it does.
        unpacking_cut_off: unpacking the cache took too long and was aborted.
        stopped: the last lines are those of a job that was stopped, not of a command that failed.
        stopped_storing: the job was stopped while it packed or uploaded its cache.
        several_jobs: it holds more than one job, and the other fields are of all of them together.
        too_long: it was not read to its end, since it is longer than any log of the site's.
    """

    is_log: bool
    clone: str | None = None
    asked: tuple[Fetch, ...] = ()
    fetched: tuple[Fetch, ...] = ()
    stored: tuple[Stored, ...] = ()
    nothing_changed: bool = False
    started_clean: bool | None = None
    symptoms: tuple[Symptom, ...] = ()
    last_failing_lines: tuple[str, ...] = ()
    truncated: bool = False
    fetched_unnamed: bool = False
    unknown: Unknown | None = None
    unpacking_cut_off: bool = False
    stopped: bool = False
    stopped_storing: bool = False
    several_jobs: bool = False
    too_long: bool = False

    @property
    def cache_use(self) -> CacheUse:
        """What the log proves about the job's caches."""
        if self.fetched or self.fetched_unnamed:
            return CacheUse.FETCHED
        if not self.is_log or self.unknown:
            return CacheUse.UNKNOWN
        return CacheUse.STARTED_CLEAN if self.started_clean else CacheUse.NO_CACHE


@dataclass(frozen=True, slots=True)
class PurgedCache:
    """A cache that a purge saw.

    Attributes:
        branch: its branch as the site shows it, or in full.
        name: its file name, with or without the extension.
        outcome: the purge's word for what became of it ("deleted", "remaining", …).
        deleted_at: when it was seen gone (aware); None where that is not known.
        full_branch: the full name of its branch; None where that is not known for certain.
        purge: the number of the purge that saw it, where there were several of one repository.
        is_later: it was uploaded after the purge had begun, so it may be a deleted one that came back.
    """

    branch: str
    name: str
    outcome: str
    deleted_at: datetime | None = None
    full_branch: str | None = None
    purge: int = 0
    is_later: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What a log shows of its key: caches that have this in common are the same to it."""
        return _end_of_key(self.branch, self.name)

    @property
    def was_gone(self) -> bool:
        """Whether it was deleted, also where it came back."""
        return self.outcome in _GONE_OUTCOMES


@dataclass(frozen=True, slots=True)
class FetchVerdict:
    """What a fetched archive means after a purge.

    Attributes:
        fetch: the archive that the job downloaded.
        deleted: whether the purge deleted it, even if it was uploaded again later; None where that is not known.
        outcome: the purge's word for it ("deleted", "remaining", …); None when the purge never saw it.
        deleted_at: when it was deleted, in UTC, if the report knows.
        when: whether it was fetched before or after that; "unknown" when either time is.
        doubt: why it is not known whether it was deleted.
        is_spared: the last purge saw a later upload of it, and left that alone: another one would, too.
    """

    fetch: Fetch
    deleted: bool | None
    outcome: str | None
    deleted_at: datetime | None
    when: When
    doubt: str | None = None
    is_spared: bool = False


def compare(log: JobLog, purged: Iterable[PurgedCache]) -> tuple[FetchVerdict, ...]:
    """Return for each archive that the job fetched whether a purge had deleted it, and which came first.

    `purged` are the caches of one repository. Branches that are shown alike share a key: where the archive may be of
    one whose cache was deleted, or of one whose cache was kept, nothing is known of it.
    """
    caches: dict[tuple[str, str], list[PurgedCache]] = {}
    last = 0
    for cache in purged:
        caches.setdefault(cache.key, []).append(cache)
        last = max(last, cache.purge)
    keys = ((fetch, _end_of_key(fetch.branch, fetch.archive)) for fetch in log.fetched)
    return tuple(_verdict(fetch, caches.get(key, []), last) for fetch, key in keys)


def _verdict(fetch: Fetch, caches: list[PurgedCache], last: int) -> FetchVerdict:
    by_purge: dict[int, list[PurgedCache]] = {}
    for cache in caches:
        by_purge.setdefault(cache.purge, []).append(cache)
    possible = [_possible(fetch, each) for each in by_purge.values()]
    # What one purge deleted, a later one may see again, and keep.
    gone = [cache for each in possible if not _has_kept(each) for cache in each if cache.was_gone]
    seen = [cache for each in possible for cache in each]
    if not gone and any(cache.was_gone for cache in seen):
        return FetchVerdict(fetch, None, None, None, "unknown", _OF_TWO_BRANCHES)
    outcome = (gone or seen)[-1].outcome if seen else None
    deleted_at = max((cache.deleted_at for cache in gone if cache.deleted_at is not None), default=None)
    when: When = "unknown"
    if fetch.at is not None and deleted_at is not None:
        when = "before" if fetch.at < deleted_at else "after"
    is_spared = any(cache.purge == last and cache.is_later and cache.outcome == _LEFT_ALONE for cache in seen)
    return FetchVerdict(fetch, bool(gone), outcome, deleted_at, when, is_spared=is_spared)


def _possible(fetch: Fetch, caches: list[PurgedCache]) -> list[PurgedCache]:
    """Return those of the caches of one purge that the archive may be, by the branches that it may be of."""
    if not fetch.branches:
        return caches
    full = [None if cache.full_branch is None else unquote(cache.full_branch) for cache in caches]
    is_known = fetch.branches <= set(full)  # then it is none of those whose branch nobody knows
    return [
        cache
        for cache, name in zip(caches, full, strict=True)
        if name in fetch.branches or (name is None and not is_known)
    ]


def _has_kept(caches: Iterable[PurgedCache]) -> bool:
    return any(not cache.was_gone and not cache.is_later for cache in caches)


def _end_of_key(branch: str, name: str) -> tuple[str, str]:
    # A log shows the last two parts of a key, whose address is URL-encoded; branch and file name may hold slashes.
    *_, last_but_one, last = f"{unquote(branch)}/{name}".split("/")
    return last_but_one, _stem(last)


def _stem(archive: str) -> str:
    for suffix in _ARCHIVE_SUFFIXES:
        archive = archive.removesuffix(suffix)
    return archive
