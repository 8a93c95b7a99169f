"""What came of a command, as a person sees it: what would be deleted, what remains."""

from __future__ import annotations

import io
from dataclasses import replace

import msgspec
import pytest
from rich.console import Console

from purger.cli.results import show_report, show_what_remains
from purger.core.errors import ExitCode, SiteError, StoppedError
from purger.purge.methods import Refusal
from purger.purge.run import Run
from tests.report.samples import cache_report, record, refused, report, repository_of
from tests.support.command_line import Command
from tests.support.consoles import output_on, shown_by

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


def test_what_remains_is_bounded_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purger.cli.results.MOST_ROWS_IN_A_LOG", 2)
    caches = [cache_report(f"branch-{number}", 5, "remaining") for number in range(5)]
    console = Console(file=io.StringIO(), width=200)
    show_what_remains(output_on(console), repository_of(*caches))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert [line.split()[0] for line in lines if line.startswith("branch-")] == ["branch-0", "branch-1"]
    assert lines[-1] == "And 3 caches more: see --json."


def test_of_a_run_that_was_stopped_it_is_said_what_was_done() -> None:
    made = report(record(gone=3, left=[refused("main")]), record("b", gone=0), error=StoppedError("stopped by SIGINT"))
    begun, other = made.repositories
    untouched = msgspec.structs.replace(other, error=begun.error, passes=0)
    stopped = msgspec.structs.replace(made, repositories=[begun, untouched])
    lines = shown_by(lambda console: show_report(output_on(console), stopped, as_table=None))
    assert lines == ["3 of 4 caches of acme/widgets are gone (6.0 MB); 1 failed.", "Stopped by SIGINT."]


def test_of_several_repositories_an_error_names_those_that_it_is_of() -> None:
    records = [record(name) for name in "abcd"]
    for each, error in zip(records, (SiteError("gone", where="/1"), *[SiteError("lost")] * 2), strict=False):
        each.error = error

    def lines(*which: int) -> list[str]:
        made = report(*[records[at] for at in which])
        return shown_by(lambda console: show_report(output_on(console), made, as_table=None))

    shown = [line for line in lines(0, 1, 2, 3) if line.startswith("error: ")]
    assert shown == ["error: acme/a: Gone (/1).", "error: acme/b, acme/c: Lost."]
    assert "error: Gone (/1)." in lines(0)
    assert "error: Lost." in lines(1, 2)
