"""Write for people: stdout and stderr, what a terminal is, and single sentences."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.text import Text

from purger.cli import ci
from purger.core.errors import ExitCode
from purger.core.shown_address import shown_value
from purger.core.text import printable, sentence_of
from purger.report.artifacts import Artifacts
from purger.report.model import ErrorReport
from purger.report.phrases import error_words


def stdout(*, wide: bool = False) -> Console:
    """Return the console for data. It folds lines only for a person at a terminal, and not if `wide`."""
    file = ci.detect(os.environ).stream(sys.stdout)
    console = Console(file=file, highlight=False, markup=False, emoji=False, color_system=_colors())
    console.soft_wrap = wide or not is_terminal(console)
    return console


def stderr() -> Console:
    """Return the console for everything else: logs, progress, questions, errors."""
    return Console(
        file=ci.detect(os.environ).stream(sys.stderr),
        stderr=True,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        color_system=_colors(),
    )


def _colors() -> Literal["auto"] | None:
    # rich knows the other terminals that can only print lines, but takes an empty TERM for one that can do more; and a
    # CI's log is no terminal, even where its job has one.
    is_log = _is_dumb() or bool(ci.detect(os.environ))
    return None if is_log and not os.environ.get("FORCE_COLOR") else "auto"


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


def show_error(console: Console, error: ErrorReport, *, of: str = "") -> None:
    """Show an error: what happened, where, and what to do. A person who stops the command makes no error.

    `of` names the repositories that it is about.
    """
    remedy = f"\n{error.remedy}" if error.remedy else ""
    mark = ("", "") if error.exit_code == ExitCode.INTERRUPTED else ("error: ", "bold red")
    about = f"{of}: " if of else ""
    text = ci.detect(os.environ).line(printable(f"{about}{error_words(error)}{remedy}"))
    console.print(Text.assemble(mark, text))


def show_good_news(console: Console, text: str) -> None:
    """Show something that went well, as a sentence of its own."""
    console.print(Text(printable(sentence_of(text)), style="green"))


def show_artifacts(console: Console, artifacts: Artifacts, names: Sequence[str]) -> None:
    """Show where the artifacts are, how to open the page for people, and a trace; only what this run made is named."""
    if not artifacts.are_any:
        return
    how = f": open {artifacts.page.name} in a browser" if artifacts.has(artifacts.page) else ""
    console.print(f"Artifacts are in {shown_value(str(artifacts.directory))}{how}.")
    for name in names:
        if artifacts.has(artifacts.trace(name)):
            path = shlex.quote(shown_value(str(artifacts.trace(name))))
            console.print(f"Open the trace: playwright show-trace {path}")


def show_lost_stdout(console: Console, fault: OSError) -> None:
    """Note that what was written to stdout did not arrive: the result is in the exit code."""
    why = "the reader of stdout is gone" if isinstance(fault, BrokenPipeError) else f"stdout: {fault.strerror}"
    console.print(Text(f"warning: not all was written, since {why}; the exit code says how it ended.", style="yellow"))
