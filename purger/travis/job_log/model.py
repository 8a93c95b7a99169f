"""Define the contents of a job's log, and compare its fetches with what a purge deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from urllib.parse import unquote

from purger.travis.keys import last_part

Source = Literal["own", "target", "default", "unknown"]
When = Literal["before", "after", "unknown"]

_GONE_OUTCOMES = frozenset({"deleted", "recreated"})
_ARCHIVE_SUFFIXES = (".tgz", ".tbz")


@dataclass(frozen=True, slots=True)
class Fetch:
    """One archive that the job looked for (docs/TRAVIS.md section 5).

    Attributes:
        branch: the branch in the archive's key as the log shows it; for a nested branch only its last part.
        archive: the archive's file name, with its extension.
        at: the start of the enclosing timed block, in UTC; None if the log has no time markers.
        found: whether the archive existed and was downloaded.
        source: which of the job's branches the archive belongs to; "unknown" until `JobLog.with_sources` sets it.
    """

    branch: str
    archive: str
    at: datetime | None
    found: bool
    source: Source = "unknown"


@dataclass(frozen=True, slots=True)
class Stored:
    """One archive that the job uploaded at its end.

    Attributes:
        branch: the branch in the archive's key; None in logs of the old tool, which does not name its upload.
        archive: the archive's file name; None in logs of the old tool.
        at: when the upload started, in UTC, with the precision of `Fetch.at`.
        succeeded: None if the log ends before the result.
    """

    branch: str | None
    archive: str | None
    at: datetime | None
    succeeded: bool | None


@dataclass(frozen=True, slots=True)
class Symptom:
    """A known symptom of a stale cache or a missing test image.

    Attributes:
        id: contextual-version-conflict, version-conflict, distribution-not-found or test-image.
        line: the first line that shows it, without escape codes and markers.
        meaning: a sentence about its usual cause.
        what_to_do: a sentence about the remedy.
    """

    id: str
    line: str
    meaning: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class JobLog:
    """The contents of a job's log. Workspaces are not included.

    Attributes:
        is_log: whether the input looks like a log of Travis CI; an empty file or a web page does not.
        asked: the archives that the job looked for, in order.
        fetched: those of them that were downloaded.
        stored: the archives that the job uploaded at its end.
        nothing_changed: the job found its cache unchanged and stored nothing.
        started_clean: True if no archive was found, False if one was, None if the log does not say.
        symptoms: the known symptoms, at most one of each kind, in the order of the log.
        last_failing_lines: the last lines of the last command that failed, at most 20, safe to show.
        truncated: the log stops before the job's last line, because it was cut or the job is still running.
    """

    is_log: bool
    asked: tuple[Fetch, ...] = ()
    fetched: tuple[Fetch, ...] = ()
    stored: tuple[Stored, ...] = ()
    nothing_changed: bool = False
    started_clean: bool | None = None
    symptoms: tuple[Symptom, ...] = ()
    last_failing_lines: tuple[str, ...] = ()
    truncated: bool = False

    def with_sources(self, *, own: str | None = None, target: str | None = None, default: str | None = None) -> JobLog:
        """Return the same log, with the source of each fetch set by `source_of`."""

        def with_source(fetch: Fetch) -> Fetch:
            return replace(fetch, source=source_of(fetch.branch, own=own, target=target, default=default))

        return replace(self, asked=tuple(map(with_source, self.asked)), fetched=tuple(map(with_source, self.fetched)))


@dataclass(frozen=True, slots=True)
class PurgedCache:
    """A cache that a purge saw.

    Attributes:
        branch: its branch, in full where that is known.
        name: its file name, with or without the extension.
        outcome: the purge's word for what became of it ("deleted", "remaining", …).
        deleted_at: when it was seen gone (aware); None where that is not known.
    """

    branch: str
    name: str
    outcome: str
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FetchVerdict:
    """What a fetched archive means after a purge.

    Attributes:
        fetch: the archive that the job downloaded.
        deleted: whether the purge deleted it, even if it was uploaded again later.
        outcome: the purge's word for it ("deleted", "remaining", …); None when the purge never saw it.
        deleted_at: when it was deleted, in UTC, if the report knows.
        when: whether it was fetched before or after that; "unknown" when either time is.
    """

    fetch: Fetch
    deleted: bool
    outcome: str | None
    deleted_at: datetime | None
    when: When


def source_of(branch: str, *, own: str | None, target: str | None, default: str | None) -> Source:
    """Return which of the job's branches a fetch from `branch` belongs to.

    Args:
        branch: the branch as the log shows it.
        own: the job's branch, or `PR.123` for a job of a pull request; it may be a full, nested name.
        target: the branch that the pull request merges into.
        default: the repository's default branch.
    """
    shown = last_part(unquote(branch))
    for source, candidate in (("own", own), ("target", target), ("default", default)):
        if candidate is not None and last_part(unquote(candidate)) == shown:
            return source  # type: ignore[return-value] # the literals just above
    # A job never looks for the cache of another pull request.
    return "own" if own is None and shown.startswith("PR.") and shown[3:].isdigit() else "unknown"


def compare(log: JobLog, purged: Iterable[PurgedCache]) -> tuple[FetchVerdict, ...]:
    """Return for each archive that the job fetched whether a purge had deleted it, and which came first."""
    caches: dict[tuple[str, str], list[PurgedCache]] = {}
    for cache in purged:
        caches.setdefault(_end_of_key(cache.branch, cache.name), []).append(cache)
    return tuple(_verdict(fetch, caches.get(_end_of_key(fetch.branch, fetch.archive), [])) for fetch in log.fetched)


def _verdict(fetch: Fetch, caches: list[PurgedCache]) -> FetchVerdict:
    # Branches that are shown alike share a key, so several caches may match: a deleted one takes precedence.
    gone = [cache for cache in caches if cache.outcome in _GONE_OUTCOMES]
    outcome = (gone or caches)[-1].outcome if caches else None
    deleted_at = max((cache.deleted_at for cache in gone if cache.deleted_at is not None), default=None)
    when: When = "unknown"
    if fetch.at is not None and deleted_at is not None:
        when = "before" if fetch.at < deleted_at else "after"
    return FetchVerdict(fetch, bool(gone), outcome, deleted_at, when)


def _end_of_key(branch: str, name: str) -> tuple[str, str]:
    # A log shows the last two parts of a key, whose address is URL-encoded; branch and file name may hold slashes.
    *_, last_but_one, last = f"{unquote(branch)}/{name}".split("/")
    return last_but_one, _stem(last)


def _stem(archive: str) -> str:
    for suffix in _ARCHIVE_SUFFIXES:
        archive = archive.removesuffix(suffix)
    return archive
