"""What a machine reads of a run: the JSON report, and the exit code that follows from it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from purger import __version__
from purger.core.errors import ExitCode, PurgerError
from purger.purge.ledger import Entry
from purger.purge.record import Record
from purger.core.selection import Selection

SCHEMA = 1


def exit_code_of(records: Sequence[Record], error: PurgerError | None, *, dry_run: bool = False) -> ExitCode:
    """The worst of all: of what stopped the run and of each repository. A dry run only fails by an error."""
    codes = [error.exit_code] if error else []
    for record in records:
        if record.error:
            codes.append(record.error.exit_code)
        elif not record.ok and not dry_run:
            codes.append(ExitCode.REMAINS)
    return max(codes, default=ExitCode.OK)


def report_of(
    records: Sequence[Record],
    error: PurgerError | None,
    started_at: datetime,
    *,
    selection: Selection | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """The report as JSON-ready values; the README describes its fields. None is ever renamed, some may be added."""
    exit_code = exit_code_of(records, error, dry_run=dry_run)
    return {
        "schema": SCHEMA,
        "version": __version__,
        "started_at": time_text(started_at),
        "finished_at": time_text(datetime.now(UTC)),
        "ok": exit_code is ExitCode.OK,
        "exit_code": int(exit_code),
        "dry_run": dry_run,
        "error": error_value(error),
        "selection": None if selection is None else _selection_value(selection),
        "repositories": [repository_value(record, error, dry_run=dry_run) for record in records],
    }


def _selection_value(selection: Selection) -> dict[str, Any]:
    """The filters, so that a later run can take them up again."""
    return {
        "branches": list(selection.branches),
        "match": selection.match,
        "kind": selection.kind.value if selection.kind else None,
        "older_than_s": selection.older_than_s,
        "larger_than_bytes": selection.larger_than_bytes,
        "as_of": time_text(selection.as_of),
    }


def to_json(report: dict[str, Any], *, ascii_only: bool = False) -> str:
    """The report as one JSON document."""
    return json.dumps(report, indent=1, ensure_ascii=ascii_only)


def time_text(time: datetime) -> str:
    """A time in UTC as ISO 8601 with a `Z`, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def error_value(error: PurgerError | None) -> dict[str, Any] | None:
    """An error as JSON-ready values."""
    if error is None:
        return None
    return {
        "message": error.what,
        "where": error.where,
        "remedy": error.remedy,
        "exit_code": int(error.exit_code),
    }


def repository_value(record: Record, run_error: PurgerError | None, *, dry_run: bool = False) -> dict[str, Any]:
    """One repository as JSON-ready values; `run_error` is what stopped the run as a whole.

    A dry run is well where it could look.
    """
    looked = dry_run and record.surveyed and record.error is None
    entries = record.ledger.entries
    counts = Counter(entry.outcome.value for entry in entries)
    stopped = record.error or (None if record.ok or looked else run_error)
    return {
        "repository": record.repository.slug,
        "provider": record.repository.provider,
        "url": record.url,
        "ok": record.ok or looked,
        "error": error_value(stopped),
        "seen": len(entries),
        "selected": len(record.ledger.selected),
        **{outcome: counts[outcome] for outcome in ("deleted", "remaining", "recreated", "failed", "skipped")},
        "bytes_deleted": sum(entry.bytes_deleted for entry in record.ledger.selected),
        "passes": record.passes,
        "looks": record.looks,
        "requests": record.requests,
        "seconds": round(record.seconds, 1),
        "verified": record.verified,
        "settled_s": record.settled_s,
        "warnings": list(record.warnings),
        "caches": [_cache(entry) for entry in entries],
    }


def _cache(entry: Entry) -> dict[str, Any]:
    archive = entry.archive
    return {
        "name": archive.name,
        "branch": archive.full_branch or archive.branch,
        "kind": archive.kind.value,
        "size_bytes": archive.size_bytes,
        "last_modified": time_text(archive.last_modified),
        "selected": entry.selected,
        "outcome": entry.outcome.value,
        "attempts": entry.tries,
        "how": entry.how.value if entry.how and not entry.listed else None,
        "reason": entry.reason,
        "recreated_times": entry.recreated,
        "gone_at": time_text(entry.gone_at) if entry.gone_at and not entry.listed else None,
    }
