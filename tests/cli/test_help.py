"""The help of every command fits its width, reads well in a narrow one, and says nothing of Python's types."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
import typer.main

from purger.cli.app import app
from tests.support.command_line import Command

pytestmark = pytest.mark.cli
GROUP: Any = typer.main.get_command(app)
COMMANDS = ["", *GROUP.commands]


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_fits_and_says_everything(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    ended = command(*([name] if name else []), "--help")
    assert (ended.code, ended.err) == (0, "")
    for line in ended.out.splitlines():  # an example is never wrapped, so that it can be copied: it has to fit
        assert len(line) <= columns or columns < 60, line
    assert not re.search(r"<(bool|str|int|list|path)", ended.out)
    assert "[[" not in ended.out
    assert ended.out.startswith("Usage: purger")
    said = " ".join(ended.out.split())
    shown = GROUP.commands[name] if name else GROUP
    for parameter in shown.params:
        if not getattr(parameter, "hidden", False):
            assert (parameter.metavar if parameter.param_type_name == "argument" else parameter.opts[0]) in said
            assert " ".join(parameter.help.split()) in said


@pytest.mark.parametrize("name", GROUP.commands)
def test_every_command_has_examples_that_are_shown_as_they_are_typed(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    examples = command(name, "--help").out.partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
    assert examples
    for line in examples:
        assert re.match(r"  (\w+=\S+ )*purger ", line), line
        assert len(line) <= 60, line


def test_an_option_has_its_value_variable_and_default_beside_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = command("purge", "--help").out
    assert "\nUsage: purger purge [OPTIONS] [REPO]...\n" in f"\n{out}"
    assert re.search(r"\n  --batch-size N +Rows clicked together\.\n +\[PURGER_BATCH_SIZE; default: 100\]\n", out)
    assert re.search(r"\n  -y, --yes +Do not ask before deleting\.  \[PURGER_YES\]\n", out)
    assert out.index("Arguments:") < out.index("Which caches:") < out.index("\nOptions:")


def test_in_a_narrow_terminal_the_text_is_below_the_name(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = command("purge", "--help").out
    assert "\n  --batch-size N\n      Rows clicked together.\n      [PURGER_BATCH_SIZE; default: 100]\n" in out
    assert max(map(len, out.partition("Examples:")[0].splitlines())) <= 40


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["purge", "--json", "--nope"], "No such option: --nope"),
        (["list", "--branch", "main", "--json", "--match"], "Option '--match' requires an argument"),
        (["nope", "--json"], "No such command 'nope'"),
        (["--json", "list", "a/b"], "--json belongs behind the name of the command, as in: purger list --json"),
        (["-b", "main", "list", "--json"], "-b belongs behind the name of the command, as in: purger list -b"),
        (["list", "--nope=https://user:PASSWORD@host.example/", "--json"], "No such option: --nope"),
        (["list", "--token", "PASSWORD", "--json"], "No such option: --token; set a token as TRAVIS_TOKEN, in the"),
        (["--token=PASSWORD", "list", "--json"], "No such option: --token; set a token as TRAVIS_TOKEN, in the"),
        (["list", "TRAVIS_TOKEN=PASSWORD", "--json"], "'TRAVIS_TOKEN=…' does not name a repository"),
    ],
)
def test_a_wrong_argument_is_a_document_too_where_one_is_asked_for(
    command: Command, words: list[str], message: str
) -> None:
    ended = command(*words)
    report = json.loads(ended.out)
    assert (ended.code, report["exit_code"], report["ok"], report["error"]["exit_code"]) == (2, 2, False, 2)
    assert report["error"]["message"].startswith(f"{message[0].lower()}{message[1:]}")
    assert message in ended.err
    assert "PASSWORD" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("option", "offered"),
    [("--jsno", " (Possible options: --json)"), ("--token", ""), ("--quiet", ""), ("--formula", "")],
)
def test_only_options_that_are_alike_are_suggested(command: Command, option: str, offered: str) -> None:
    """Of `--token`, the suggestions were --gone, --json and --kind."""
    line = command("list", option).err.splitlines()[-1]
    assert ("Possible" in line, line.endswith(offered)) == (bool(offered), True)


def test_a_token_that_is_given_to_login_is_not_shown(command: Command) -> None:
    ended = command("login", "PASSWORD", "--print-token")
    assert (ended.code, "PASSWORD" in ended.err) == (2, False)
    assert "purger login takes no argument; set a token as TRAVIS_TOKEN" in ended.err


def test_a_variable_asks_for_a_document_too(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for switch, has_document in (("1", True), ("yes", True), ("0", False), ("", False)):
        monkeypatch.setenv("PURGER_JSON", switch)
        assert bool(command("list", "--nope").out) is has_document


def test_a_wrong_argument_is_one_line_below_the_usage(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    option = f"--no-such-option-{':100:-many' * 40}"
    ended = command("purge", option)
    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith(f"Error: No such option: {option}")
    assert "╭" not in ended.err


@pytest.mark.parametrize("arguments", [[], ["--help"], ["list", "--help"]])
def test_a_help_without_docstrings_is_no_fault(arguments: list[str]) -> None:
    command = [sys.executable, "-OO", "-m", "purger", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0 if arguments else 2, "")
    assert "Options:" in done.stdout
