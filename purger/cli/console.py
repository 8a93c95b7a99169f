"""What a person sees: log lines, tables, results, errors, a question; everything goes through redaction."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime

from loguru import logger
from rich.console import Console
from rich.table import Table
from rich.text import Text

from purger.cli import ci
from purger.report.artifacts import Artifacts
from purger.core.cache import Archive, rows_of
from purger.core.errors import PurgerError
from purger.purge.record import Record
from purger.report.build import repository_value
from purger.report.phrases import verdict_of
from purger.secrets.token import Token
from purger.core.units import age_text, size_text
from purger.cli.phrases import error_text, how_sentence
from purger.core.text import many

LONGEST_BRANCH = 48
MOST_ROWS_BEFORE_QUESTION = 20


def stdout() -> Console:
    """Where data goes."""
    return Console(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty())


def stderr() -> Console:
    """Where everything else goes: logs, progress, questions, errors."""
    # A CI's log is no terminal, even where its job has one.
    no_color = True if ci.detect(os.environ) and not os.environ.get("FORCE_COLOR") else None
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True, no_color=no_color)


def set_up_logging(console: Console, verbosity: int, token: Token | None = None) -> None:
    """One sink on stderr, for lines of the level that `-v` asks for; the token is cut out of each."""
    level = "INFO" if verbosity == 0 else "DEBUG" if verbosity == 1 else "TRACE"
    secret = token.reveal() if token else None

    def write(message: str) -> None:
        record = message.record  # type: ignore[attr-defined]
        text = printable(record["message"])
        if secret:
            text = text.replace(secret, "***")
        style = {"WARNING": "yellow", "ERROR": "red", "DEBUG": "dim", "TRACE": "dim"}.get(record["level"].name, "")
        prefix = "" if record["level"].name in {"INFO", "DEBUG", "TRACE"} else f"{record['level'].name.lower()}: "
        console.print(Text(f"{record['time']:HH:mm:ss} {prefix}{text}", style=style))

    logger.remove()
    logger.add(write, level=level, format="{message}", diagnose=False, backtrace=False, catch=True)


def printable(text: str) -> str:
    """Text of others (branch names, answers) without what a terminal would obey."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def shorten(text: str, longest: int = LONGEST_BRANCH) -> str:
    """A long name, cut in the middle, since its ends tell most."""
    text = printable(text).replace("\n", "\N{REPLACEMENT CHARACTER}")
    if len(text) <= longest:
        return text
    head = longest // 2
    return f"{text[:head]}…{text[-(longest - head - 1) :]}"


def table_of(record: Record, archives: Sequence[Archive], now: datetime) -> Table:
    """The rows of a repository: branch, kind, archives, size, age; and the totals."""
    rows = rows_of(archives)
    table = Table(
        title=Text(f"Caches of {record.name}"),
        title_justify="left",
        show_footer=True,
        box=None,
        pad_edge=False,
    )
    table.add_column("branch", footer=many(len(rows), "row"), overflow="fold")
    table.add_column("kind")
    table.add_column("archives", justify="right", footer=f"{len(archives):,}")
    table.add_column("size", justify="right", footer=size_text(sum(archive.size_bytes for archive in archives)))
    table.add_column("age", justify="right")
    for row in rows:
        age = age_text((now - row.newest).total_seconds())
        names = {archive.full_branch or archive.branch for archive in row.archives}
        branch = names.pop() if len(names) == 1 else row.branch
        table.add_row(Text(shorten(branch)), str(row.kind), f"{len(row.archives):,}", size_text(row.size_bytes), age)
    return table


def show_what_remains(console: Console, record: Record) -> None:
    """The selected archives that are not gone, each with its outcome and the reason."""
    left = record.ledger.left
    table = Table(box=None, pad_edge=False)
    for column in ("branch", "archive", "outcome", "why"):
        table.add_column(column, overflow="fold")
    for entry in left[:MOST_ROWS_BEFORE_QUESTION]:
        archive = entry.archive
        table.add_row(
            Text(shorten(archive.full_branch or archive.branch)),
            Text(shorten(archive.name)),
            str(entry.outcome),
            Text(printable(entry.reason or "")),
        )
    console.print(table)
    if len(left) > MOST_ROWS_BEFORE_QUESTION:
        console.print(f"… and {len(left) - MOST_ROWS_BEFORE_QUESTION:,} more: see --json.")


def show_error(console: Console, error: PurgerError, token: Token | None = None) -> None:
    """An error: what happened, where, and what to do."""
    text = printable(error_text(error))
    if token:
        text = text.replace(token.reveal(), "***")
    console.print(Text.assemble(("error: ", "bold red"), text))


def show_good_news(console: Console, text: str) -> None:
    """Something that went well, as a sentence of its own."""
    console.print(Text(printable(f"{text[:1].upper()}{text[1:]}."), style="green"))


def show_artifacts(console: Console, artifacts: Artifacts, names: Sequence[str]) -> None:
    """Where the artifacts lie, and how a trace is opened."""
    console.print(f"Artifacts are in {artifacts.directory}: open {artifacts.page.name} in a browser.")
    for name in names:
        if artifacts.trace(name).exists():
            console.print(f"Open the trace: playwright show-trace {artifacts.trace(name)}")


def show_lost_stdout(console: Console, fault: OSError) -> None:
    """What was written to stdout did not arrive: the result is in the exit code."""
    why = "the reader of stdout is gone" if isinstance(fault, BrokenPipeError) else f"stdout: {fault.strerror}"
    console.print(f"Not all was written, since {why}; the exit code tells the result.")


def show_result(console: Console, record: Record, *, dry_run: bool) -> None:
    """One repository's result: what is left, what stopped it, and the verdict in words."""
    if record.ledger.left and not dry_run and not (record.error and not record.passes):
        show_what_remains(console, record)
    if (how := how_sentence(record)) is not None:
        console.print(how[0].upper() + how[1:])
    style = "green" if record.ok or dry_run else "bold yellow"
    selection = record.ledger.selection
    filters = "" if selection.everything else str(selection)
    text = verdict_of(repository_value(record, None, dry_run=dry_run), dry_run=dry_run, filters=filters)
    console.print(Text(printable(text), style=style))


def _input(console: Console, question: Text) -> str:
    """What is typed; the end of the input (Ctrl-D) is no answer."""
    try:
        return console.input(question)
    except EOFError:
        return ""


def ask(console: Console, records: Sequence[Record], now: datetime) -> bool:
    """Show what is selected, a count and a size; then ask. Only a clear yes is one."""
    archives = [entry.archive for record in records for entry in record.ledger.left]
    for record in records:
        selected = [entry.archive for entry in record.ledger.left]
        shown = {row.branch for row in rows_of(selected)[:MOST_ROWS_BEFORE_QUESTION]}
        console.print(table_of(record, [archive for archive in selected if archive.branch in shown], now))
        if len(rows_of(selected)) > len(shown):
            console.print(f"… and {many(len(rows_of(selected)) - len(shown), 'row')} more.")
    size = size_text(sum(archive.size_bytes for archive in archives))
    where = records[0].name if len(records) == 1 else many(len(records), "repository")
    answer = _input(console, Text(f"Delete {many(len(archives), 'cache')} ({size}) of {where}? [y/N] ", style="bold"))
    return answer.strip().lower() in {"y", "yes"}
