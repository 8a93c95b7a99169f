"""Invalid options, tokens and variables end with a sentence and the exit code before anything starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from purger.cli.options import DeletionOptions, TargetOptions
from purger.core.env_lines import NARROWING
from purger.core.filters import Filters
from purger.core.options import declared
from purger.core.policies import Policies
from purger.purge.run import Run
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["purge", "no-slug", "-y"], 2, "'no-slug' does not name a repository"),
        (["purge", "sourcehut/a/b", "-y"], 2, "'sourcehut'"),
        (["purge", "a/b", "-y", "--batch-size", "0"], 2, "--batch-size 0"),
        (["purge", "a/b", "-y", "--batch-size", "x"], 2, "--batch-size"),
        (["purge", "a/b", "-y", "--attempts", "0"], 2, "--attempts 0"),
        (["purge", "a/b", "-y", "--max-rate", "-1"], 2, "--max-rate -1"),
        (["purge", "a/b", "-y", "--jobs", "0"], 2, "--jobs 0"),
        (["purge", "a/b", "-y", "--slow-mo", "-1"], 2, "--slow-mo -1"),
        (["purge", "a/b", "-y", "--recheck-timeout", "-5s"], 2, "'-5s' is not a duration"),
        (["purge", "a/b", "-y", "--settle", "soon"], 2, "'soon' is not a duration"),
        (["purge", "a/b", "-y", "--older-than", "30"], 2, "'30' is not a duration"),
        (["purge", "a/b", "-y", "--larger-than", "big"], 2, "'big' is not a size"),
        (["purge", "a/b", "-y", "--branch", ""], 2, "--branch is empty"),
        (["purge", "a/b", "-y", "--kind", "tag"], 2, "--kind 'tag' is not a choice"),
        (["purge", "a/b", "-y", "--url", "travis.acme.org"], 2, "'travis.acme.org'"),
        (["purge", "a/b", "-y", "--url", "http://travis.acme.org"], 2, "not encrypted"),
        (["purge", "a/b", "-y", "--keep-open"], 2, "--keep-open without --headed"),
        (["purge", "a/b"], 2, "Add --yes to delete without being asked, or --dry-run to delete nothing."),
        (["retry", "a/b", "12"], 2, "Add --yes to delete without being asked."),
        (["purge", "a/b", "-y", "--larger-than", "5"], 2, "'5' is not a size"),
        (["purge", "a/b", "-y", "--batch-size", f"-{'9' * 400}"], 2, "is too small"),
        (["purge", "a/b", "-y", "--connect", "wss://["], 2, "--connect is not the address"),
        (["purge", "a/b", "-y", "--connect", "ws://a:99999999"], 2, "--connect is not the address"),
        (["purge", "a/b", "-n", "--connect", "ws://a..b/"], 2, "--connect is not the address"),
        (["purge", "a/b", "-n", "--connect", "ftp://a"], 2, "--connect is not the address"),
        (["doctor", "a/b", "--page-timeout", "500ms"], 2, "0.5 s is too small.\nGive 1 s or more."),
        (["doctor", "a/b", "--page-timeout", "90d"], 2, "longer than a week"),
        (["purge", "-y"], 2, "git says: not a git repository"),
        (["purge", "a/b", "-y", "--no-such-option"], 2, "--no-such-option"),
        (["purge", "a/b", "-y", "--brnach", "x"], 2, "--branch"),
        (["purg"], 2, "Did you mean 'purge'?"),
        (["list", "a b"], 2, "'a b'"),
        (["purge", "a/b", "-y", "--newer-than", "30d", "--older-than", "60d"], 2, "No cache is newer than 30 days"),
        (["purge", "a/b", "-y", "--smaller-than", "1MB", "--larger-than", "2MB"], 2, "No cache is smaller than"),
        (["purge", "a/b", "-y", "--keep-newest", "0"], 2, "--keep-newest 0 is too small"),
        (["purge", "a/b", "-y", "--keep-newest", "-1"], 2, "--keep-newest -1 is too small"),
        (["purge", "a/b", "-y", "--keep-newest", "two"], 2, "--keep-newest"),
        (["purge", "a/b", "-y", "--limit", "0"], 2, "--limit 0 is too small"),
        (["list", "a/b", "--limit", "0"], 2, "--limit 0 is too small"),
        (["list", "a/b", "--sort", "date"], 2, "--sort"),
        (["purge", "a/b", "-y", "--largest-first"], 2, "--largest-first has nothing to order"),
        (["purge", "a/b", "-y", "--until-below", "5"], 2, "'5' is not a size"),
        (["purge", "a/b", "-y", "--exclude", ""], 2, "--exclude is empty"),
        (["purge", "a/b", "-y", "--exclude", "*"], 2, "--exclude leaves no branch"),
        (["purge", "a/b", "-y", "-b", "main", "--exclude", "main"], 2, "--exclude leaves no branch"),
        (["retry", "a/b", "12", "-y", "--keep-newest", "0"], 2, "--keep-newest 0 is too small"),
    ],
)
def test_bad_input_is_refused_before_anything_starts(
    command: Command, runs: list[Run], arguments: list[str], code: int, said: str
) -> None:
    ended = command(*arguments)
    assert ended.code == code
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert runs == []


PROPER = [
    ("--kind", "foo", "'foo' is not a choice.", "Give push or pull-request."),
    ("--kind", "pull", "'pull' is not a choice.", "Is pull-request meant? Give push or pull-request."),
    ("--kind", "PUSH", "'PUSH' is not a choice.", "Is push meant? Give push or pull-request."),
    ("--trace", "on-failur", "'on-failur' is not a choice.", "Is on-failure meant? Give off, on-failure or on."),
    ("--batch-size", "x", "'x' is not a whole number.", "Give a whole number, 1 or more."),
    ("--batch-size", "1.5", "'1.5' is not a whole number.", "Give a whole number, 1 or more."),
    ("--batch-size", "-1", "-1 is too small.", "Give 1 or more."),
    ("--limit", "9" * 5000, f"'{'9' * 20}…{'9' * 19}' is not a whole number.", "Give a whole number, 1 or more."),
    ("--slow-mo", "fast", "'fast' is not a number.", "Give a number, 0 or more."),
    ("--older-than", "30", "'30' is not a duration.", "Write a number and a unit: 45m, 12h, 30d or 2w."),
    ("--larger-than", "5", "'5' is not a size.", "Write a number and a unit: 500KB, 100MB or 1.5GB."),
    ("--timeout", "soon", "'soon' is not a duration.", "Write a number and a unit: 45m, 12h, 30d or 2w."),
    ("--settle", "2w", "is longer than a week.", "Give a week (1w) or less."),
    ("--kind", "https://me:pw@host/?a=b", "'https://host/' is not a choice.", "Give push or pull-request."),
]
SWITCHES = ["PURGER_YES", "PURGER_DRY_RUN", "PURGER_HEADED", "PURGER_JSON", "PURGER_WIDE", "PURGER_GONE"]


@pytest.mark.parametrize("by_variable", [False, True], ids=["option", "variable"])
@pytest.mark.parametrize(("option", "value", "what", "remedy"), PROPER)
def test_a_wrong_value_is_named_with_its_option_or_variable_and_what_is_allowed(
    command: Command,
    runs: list[Run],
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    value: str,
    what: str,
    remedy: str,
    by_variable: bool,
) -> None:
    variable = f"PURGER_{option[2:].replace('-', '_').upper()}"
    if by_variable:
        monkeypatch.setenv(variable, value)
    ended = command("purge", "a/b", "-y", *([] if by_variable else [option, value]))
    assert (ended.code, runs) == (2, [])
    assert ended.err.splitlines() == [f"error: {variable if by_variable else option} {what}", remedy]


@pytest.mark.parametrize("variable", SWITCHES)
@pytest.mark.parametrize("in_file", [False, True], ids=["environment", ".env"])
def test_a_switch_that_is_neither_on_nor_off_is_named(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, variable: str, in_file: bool
) -> None:
    if in_file:
        Path(".env").write_text(f"{variable}=nope\n")
    else:
        monkeypatch.setenv(variable, "nope")
    ended = command("purge", "a/b")
    assert (ended.code, runs) == (2, [])
    assert ended.err.splitlines() == [
        f"error: {variable} 'nope' is neither yes nor no{' (.env)' if in_file else ''}.",
        "Give 1, true, yes or on to switch it on; 0, false, no or off to switch it off.",
    ]


@pytest.mark.parametrize(
    ("text", "times"),
    [("true", "1"), (" On ", "1"), ("no", "0"), ("off", "0"), ("", ""), ("0", "0"), ("1", "1"), (" 2 ", " 2 ")],
)
def test_what_is_counted_may_be_a_number_or_on_or_off(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, text: str, times: str
) -> None:
    monkeypatch.setenv("PURGER_VERBOSE", text)
    ended = command("purge", "a/b", "-y")
    assert (ended.code, len(runs)) == (0, 1), ended.err
    assert os.environ["PURGER_VERBOSE"] == times, "what the command line counts"


@pytest.mark.parametrize("text", ["-1", "1.5", "\u0662"])
def test_what_is_counted_is_no_other_number(command: Command, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PURGER_VERBOSE", text)
    ended = command("purge", "a/b", "-y")
    assert (ended.code, f"error: PURGER_VERBOSE '{text}' is neither yes nor no." in ended.err) == (2, True)


@pytest.mark.parametrize("text", ["1", "TRUE", "t", "Yes", "y", " on "])
def test_what_switches_an_option_on(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("PURGER_DRY_RUN", text)
    assert command("purge", "a/b").code == 0
    assert [run.request.dry_run for run in runs] == [True]


def test_wrong_values_are_one_json_document_too(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PURGER_VERBOSE", "much")
    ended = command("purge", "a/b", "-y", "--json")
    assert (ended.code, json.loads(ended.out)["error"]["message"]) == (2, "PURGER_VERBOSE 'much' is neither yes nor no")
    assert "PURGER_VERBOSE" not in os.environ, "the command line would end with words of its own"
    ended = command("list", "a/b", "--sort", "date", "--json")
    assert json.loads(ended.out)["error"]["remedy"] == "Give branch, size, age or name."


@pytest.mark.parametrize(
    ("token", "code", "said"),
    [
        (None, 3, "no token"),
        ("", 3, "empty"),
        ("  ", 3, "empty"),
        ("a b", 2, "white space"),
        ("abc\ndef", 2, "white space"),
        ("a\x1b[31m", 2, "control"),
        ("tökèn", 2, "letters"),
    ],
)
def test_a_token_that_cannot_be_used_is_refused_before_anything_starts(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, token: str | None, code: int, said: str
) -> None:
    monkeypatch.delenv("TRAVIS_TOKEN")
    if token is not None:
        monkeypatch.setenv("TRAVIS_TOKEN", token)
    ended = command("purge", "a/b", "-y")
    assert ended.code == code
    assert said in ended.err
    assert runs == []


def test_an_error_is_one_json_document_too(command: Command) -> None:
    ended = command("purge", "nonsense", "-y", "--json")
    report = json.loads(ended.out)
    assert (report["ok"], report["exit_code"], ended.code) == (False, 2, 2)
    assert "nonsense" in report["error"]["message"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PURGER_BRANCH", "main"), ("PURGER_MATCH", "a"), ("PURGER_KIND", "push"), ("PURGER_OLDER_THAN", "1d"),
        ("PURGER_DRY_RUN", None), ("PURGER_FROM_FILE", "list"), ("PURGER_RESUME", None), ("PURGER_SHARD", "1/1"),
    ],
)  # fmt: skip
def test_what_narrows_a_purge_and_is_empty_in_the_environment_is_not_dropped(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None
) -> None:
    Path("list").write_text("a/b")
    monkeypatch.setenv(variable, "")
    ended = command("purge", "a/b", "-y")
    assert (ended.code, runs) == (2, [])
    assert f"{variable} is empty" in ended.err
    if value:  # an option overrides its variable, whatever that holds
        option = f"--{variable.removeprefix('PURGER_').replace('_', '-').lower()}"
        ended = command("purge", "a/b", "-y", option, value)
        assert (ended.code, len(runs)) == (0, 1), ended.err


def test_the_variable_of_another_tool_is_suggested_too(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PURGER_TOKEN", "s3cret")
    ended = command("purge", "a/b", "-y")
    assert ended.code == 2
    assert ended.err.splitlines() == [
        "error: PURGER_TOKEN is not a variable of purger's.",
        "Is TRAVIS_TOKEN meant? Correct the name, or unset the variable.",
    ]


@pytest.mark.parametrize("variable", ["PURGER_BRNCH", "purger_branch", "PURGE_BRANCH"])
@pytest.mark.parametrize(("name", "code"), [("purge", 2), ("list", 0)])
def test_a_mistyped_variable_is_never_passed_over_by_what_deletes(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, name: str, code: int, variable: str
) -> None:
    monkeypatch.setenv("PURGE_URL", "https://cdn.example")  # of another program
    monkeypatch.setenv(variable, "main")
    ended = command(name, "a/b", *(["-y"] if name == "purge" else []))
    assert (ended.code, len(runs)) == (code, 0 if code else 1)
    assert f"{variable} is not a variable of purger's" in ended.err
    assert "Is PURGER_BRANCH meant?" in ended.err
    assert "PURGE_URL" not in ended.err


@pytest.mark.parametrize(
    ("variable", "text", "meant"),
    [
        ("PURGE_DRY_RUN", "1", "PURGER_DRY_RUN"),
        ("PURGE_SHARD", "1/5", "PURGER_SHARD"),
        ("PURGER-EXCLUDE", "main", "PURGER_EXCLUDE"),
        ("PURGE_KEEP_NEWST", "2", "PURGER_KEEP_NEWEST"),
    ],
)
@pytest.mark.parametrize("command_line", [["purge", "a/b", "-y"], ["retry", "a/b", "5", "-y"]])
def test_all_that_narrows_a_purge_is_missed_where_its_name_is_mistyped(
    command: Command, monkeypatch: pytest.MonkeyPatch, command_line: list[str], variable: str, text: str, meant: str
) -> None:
    monkeypatch.setenv(variable, text)
    ended = command(*command_line)
    assert ended.code == 2
    assert ended.err.splitlines() == [
        f"error: {variable} is not a variable of purger's.",
        f"Is {meant} meant? Correct the name, or unset the variable.",
    ]


def test_what_narrows_a_purge_are_all_options_that_refuse_an_empty_variable() -> None:
    settings = (Filters, Policies, TargetOptions, DeletionOptions)
    options = [option for each in settings for _, option in declared(each) if option.refuse_empty]
    assert {name for option in options for name in option.variables} == NARROWING


@pytest.mark.parametrize("text", ["PURGER_BRANCH main\n", "PURGER_DRY_RUN\n", "PURGER_MATCH: x\n"])
def test_an_env_file_with_a_line_not_understood_is_bad_input(command: Command, runs: list[Run], text: str) -> None:
    Path(".env").write_text(text)
    ended = command("purge", "a/b", "-y")
    assert (ended.code, runs) == (2, [])
    assert ".env can't be read: line 1 (PURGER_" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [["--older-than", "999999999w"], ["--page-timeout", "9999999w"], ["--slow-mo", "nan"], ["--slow-mo", "inf"],
     ["--branch", "\udcff"], ["--settle", "2w"]],
)  # fmt: skip
def test_values_that_no_timer_and_no_name_can_hold_are_bad_input(
    command: Command, runs: list[Run], arguments: list[str]
) -> None:
    ended = command("purge", "a/b", "-y", *arguments)
    assert (ended.code, runs) == (2, [])


@pytest.mark.parametrize("arguments", [["purge"], ["check-log"], ["list", "--from-file"]])
def test_a_token_in_the_wrong_place_is_not_repeated(tmp_path: Path, arguments: list[str]) -> None:
    token = "t0ken-in-the-wrong-place"
    command = [str(Path(sys.executable).with_name("purger")), *arguments, token]
    variables = {name: text for name, text in os.environ.items() if not name.startswith("PURGER_")}
    done = subprocess.run(command, env=variables | {"TRAVIS_TOKEN": token}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "REDACTED" in done.stderr
    assert token not in done.stdout + done.stderr


def test_an_env_file_is_read_and_the_environment_wins(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAVIS_TOKEN")
    monkeypatch.setenv("PURGER_BATCH_SIZE", "7")
    # dotenv sets what is missing: let monkeypatch take it away again.
    monkeypatch.setenv("PURGER_ATTEMPTS", "x")
    monkeypatch.delenv("PURGER_ATTEMPTS")
    Path(".env").write_text("TRAVIS_TOKEN=from-the-file\nPURGER_BATCH_SIZE=50\nPURGER_ATTEMPTS=9\n")
    assert command("purge", "a/b", "-y").code == 0
    assert runs[0].settings.token.reveal() == "from-the-file"
    assert runs[0].settings.pace.batch_size == 7
    assert runs[0].settings.pace.attempts == 9
    monkeypatch.delenv("PURGER_ATTEMPTS")


@pytest.mark.parametrize(
    ("given", "line", "variable"),
    [
        (["--branch", "main"], "PURGER_EXCLUDE=main", "PURGER_EXCLUDE"),
        (["--newer-than", "7d"], "PURGER_OLDER_THAN=30d", "PURGER_OLDER_THAN"),
        (["--larger-than", "1GB"], "PURGER_SMALLER_THAN=1MB", "PURGER_SMALLER_THAN"),
        ([], "PURGER_LARGEST_FIRST=1", "PURGER_LARGEST_FIRST"),
        ([], "PURGER_KEEP_OPEN=yes", "PURGER_KEEP_OPEN"),
        (["--branch", "main", "--exclude", "main"], "PURGER_MATCH=a", None),
        (["--branch", "main", "--exclude", "main"], "PURGER_EXCLUDE=x", None),
    ],
)
def test_of_options_that_contradict_each_other_those_of_variables_are_named(
    command: Command, runs: list[Run], given: list[str], line: str, variable: str | None
) -> None:
    Path(".env").write_text(f"{line}\nPURGER_MAX_RATE=100\n")
    ended = command("purge", "a/b", "-y", *given)
    assert (ended.code, runs) == (2, [])
    named = f"Set as a variable, maybe in .env: {variable}."
    assert (named in ended.err) if variable else ("Set as a variable" not in ended.err)


def test_names_in_a_variable_are_written_without_quotes(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PURGER_EXCLUDE", 'main "release/*"')
    ended = command("purge", "a/b", "-y")
    assert (ended.code, runs) == (2, [])
    assert "PURGER_EXCLUDE holds quotes: its names are split at blanks" in ended.err
    monkeypatch.setenv("PURGER_EXCLUDE", "main it's")
    monkeypatch.setenv("TRAVIS_TOKEN", "token-for-tests")
    assert command("purge", "a/b", "-y", "--branch", "'quoted'").code == 0


@pytest.mark.parametrize("variable", ["PURGER_BRANCH", "PURGER_EXCLUDE"])
def test_a_comment_behind_the_names_of_a_variable_is_not_taken_for_names(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for text in ("main # not dev", "main #dev", "# main"):
        monkeypatch.setenv(variable, text)
        ended = command("purge", "a/b", "-y")
        assert (ended.code, runs) == (2, [])
        assert f"{variable} holds a #, and the words behind it may be a comment or names" in ended.err
    monkeypatch.setenv(variable, "#hash")
    assert command("purge", "a/b", "-y").code == 0
    assert (runs[0].request.selection.branches or runs[0].request.selection.exclude) == ("#hash",)


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\u2028"], ids=ascii)
@pytest.mark.parametrize("variable", ["PURGER_BRANCH", "PURGER_EXCLUDE"])
def test_a_name_in_a_variable_is_not_split_at_a_blank_that_git_allows(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, variable: str, blank: str
) -> None:
    option = f"--{variable.removeprefix('PURGER_').lower()}"
    assert command("purge", "a/b", "-y", option, f"main{blank}old").code == 0
    assert f"main{blank}old" in runs.pop().request.selection.named
    monkeypatch.setenv(variable, f"dev main{blank}old")
    ended = command("purge", "a/b", "-y")
    assert (ended.code, runs) == (2, [])
    assert f"{variable} holds a blank that is no space (U+{ord(blank):04X})" in ended.err


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PURGER_EXCLUDE", "main release/*", "exclude=('main', 'release/*')"),
        ("PURGER_KEEP_NEWEST", "2", "keep_newest=2"),
        ("PURGER_GONE", "1", "gone=True"),
        ("PURGER_UNTIL_BELOW", "5GB", "until_below_bytes=5000000000"),
        ("PURGER_LIMIT", "7", "limit=7"),
        ("PURGER_NEWER_THAN", "2d", "newer_than_s=172800"),
        ("PURGER_SMALLER_THAN", "1KB", "smaller_than_bytes=1000"),
    ],
)
def test_policies_come_from_the_environment_too(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert command("purge", "a/b", "-y").code == 0
    assert expected in repr(runs[0].request.selection)
    monkeypatch.setenv("TRAVIS_TOKEN", "token-for-tests")
    monkeypatch.setenv(variable, "")
    ended = command("purge", "a/b", "-y")
    assert (ended.code, len(runs)) == (2, 1)
    assert f"{variable} is empty" in ended.err
