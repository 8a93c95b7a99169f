"""Resume a former run from its report: the repositories that were not ok, with the same filters and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from purger.core.cache import Cache
from purger.core.decision import Decision, Kept, Verdict
from purger.core.errors import InputError
from purger.core.filters import Filters
from purger.core.options import declared
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.core.shown_address import shown_address
from purger.report.former import read_report, refuse_another_site, refuse_blanked_names
from purger.report.model import CacheReport, Report, RepositoryReport
from purger.report.pairing import row_of
from purger.travis.addresses import Owner, Repository, Site, parse_repository
from purger.travis.keys import last_part

_WHAT = "the report to resume"


@dataclass(frozen=True, slots=True)
class Left:
    """What a former run left: the repositories, what to delete of them, and what was decided about them by policies.

    `report` is the former run's; `error` is what that says of none of its repositories.
    """

    repositories: list[Repository | Owner]
    selection: Selection
    decisions: dict[Repository, Decision]
    report: Report
    error: str | None


def what_is_left(report_path: Path, site: Site) -> Left:
    """Return the repositories that are not done according to the report, and what to delete from them.

    The selection has the former run's filters, and leaves alone what was modified after that run ended. Raises
    InputError where the file is not a report, one of another site, or one that lacks a name.
    """
    report = read_report(report_path, _WHAT, to_select=True)
    if report.dry_run:
        raise InputError(
            f"{_WHAT} deleted nothing: it is of --dry-run or list",
            where=str(report_path),
            remedy="Leave --resume out, and give its repositories and filters.",
        )
    refuse_blanked_names(report, _WHAT, remedy="Run it anew, with its names and filters.", where=str(report_path))
    unfinished = [as_decided(one, report) for one in report.repositories if not one.is_done]
    refuse_another_site(unfinished, site, remedy="Give that site's --url.")
    if report.error and not report.repositories:
        raise InputError("the former run ended before it knew any repository", remedy="Run it anew.")
    _refuse_a_part(report, unfinished, report_path)
    selection = _selection(report, report_path)
    named = {parse_repository(f"{one.provider}/{one.repository}", site): one for one in unfinished}
    for name, one in named.items():
        if one.url != site.cache_page(name):
            why = f"contradicts itself: it names {name}, and gives another page ({shown_address(one.url)})"
            raise _not_as_written(why, report_path)
    decisions = {name: _decision(one) for name, one in named.items() if _is_decision(one, selection)}
    limit = selection.policies.limit
    if limit is not None and len(decisions) < len(named):
        # What is left of the former limit; the run counts what was decided of it before.
        left = limit - limit_used(report)
        if left < 1:
            decisions = {name: decisions.get(name, Decision(others=Kept.LIMIT)) for name in named}
        else:
            selection = replace(selection, policies=replace(selection.policies, limit=left))
    theirs = {one.error.message for one in report.repositories if one.error}
    error = report.error.message if report.error and report.error.message not in theirs else None
    return Left(list(named), selection, decisions, report, error)


def limit_used(report: Report) -> int:
    """Return how many caches were selected in the repositories that are done, in this run and in those before."""
    before = report.selection.limit_used if report.selection else 0
    return before + sum(repository.selected for repository in report.repositories if repository.is_done)


def as_decided(repository: RepositoryReport, report: Report) -> RepositoryReport:
    """Return what an attempt before knew of a repository whose decision the last attempt of a retry did not get to."""
    attempts = (attempt.purge for attempt in reversed(report.attempts))
    decided = (one for one in attempts if one and one.repository == repository.repository and one.decided)
    return repository if repository.decided else next(decided, repository)


def _refuse_a_part(report: Report, unfinished: Sequence[RepositoryReport], path: Path) -> None:
    """Raise InputError where the report says that there is more than it holds: then it would select something else."""
    # Where nothing was listed, the counts may be those of an attempt before.
    known = [one for one in unfinished if one.decided or one.caches]
    if not all(one.selected == sum(cache.selected for cache in one.caches) for one in known):
        raise _not_as_written("is not whole: it counts more than it holds", path)
    if not report.ok and not unfinished:
        why = f": {report.error.message}" if report.error else ""
        raise InputError(
            f"the former run failed, but with none of its repositories{why}",
            where=str(path),
            remedy="Run it anew, with its names and filters.",
        )


def _not_as_written(why: str, path: Path) -> InputError:
    """Return the error for a report that no purge wrote so."""
    return InputError(f"{_WHAT} {why}", where=str(path), remedy="Give the report.json as the purge wrote it.")


def _is_decision(repository: RepositoryReport, selection: Selection) -> bool:
    """Whether the report says of every cache of the repository whether it is selected.

    Without policies the filters did. Asked again, they would not say the same of what has no date or one in the future,
    nor of an age that a second decides: the times of a report are cut to the second.
    """
    is_listed = bool(repository.caches) and repository.complete
    return repository.decided or (is_listed and not selection.policies.are_any)


def _decision(repository: RepositoryReport) -> Decision:
    verdicts = ((_cache(cache), _verdict(cache)) for cache in repository.caches)
    deleted = tuple(_cache(cache) for cache in repository.caches if cache.selected and not cache.is_left)
    return replace(Decision.of(verdicts, is_complete=repository.complete), deleted=deleted)


def _cache(report: CacheReport) -> Cache:
    """Return a cache of a report as the site lists it, with its full branch where that is not what is displayed."""
    row = row_of(report)
    full_branch = report.branch if report.branch != row else None
    return Cache(last_part(report.name), row, report.size_bytes, report.last_modified, full_branch)


def _verdict(report: CacheReport) -> Verdict:
    return Verdict(selected=None if report.undecided else report.selected, kept=report.kept)


def _selection(report: Report, path: Path) -> Selection:
    given = report.selection
    if given is None:
        raise InputError(
            f"{_WHAT} can't be read: it has no filters",
            where=str(path),
            remedy="Give the report.json that a purge wrote.",
        )
    try:
        return given.selection(report.finished_by_the_site)
    except InputError as error:
        raise _not_as_written(f"can't be read: {error.what}", path) from None


def refuse_more_than_resume(report: Report, selection: Selection, *, named: bool) -> None:
    """Raise InputError where repositories are named beside `--resume`, or other filters than those of the report."""
    if named or not _has_filters_of(report, selection):
        raise InputError(
            "--resume takes its repositories and filters from the report",
            remedy="Leave the names and filters out, also in variables and .env, or run without --resume.",
        )


def _has_filters_of(report: Report, selection: Selection) -> bool:
    """Return whether all filters and policies of the selection are the report's, which may have more of them.

    Those of variables and `.env` may still be set, and the options beside them are not given again.
    """
    if report.selection is None:
        return False
    former = report.selection.selection()
    both = ((Filters, selection, former), (Policies, selection.policies, former.policies))
    return all(
        getattr(given, field.name) in (field.default, getattr(theirs, field.name))
        for settings, given, theirs in both
        for field, _ in declared(settings)
    )
