"""The settings of a run: where its tokens are from, and what the network of a file may not hear."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.purge.run import Run
from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.auth.sessions import Session, Sessions
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


def test_a_token_for_the_host_that_cannot_be_sent_is_refused_where_the_host_is_asked(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "two words")
    for arguments in (["purge", "a/b", "-y"], ["list", "a/b"], ["retry", "a/b", "12", "-y"]):
        monkeypatch.setenv("TRAVIS_TOKEN", "token-for-tests")
        ended = command(*arguments, "--gone")
        assert (ended.code, runs) == (2, [])
        assert "GITHUB_TOKEN contains white space" in ended.err
    monkeypatch.setenv("TRAVIS_TOKEN", "token-for-tests")
    assert command("purge", "a/b", "-y").code == 0


def test_what_the_proxy_of_a_file_may_not_hear_is_refused(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".env").write_text("TRAVIS_TOKEN=token-for-tests\nPURGER_PROXY=http://proxy.example:1\n")
    monkeypatch.delenv("TRAVIS_TOKEN", raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", "host-token-of-tests")
    remote = ["--connect", "ws://a.example:1/secret"]
    for arguments, secret in (
        (["purge", "a/b", "-y", "--gone"], "GITHUB_TOKEN"),
        (["purge", "a/b", "-y", *remote], "--connect"),
        (["doctor", "a/b", *remote], "--connect"),
    ):
        ended = command(*arguments)
        assert (ended.code, runs) == (2, [])
        assert f"PURGER_PROXY in .env decides where {secret} goes" in ended.err
        monkeypatch.delenv("TRAVIS_TOKEN", raising=False)
        monkeypatch.delenv("PURGER_PROXY", raising=False)
    assert command("purge", "a/b", "-y").code == 0


def test_the_token_for_the_host_reaches_the_settings(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "host-token-of-tests")
    assert command("purge", "a/b", "-y", "--gone").code == 0
    monkeypatch.setenv("TRAVIS_TOKEN", "token-for-tests")
    assert command("purge", "a/b", "-y").code == 0
    asked, not_asked = (run.settings.host for run in runs)
    assert asked.token is not None
    assert asked.token.reveal() == "host-token-of-tests"
    assert not_asked.token is None
    assert asked.api_url is not_asked.api_url is None


def test_the_file_of_a_token_is_noted_and_whether_others_can_read_it(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Token from" not in command("list", "a/b").err
    sessions = Sessions(Path("session.json"))
    sessions.save(Site(), Session(Token("signed-in-by-hand"), "octavia"))
    ended = command("list", "a/b", "--session-file", "session.json")
    assert "Token from session.json, the session that `purger login` saved." in ended.err
    assert "chmod" not in ended.err
    sessions.path.chmod(0o644)
    ended = command("list", "a/b", "--session-file", "session.json", "--json")
    assert (
        "warning: session.json holds a token, and others can read it (mode 0644): chmod 600 session.json" in ended.err
    )
    assert "chmod" not in ended.out
