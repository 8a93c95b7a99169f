"""Where a command writes: data on stdout, all else on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, cast

from purger.cli.early_signals import keep_waiting
from purger.core.errors import ExitCode, PurgerError
from purger.core.options import is_on

if TYPE_CHECKING:
    from rich.console import Console

    from purger.report.model import Model
    from purger.secrets.redaction import RedactingStream


def asks_for_json(words: Sequence[str]) -> bool:
    """Return whether the words of a command line, or the environment, ask for a document, before they are parsed."""
    return "--json" in words or is_on(os.environ.get("PURGER_JSON", ""))


def print_error_document(error: PurgerError) -> None:
    """Write the JSON document of a command that ended before it had an output."""
    from datetime import UTC, datetime

    from purger.report.build import run_report
    from purger.report.json_document import to_json

    keep_waiting()
    sys.stdout.write(f"{to_json(run_report([], error, datetime.now(UTC)), ascii_only=True)}\n")


@dataclass(slots=True)
class Output:
    """The consoles of a command: `data` for its result, `notes` for the rest; with `json` the result is a document.

    If `wide`, names are shown in full in a terminal, too.
    """

    json: bool
    verbosity: int
    data: Console
    notes: Console
    wide: bool = False

    def print_json(self, report: Model) -> None:
        """Write the one document to stdout. A lost reader is noted; the exit code still says the result."""
        from purger.report.json_document import json_chunks
        from purger.secrets.redaction import whole_lines

        utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        # Stdout redacts each text that it is given, so each has to hold whole lines.
        sys.stdout.writelines(whole_lines(chain(json_chunks(report, ascii_only=not utf8), "\n")))
        self.check_stdout()

    def check_stdout(self) -> None:
        """Note it where what was written to stdout did not arrive."""
        from purger.cli import console

        if (fault := _fault_of_stdout()) is not None:
            cast("RedactingStream", sys.stdout).is_noted = True
            console.show_lost_stdout(self.notes, fault)

    def code_of_a_result(self, code: ExitCode) -> ExitCode:
        """Return the exit code of a command that has nothing to give but its result on stdout.

        It is UNWRITTEN where the result did not arrive in full. A reader that goes away, as `head` does, has enough.
        """
        return ExitCode.UNWRITTEN if _is_cut(_fault_of_stdout()) and code <= ExitCode.REMAINS else code


def code_of_a_text(code: int) -> int:
    """Return the exit code of what ended without a command's frame: a help, the version or a script for a shell.

    It is UNWRITTEN instead of OK, with a warning, where the text did not arrive in full.
    """
    fault = _fault_of_stdout()
    if fault is None or not _is_cut(fault) or getattr(sys.stdout, "is_noted", False):
        return code
    from purger.cli import console

    console.show_lost_stdout(console.stderr(), fault)
    return code or ExitCode.UNWRITTEN


def _is_cut(fault: OSError | None) -> bool:
    return fault is not None and not isinstance(fault, BrokenPipeError)


def _fault_of_stdout() -> OSError | None:
    sys.stdout.flush()
    return getattr(sys.stdout, "fault", None)
