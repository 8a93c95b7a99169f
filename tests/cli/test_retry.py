"""`purger retry` refuses what makes no sense before anything starts, and passes its options on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from purger.jobs.retry import Retry
from purger.travis.addresses import Repository
from tests.cli_fixtures import Ended

Purger = Callable[..., Ended]


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
        (["a/b"], "JOB"),
        (["a/b", "x", "--yes"], "'x' does not name a job"),
        (["nonsense", "5", "--yes"], "'nonsense' does not name a repository"),
        (["a/*", "5", "--yes"], "means many repositories"),
        (["a/b", "5"], "Add --yes"),
        (["a/b", "5", "--yes", "--wait", "soon"], "'soon' is not a duration"),
        (["a/b", "5", "--yes", "--attempts", "0"], "--attempts 0 is too small"),
        (["a/b", "5", "--yes", "--start-timeout", "x"], "'x' is not a duration"),
        (["a/b", "5", "--yes", "--job-timeout", "x"], "'x' is not a duration"),
        (["a/b", "https://app.travis-ci.com/github/a/b/builds/5", "--yes"], "is a build"),
    ],
)
def test_bad_input(purger: Purger, retries: list[Retry], arguments: list[str], said: str) -> None:
    ended = purger("retry", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert retries == []


def test_the_options_arrive(purger: Purger, retries: list[Retry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PURGER_ATTEMPTS", "9")
    url = "https://app.travis-ci.com/github/a/b/jobs/5"
    purger("retry", "a/b", url, "6", "5", "--yes", "--wait", "2m", "--branch", "main", "--job-timeout", "1h")
    (retry,) = retries
    assert retry.repository == Repository("github", "a", "b")
    assert list(retry.job_ids) == [5, 6]
    assert (retry.wait_s, retry.most_attempts, retry.settings.attempts) == (120, 3, 4)
    assert (retry.limits.start_s, retry.limits.run_s) == (1800, 3600)
    assert retry.selection.branches == ("main",)
