"""A report that a former run wrote, read back: whatever the file holds, it is a report or an InputError."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from purger.core.errors import InputError
from purger.report.build import SCHEMA


@contextmanager
def former_report(path: Path, what: str) -> Iterator[dict[str, Any]]:
    """The report in this file, for the time of a `with` block; `what` names it in errors.

    Raises InputError for a file that is none, and for whatever the block finds written otherwise than a report is.
    """
    try:
        report = json.loads(path.read_text("utf-8"))
        if report["schema"] != SCHEMA:
            raise InputError(
                f"{what} is of another kind: schema {report['schema']}",
                where=str(path),
                remedy="Make one with this version of purger.",
            )
        yield report
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise InputError(
            f"{what} can't be read",
            where=str(path),
            remedy=f"Give the report.json that a purge wrote ({type(error).__name__}).",
        ) from None


def time_of(text: str) -> datetime:
    """A time as a report writes it, in UTC. Raises ValueError or OverflowError for one without a zone, or out of it."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a report's times have a zone")
    return time.astimezone(UTC)
