"""Single sentences for people: errors, and where artifacts are."""

from __future__ import annotations

import shlex
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

from purger.cli.console import show_artifacts, show_error, show_good_news, stderr, stdout
from purger.core.errors import ExitCode
from purger.report.artifacts import Artifacts
from purger.report.model import ErrorReport
from tests.support.consoles import shown_by

pytestmark = pytest.mark.cli


def test_a_person_who_stops_the_command_makes_no_error() -> None:
    for words, exit_code, shown in (
        ("nothing was deleted: the answer was no", 130, "Nothing was deleted: the answer was no."),
        ("stopped by SIGTERM", 143, "error: Stopped by SIGTERM."),
    ):
        error = ErrorReport(message=words, where=None, remedy=None, exit_code=ExitCode(exit_code))
        assert shown_by(partial(show_error, error=error)) == [shown]


def test_an_error_says_what_where_and_what_to_do() -> None:
    error = ErrorReport(
        message="the token was refused", where="https://api", remedy="Get another.", exit_code=ExitCode.ACCESS
    )
    assert shown_by(lambda console: show_error(console, error)) == [
        "error: The token was refused (https://api).",
        "Get another.",
    ]


@pytest.mark.parametrize(
    ("variables", "is_coloured"),
    [({}, True), ({"CI": "true"}, False), ({"TRAVIS": "true"}, False), ({"CI": "true", "FORCE_COLOR": "1"}, True)],
)
def test_a_ci_whose_job_has_a_terminal_gets_colours_only_where_it_asks_for_them(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], is_coloured: bool
) -> None:
    for name, text in ({"TERM": "xterm"} | variables).items():
        monkeypatch.setenv(name, text)
    for name, make in (("sys.stdout", stdout), ("sys.stderr", stderr)):
        terminal = StringIO()
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr(name, terminal)
        show_good_news(make(), "done")
        assert ("\x1b[" in terminal.getvalue()) is is_coloured, name


def test_artifacts_that_could_not_be_written_are_nowhere(tmp_path: Path) -> None:
    (tmp_path / "report.html").touch()
    assert shown_by(partial(show_artifacts, artifacts=Artifacts(tmp_path), names=["acme/widgets"])) == []


def test_the_command_that_opens_a_trace_can_be_pasted(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "what's kept")
    trace = artifacts.trace("acme/widgets")
    trace.touch()
    artifacts.add(trace)
    *_, line = shown_by(partial(show_artifacts, artifacts=artifacts, names=["acme/widgets"]))
    _, _, command = line.partition(": ")
    assert shlex.split(command) == ["playwright", "show-trace", str(trace)]
