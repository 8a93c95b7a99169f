"""Each event is a log line or, on a terminal, a step of a bar; and no bar appears where nobody watches."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Iterator

import pytest
from loguru import logger
from rich.console import Console

from purger.cli.progress import ProgressView, log_event
from purger.core import events
from tests.support.browser import environment
from tests.support.terminals import at_terminal

pytestmark = pytest.mark.cli

R = "acme/widgets"
COURSE = [
    events.Surveyed(R, 5, 5, 10),
    events.PassStarted(R, 1, 5, 5),
    events.BatchClicked(R, 5, 4, 0),
    events.Waiting(R, 5.0, "a recheck"),
    events.PageLoaded(R, 2, 0, 0, 5),
]


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The lines that are logged."""
    monkeypatch.setenv("TERM", "xterm")
    logged: list[str] = []
    logger.remove()
    number = logger.add(lambda message: logged.append(message.rstrip()), format="{level}: {message}", level="TRACE")
    yield logged
    logger.remove(number)


def view(file: io.StringIO, *, is_terminal: bool) -> ProgressView:
    return ProgressView(Console(file=file, force_terminal=is_terminal, width=200))


def test_a_log_has_a_line_for_each_event_and_no_bar(lines: list[str]) -> None:
    written = io.StringIO()
    with view(written, is_terminal=False) as shown:
        for event in COURSE:
            shown.see(event)
    assert [line.partition(": acme/widgets: ")[2].partition(" ")[0] for line in lines] == [
        "5", "pass", "5", "waiting", "load",
    ]  # fmt: skip
    assert written.getvalue() == ""


def test_a_terminal_has_a_bar_in_place_of_the_lines_that_it_shows(lines: list[str]) -> None:
    written = Terminal()
    with view(written, is_terminal=True) as shown:
        for event in COURSE:
            shown.see(event)
        assert shown._progress
        (bar,) = shown._progress.tasks
        assert (bar.completed, bar.total, bar.fields["doing"]) == (5, 5, "rechecking")
        shown.see(events.Waiting("", 5.0, "the budget"))
    assert [line.partition(" ")[0] for line in lines] == ["INFO:", "INFO:", "INFO:"]
    assert lines[-1] == "INFO: Waiting 5 s: the budget", "it is of no repository that has a bar"
    assert "acme/widgets" in written.getvalue()


@pytest.mark.parametrize("variable", ["CI", "TRAVIS"])
def test_a_ci_with_a_terminal_has_no_bar(lines: list[str], monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "true")
    written = Terminal()
    with view(written, is_terminal=True) as shown:
        for event in COURSE:
            shown.see(event)
    assert (len(lines), written.getvalue()) == (len(COURSE), "")


def test_a_new_attempt_starts_with_a_new_bar(lines: list[str]) -> None:
    shown = view(Terminal(), is_terminal=True)
    shown.see(events.Surveyed(R, 5, 5, 10))
    shown.see(events.AttemptStarted(R, 2, 3, 1))
    assert shown._progress
    assert shown._progress.tasks == []
    shown.see(events.Surveyed(R, 2, 2, 10))
    assert [task.total for task in shown._progress.tasks] == [2]


def test_an_event_is_logged_with_its_repository_at_its_level(lines: list[str]) -> None:
    log_event(events.Warned(R, "Something is odd."))
    log_event(events.SignedIn("", "octavia"))
    assert lines == ["WARNING: acme/widgets: Something is odd.", "INFO: Signed in as octavia"]


def test_while_a_full_list_hides_some_the_bar_has_no_total(lines: list[str]) -> None:
    shown = view(Terminal(), is_terminal=True)
    course: list[tuple[events.Event, float, float | None]] = [
        (events.Surveyed(R, 1000, 1000, 10, complete=False), 0, None),
        (events.BatchClicked(R, 900, 900, 0), 900, None),
        (events.PageLoaded(R, 1, 500, 0, 1000), 1000, 1500),
        (events.BatchClicked(R, 500, 500, 0), 1500, 1500),
        (events.PageLoaded(R, 2, 0, 0, 1500), 1500, 1500),
    ]
    for event, completed, total in course:
        shown.see(event)
        assert shown._progress
        (bar,) = shown._progress.tasks
        assert (bar.completed, bar.total) == (completed, total)


def test_a_bar_shows_text_of_others_as_it_is(lines: list[str]) -> None:
    odd = ":100: [red]x [bold]"
    written = Terminal()
    with view(written, is_terminal=True) as shown:
        shown.see(events.Surveyed(odd, 5, 5, 10))
        shown.see(events.Waiting(odd, 5.0, odd))
    assert f"{odd} " in written.getvalue()
    assert f"waiting: {odd}" in written.getvalue()


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_a_long_name_is_shortened_in_the_middle_to_a_part_of_the_line(lines: list[str], width: int) -> None:
    written = Terminal()
    with ProgressView(Console(file=written, force_terminal=True, width=width, color_system=None)) as shown:
        shown.see(events.Surveyed(f"acme/{'x' * 100}-the-end", 5, 5, 10))
    (name,) = {word for word in written.getvalue().split() if "…" in word}
    assert name.startswith("ac")
    assert name.endswith("end")
    assert "0/5" in written.getvalue()


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_dumb_terminal_has_lines_and_no_bar(lines: list[str], monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("TERM", term)
    written = Terminal()
    with view(written, is_terminal=True) as shown:
        for event in COURSE:
            shown.see(event)
    assert (len(lines), written.getvalue()) == (len(COURSE), "")


@pytest.mark.parametrize(
    ("width", "most"), [(60, "waiting: 12 caches still…"), (80, "although the…"), (120, "although the…")]
)
def test_what_is_done_has_the_room_that_is_left_and_is_cut_at_its_end(lines: list[str], width: int, most: str) -> None:
    written = Terminal()
    why = "12 caches still listed, although the deletion was accepted"
    with ProgressView(Console(file=written, force_terminal=True, width=width, color_system=None)) as shown:
        shown.see(events.Surveyed(R, 120, 120, 10**6))
        shown.see(events.BatchClicked(R, 120, 120, 0))
        shown.see(events.Waiting(R, 5.0, why))
        assert shown._progress
        (bar,) = shown._progress.tasks
        assert bar.fields["doing"].endswith(most)
        assert f"waiting: {why}".startswith(bar.fields["doing"].removesuffix("…"))
    drawn = [line for line in written.getvalue().replace("\r", "\n").splitlines() if "waiting" in line]
    assert drawn
    assert all(most in line for line in drawn), "the terminal has cut or folded it"


def test_a_second_signal_shows_the_cursor_that_the_bars_hide() -> None:
    program = """if True:
        import asyncio, os, signal
        from purger.cli import console, progress, signals

        async def never_ends():
            while True:
                os.kill(os.getpid(), signal.SIGTERM)
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    pass

        with progress.ProgressView(console.stderr()):
            signals.run_to_the_end(never_ends(), None)
    """
    shown = at_terminal([sys.executable, "-c", program], environ=environment(None, CI="", TERM="xterm"))
    assert shown.code == 128 + signal.SIGTERM, shown.text
    assert shown.text.rfind("\x1b[?25h") > shown.text.rfind("\x1b[?25l") >= 0
