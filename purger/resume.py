"""Takes up a former run from its JSON report: the repositories that were not ok, with the same filters."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from purger.caches import Kind
from purger.errors import InputError
from purger.report import SCHEMA
from purger.selection import Selection
from purger.travis.site import Owner, Repository, Site, parse_repository


def what_is_left(report_path: Path, site: Site) -> tuple[list[Repository | Owner], Selection]:
    """The repositories that the report says are not done, and what is to be deleted of them.

    That is what the former run had selected and what was there when it ended: caches that jobs have made since are
    left alone. Raises InputError where the file is not a report, or one of another site.
    """
    try:
        report = json.loads(report_path.read_text("utf-8"))
        if report["schema"] != SCHEMA:
            raise InputError(
                f"the report is of another kind: schema {report['schema']}",
                where=str(report_path),
                remedy="Purge without --resume.",
            )
        unfinished = [one for one in report["repositories"] if not one["ok"]]
        elsewhere = [one["url"] for one in unfinished if not one["url"].startswith(f"{site.url}/")]
        targets: list[Repository | Owner] = [
            parse_repository(f"{one['provider']}/{one['repository']}", site) for one in unfinished
        ]
        selection = _selection(report)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "the report to resume can't be read",
            where=str(report_path),
            remedy=f"Give the report.json that a purge wrote ({type(error).__name__}).",
        ) from None
    if elsewhere:
        raise InputError(f"the report is of another site: {elsewhere[0]}", remedy="Give that site's --url.")
    if report["error"] and not report["repositories"]:
        raise InputError("the former run ended before it knew any repository", remedy="Run it anew.")
    return targets, selection


def _selection(report: Any) -> Selection:
    given = report["selection"]
    return Selection(
        branches=tuple(given["branches"]),
        match=given["match"],
        kind=None if given["kind"] is None else Kind(given["kind"]),
        older_than_s=given["older_than_s"],
        larger_than_bytes=given["larger_than_bytes"],
        not_after=datetime.fromisoformat(report["finished_at"]),
        as_of=datetime.fromisoformat(given["as_of"]),
    )


def refuse_more_than_resume(*, named: bool, filtered: bool) -> None:
    """The report says which repositories and which caches: nothing else may. Raises InputError."""
    if named or filtered:
        raise InputError(
            "--resume takes its repositories and filters from the report",
            remedy="Leave the names and filters out, or run without --resume.",
        )
