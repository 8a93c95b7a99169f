"""How every command ends: each error with its exit code and sentence."""

from __future__ import annotations

import json
import os

import pytest

from purger.core.errors import AccessError, BrowserError, ExitCode, PurgerError, SiteError
from purger.purge.run import Run
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


def test_the_token_is_taken_out_of_the_environment(command: Command, runs: list[Run]) -> None:
    command("purge", "a/b", "-y")
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
