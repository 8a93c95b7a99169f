"""A check of the doctor: its remedy below it, and its text within the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from purger.cli.check_lines import show_check
from purger.core.errors import ExitCode
from purger.report.model import CheckReport, CheckState
from tests.support.consoles import shown_by

pytestmark = pytest.mark.cli


class Typing(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


def test_the_remedy_of_a_check_is_indented_below_it() -> None:
    check = CheckReport(
        check="token", state=CheckState.FAILED, text="refused\x1b[31m", remedy="One.\nTwo.", exit_code=ExitCode.ACCESS
    )
    assert shown_by(lambda console: show_check(console, check)) == [
        "FAILED   token       refused\ufffd[31m",
        f"{'':20} One.",
        f"{'':20} Two.",
    ]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_at_a_terminal_what_a_check_says_hangs_below_its_beginning(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for variable in ("CI", "TRAVIS"):
        monkeypatch.delenv(variable, raising=False)
    text, remedy = "the token may not delete the caches of it, as far as the API says", "Ask an admin; " * 6 + "or not."
    check = CheckReport(
        check="repository", state=CheckState.FAILED, text=text, remedy=remedy, exit_code=ExitCode.ACCESS
    )
    file = Typing()
    show_check(Console(file=file, width=width, highlight=False, markup=False, color_system=None), check)
    first, *others = file.getvalue().splitlines()
    assert first.startswith("FAILED   repository  the token")
    assert max(len(line) for line in (first, *others)) <= width
    assert all(line.startswith(" " * 21) and line[21] != " " for line in others)
    assert " ".join([first[21:], *(line.strip() for line in others)]) == f"{text} {remedy}"
