"""Build the typed report from the records of a run, with the exit code that follows from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from purger import __version__
from purger.core.cache import Outcome
from purger.core.decision import Kept
from purger.core.errors import ExitCode, PurgerError
from purger.core.selection import Selection
from purger.core.shown_address import shown_value, without_secrets
from purger.report.model import (
    CacheReport,
    CheckReport,
    DoctorReport,
    ErrorReport,
    KeptReport,
    Report,
    RepositoryReport,
    SelectionReport,
)
from purger.travis.refusals import NotAllowedError, NotFoundError

if TYPE_CHECKING:  # an error has to be shown also where what they are built on can't be imported
    from purger.purge.entry import Entry
    from purger.purge.record import Record


def exit_code_of(records: Sequence[Record], error: PurgerError | None, *, dry_run: bool = False) -> ExitCode:
    """Return the highest exit code of the run's error and of the repositories.

    A dry run fails by an error, and where it can't see everything that the filters may select.
    """
    codes = [error.exit_code] if error else []
    for record in records:
        if record.error:
            codes.append(record.error.exit_code)
        elif record.may_hide_matches if dry_run else not record.ok:
            codes.append(ExitCode.REMAINS)
    return max(codes, default=ExitCode.OK)


def run_report(
    records: Sequence[Record],
    error: PurgerError | None,
    started_at: datetime,
    *,
    selection: Selection | None = None,
    dry_run: bool = False,
    warnings: Sequence[str] = (),
) -> Report:
    """Build the report of a run that ends now; `error` is what stopped the run as a whole, `warnings` are about it."""
    exit_code = exit_code_of(records, error, dry_run=dry_run)
    return Report(
        version=__version__,
        started_at=started_at,
        finished_at=datetime.now(UTC),
        ok=exit_code is ExitCode.OK,
        exit_code=exit_code,
        dry_run=dry_run,
        error=error_report(error),
        warnings=list(warnings),
        selection=None if selection is None else _selection_report(selection),
        repositories=[repository_report(record, error, dry_run=dry_run) for record in records],
    )


def repository_report(record: Record, run_error: PurgerError | None, *, dry_run: bool = False) -> RepositoryReport:
    """Build the report of one repository.

    `run_error`, which stopped the run as a whole, is also the error of each repository that was not done by then. A
    dry run is ok where the caches could be listed, all that the filters may select.
    """
    listed = dry_run and record.surveyed and record.error is None and not record.may_hide_matches
    entries = record.ledger.entries
    selected = [entry for entry in entries if entry.selected]
    counts = Counter(entry.outcome for entry in entries)
    # What went wrong with an owner is nothing of a repository that was listed.
    of_another = record.surveyed and isinstance(run_error, NotFoundError | NotAllowedError)
    stopped_by = record.error or (None if record.ok or listed or of_another else run_error)
    return RepositoryReport(
        repository=record.repository.slug,
        provider=record.repository.provider,
        url=record.url,
        ok=record.ok or listed,
        error=error_report(stopped_by),
        seen=len(entries),
        selected=len(selected),
        deleted=counts[Outcome.DELETED],
        remaining=counts[Outcome.REMAINING],
        recreated=counts[Outcome.RECREATED],
        failed=counts[Outcome.FAILED],
        skipped=counts[Outcome.SKIPPED],
        bytes_deleted=sum(entry.bytes_deleted for entry in selected),
        passes=record.passes,
        looks=record.loads,
        requests=record.requests,
        seconds=round(record.seconds, 1),
        verified=record.verified,
        settled_s=record.settled_s,
        warnings=list(record.warnings),
        caches=[_cache_report(entry) for entry in entries],
        undecided=len(record.ledger.undecided),
        complete=record.complete,
        kept=_kept_reports(entries),
        decided=record.surveyed and record.ledger.selection.decision is not None,
    )


def _kept_reports(entries: Sequence[Entry]) -> list[KeptReport]:
    by_reason: dict[Kept, list[int]] = {}
    for entry in entries:
        if entry.kept is not None and entry.listed:
            by_reason.setdefault(entry.kept, []).append(entry.cache.size_bytes)
    return [
        KeptReport(
            kept=kept,
            reason=kept.of_one if len(by_reason[kept]) == 1 else kept.of_many,
            caches=len(by_reason[kept]),
            size_bytes=sum(by_reason[kept]),
        )
        for kept in Kept
        if kept in by_reason
    ]


def error_report(error: PurgerError | None) -> ErrorReport | None:
    """Build the report of an error, if there is one, without what may be secret in the addresses of its words."""
    if error is None:
        return None
    return ErrorReport(
        message=without_secrets(error.what),
        where=shown_value(error.where) if error.where else error.where,
        remedy=without_secrets(error.remedy) if error.remedy else error.remedy,
        exit_code=error.exit_code,
    )


def doctor_report(checks: Sequence[CheckReport], exit_code: ExitCode) -> DoctorReport:
    """Build the report of the doctor; `exit_code` is the one that a purge would have."""
    return DoctorReport(version=__version__, ok=exit_code is ExitCode.OK, exit_code=exit_code, checks=list(checks))


def _selection_report(selection: Selection) -> SelectionReport:
    return SelectionReport(
        branches=list(selection.branches),
        match=selection.match,
        kind=selection.kind,
        older_than_s=selection.older_than_s,
        larger_than_bytes=selection.larger_than_bytes,
        as_of=selection.as_of,
        exclude=list(selection.exclude),
        newer_than_s=selection.newer_than_s,
        smaller_than_bytes=selection.smaller_than_bytes,
        keep_newest=selection.policies.keep_newest,
        gone=selection.policies.gone,
        until_below_bytes=selection.policies.until_below_bytes,
        largest_first=selection.policies.largest_first,
        limit=selection.policies.limit,
        not_after=selection.not_after,
        clock_offset_s=None if selection.clock_offset_s is None else round(selection.clock_offset_s, 1),
    )


def _cache_report(entry: Entry) -> CacheReport:
    cache = entry.cache
    is_gone = entry.outcome is Outcome.DELETED
    return CacheReport(
        name=cache.known_name,
        branch=cache.known_branch,
        row=cache.branch,
        kind=cache.kind,
        size_bytes=cache.size_bytes,
        last_modified=cache.last_modified,
        selected=entry.selected,
        outcome=entry.outcome,
        attempts=entry.attempts,
        how=entry.method if is_gone else None,
        reason=entry.reason,
        recreated_times=entry.recreated,
        gone_at=entry.gone_at if is_gone else None,
        kept=entry.kept,
        undecided=entry.undecided,
        in_full=cache.full_branch is not None,
    )
