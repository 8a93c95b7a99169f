"""Takes up a former run from its JSON report: the repositories that were not ok, with the same filters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from purger.core.cache import Kind
from purger.core.errors import InputError
from purger.report.former import former_report, time_of
from purger.core.selection import Selection
from purger.travis.addresses import Owner, Repository, Site, parse_repository
from purger.core.units import LONGEST_S


def what_is_left(report_path: Path, site: Site) -> tuple[list[Repository | Owner], Selection]:
    """The repositories that the report says are not done, and what is to be deleted of them.

    That is what the former run had selected and what was there when it ended: caches that jobs have made since are
    left alone. Raises InputError where the file is not a report, or one of another site.
    """
    with former_report(report_path, "the report to resume") as report:
        unfinished = [one for one in report["repositories"] if not one["ok"]]
        elsewhere = [one["url"] for one in unfinished if not one["url"].startswith(f"{site.url}/")]
        targets: list[Repository | Owner] = [
            parse_repository(f"{one['provider']}/{one['repository']}", site) for one in unfinished
        ]
        selection = _selection(report)
        knew_none = report["error"] and not report["repositories"]
    if elsewhere:
        raise InputError(f"the report is of another site: {elsewhere[0]}", remedy="Give that site's --url.")
    if knew_none:
        raise InputError("the former run ended before it knew any repository", remedy="Run it anew.")
    return targets, selection


def _selection(report: Any) -> Selection:
    given = report["selection"]
    if not isinstance(given["branches"], list):
        raise TypeError("branches")
    larger_than = _number(given["larger_than_bytes"])
    return Selection(
        branches=tuple(map(_text, given["branches"])),
        match=None if given["match"] is None else _text(given["match"]),
        kind=None if given["kind"] is None else Kind(given["kind"]),
        older_than_s=_number(given["older_than_s"], LONGEST_S),
        larger_than_bytes=None if larger_than is None else int(larger_than),
        not_after=time_of(report["finished_at"]),
        as_of=time_of(given["as_of"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _number(value: Any, most: float = 1e18) -> float | None:
    """A filter's number: what is none, or beyond any use, would select other caches than were meant."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise TypeError("a number")
    return value


def refuse_more_than_resume(*, named: bool, filtered: bool) -> None:
    """The report says which repositories and which caches: nothing else may. Raises InputError."""
    if named or filtered:
        raise InputError(
            "--resume takes its repositories and filters from the report",
            remedy="Leave the names and filters out, or run without --resume.",
        )
