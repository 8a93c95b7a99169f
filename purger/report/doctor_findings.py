"""What the doctor found: each check as a value, as a line for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.text import Text

from purger import __version__
from purger.core.text import printable
from purger.core.errors import ExitCode
from purger.report.build import SCHEMA


class State(StrEnum):
    """How a check went. A note is something that only some uses need."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's: what was looked at, how it is, and what to do about it."""

    name: str
    state: State
    text: str
    remedy: str | None = None
    exit_code: ExitCode = ExitCode.OK


def checks_value(checks: Sequence[Check], exit_code: ExitCode) -> dict[str, Any]:
    """All checks as JSON-ready values, with the exit code that a purge would have."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "ok": exit_code is ExitCode.OK,
        "exit_code": int(exit_code),
        "checks": [
            {
                "check": check.name,
                "state": check.state.value,
                "text": check.text,
                "remedy": check.remedy,
                "exit_code": int(check.exit_code),
            }
            for check in checks
        ],
    }


def show(console: Console, check: Check) -> None:
    """A check as a line for people, its remedy indented below."""
    state = check.state.upper() if check.state is State.FAILED else check.state.value
    style = {State.OK: "green", State.FAILED: "bold red", State.NOTE: "yellow", State.SKIPPED: "dim"}[check.state]
    console.print(Text.assemble((f"{state:8}", style), f" {check.name:11} {printable(check.text)}"))
    for line in (check.remedy or "").splitlines():
        console.print(Text(f"{'':20} {printable(line)}"))
