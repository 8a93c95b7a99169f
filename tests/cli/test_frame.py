"""How every command ends: each error with its exit code and sentence."""

from __future__ import annotations

import asyncio
import io
import json
import os
from pathlib import Path

import pytest
from loguru import logger
from rich.console import Console

from purger.cli import frame, question
from purger.cli.log import set_up_logging
from purger.cli.output import Output
from purger.cli.progress import ProgressView
from purger.core.errors import AccessError, BrowserError, ExitCode, PurgerError, SiteError
from purger.purge.run import Run
from purger.report.timeline import Timeline
from tests.report.samples import record, refused
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


def test_the_token_is_taken_out_of_the_environment(command: Command, runs: list[Run]) -> None:
    command("purge", "a/b", "-y")
    assert "TRAVIS_TOKEN" not in os.environ
    assert "token-for-tests" not in repr(runs[0].settings)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["purge", "a/b", "-y"], "Not signed in"),
        (["list", "a/b", "--sort", "::error::%0A::x"], "--sort '::error::%250A::x' is not a choice."),
        (["check-log", "no-such-log"], "There is no such log"),
    ],
)
def test_what_is_refused_early_is_annotated_on_github_actions(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("TRAVIS_TOKEN", "")
    for variables, count in (({"CI": "true"}, 0), ({"GITHUB_ACTIONS": "true"}, 1)):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        lines = [line for line in command(*arguments).err.splitlines() if line.startswith("::")]
        assert len(lines) == count
    assert lines[0].startswith(f"::error title=purger::{said}")
    assert "%0A" in lines[0], "the remedy is in it"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AccessError("no entry", where="https://x", remedy="Knock."), ExitCode.ACCESS),
        (SiteError("no answer"), ExitCode.SITE),
        (BrowserError("no browser"), ExitCode.BROWSER),
    ],
)
@pytest.mark.parametrize("of_run", [True, False])
def test_each_error_has_its_code_and_sentence(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, error: PurgerError, code: ExitCode, of_run: bool
) -> None:
    inner = Run.execute

    async def execute(run: Run) -> None:
        await inner(run)
        if of_run:
            run._error = error
        else:
            run.result().records[0].error = error

    monkeypatch.setattr(Run, "execute", execute)
    ended = command("purge", "a/b", "c/d", "-y", "--json")
    assert ended.code == code
    report = json.loads(ended.out)
    assert report["exit_code"] == code
    assert not report["ok"]
    assert error.what in ended.err.lower()
    shown = report["error"] if of_run else report["repositories"][0]["error"]
    assert shown["message"] == error.what


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (ValueError("odd\nthing"), "ValueError: odd thing"),
        (RecursionError(), "RecursionError"),
        (ExceptionGroup("several", [KeyError("lost"), SiteError("no answer")]), "KeyError: 'lost'"),
    ],
)
def test_what_nobody_knows_is_a_sentence_a_document_and_its_code(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, fault: Exception, words: str, as_json: bool
) -> None:
    inner = Run.execute

    async def execute(run: Run) -> None:
        await inner(run)
        raise fault

    monkeypatch.setattr(Run, "execute", execute)
    ended = command("purge", "a/b", "-y", *(["--json"] if as_json else []))
    assert ended.code == ExitCode.BROWSER
    assert f"error: Purger failed in a way that it does not know: {words}" in ended.err
    assert "Please report this" in ended.err
    assert "Traceback" not in ended.out + ended.err
    if as_json:
        report = json.loads(ended.out)
        assert (report["exit_code"], report["error"]["exit_code"], report["ok"]) == (5, 5, False)
        assert report["repositories"][0]["deleted"] == 2, "what was done is reported"


def test_a_group_of_our_own_errors_is_the_first_of_them(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def execute(_: Run) -> None:
        raise ExceptionGroup("several", [SiteError("no answer"), AccessError("no entry")])

    monkeypatch.setattr(Run, "execute", execute)
    assert command("purge", "a/b", "-y").code == ExitCode.SITE


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("place", ["purger.cli.targets.targets_from", "purger.cli.app.app"])
def test_a_fault_outside_of_a_run_ends_likewise(
    command: Command, monkeypatch: pytest.MonkeyPatch, place: str, as_json: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(place, fail)
    ended = command("purge", "a/b", "-y", *(["--json"] if as_json else []))
    assert ended.code == ExitCode.BROWSER
    assert "ZeroDivisionError: by nought" in ended.err
    assert "Traceback" not in ended.out + ended.err
    if as_json:
        assert json.loads(ended.out)["exit_code"] == ExitCode.BROWSER


def test_the_place_of_the_fault_is_shown_to_who_asks(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def execute(_: Run) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Run, "execute", execute)
    assert "test_frame.py" in command("purge", "a/b", "-y", "-vv").err


async def test_the_question_about_many_repositories_lets_other_work_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer() -> str:
        return "y"

    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(question, "_read_line", answer)
    notes = Console(file=io.StringIO())
    output = Output(json=False, verbosity=0, data=notes, notes=notes)
    records = [record(f"r{number}", left=[refused("main")]) for number in range(30)]
    with ProgressView(notes) as progress:
        hooks = frame._hooks(output, progress, Timeline(), yes=False)
        other = asyncio.create_task(take_turns())
        assert await hooks.confirm(records)
        other.cancel()
    assert turns >= 2 * len(records)


async def test_no_warning_stands_behind_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    written, asked = io.StringIO(), list[str]()

    async def answer() -> str:
        logger.warning("The browser may crash.")
        asked.append(written.getvalue())
        return "y"

    monkeypatch.setattr(question, "_read_line", answer)
    notes = Console(file=written)
    set_up_logging(notes, 0)
    with ProgressView(notes) as progress:
        hooks = frame._hooks(Output(json=False, verbosity=0, data=notes, notes=notes), progress, Timeline(), yes=False)
        assert await hooks.confirm([record("r", left=[refused("main")])])
    assert asked[0].endswith("? [y/N] ")
    assert "The browser may crash." in written.getvalue()


@pytest.mark.parametrize("name", ["html.html_chunks", "markdown.markdown_summary"])
def test_a_fault_in_what_is_kept_for_people_loses_no_result(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(f"purger.report.{name}", fail)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    ended = command("purge", "a/b", "-y", "--json", "--artifacts", "kept")
    assert len(runs) == 1
    assert (ended.code, json.loads(ended.out)["repositories"][0]["deleted"]) == (0, 2)
    assert json.loads(Path("kept/report.json").read_text())["exit_code"] == 0
    assert "warning: Not all was kept that should be: the machine gives purger too little memory" in ended.err
