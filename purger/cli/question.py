"""Ask once before deleting: show what is selected, and read the answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from rich.text import Text

from purger.cli import ci
from purger.cli.cache_tables import MOST_ROWS_AT_A_TERMINAL, rows_of, table_of
from purger.cli.console import room_of
from purger.cli.output import Output
from purger.cli.results import show_kept
from purger.core.errors import InputError
from purger.core.text import many
from purger.core.units import size_text
from purger.purge.completeness import HIDDEN
from purger.report.model import RepositoryReport
from purger.report.phrases import at_least

_MOST_BYTES = 4096
"""A terminal gives no longer line."""


def require_an_answer(*, yes: bool, instead: str = "") -> None:
    """Raise InputError where a question would have nobody to see or answer it; `instead` ends the remedy."""
    if yes:
        return
    if not sys.stdin.isatty():
        act, why = "answer", "stdin is no terminal"
    elif not _is_seen(sys.stderr):
        act, why = "see", "stderr is no terminal or pipe"
    elif ci.detect(os.environ):  # some give their jobs a terminal
        act, why = "answer", "this is CI"
    else:
        return
    raise InputError(
        f"nobody is here to {act} the question before deleting: {why}",
        remedy=f"Add --yes to delete without being asked{instead}.",
    )


def _is_seen(stream: TextIO) -> bool:
    """Whether a person may see what is written there: in a terminal, or at the end of a pipe as to `tee`."""
    return stream.isatty() or stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)


async def ask(output: Output, repositories: Sequence[RepositoryReport], now: datetime) -> bool:
    """Show what is selected, a count and a size; then ask. Only a clear yes is one."""
    console, room = output.notes, room_of(output.notes, wide=output.wide)
    for repository in repositories:
        rows = rows_of(repository.left)
        shown = rows[:MOST_ROWS_AT_A_TERMINAL]
        for line in table_of(repository.name, shown, now, complete=repository.complete, room=room):
            console.print(line)
        if len(rows) > MOST_ROWS_AT_A_TERMINAL:
            console.print(f"And {many(len(rows) - MOST_ROWS_AT_A_TERMINAL, 'row')} more.")
        show_kept(console, repository)
        await asyncio.sleep(0)
    count = sum(len(repository.left) for repository in repositories)
    size = size_text(sum(repository.selected_bytes for repository in repositories))
    where = repositories[0].name if len(repositories) == 1 else many(len(repositories), "repository")
    if not (complete := all(repository.complete for repository in repositories)):
        is_decided = all(repository.decided for repository in repositories)
        then = "It is kept" if is_decided else "What is selected of it is deleted as soon as it is listed"
        console.print(f"There may be more: {HIDDEN}. {then}.")
    question = f"Delete {at_least(count, complete=complete)} ({size}) of {where}? [y/N] "
    if not count:
        question = f"No listed cache of {where} is selected. Go on? [y/N] "
    _forget_what_was_typed()
    console.print(Text(question, style="bold"), end="")
    answer = await _read_line()
    return answer.strip().lower() in {"y", "yes"}


def _forget_what_was_typed() -> None:
    """Drop what was typed before the question is shown: it is no answer to it."""
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):  # Windows has no such module
            import termios

            termios.tcflush(sys.stdin, termios.TCIFLUSH)


async def _read_line() -> str:
    """Return the line that a person types; empty at the end of the input (Ctrl-D), which may come in a line.

    Waiting is the event loop's, so that Ctrl-C, SIGTERM and the end of the time cancel it like anything else.
    """
    line = b""
    while b"\n" not in line:
        await _until_readable(sys.stdin.fileno())
        part = os.read(sys.stdin.fileno(), _MOST_BYTES)
        if not part:
            return ""
        line += part
    return line.partition(b"\n")[0].decode(errors="replace")


async def _until_readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
