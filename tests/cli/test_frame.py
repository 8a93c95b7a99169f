"""What the commands print and how they end, with the run itself patched away."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from purger.core.errors import AccessError, BrowserError, ExitCode, PurgerError, SiteError
from purger.purge.run import Run
from tests.cli_fixtures import Ended

Purger = Callable[..., Ended]


def test_a_purge_in_words(purger: Purger, runs: list[Run]) -> None:
    ended = purger("purge", "acme/widgets", "-y")
    assert ended.code == 0
    assert ended.out == ""
    assert ended.err.splitlines()[-1] == "2 caches of acme/widgets are gone (1.0 MB), seen on two looks 5 s apart."


def test_a_purge_as_json(purger: Purger, runs: list[Run]) -> None:
    ended = purger("purge", "acme/widgets", "-y", "--json")
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


def test_the_options_reach_the_settings(purger: Purger, runs: list[Run]) -> None:
    options = "--batch-size 5 --max-rate 0 --attempts 2 --recheck-timeout 1m --settle 0 --answer-timeout 2s"
    options += " --page-timeout 3s --timeout 1h -j 2 --slow-mo 50 --browser chrome --allow-third-party"
    assert purger("purge", "a/b", "c/d", "-y", *options.split(), "-b", "main", "-b", "f*", "-m", "x").code == 0
    (run,) = runs
    settings = run.settings
    assert (settings.batch_size, settings.max_rate, settings.attempts, settings.jobs) == (5, 0, 2, 2)
    assert (settings.recheck_timeout_s, settings.settle_s, settings.timeout_s) == (60, 0, 3600)
    assert (settings.answer_timeout_s, settings.page_timeout_s) == (2, 3)
    assert (settings.browser.slow_mo_ms, settings.browser.browser) == (50, "chrome")
    assert settings.browser.allow_third_party
    assert run.selection.branches == ("main", "f*")
    assert [str(repository) for repository in run.repositories] == ["a/b", "c/d"]


def test_a_list_is_a_table_on_stdout(purger: Purger, runs: list[Run]) -> None:
    ended = purger("list", "acme/widgets")
    assert ended.code == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["branch", "kind", "archives", "size", "age"] in lines
    assert any(line[:3] == ["PR.7", "pull-request", "1"] for line in lines)
    assert lines[-1] == ["2", "rows", "2", "1.0", "MB"]
    assert runs[0].dry_run


def test_a_dry_run_tells_what_it_would_do(purger: Purger, runs: list[Run]) -> None:
    ended = purger("purge", "acme/widgets", "--dry-run")
    assert ended.code == 0
    assert "PR.7" in ended.out
    assert "2 caches of acme/widgets would be deleted (1.0 MB). Nothing was touched." in ended.err


def test_the_token_is_taken_out_of_the_environment(purger: Purger, runs: list[Run]) -> None:
    purger("purge", "a/b", "-y")
    assert "TRAVIS_TOKEN" not in os.environ
    assert "token-for-tests" not in repr(runs[0].settings)


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
    purger: Purger, runs: list[Run], monkeypatch: pytest.MonkeyPatch, error: PurgerError, code: ExitCode, of_run: bool
) -> None:
    inner = Run.execute

    async def execute(run: Run) -> None:
        await inner(run)
        if of_run:
            run.error = error
        else:
            run.records[0].error = error

    monkeypatch.setattr(Run, "execute", execute)
    ended = purger("purge", "a/b", "c/d", "-y", "--json")
    assert ended.code == code
    report = json.loads(ended.out)
    assert report["exit_code"] == code
    assert not report["ok"]
    assert error.what in ended.err.lower()
    told = report["error"] if of_run else report["repositories"][0]["error"]
    assert told["message"] == error.what


def test_what_remains_is_shown_with_its_reason(
    purger: Purger, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def execute(run: Run) -> None:
        run.dry_run = True
        await inner(run)
        run.dry_run = False
        run.records[0].ledger.refused(run.records[0].ledger.entries, "answered 500: oh [red]no")

    inner = Run.execute
    monkeypatch.setattr(Run, "execute", execute)
    ended = purger("purge", "a/b", "-y")
    assert ended.code == ExitCode.REMAINS
    assert "answered 500: oh [red]no" in ended.err
    assert ended.err.splitlines()[-1] == "0 of 2 caches of a/b are gone (0 Bytes); 2 failed."
