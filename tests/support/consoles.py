"""Consoles whose lines a test reads."""

from __future__ import annotations

import io
from collections.abc import Callable

from rich.console import Console

from purger.cli.output import Output


def output_on(console: Console) -> Output:
    """Return the output of a command whose notes are on this console."""
    return Output(json=False, verbosity=0, data=Console(quiet=True), notes=console)


def shown_by(show: Callable[[Console], None]) -> list[str]:
    """Return the lines that are written to a wide console."""
    file = io.StringIO()
    show(Console(file=file, width=200, highlight=False, markup=False))
    return [line.rstrip() for line in file.getvalue().splitlines()]
