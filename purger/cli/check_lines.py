"""Show a check of the doctor: its state, what was found, and the remedy."""

from __future__ import annotations

import os
import textwrap

from rich.console import Console
from rich.text import Text

from purger.cli.ci import detect
from purger.cli.console import is_terminal
from purger.core.text import printable
from purger.report.model import CheckReport, CheckState

_INDENT = 21
"""Columns of a check's state and name; what it says, and its remedy, are behind them."""
_NARROWEST_TEXT = 15


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
    line = detect(os.environ).line
    first, *more = _hung(line(printable(check.text)), room)
    console.print(Text.assemble((f"{state:8}", style), f" {check.check:11} {first}"), soft_wrap=True)
    remedies = [one for text in (check.remedy or "").splitlines() for one in _hung(line(printable(text)), room)]
    for one in (*more, *remedies):
        console.print(Text(f"{'':{_INDENT}}{one}"), soft_wrap=True)


def _hung(text: str, room: int | None) -> list[str]:
    """Return the lines of a text beside the names of the checks; the terminal would fold them to its left edge."""
    if room is None:
        return [text]
    width = max(room - _INDENT, _NARROWEST_TEXT)
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
