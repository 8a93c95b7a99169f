"""What a person sees: tables of rows, what remains, checks, and the question before deleting."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import msgspec
import pytest
from rich.console import Console

from purger.cli.console import (
    MOST_ROWS_BEFORE_QUESTION,
    ask,
    show_check,
    show_error,
    show_report,
    show_what_remains,
)
from purger.cli.output import Output
from purger.core.decision import Kept
from purger.core.errors import ExitCode
from purger.purge.methods import Refusal
from purger.purge.run import Run
from purger.report.model import CacheReport, CheckReport, CheckState, ErrorReport, KeptReport
from tests.report.samples import cache_report, report, repository_of
from tests.support.builders import NOW
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


def test_a_dry_run_shows_what_would_be_deleted(command: Command, runs: list[Run]) -> None:
    ended = command("purge", "acme/widgets", "--dry-run")
    assert ended.code == 0
    assert "PR.7" in ended.out
    assert "2 caches of acme/widgets would be deleted (1.0 MB). Nothing was touched." in ended.err


def test_what_remains_is_shown_with_its_reason(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def execute(run: Run) -> None:
        run.request, given = replace(run.request, dry_run=True), run.request
        await inner(run)
        run.request = given
        ledger = run.result().records[0].ledger
        ledger.refuse(ledger.entries, "answered 500: oh [red]no", Refusal.TRANSIENT)

    inner = Run.execute
    monkeypatch.setattr(Run, "execute", execute)
    ended = command("purge", "a/b", "-y")
    assert ended.code == ExitCode.REMAINS
    assert "answered 500: oh [red]no" in ended.err
    assert ended.err.splitlines()[-1] == "0 of 2 caches of a/b are gone (0 Bytes); 2 failed."


def output_on(console: Console) -> Output:
    return Output(json=False, verbosity=0, data=Console(quiet=True), notes=console)


def test_what_remains_is_bounded_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purger.cli.console.MOST_ROWS_IN_A_LOG", 2)
    caches = [cache_report(f"branch-{number}", 5, "remaining") for number in range(5)]
    console = Console(file=io.StringIO(), width=200)
    show_what_remains(output_on(console), repository_of(*caches))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert [line.split()[0] for line in lines if line.startswith("branch-")] == ["branch-0", "branch-1"]
    assert lines[-1] == "And 3 caches more: see --json."


async def answered(monkeypatch: pytest.MonkeyPatch, text: str, *caches: CacheReport) -> tuple[bool, str]:
    """Ask about these caches, with this text typed; return the answer and what was shown."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
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


async def test_the_question_shows_the_rows_their_number_and_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = [cache_report(f"branch-{number}", 10**6, "remaining") for number in range(MOST_ROWS_BEFORE_QUESTION + 1)]
    _, shown = await answered(monkeypatch, "n\n", *caches)
    assert "branch-0 " in shown
    assert f"branch-{MOST_ROWS_BEFORE_QUESTION} " not in shown
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


class Typing(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


def shown_by(show: Callable[[Console], None]) -> list[str]:
    file = io.StringIO()
    show(Console(file=file, width=200, highlight=False, markup=False))
    return [line.rstrip() for line in file.getvalue().splitlines()]


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


def test_branches_of_one_displayed_name_are_one_row_of_the_table() -> None:
    caches = [cache_report("feature/foo", 5, "remaining"), cache_report("bug/foo", 7, "remaining")]
    alone = cache_report("a/bar", 9, "remaining")
    made = msgspec.structs.replace(report(), dry_run=True, repositories=[repository_of(*caches, alone)])
    output = Output(json=False, verbosity=0, data=Console(file=io.StringIO(), width=200), notes=Console(quiet=True))
    show_report(output, made, as_table="rows")
    assert isinstance(output.data.file, io.StringIO)
    rows = [line.split() for line in output.data.file.getvalue().splitlines()]
    assert [row[:5] for row in rows[2:]] == [
        ["foo", "push", "2", "12", "Bytes"], ["a/bar", "push", "1", "9", "Bytes"], ["2", "rows", "3", "21", "Bytes"],
    ]  # fmt: skip
