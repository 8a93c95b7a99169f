"""Show what came of a command: each repository's result, what remains and what is kept, and each job's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from rich.console import Console
from rich.text import Text

from purger.cli.cache_tables import MOST_ROWS_AT_A_TERMINAL, cache_table_of, rows_of, table_of
from purger.cli.console import room_of, show_error, show_good_news
from purger.cli.output import Output
from purger.cli.table import Column, table_lines
from purger.core.text import many, printable, sentence_of, visible
from purger.jobs.log_phrases import what_it_did
from purger.report.model import ErrorReport, JobReport, Report, RepositoryReport
from purger.report.phrases import errors_of, how_sentence, job_words, kept_sentences, verdict_of

MOST_ROWS_IN_A_LOG = 1000
"""Above this a CI could end the job for the length of its log; all are in the report."""


def show_kept(console: Console, repository: RepositoryReport) -> None:
    """Show what the policies keep of a repository, and why."""
    for sentence in kept_sentences(repository):
        console.print(Text(printable(f"{repository.name} {sentence}.")))


def show_report(output: Output, report: Report, *, as_table: Literal["rows", "caches"] | None) -> None:
    """Show what came of each repository and each job. `as_table` shows the caches in place of a verdict."""
    selection = report.selection
    names = errors_of(report) if len(report.repositories) > 1 else {}
    shown = {report.error}
    for repository in _to_show(report):
        if repository.error and repository.error not in shown:
            shown.add(repository.error)
            show_error(output.notes, repository.error, of=", ".join(names.get(repository.error, ())))
        if report.dry_run and repository.left and not output.json:
            room = room_of(output.data, wide=output.wide)
            for line in _table(repository, _age_from(report), room, one_by_one=as_table == "caches"):
                output.data.print(line, soft_wrap=True)
        is_untouched = report.error is not None and not repository.passes
        is_listed = as_table and repository.seen > repository.skipped  # also where the limit of a list shows none of it
        if repository.error is None and not is_untouched and not is_listed:
            filters = "" if selection is None else str(selection.selection())
            show_result(output, repository, dry_run=report.dry_run, filters=filters)
        elif repository.error is not None and repository.passes:
            _show_verdict(output.notes, repository)
        show_kept(output.notes, repository)
    for job in report.last_runs:
        _show_job(output, job, report.error)
    for job_id in report.jobs_not_reached:
        output.notes.print(f"Job {job_id} was not restarted.")
    if report.error:
        show_error(output.notes, report.error)
    elif not report.repositories:
        output.notes.print(f"There is no repository to {'list' if as_table else 'purge'}.")


def _show_job(output: Output, job: JobReport, shown_last: ErrorReport | None) -> None:
    """Show how a job ended, or what is known of one that was not followed to its end."""
    if job.error:
        if job.error != shown_last:
            show_error(output.notes, job.error)
    elif job.verdict == "passed":
        what = f"; it {what_it_did(job)}" if job.cache_use != "unknown" else ""
        show_good_news(output.notes, f"job {job.job} passed{what}")
    else:
        output.notes.print(Text(printable(sentence_of(f"job {job.job} {job_words(job)}"))))


def _table(repository: RepositoryReport, now: datetime, room: int | None, *, one_by_one: bool) -> Iterator[Text]:
    if one_by_one:
        return cache_table_of(repository.name, repository.left, now, room=room)
    return table_of(repository.name, rows_of(repository.left), now, complete=repository.complete, room=room)


def _age_from(report: Report) -> datetime:
    """Return the time from which ages are counted: that of the selection, which is on the site's clock."""
    return report.started_at if report.selection is None else report.selection.as_of


def _to_show(report: Report) -> list[RepositoryReport]:
    """Return each repository; of a retry each purge that had something to do."""
    if not report.attempts:
        return report.repositories
    return [purge for purge in report.purges if purge.error or purge.selected or not purge.ok]


def show_what_remains(output: Output, repository: RepositoryReport) -> None:
    """Show the selected caches that are not gone, each with its outcome and the reason."""
    left, room = repository.left, room_of(output.notes, wide=output.wide)
    most = MOST_ROWS_IN_A_LOG if room is None else MOST_ROWS_AT_A_TERMINAL
    columns = [Column("branch", is_name=True), Column("cache", is_name=True), Column("outcome"), Column("why")]
    rows = [
        (visible(cache.branch), visible(cache.name), str(cache.outcome), visible(cache.reason or ""))
        for cache in left[:most]
    ]
    for line in table_lines(columns, rows, room):
        output.notes.print(line)
    if len(left) > most:
        output.notes.print(f"And {many(len(left) - most, 'cache')} more: see --json.")


def show_result(output: Output, repository: RepositoryReport, *, dry_run: bool, filters: str) -> None:
    """Show one repository's result: what is left and the verdict in words; `filters` are the selection's."""
    console = output.notes
    if repository.left and not dry_run:
        show_what_remains(output, repository)
    if (how := how_sentence(repository)) is not None:
        console.print(sentence_of(how))
    _show_verdict(console, repository, dry_run=dry_run, filters=filters)


def _show_verdict(console: Console, repository: RepositoryReport, *, dry_run: bool = False, filters: str = "") -> None:
    style = "green" if repository.ok or dry_run else "bold yellow"
    console.print(Text(printable(verdict_of(repository, dry_run=dry_run, filters=filters)), style=style))
