"""Resume a former run from its report: the repositories that were not ok, with the same filters."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from purger.core.errors import InputError
from purger.core.selection import Selection
from purger.core.shown_address import shown_address
from purger.report.former import read_report
from purger.report.model import Report
from purger.travis.addresses import Owner, Repository, Site, parse_repository

_WHAT = "the report to resume"


def what_is_left(report_path: Path, site: Site) -> tuple[list[Repository | Owner], Selection]:
    """Return the repositories that are not done according to the report, and the selection to delete from them.

    The selection has the former run's filters, and leaves alone what was modified after that run ended. Raises
    InputError where the file is not a report, or one of another site.
    """
    report = read_report(report_path, _WHAT)
    unfinished = [repository for repository in report.repositories if not repository.ok]
    elsewhere = [repository.url for repository in unfinished if not repository.url.startswith(f"{site.url}/")]
    if elsewhere:
        raise InputError(
            f"the report is of another site: {shown_address(elsewhere[0])}", remedy="Give that site's --url."
        )
    if report.error and not report.repositories:
        raise InputError("the former run ended before it knew any repository", remedy="Run it anew.")
    return [
        parse_repository(f"{repository.provider}/{repository.repository}", site) for repository in unfinished
    ], _selection(report, report_path)


def _selection(report: Report, path: Path) -> Selection:
    given = report.selection
    if given is None:
        raise InputError(
            f"{_WHAT} can't be read: it has no filters",
            where=str(path),
            remedy="Give the report.json that a purge wrote.",
        )
    # What the site dates is compared with the site's time; a report's own times are the machine's.
    ended_at = report.finished_at + timedelta(seconds=given.clock_offset_s or 0)
    return given.selection(not_after=ended_at)


def refuse_more_than_resume(*, named: bool, filtered: bool) -> None:
    """Raise InputError where repositories or filters are given beside `--resume`, which takes both from the report."""
    if named or filtered:
        raise InputError(
            "--resume takes its repositories and filters from the report",
            remedy="Leave the names and filters out, or run without --resume.",
        )
