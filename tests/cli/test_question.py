"""The question before deleting: what it shows, and which answer is a yes."""

from __future__ import annotations

import asyncio
import io
import os
import select
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from rich.console import Console

from purger.cli.cache_tables import MOST_ROWS_AT_A_TERMINAL
from purger.cli.question import ask, require_an_answer
from purger.core.decision import Kept
from purger.core.errors import InputError
from purger.report.model import CacheReport, KeptReport
from tests.report.samples import cache_report, repository_of
from tests.support.browser import eventually
from tests.support.builders import NOW
from tests.support.consoles import output_on

pytestmark = pytest.mark.cli


async def answered(monkeypatch: pytest.MonkeyPatch, typed: str | bytes, *caches: CacheReport) -> tuple[bool, str]:
    """Ask about these caches, with this typed; return the answer and what was shown."""
    reader, writer = os.pipe()
    os.write(writer, typed if isinstance(typed, bytes) else typed.encode())
    os.close(writer)
    console = Console(file=io.StringIO(), width=200)
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        answer = await ask(output_on(console), [repository_of(*caches)], NOW)
    assert isinstance(console.file, io.StringIO)
    return answer, console.file.getvalue()


@pytest.mark.parametrize(
    ("typed", "is_yes"),
    [("y\n", True), ("YES \n", True), ("n\n", False), ("\n", False), ("", False), ("yep\n", False), ("no, y\n", False)],
)
async def test_only_a_clear_yes_is_one(monkeypatch: pytest.MonkeyPatch, typed: str, is_yes: bool) -> None:
    answer, _ = await answered(monkeypatch, typed, cache_report("main", outcome="remaining"))
    assert answer is is_yes


@pytest.mark.parametrize("typed", [b"y", b"j\xe4\n", b"y\xe4\n"])
async def test_half_a_line_and_bytes_that_are_no_text_are_no_yes(monkeypatch: pytest.MonkeyPatch, typed: bytes) -> None:
    """Ctrl-D after `y` gives the line without its end."""
    answer, _ = await answered(monkeypatch, typed, cache_report("main", outcome="remaining"))
    assert not answer


class Typed:
    """The stdin of a person who types in parts; whoever reads a line of it at once would block."""

    def __init__(self, descriptor: int) -> None:
        self.fileno = lambda: descriptor
        self.isatty = lambda: os.isatty(descriptor)


async def test_a_line_without_its_end_is_waited_for_by_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-D gives it: else neither a signal nor the end of the time would end the waiting."""
    reader, writer = os.pipe()
    monkeypatch.setattr(sys, "stdin", Typed(reader))
    asked = asyncio.create_task(ask(output_on(Console(file=io.StringIO())), [repository_of()], NOW))
    os.write(writer, b"y")
    await eventually(lambda: not select.select([reader], [], [], 0)[0])
    os.write(writer, b"es\n")
    assert await asked
    os.close(reader)
    os.close(writer)


async def test_what_was_typed_before_the_question_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard, terminal = os.openpty()
    monkeypatch.setattr(sys, "stdin", Typed(terminal))
    shown = io.StringIO()
    os.write(keyboard, b"y\n")
    select.select([terminal], [], [])
    asked = asyncio.create_task(ask(output_on(Console(file=shown)), [repository_of()], NOW))
    await eventually(lambda: "[y/N] " in shown.getvalue())
    os.write(keyboard, b"n\n")
    assert not await asked
    os.close(keyboard)
    os.close(terminal)


async def test_the_question_shows_the_rows_their_number_and_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = [cache_report(f"branch-{number}", 10**6, "remaining") for number in range(MOST_ROWS_AT_A_TERMINAL + 1)]
    _, shown = await answered(monkeypatch, "n\n", *caches)
    assert "branch-0 " in shown
    assert f"branch-{MOST_ROWS_AT_A_TERMINAL} " not in shown
    assert "And 1 row more." in shown
    assert shown.endswith("Delete 21 caches (21.0 MB) of acme/widgets? [y/N] ")


async def test_where_nothing_is_selected_the_question_does_not_speak_of_deleting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, shown = await answered(monkeypatch, "n\n")
    assert shown.endswith("No listed cache of acme/widgets is selected. Go on? [y/N] ")


async def test_the_question_says_that_more_may_be_deleted_than_is_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"n\n")
    os.close(writer)
    console = Console(file=io.StringIO(), width=200)
    caches = [cache_report(f"branch-{number}", 10**6, "remaining") for number in range(3)]
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert not await ask(output_on(console), [repository_of(*caches, complete=False)], NOW)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "There may be more: the site lists no more at once." in shown
    assert shown.endswith("Delete at least 3 caches (3.0 MB) of acme/widgets? [y/N] ")


async def test_the_question_says_what_is_kept_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [
        KeptReport(kept=Kept.NEWEST, reason=Kept.NEWEST.of_many, caches=12, size_bytes=14 * 10**8),
        KeptReport(kept=Kept.LIMIT, reason=Kept.LIMIT.of_one, caches=1, size_bytes=10),
    ]
    reader, writer = os.pipe()
    os.write(writer, b"n\n")
    os.close(writer)
    console = Console(file=io.StringIO(), width=200)
    of = repository_of(cache_report("main", outcome="remaining"), kept=kept, decided=True, complete=False)
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert not await ask(output_on(console), [of], NOW)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[-4:-1] == [
        "acme/widgets keeps 12 caches, 1.4 GB: newest of their branch.",
        "acme/widgets keeps 1 cache, 10 Bytes: beyond the limit of the run.",
        "There may be more: the site lists no more at once. It is kept.",
    ]


@pytest.mark.parametrize(
    ("is_terminal", "errors_go_to", "why"),
    [
        (True, "terminal", None),
        (True, "pipe", None),
        (True, "terminal of a CI", "nobody is here to answer the question before deleting: this is CI"),
        (True, "file", "nobody is here to see the question before deleting: stderr is no terminal or pipe"),
        (True, os.devnull, "nobody is here to see the question before deleting: stderr is no terminal or pipe"),
        (False, "terminal", "nobody is here to answer the question before deleting: stdin is no terminal"),
        (False, "file", "nobody is here to answer the question before deleting: stdin is no terminal"),
    ],
)
def test_a_question_needs_who_sees_and_answers_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_terminal: bool, errors_go_to: str, why: str | None
) -> None:
    """Travis CI and CircleCI give their jobs a terminal, at which a purge without `--yes` waited for an answer."""
    for variable in ("CI", "TRAVIS", "GITHUB_ACTIONS"):
        monkeypatch.delenv(variable, raising=False)
    if errors_go_to == "terminal of a CI":
        monkeypatch.setenv("CI", "true")
    leader, follower = os.openpty()
    ends = [leader, follower, *os.pipe()]
    number = ends[-1] if errors_go_to == "pipe" else follower if errors_go_to.startswith("terminal") else None
    with open(tmp_path / errors_go_to if number is None else number, "w", closefd=number is None) as errors:
        monkeypatch.setattr("sys.stdin.isatty", lambda: is_terminal, raising=False)
        monkeypatch.setattr("sys.stderr", errors)
        require_an_answer(yes=True)
        with nullcontext() if why is None else pytest.raises(InputError, match=f"^{why}$") as caught:
            require_an_answer(yes=False, instead=", or --dry-run")
    for end in ends:
        os.close(end)
    assert caught is None or caught.value.remedy == "Add --yes to delete without being asked, or --dry-run."
