"""`purger check-log` on files and stdin: the exit code, the words, the JSON, and each way of having no log."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from purger.travis.addresses import Site
from tests.cli_fixtures import Ended
from tests.travis.job_log.corpus import LOGS, NEW, NEWER

Purger = Callable[..., Ended]


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
        ("workspace_only.log", 0, "the job asked for no cache."),
    ],
)
def test_what_a_log_tells(purger: Purger, name: str, code: int, first_line: str) -> None:
    ended = purger("check-log", str(LOGS / name))
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
        (str(LOGS / "page.html"), "This is not a log of a Travis CI job"),
        (str(LOGS / "cut_in_fetching.log"), "ends before it tells whether a cache was fetched"),
        ("https://app.travis-ci.com/github/a/b/builds/5", "is a build"),
        ("https://elsewhere.org/github/a/b/jobs/5", "is not on https://app.travis-ci.com"),
    ],
)
def test_no_log(purger: Purger, source: str, said: str) -> None:
    ended = purger("check-log", source)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    report = json.loads(purger("check-log", source, "--json").out)
    assert (report["ok"], report["exit_code"]) == (False, 2)


def test_stdin(purger: Purger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((LOGS / "new_own.log").read_bytes())))
    ended = purger("check-log", "-")
    assert ended.code == 1
    assert ended.out.startswith("stdin: the job fetched")


def test_a_file_wins_over_a_job_of_that_number(purger: Purger) -> None:
    Path("123").write_bytes((LOGS / "new_clean.log").read_bytes())
    assert purger("check-log", "123").code == 0


def test_a_job_needs_a_token(purger: Purger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAVIS_TOKEN")
    ended = purger("check-log", "123")
    assert ended.code == 3
    assert "no token" in ended.err


def test_json(purger: Purger) -> None:
    ended = purger("check-log", str(LOGS / "new_target.log"), "--json")
    told = json.loads(ended.out)
    assert (told["schema"], told["ok"], told["exit_code"], told["error"], told["job"]) == (1, False, 1, None, None)
    assert [(each["branch"], each["source"], each["found"]) for each in told["asked"]] == [
        ("PR.12", "own", False), ("PR.12", "own", False), ("develop", "target", True),
    ]  # fmt: skip
    (fetched,) = told["fetched"]
    assert (fetched["archive"], fetched["at"]) == (NEWER, "2020-12-06T01:53:20Z")
    assert [each["succeeded"] for each in told["stored"]] == [True]


def test_symptoms_are_named_with_what_to_do(purger: Purger) -> None:
    out = purger("check-log", str(LOGS / "version_conflict.log")).out
    assert "A known symptom: pkg_resources.VersionConflict" in out
    assert "Purge the caches, then restart the job." in out
    assert "not a cache problem" not in out
    assert "not a cache problem" in purger("check-log", str(LOGS / "new_clean.log")).out


def report(outcome: str, gone_at: str | None, branch: str = "main") -> Path:
    cache = {"branch": branch, "name": NEWER, "outcome": outcome, "gone_at": gone_at}
    path = Path("report.json")
    path.write_text(
        json.dumps(
            {
                "schema": 1,
                "started_at": "2020-12-06T01:00:00Z",
                "finished_at": "2020-12-06T01:30:00Z",
                "repositories": [{"repository": "acme/widgets", "caches": [cache]}],
            }
        )
    )
    return path


@pytest.mark.parametrize(
    ("outcome", "gone_at", "branch", "code", "said"),
    [
        ("deleted", "2020-12-06T01:20:00Z", "main", 1, "it was fetched after that"),
        ("deleted", "2020-12-06T01:55:00Z", "main", 1, "this log is too old to tell"),
        ("recreated", None, "main", 1, "a running job uploaded it again"),
        ("skipped", None, "main", 0, "to the purge it was skipped"),
        ("deleted", "2020-12-06T01:20:00Z", "other", 0, "the purge never saw it"),
    ],
)
def test_against_a_report(purger: Purger, outcome: str, gone_at: str | None, branch: str, code: int, said: str) -> None:
    arguments = ["check-log", str(LOGS / "new_own.log"), "--report", str(report(outcome, gone_at, branch))]
    ended = purger(*arguments)
    assert ended.code == code
    assert said in ended.out
    told = json.loads(purger(*arguments, "--json").out)
    assert (told["exit_code"], told["fetched"][0]["deleted"]) == (code, bool(code))


def test_a_report_that_is_none(purger: Purger) -> None:
    ended = purger("check-log", str(LOGS / "new_own.log"), "--report", str(LOGS / "string.json"))
    assert ended.code == 2
    assert "the report can't be read" in ended.err.lower()


def test_nothing_of_a_log_reaches_the_terminal_as_a_command(purger: Purger, tmp_path: Path) -> None:
    text = (LOGS / "new_default.log").read_bytes().replace(b"collected 3 items", b"\x1b]0;owned\x07 \xe2\x80\xae x")
    (tmp_path / "log").write_bytes(text)
    out = purger("check-log", "log").out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_the_site_is_only_asked_where_there_is_a_job(purger: Purger, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Site, int]] = []

    def read(site: Site, _token: object, job_id: int) -> None:
        asked.append((site, job_id))
        raise KeyboardInterrupt

    monkeypatch.setattr("purger.jobs.check_log._read_job", read)
    assert purger("check-log", "https://travis.acme.org/o/n/jobs/7", "--url", "https://travis.acme.org").code == 130
    assert asked == [(Site.at("https://travis.acme.org"), 7)]
