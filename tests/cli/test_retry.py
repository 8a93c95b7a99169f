"""The command `retry` refuses invalid input before anything starts, and passes its options on."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.jobs.retry import Retry
from purger.travis.addresses import Repository
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


@pytest.fixture
def retries(monkeypatch: pytest.MonkeyPatch) -> list[Retry]:
    kept: list[Retry] = []

    async def execute(retry: Retry) -> None:
        kept.append(retry)

    monkeypatch.setattr(Retry, "execute", execute)
    return kept


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a/b"], "'a/b' does not name a job"),
        (["https://app.travis-ci.com/github/a/b/builds/5", "--yes"], "is a build"),
        (["a/b", "x", "--yes"], "'x' does not name a job"),
        (["nonsense", "5", "--yes"], "'nonsense' does not name a repository"),
        (["a/*", "5", "--yes"], "means many repositories"),
        (["a/b", "5"], "Add --yes"),
        (["a/b", "5", "--yes", "--wait", "soon"], "'soon' is not a duration"),
        (["a/b", "5", "--yes", "--retry-attempts", "0"], "--retry-attempts 0 is too small"),
        (["a/b", "5", "--yes", "--start-timeout", "x"], "'x' is not a duration"),
        (["a/b", "5", "--yes", "--job-timeout", "x"], "'x' is not a duration"),
        (["a/b", "https://app.travis-ci.com/github/a/b/builds/5", "--yes"], "is a build"),
    ],
)
def test_bad_input_is_refused_before_any_restart(
    command: Command, retries: list[Retry], arguments: list[str], said: str
) -> None:
    ended = command("retry", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert retries == []


def test_the_options_reach_the_retry(command: Command, retries: list[Retry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PURGER_ATTEMPTS", "9")
    url = "https://app.travis-ci.com/github/a/b/jobs/5"
    command("retry", "a/b", url, "6", "5", "--yes", "--wait", "2m", "--branch", "main", "--job-timeout", "1h")
    (retry,) = retries
    assert retry.request.repository == Repository("github", "a", "b")
    assert list(retry.request.job_ids) == [5, 6]
    assert (retry.retrying.wait_s, retry.retrying.retry_attempts, retry.settings.pace.attempts) == (120, 3, 4)
    assert (retry.retrying.start_timeout_s, retry.retrying.job_timeout_s) == (1800, 3600)
    assert retry.request.selection.branches == ("main",)


@pytest.mark.parametrize(
    ("arguments", "job_ids"),
    [
        (["https://app.travis-ci.com/github/a/b/jobs/5"], [5]),
        (["https://app.travis-ci.com/a/b/jobs/5/config", "https://app.travis-ci.com/github/a/b/jobs/6", "5"], [5, 6]),
        (["https://travis-ci.com/github/a/b/jobs/5", "6"], [5, 6]),
        (["https://app.travis-ci.com/github/a/b/builds/5", "6"], [6]),
        (["https://github.com/a/b", "6"], [6]),
    ],
)
def test_the_url_of_a_job_that_names_the_repository_names_the_job_too(
    command: Command, retries: list[Retry], arguments: list[str], job_ids: list[int]
) -> None:
    command("retry", *arguments, "--yes")
    (retry,) = retries
    assert retry.request.repository == Repository("github", "a", "b")
    assert list(retry.request.job_ids) == job_ids


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PURGER_DRY_RUN", "1"),
        ("PURGER_DRY_RUN", "maybe"),
        ("PURGER_RESUME", "report.json"),
        ("PURGER_SHARD", "1/5"),
        ("PURGER_FROM_FILE", "names.txt"),
    ],
)
@pytest.mark.parametrize("is_in_file", [True, False])
def test_a_variable_that_narrows_a_purge_and_is_no_option_here_is_refused(
    command: Command,
    retries: list[Retry],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    text: str,
    is_in_file: bool,
) -> None:
    if is_in_file:
        Path(".env").write_text(f"{variable}={text}\n")
    else:
        monkeypatch.setenv(variable, text)
    ended = command("retry", "a/b", "5", "--yes")
    assert (ended.code, retries) == (2, [])
    assert f"{variable} is set, and `purger retry` has no such option" in ended.err
    assert f"Unset {variable}, also in .env" in ended.err


@pytest.mark.parametrize(
    ("variable", "text"),
    [("PURGER_DRY_RUN", ""), ("PURGER_DRY_RUN", "No"), ("PURGER_DRY_RUN", "0"), ("PURGER_SHARD", " ")],
)
def test_a_variable_that_narrows_nothing_is_passed_over(
    command: Command, retries: list[Retry], monkeypatch: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    monkeypatch.setenv(variable, text)
    command("retry", "a/b", "5", "--yes")
    assert len(retries) == 1


def test_the_former_name_of_an_option_still_works(
    command: Command, retries: list[Retry], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = command("retry", "a/b", "5", "--yes", "--attempts", "7")
    assert "--attempts of retry is now called --retry-attempts" in ended.err
    assert retries[0].retrying.retry_attempts == 7
    monkeypatch.setenv("TRAVIS_TOKEN", "token-for-tests")
    command("retry", "a/b", "5", "--yes", "--retry-attempts", "2")
    assert retries[1].retrying.retry_attempts == 2
