"""`purger check-log` on files and stdin: the exit code, the words, the JSON, and each way of having no log."""

from __future__ import annotations

import io
import json
import sys
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from purger.report.build import run_report
from purger.report.json_document import to_json
from purger.travis.addresses import Site
from tests.report.samples import cache_report, repository_of
from tests.support.command_line import Command
from tests.travis.job_log.corpus import LOGS, NEW, NEWER

pytestmark = pytest.mark.cli


@pytest.mark.parametrize(
    ("name", "code", "first_line"),
    [
        ("new_own.log", 1, f"fetched main/{NEWER}, its own branch's cache."),
        ("new_target.log", 1, f"fetched develop/{NEWER}, the target branch's cache."),
        ("new_default.log", 1, f"fetched main/{NEW}, the default branch's cache."),
        ("quoted.md", 0, "the job started clean."),
        ("api_parts.json", 0, "the job started clean."),
        ("glued_markers.txt", 1, "the job fetched"),
        ("rubbish.log", 1, "the job fetched"),
        ("new_clean.log", 0, "the job started clean."),
        ("workspace_only.log", 0, "the job uses no cache."),
    ],
)
def test_the_first_line_and_the_exit_code_say_what_was_fetched(
    command: Command, name: str, code: int, first_line: str
) -> None:
    ended = command("check-log", str(LOGS / name))
    assert ended.code == code, ended.err
    assert first_line in ended.out.splitlines()[0]
    assert ended.err == ""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("missing.log", "no file is called 'missing.log', and it is no job's number or URL"),
        (".", "There is no log that can be read: Is a directory"),
        (str(LOGS / "empty.txt"), "This is empty"),
        (str(LOGS / "talk.txt"), "This is not a log of a Travis CI job"),
        (str(LOGS / "sign_in.html"), "This is not a log of a Travis CI job"),
        ("https://elsewhere.org/github/a/b/jobs/5", "is not on https://app.travis-ci.com"),
    ],
)
def test_a_source_without_a_log_is_bad_input(command: Command, source: str, said: str) -> None:
    ended = command("check-log", source)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    report = json.loads(command("check-log", source, "--json").out)
    assert (report["ok"], report["exit_code"]) == (False, 2)


def test_a_log_that_does_not_tell_ends_with_its_own_code(command: Command) -> None:
    ended = command("check-log", str(LOGS / "cut_in_fetching.log"))
    assert ended.code == 6
    assert "ends before it tells whether a cache was fetched" in ended.out.splitlines()[0]
    assert "no answer" in ended.out
    document = json.loads(command("check-log", str(LOGS / "cut_in_fetching.log"), "--json").out)
    assert (document["ok"], document["exit_code"], document["cache_use"]) == (False, 6, "unknown")
    assert [fetch["found"] for fetch in document["asked"]] == [None]


def test_a_person_at_a_terminal_is_told_how_to_give_a_log(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO((LOGS / "new_own.log").read_bytes()))
    monkeypatch.setattr(stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", stdin)
    ended = command("check-log", "-", "--json")
    assert (ended.code, ended.err) == (1, "Paste the log, then press Enter and Ctrl-D.\n")
    assert json.loads(ended.out)["source"] == "stdin"


def test_a_log_on_stdin_is_read(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((LOGS / "new_own.log").read_bytes())))
    ended = command("check-log", "-")
    assert ended.code == 1
    assert ended.out.startswith("stdin: the job fetched")


def test_a_file_wins_over_a_job_of_that_number(command: Command) -> None:
    Path("123").write_bytes((LOGS / "new_clean.log").read_bytes())
    assert command("check-log", "123").code == 0


def test_a_log_of_a_job_needs_a_token(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAVIS_TOKEN")
    ended = command("check-log", "123")
    assert ended.code == 3
    assert "no token" in ended.err


def test_the_json_has_what_was_asked_fetched_and_stored(command: Command) -> None:
    ended = command("check-log", str(LOGS / "new_target.log"), "--json")
    document = json.loads(ended.out)
    assert (document["schema"], document["ok"], document["exit_code"], document["error"], document["job"]) == (
        1,
        False,
        1,
        None,
        None,
    )
    assert [(each["branch"], each["source"], each["found"]) for each in document["asked"]] == [
        ("PR.12", "own", False), ("PR.12", "own", False), ("develop", "target", True),
    ]  # fmt: skip
    (fetched,) = document["fetched"]
    assert (fetched["archive"], fetched["at"]) == (NEWER, "2020-12-06T01:53:20Z")
    assert [each["succeeded"] for each in document["stored"]] == [True]


def test_symptoms_are_named_with_what_to_do(command: Command) -> None:
    out = command("check-log", str(LOGS / "version_conflict.log")).out
    assert "A known symptom: pkg_resources.VersionConflict" in out
    assert "Purge the caches, then restart the job." in out
    assert "No cache is to blame" not in out
    assert "No cache is to blame" in command("check-log", str(LOGS / "new_clean.log")).out


def report(outcome: str, gone_at: str | None, branch: str = "main") -> Path:
    cache = cache_report(branch, outcome=outcome, name=NEWER, gone_at=gone_at and datetime.fromisoformat(gone_at))
    made = msgspec.structs.replace(
        run_report([], None, datetime.fromisoformat("2020-12-06T01:00:00Z")),
        finished_at=datetime.fromisoformat("2020-12-06T01:30:00Z"),
        repositories=[repository_of(cache)],
    )
    path = Path("report.json")
    path.write_text(to_json(made))
    return path


@pytest.mark.parametrize(
    ("outcome", "gone_at", "branch", "code", "said"),
    [
        ("deleted", "2020-12-06T01:20:00Z", "main", 1, "it was fetched after that"),
        ("deleted", "2020-12-06T01:55:00Z", "main", 1, "this log is too old to tell"),
        ("recreated", None, "main", 1, "a running job uploaded it again"),
        ("skipped", None, "main", 0, "its outcome was skipped"),
        ("deleted", "2020-12-06T01:20:00Z", "other", 0, "the site did not list it to the purge"),
    ],
)
def test_fetched_archives_are_compared_with_a_report(
    command: Command, outcome: str, gone_at: str | None, branch: str, code: int, said: str
) -> None:
    arguments = ["check-log", str(LOGS / "new_own.log"), "--report", str(report(outcome, gone_at, branch))]
    ended = command(*arguments)
    assert ended.code == code
    assert said in ended.out
    document = json.loads(command(*arguments, "--json").out)
    assert (document["exit_code"], document["fetched"][0]["deleted"]) == (code, bool(code))


def test_a_file_that_is_no_report_is_bad_input(command: Command) -> None:
    ended = command("check-log", str(LOGS / "new_own.log"), "--report", str(LOGS / "string.json"))
    assert ended.code == 2
    assert "the report can't be read" in ended.err.lower()


def test_nothing_of_a_log_reaches_the_terminal_as_a_command(command: Command, tmp_path: Path) -> None:
    text = (LOGS / "new_default.log").read_bytes().replace(b"collected 3 items", b"\x1b]0;owned\x07 \xe2\x80\xae x")
    (tmp_path / "log").write_bytes(text)
    out = command("check-log", "log").out
    assert "\x1b" not in out
    assert "\u202e" not in out


@pytest.mark.parametrize(("page", "meant"), [("jobs/7", (7, False)), ("builds/8", (8, True))])
def test_the_site_is_only_asked_where_there_is_a_job(
    command: Command, monkeypatch: pytest.MonkeyPatch, page: str, meant: tuple[int, bool]
) -> None:
    asked: list[tuple[Site, object]] = []

    async def read(_network: object, site: Site, _token: object, meant: object, _report: object) -> None:
        asked.append((site, meant))
        raise KeyboardInterrupt

    monkeypatch.setattr("purger.jobs.check_log._read_job", read)
    assert command("check-log", f"https://travis.acme.org/o/n/{page}", "--url", "https://travis.acme.org").code == 130
    assert asked == [(Site.at("https://travis.acme.org"), meant)]
