"""What a person sees: log lines, tables, results, errors, a question."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rich.console import Console
from rich.text import Text

from purger.cli import ci
from purger.cli.output import Output
from purger.cli.table import Column, table_lines
from purger.core.errors import ExitCode
from purger.core.text import many, printable, sentence_of, visible
from purger.core.units import age_text, size_text
from purger.jobs.log_phrases import what_it_did
from purger.report.artifacts import Artifacts
from purger.report.model import CacheReport, CheckReport, CheckState, ErrorReport, Report, RepositoryReport
from purger.report.phrases import HIDDEN, at_least, error_words, how_sentence, kept_sentences, verdict_of
from purger.travis.keys import last_part

MOST_ROWS_BEFORE_QUESTION = 20
_INDENT = 21
"""Columns of a check's state and name; what it says, and its remedy, are behind them."""
_NARROWEST_TEXT = 15
MOST_ROWS_IN_A_LOG = 1000
"""Above this a CI could end the job for the length of its log; all are in the report."""


def stdout(*, wide: bool = False) -> Console:
    """Return the console for data. It folds lines only for a person at a terminal, and not if `wide`."""
    console = Console(highlight=False, markup=False, emoji=False, color_system=_colors())
    console.soft_wrap = wide or not is_terminal(console)
    return console


def stderr() -> Console:
    """Return the console for everything else: logs, progress, questions, errors."""
    # A CI's log is no terminal, even where its job has one.
    no_color = True if ci.detect(os.environ) and not os.environ.get("FORCE_COLOR") else None
    return Console(
        stderr=True,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        no_color=no_color,
        color_system=_colors(),
    )


def _colors() -> Literal["auto"] | None:
    # rich knows the other terminals that can only print lines, but takes an empty TERM for one that can do more.
    return None if _is_dumb() and not os.environ.get("FORCE_COLOR") else "auto"


def _is_dumb() -> bool:
    """Whether a terminal can only print lines, or says nothing of what it can do."""
    return os.environ.get("TERM", "").lower() in {"", "dumb", "unknown"} and os.name != "nt"


def is_terminal(console: Console) -> bool:
    """Return whether a person watches at a terminal that can do more than print lines.

    Asking for colours (FORCE_COLOR) makes no terminal of a log, and a CI's log is none even where its job has one.
    """
    return console.file.isatty() and not _is_dumb() and not ci.detect(os.environ)


def room_of(console: Console, *, wide: bool) -> int | None:
    """Return how wide a table may be; None where names are shown in full: beyond a terminal, or if `wide`."""
    return None if wide or not is_terminal(console) else console.width


@dataclass(frozen=True, slots=True)
class _Row:
    """Caches that a table shows together: those of one row of the page and, where it shows no branch, of one branch."""

    branch: str
    shown_as: str
    caches: list[CacheReport]

    @property
    def is_a_branch(self) -> bool:
        """Whether the page shows the name of a branch for these."""
        return self.shown_as == last_part(self.branch)


def _rows(caches: Iterable[CacheReport]) -> list[_Row]:
    """Return the rows of these caches; a row whose caches are all of one branch has its full name."""
    grouped: dict[tuple[str, str], list[CacheReport]] = {}
    for cache in caches:
        shown_as = cache.row or last_part(cache.branch)
        is_a_branch = shown_as == last_part(cache.branch)
        grouped.setdefault((shown_as, "" if is_a_branch else cache.branch), []).append(cache)
    return [
        _Row(members[0].branch if len({cache.branch for cache in members}) == 1 else shown_as, shown_as, members)
        for (shown_as, _), members in grouped.items()
    ]


def table_of(
    name: str, rows: Sequence[_Row], now: datetime, *, complete: bool = True, room: int | None = None
) -> Iterator[Text]:
    """Yield the lines of a table of a repository's rows: branch, kind, number, size, age; and the totals.

    Where a list was full, not `complete`, the totals are the least that there is. `room` is the width of a line.
    """
    least = "" if complete else "at least "
    caches = [cache for row in rows for cache in row.caches]
    columns = [
        Column("branch", f"{least}{many(len(rows), 'row')}", is_name=True),
        Column("kind"),
        Column("caches", f"{least}{len(caches):,}", right=True),
        Column("size", size_text(sum(cache.size_bytes for cache in caches)), right=True),
        Column("age", right=True),
    ]
    with_other_names = not all(row.is_a_branch for row in rows)
    if with_other_names:
        columns.append(Column("on the page", is_name=True))
    lines = []
    for row in rows:
        age_s = (now - max(cache.last_modified for cache in row.caches)).total_seconds()
        size = size_text(sum(cache.size_bytes for cache in row.caches))
        cells = [visible(row.branch), str(row.caches[0].kind), f"{len(row.caches):,}", size, age_text(age_s)]
        lines.append([*cells, visible(row.shown_as)] if with_other_names else cells)
    yield Text(f"Caches of {visible(name)}", style="italic")
    yield from table_lines(columns, lines, room)


def cache_table_of(
    name: str, caches: Sequence[CacheReport], now: datetime, *, room: int | None = None
) -> Iterator[Text]:
    """Yield the lines of a table of caches, one by one: branch, name, kind, size, age; and the totals."""
    columns = [
        Column("branch", many(len(caches), "cache"), is_name=True),
        Column("cache", is_name=True),
        Column("kind"),
        Column("size", size_text(sum(cache.size_bytes for cache in caches)), right=True),
        Column("age", right=True),
    ]
    lines = []
    for cache in caches:
        size, age = size_text(cache.size_bytes), age_text((now - cache.last_modified).total_seconds())
        lines.append([visible(cache.branch), visible(cache.name), str(cache.kind), size, age])
    yield Text(f"Caches of {visible(name)}", style="italic")
    yield from table_lines(columns, lines, room)


def show_kept(console: Console, repository: RepositoryReport) -> None:
    """Show what the policies keep of a repository, and why."""
    for sentence in kept_sentences(repository):
        console.print(Text(printable(f"{repository.name} {sentence}.")))


def show_report(output: Output, report: Report, *, as_table: Literal["rows", "caches"] | None) -> None:
    """Show what came of each repository and each job. `as_table` shows the caches in place of a verdict."""
    selection = report.selection
    shown = {report.error}
    for repository in _to_show(report):
        if repository.error and repository.error not in shown:
            shown.add(repository.error)
            show_error(output.notes, repository.error)
        if report.dry_run and repository.left and not output.json:
            room = room_of(output.data, wide=output.wide)
            for line in _table(repository, _age_from(report), room, one_by_one=as_table == "caches"):
                output.data.print(line, soft_wrap=True)
        is_untouched = report.error is not None and not repository.passes
        if repository.error is None and not is_untouched and not (as_table and repository.left):
            filters = "" if selection is None else str(selection.selection())
            show_result(output, repository, dry_run=report.dry_run, filters=filters)
        show_kept(output.notes, repository)
    for job in report.last_runs:
        if job.error and job.error != report.error:
            show_error(output.notes, job.error)
        elif job.error is None and job.verdict == "passed":
            what = f"; it {what_it_did(job)}" if job.cache_use != "unknown" else ""
            show_good_news(output.notes, f"job {job.job} passed{what}")
    if report.error:
        show_error(output.notes, report.error)


def _table(repository: RepositoryReport, now: datetime, room: int | None, *, one_by_one: bool) -> Iterator[Text]:
    if one_by_one:
        return cache_table_of(repository.name, repository.left, now, room=room)
    return table_of(repository.name, _rows(repository.left), now, complete=repository.complete, room=room)


def _age_from(report: Report) -> datetime:
    """Return the time from which ages are counted: that of the selection, which is on the site's clock."""
    return report.started_at if report.selection is None else report.selection.as_of


def _to_show(report: Report) -> list[RepositoryReport]:
    """Return each repository; of a retry each purge that had something to do."""
    if not report.attempts:
        return report.repositories
    purges = [attempt.purge for attempt in report.attempts if attempt.purge]
    return [purge for purge in purges if purge.error or purge.selected or not purge.ok]


def show_what_remains(output: Output, repository: RepositoryReport) -> None:
    """Show the selected caches that are not gone, each with its outcome and the reason."""
    left, room = repository.left, room_of(output.notes, wide=output.wide)
    most = MOST_ROWS_IN_A_LOG if room is None else MOST_ROWS_BEFORE_QUESTION
    columns = [Column("branch", is_name=True), Column("cache", is_name=True), Column("outcome"), Column("why")]
    rows = [
        (visible(cache.branch), visible(cache.name), str(cache.outcome), visible(cache.reason or ""))
        for cache in left[:most]
    ]
    for line in table_lines(columns, rows, room):
        output.notes.print(line)
    if len(left) > most:
        output.notes.print(f"And {many(len(left) - most, 'cache')} more: see --json.")


def show_error(console: Console, error: ErrorReport) -> None:
    """Show an error: what happened, where, and what to do. A person who stops the command makes no error."""
    remedy = f"\n{error.remedy}" if error.remedy else ""
    mark = ("", "") if error.exit_code == ExitCode.INTERRUPTED else ("error: ", "bold red")
    console.print(Text.assemble(mark, printable(error_words(error) + remedy)))


def show_good_news(console: Console, text: str) -> None:
    """Show something that went well, as a sentence of its own."""
    console.print(Text(printable(sentence_of(text)), style="green"))


def show_artifacts(console: Console, artifacts: Artifacts, names: Sequence[str]) -> None:
    """Show where the artifacts are, how to open the page for people, and a trace; only what there is is named."""
    how = f": open {artifacts.page.name} in a browser" if artifacts.page.is_file() else ""
    console.print(f"Artifacts are in {artifacts.directory}{how}.")
    for name in names:
        if artifacts.trace(name).exists():
            console.print(f"Open the trace: playwright show-trace {artifacts.trace(name)}")


def show_lost_stdout(console: Console, fault: OSError) -> None:
    """Note that what was written to stdout did not arrive: the result is in the exit code."""
    why = "the reader of stdout is gone" if isinstance(fault, BrokenPipeError) else f"stdout: {fault.strerror}"
    console.print(Text(f"warning: not all was written, since {why}; the exit code says how it ended.", style="yellow"))


def show_result(output: Output, repository: RepositoryReport, *, dry_run: bool, filters: str) -> None:
    """Show one repository's result: what is left and the verdict in words; `filters` are the selection's."""
    console = output.notes
    if repository.left and not dry_run:
        show_what_remains(output, repository)
    if (how := how_sentence(repository)) is not None:
        console.print(sentence_of(how))
    style = "green" if repository.ok or dry_run else "bold yellow"
    console.print(Text(printable(verdict_of(repository, dry_run=dry_run, filters=filters)), style=style))


def show_check(console: Console, check: CheckReport) -> None:
    """Show a check of the doctor as a line, its remedy indented below."""
    state = check.state.upper() if check.state is CheckState.FAILED else check.state.value
    style = {
        CheckState.OK: "green",
        CheckState.FAILED: "bold red",
        CheckState.NOTE: "yellow",
        CheckState.SKIPPED: "dim",
    }[check.state]
    room = console.width if is_terminal(console) else None
    first, *more = _hung(printable(check.text), room)
    console.print(Text.assemble((f"{state:8}", style), f" {check.check:11} {first}"), soft_wrap=True)
    remedies = [line for text in (check.remedy or "").splitlines() for line in _hung(printable(text), room)]
    for line in (*more, *remedies):
        console.print(Text(f"{'':{_INDENT}}{line}"), soft_wrap=True)


def _hung(text: str, room: int | None) -> list[str]:
    """Return the lines of a text beside the names of the checks; the terminal would fold them to its left edge."""
    if room is None:
        return [text]
    width = max(room - _INDENT, _NARROWEST_TEXT)
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


async def ask(output: Output, repositories: Sequence[RepositoryReport], now: datetime) -> bool:
    """Show what is selected, a count and a size; then ask. Only a clear yes is one."""
    console, room = output.notes, room_of(output.notes, wide=output.wide)
    for repository in repositories:
        rows = _rows(repository.left)
        shown = rows[:MOST_ROWS_BEFORE_QUESTION]
        for line in table_of(repository.name, shown, now, complete=repository.complete, room=room):
            console.print(line)
        if len(rows) > MOST_ROWS_BEFORE_QUESTION:
            console.print(f"And {many(len(rows) - MOST_ROWS_BEFORE_QUESTION, 'row')} more.")
        show_kept(console, repository)
        await asyncio.sleep(0)
    count = sum(len(repository.left) for repository in repositories)
    size = size_text(sum(repository.selected_bytes for repository in repositories))
    where = repositories[0].name if len(repositories) == 1 else many(len(repositories), "repository")
    if not (complete := all(repository.complete for repository in repositories)):
        is_decided = all(repository.decided for repository in repositories)
        then = "It is kept" if is_decided else "What is selected of it is deleted as soon as it is listed"
        console.print(f"There may be more: {HIDDEN}. {then}.")
    question = f"Delete {at_least(count, 'cache', complete=complete)} ({size}) of {where}? [y/N] "
    if not count:
        question = f"No listed cache of {where} is selected. Go on? [y/N] "
    console.print(Text(question, style="bold"), end="")
    answer = await _read_line()
    return answer.strip().lower() in {"y", "yes"}


async def _read_line() -> str:
    """Return the line that a person types; empty at the end of the input (Ctrl-D).

    Waiting is the event loop's, so that Ctrl-C, SIGTERM and the end of the time cancel it like anything else.
    """
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline()
