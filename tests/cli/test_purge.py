"""The command `purge`: its options reach the run, its result is a sentence or one JSON document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from purger.purge.run import Run
from purger.report.artifacts import Artifacts
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


def test_the_result_is_a_sentence_on_stderr(command: Command, runs: list[Run]) -> None:
    ended = command("purge", "acme/widgets", "-y")
    assert ended.code == 0
    assert ended.out == ""
    assert ended.err.splitlines()[-1] == "2 caches of acme/widgets are gone (1.0 MB), rechecked twice, 5 s apart."


def test_the_result_as_json_has_every_count_and_cache(command: Command, runs: list[Run]) -> None:
    ended = command("purge", "acme/widgets", "-y", "--json")
    report = json.loads(ended.out)
    assert report["schema"] == 1
    (repository,) = report["repositories"]
    expected = {
        "repository": "acme/widgets",
        "provider": "github",
        "url": "https://app.travis-ci.com/github/acme/widgets/caches",
        "ok": True,
        "error": None,
        "seen": 2,
        "selected": 2,
        "deleted": 2,
        "remaining": 0,
        "recreated": 0,
        "failed": 0,
        "skipped": 0,
        "bytes_deleted": 1_000_010,
        "verified": True,
    }
    assert repository.items() >= expected.items()
    assert {"passes", "looks", "requests", "seconds", "caches"} <= repository.keys()
    assert {"name", "branch", "kind", "size_bytes", "last_modified", "outcome", "attempts", "how", "reason"} <= (
        repository["caches"][0].keys()
    )


def test_the_options_reach_the_settings(command: Command, runs: list[Run]) -> None:
    options = "--batch-size 5 --max-rate 0 --attempts 2 --recheck-timeout 1m --settle 0 --answer-timeout 2s"
    options += " --page-timeout 3s --timeout 1h -j 2 --slow-mo 50 --browser chrome --allow-third-party"
    assert command("purge", "a/b", "c/d", "-y", *options.split(), "-b", "main", "-b", "f*", "-m", "x").code == 0
    (run,) = runs
    settings, pace = run.settings, run.settings.pace
    assert (pace.batch_size, pace.max_rate, pace.attempts, pace.concurrency) == (5, 0, 2, 2)
    assert (pace.recheck_timeout_s, pace.settle_s, pace.timeout_s) == (60, 0, 3600)
    assert (pace.answer_timeout_s, pace.page_timeout_s) == (2, 3)
    assert (settings.browser.slow_mo_ms, settings.browser.browser) == (50, "chrome")
    assert settings.browser.allow_third_party
    assert run.request.selection.branches == ("main", "f*")
    assert [str(repository) for repository in run.request.repositories] == ["a/b", "c/d"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--batch-size", "-1"], "--batch-size -1 is too small"),
        (["--artifacts", ""], "--artifacts is empty"),
        (["--artifacts", " "], "--artifacts is empty"),
        (["--artifacts", "a-file/folder"], "The artifacts can't be written there"),
        (["--artifacts", "a\0b"], "The artifacts can't be written there"),
    ],
)
def test_bad_input_comes_before_a_missing_token(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    Path("a-file").write_text("")
    monkeypatch.delenv("TRAVIS_TOKEN")
    for arguments in (["purge", "acme/widgets", "-y"], ["retry", "acme/widgets", "1", "-y"]):
        ended = command(*arguments, *options)
        assert (ended.code, runs) == (2, [])
        assert said in ended.err


def test_two_runs_at_once_do_not_share_a_folder(command: Command, runs: list[Run]) -> None:
    with Artifacts(Path("kept")).held():
        ended = command("purge", "acme/widgets", "-y", "--artifacts", "kept")
    assert (ended.code, runs) == (2, [])
    assert ended.err.splitlines()[0] == "error: Another run of purger keeps its artifacts there at this moment (kept)."
