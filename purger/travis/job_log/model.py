"""What a job's log tells, as plain values, and how it compares with what a purge deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import unquote

Source = Literal["own", "target", "default", "unknown"]
When = Literal["before", "after", "unknown"]

_GONE_OUTCOMES = frozenset({"deleted", "recreated"})
_ARCHIVE_SUFFIXES = (".tgz", ".tbz")


@dataclass(frozen=True, slots=True)
class Fetch:
    """One archive that the job asked the cache for.

    Attributes:
        branch: the branch part of the archive's key as the log shows it; of a nested one only the last part.
        archive: the archive's file name, with its extension.
        at: when it was asked for, in UTC, good to the seconds that the enclosing timed block took; None when
            the log carries no time markers.
        found: whether it existed and was downloaded.
        source: whose cache it is, seen from the job; "unknown" until `JobLog.with_sources` has told.
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
        branch: the branch part of its key; None in logs of the old tool, which does not name what it uploads.
        archive: its file name; None likewise.
        at: when the upload began, in UTC, with the precision of `Fetch.at`.
        succeeded: None when the log ends before it says so.
    """

    branch: str | None
    archive: str | None
    at: datetime | None
    succeeded: bool | None


@dataclass(frozen=True, slots=True)
class Symptom:
    """A known sign of trouble.

    Attributes:
        id: contextual-version-conflict, version-conflict, distribution-not-found or test-image.
        line: the first line that shows it, without escape codes and markers.
        meaning: what it usually means, a sentence.
        what_to_do: the remedy, a sentence.
    """

    id: str
    line: str
    meaning: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class JobLog:
    """What is worth knowing of a job's log.

    Attributes:
        is_log: whether it looks like a log of Travis CI at all; an empty file or a web page does not.
        asked: the archives that the job asked for, in its order.
        fetched: those of them that were downloaded.
        stored: the uploads at the end; workspaces are never among these three.
        nothing_changed: the job found its cache unchanged and stored nothing.
        started_clean: True when no archive was found, False when one was, None when the log does not say.
        symptoms: the known ones, at most one of each kind, in the order of the log.
        last_failing_lines: the last lines of the last command that failed, at most 20, ready to be shown.
        truncated: the log stops before the job's last line, because it was cut or the job still runs.
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
        """The same log, its fetches told apart by `source_of`."""

        def told(fetch: Fetch) -> Fetch:
            return replace(fetch, source=source_of(fetch.branch, own=own, target=target, default=default))

        return replace(self, asked=tuple(map(told, self.asked)), fetched=tuple(map(told, self.fetched)))


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
    """Whose cache a fetch of `branch` is.

    Args:
        branch: the branch as the log shows it.
        own: the job's branch, or `PR.123` for a job of a pull request; a full, nested name is fine.
        target: the branch that the pull request wants to get into.
        default: the repository's default branch.
    """
    shown = _shown(branch)
    for source, candidate in (("own", own), ("target", target), ("default", default)):
        if candidate is not None and _shown(candidate) == shown:
            return source  # type: ignore[return-value] # the literals just above
    # A job never asks for the cache of another pull request.
    return "own" if own is None and shown.startswith("PR.") and shown[3:].isdigit() else "unknown"


def compare(log: JobLog, purged: Iterable[object]) -> tuple[FetchVerdict, ...]:
    """Tell of each archive that the job fetched whether the purge had deleted it, and which came first.

    Args:
        log: the job's log.
        purged: the purge report's archives: objects or mappings with `branch`, `name`, `outcome` and, if
            known, `deleted_at` (a datetime, or its ISO 8601 text as in the report's JSON).
    """
    entries: dict[tuple[str, str], list[tuple[str, datetime | None]]] = {}
    for entry in purged:
        key = (_shown(str(_field(entry, "branch"))), _stem(str(_field(entry, "name"))))
        entries.setdefault(key, []).append((str(_field(entry, "outcome")), _moment(_field(entry, "deleted_at"))))
    return tuple(
        _verdict(fetch, entries.get((_shown(fetch.branch), _stem(fetch.archive)), ())) for fetch in log.fetched
    )


def _verdict(fetch: Fetch, entries: Iterable[tuple[str, datetime | None]]) -> FetchVerdict:
    # Branches that are shown alike share a key, so several entries may match: a deleted one weighs more.
    known = sorted(entries, key=lambda entry: entry[0] in _GONE_OUTCOMES)
    outcome = known[-1][0] if known else None
    moments = [moment for its_outcome, moment in known if moment and its_outcome in _GONE_OUTCOMES]
    deleted_at = max(moments, default=None)
    when: When = "unknown"
    if fetch.at is not None and deleted_at is not None:
        when = "before" if fetch.at < deleted_at else "after"
    return FetchVerdict(fetch, outcome in _GONE_OUTCOMES, outcome, deleted_at, when)


def _field(entry: object, name: str) -> object:
    if isinstance(entry, Mapping):
        return entry.get(name)
    return getattr(entry, name, None)


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return None


def _shown(branch: str) -> str:
    # A key's address is URL-encoded, and the log shows only the last part of a nested branch.
    return unquote(branch).rsplit("/", 1)[-1]


def _stem(archive: str) -> str:
    for suffix in _ARCHIVE_SUFFIXES:
        archive = archive.removesuffix(suffix)
    return archive
