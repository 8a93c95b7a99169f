"""What is written for a CI: annotations, folds, summary and outputs, in which names of others stay text."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from purger.cli import ci, console
from purger.cli.ci import Ci, CiKind, detect, outputs, write_github_files
from purger.core.errors import AccessError
from purger.core.text import visible
from tests.report.samples import hostile_report, record, refused, report, retried
from tests.support.hostile import names

GITHUB = Ci(CiKind.GITHUB)


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({}, "none"),
        ({"CI": ""}, "none"),
        ({"CI": "false"}, "none"),
        ({"CI": "true"}, "other"),
        ({"CI": "woodpecker"}, "other"),
        ({"CI": "true", "TRAVIS": "true"}, "travis"),
        ({"CI": "true", "GITHUB_ACTIONS": "true"}, "github"),
        ({"TRAVIS_TOKEN": "x"}, "none"),
        ({"TF_BUILD": "True"}, "azure"),
        ({"TEAMCITY_VERSION": "2026.1"}, "teamcity"),
        ({"JENKINS_URL": "https://jenkins.example/", "BUILD_ID": "7"}, "other"),
        ({"JENKINS_URL": "https://jenkins.example/"}, "none"),
        ({"BUILD_ID": "7"}, "none"),
    ],
)
def test_the_ci_is_detected_from_its_variables(environ: dict[str, str], kind: str) -> None:
    assert detect(environ).kind == kind
    assert bool(detect(environ)) == (kind != "none")


def test_annotations_of_a_good_run_and_elsewhere() -> None:
    assert GITHUB.annotations(report()) == []
    assert GITHUB.annotations(report(record(left=[refused("main")]), dry_run=True)) == []
    assert Ci(CiKind.TRAVIS).annotations(hostile_report("x")) == []


def test_annotations_say_what_happened_and_what_to_do() -> None:
    stopped = AccessError("the token was refused", where="https://api", remedy="Get another.")
    one, two = record(left=[refused("main")]), record("gadgets")
    two.warnings.append("something is odd")
    lines = GITHUB.annotations(report(one, two))
    assert lines == [
        "::error title=purger%3A acme/widgets::3 of 4 caches of acme/widgets are gone (6.0 MB); 1 failed.",
        "::warning title=purger%3A acme/gadgets::Something is odd.",
    ]
    assert GITHUB.annotations(retried("passed", "passed")) == ["::warning title=purger%3A acme/widgets::Odd."]
    assert GITHUB.annotations(report(record(left=[refused("main")]), error=stopped)) == [
        "::error title=purger::The token was refused (https://api).%0AGet another."
    ], "an error that stopped the run is reported once"
    for count, last in ((2, "acme/1: left out."), (13, "3 more: see the summary or the report.")):
        of_the_run = msgspec.structs.replace(report(two), warnings=[f"acme/{each}: left out" for each in range(count)])
        former, together = GITHUB.annotations(of_the_run)
        assert former == lines[1]
        assert together.startswith("::warning title=purger::acme/0: left out.%0Aacme/1: left out.")
        assert together.endswith(f"%0A{last}")


def test_no_more_annotations_than_github_shows() -> None:
    records = [record(f"r{number}", left=[refused("main")]) for number in range(30)]
    lines = GITHUB.annotations(report(*records))
    assert len(lines) == ci.MOST_ANNOTATIONS
    assert "21 more" in lines[-1]


def understood(line: str) -> tuple[str, dict[str, str], str] | None:
    """A line as GitHub's runner reads it (actions/runner, ActionCommand.cs)."""
    found = re.fullmatch(r"::(\S+?)(?: (.*?))?::(.*)", line.lstrip(), re.DOTALL)
    if not found:
        return None
    command, properties, text = found.groups()

    def plain(escaped: str, codes: dict[str, str]) -> str:
        for code, character in codes.items():
            escaped = escaped.replace(code, character)
        return escaped

    data_codes = {"%0D": "\r", "%0A": "\n", "%25": "%"}
    property_codes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    pairs = [pair.split("=", 1) for pair in (properties or "").split(",") if "=" in pair]
    return command, {name: plain(text, property_codes) for name, text in pairs}, plain(text, data_codes)


@given(names)
def test_a_name_stays_text_in_annotations(name: str) -> None:
    lines = GITHUB.annotations(hostile_report(name))
    assert all(len(line.splitlines()) == 1 for line in lines)
    read = [understood(line) for line in lines]
    assert [command for command, _, _ in filter(None, read)] == ["error", "warning", "warning"]
    for _, properties, text in filter(None, read):
        assert properties["title"] in {"purger: acme/widgets", "purger"}
        shown = visible(name.strip().rstrip("."))
        assert shown[1:] in text


@given(st.text(alphabet="%0AD25:,=\r\n ab", max_size=30))
def test_workflow_commands_are_escaped_as_the_runner_unescapes(text: str) -> None:
    assert understood(ci._command("error", text, text)) == ("error", {"title": text}, text)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::set-output name=ok::true", ": :set-output name=ok::true"),
        ("  ::stop-commands::x", "    : :stop-commands::x"),
        ("text ##[add-mask]main", "text # #[add-mask]main"),
        ("one\n\t::error::two", "one\n\t : :error::two"),
        ("a::b # [x]", "a::b # [x]"),
    ],
)
def test_a_line_outside_of_folds_is_no_command(line: str, shown: str) -> None:
    assert GITHUB.line(line) == shown
    assert ci.Ci(ci.CiKind.OTHER).line(line) == line


@pytest.mark.parametrize(
    ("variable", "written", "shown"),
    [
        ("TF_BUILD", "a ##vso[task.setvariable variable=ok]no", "a # #vso[task.setvariable variable=ok]no"),
        ("TF_BUILD", "a ##[error]no", "a # #[error]no"),
        ("TEAMCITY_VERSION", "a ##teamcity[buildStop comment='no']", "a # #teamcity[buildStop comment='no']"),
        ("OTHER", "a ##vso[x] ##teamcity[y]", "a ##vso[x] ##teamcity[y]"),
    ],
)
def test_no_output_is_a_command_of_a_ci_that_gets_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, written: str, shown: str
) -> None:
    for name in ("CI", "GITHUB_ACTIONS", "TRAVIS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "True")
    console.stdout().print(written)
    console.stderr().print(Text(written))
    assert capsys.readouterr() == (f"{shown}\n", f"{shown}\n")


@given(names)
def test_a_name_stays_text_in_folds(name: str) -> None:
    start, end = GITHUB.fold(name)
    group, stop = start.split("\n")
    token = stop.removeprefix("::stop-commands::")
    assert understood(group) == ("group", {}, visible(name))
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert end == f"::{token}::\n::endgroup::"
    assert token != GITHUB.fold(name)[0].split("::")[-1]
    start, end = Ci(CiKind.TRAVIS).fold(name)
    mark = re.match(r"travis_fold:start:([\w.-]+)\r\x1b\[0K", start, re.ASCII)
    assert mark
    assert end == f"travis_fold:end:{mark[1]}\r\x1b[0K"
    assert start.removeprefix(mark[0]) == visible(name)
    assert Ci(CiKind.OTHER).fold(name) == ("", "")


def test_the_summary_and_the_outputs_are_appended_to_githubs_files(tmp_path: Path) -> None:
    summary, output = tmp_path / "summary", tmp_path / "output"
    summary.write_text("before\n")
    environ = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
    made = report(record(left=[refused("main")]))
    assert write_github_files(made, environ, Path("artifacts/report.json")) == []
    assert summary.read_text().startswith("before\n\n### ❌ ")
    assert outputs_of(output.read_text()) == {
        "ok": "false",
        "exit_code": "1",
        "deleted": "3",
        "remaining": "1",
        "bytes_deleted": "6000000",
        "report": "artifacts/report.json",
    }
    write_github_files(made, environ)
    assert outputs_of(output.read_text())["report"] == ""
    assert write_github_files(made, {}) == []


def test_github_files_that_cannot_be_written_are_only_noted(tmp_path: Path) -> None:
    environ = {"GITHUB_STEP_SUMMARY": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "no" / "output")}
    problems = write_github_files(report(), environ)
    assert [problem.split(" could")[0] for problem in problems] == [
        "The summary for GitHub Actions",
        "The outputs for GitHub Actions",
    ]


def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (problem,) = write_github_files(report(), {"GITHUB_OUTPUT": str(tmp_path / "pipe")})
    assert "The outputs for GitHub Actions could not be written" in problem


def test_a_summary_for_which_no_room_is_left_is_short(tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    summary.write_text("x" * (ci.MOST_SUMMARY_BYTES - 100))
    write_github_files(report(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.stat().st_size < 1024 * 1024
    assert "are gone" in summary.read_text()
    assert "| repository" not in summary.read_text()


def outputs_of(text: str) -> dict[str, str]:
    """The outputs as GitHub's runner reads them: `name<<mark`, lines, `mark`."""
    read, lines = {}, iter(text.split("\n"))
    for line in lines:
        if line:
            name, mark = line.split("<<", 1)
            value = []
            while (line := next(lines)) != mark:
                value.append(line)
            read[name] = "\n".join(value)
    return read


@given(st.dictionaries(st.sampled_from(["ok", "report"]), st.one_of(names, st.just("ok<<x\ny\nx\nx=y"))))
def test_outputs_hold_any_value(values: dict[str, str]) -> None:
    assert outputs_of(ci.output_lines(values)) == values


def test_outputs_name_nothing_but_numbers_and_our_own_path() -> None:
    assert set(outputs(hostile_report("x\ny"), None).values()) == {"false", "1", "3", "6000000", ""}


def test_outputs_of_a_retry_count_what_all_its_attempts_deleted() -> None:
    made = retried("fetched-deleted", "passed")
    first, last = made.purges
    assert (first.deleted, last.deleted, made.repositories[0].deleted) == (3, 0, 0)
    found = outputs(made, None)
    assert (found["deleted"], found["bytes_deleted"]) == ("3", str(first.bytes_deleted))


def test_what_an_error_quotes_of_a_log_has_lines_of_its_own_in_an_annotation() -> None:
    error = AccessError("refused", remedy="It printed:\n  $ make\n  ::set-output::")
    (line,) = GITHUB.annotations(report(record(), error=error))
    assert line == "::error title=purger::Refused.%0AIt printed:%0A  $ make%0A  ::set-output::"
