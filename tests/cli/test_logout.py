"""The command `logout` forgets the session of one site and leaves the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.auth.sessions import Session, Sessions
from tests.support.command_line import Command

pytestmark = pytest.mark.cli

ACME = Site.at("https://travis.acme.org")


def test_the_session_of_the_site_is_forgotten_and_no_other(command: Command) -> None:
    sessions = Sessions(Path("session.json"))
    for site in (Site(), ACME):
        sessions.save(site, Session(Token("signed-in-by-hand"), "octavia"))
    ended = command("logout", "--session-file", "session.json")
    assert (ended.code, ended.out) == (0, "")
    assert "The session is forgotten: https://app.travis-ci.com, in session.json." in ended.err
    assert sessions.forget(Site()) is False
    assert sessions.forget(ACME) is True


def test_where_there_is_no_session_the_command_says_so(command: Command) -> None:
    ended = command("logout", "--session-file", "missing.json")
    assert (ended.code, ended.out) == (0, "")
    assert "There is no session to forget" in ended.err
    assert not Path("missing.json").exists()


@pytest.mark.parametrize(
    ("token", "said"),
    [("a-token", "Note that the token from TRAVIS_TOKEN still signs in."), ("", None), ("two words", None)],
)
def test_who_is_still_signed_in_by_another_token_is_told(
    command: Command, monkeypatch: pytest.MonkeyPatch, token: str, said: str | None
) -> None:
    monkeypatch.setenv("TRAVIS_TOKEN", token)
    ended = command("logout")
    assert (ended.code, "There is no session to forget" in ended.err) == (0, True)
    assert ended.err.splitlines()[-1] == said if said else "Note" not in ended.err


def test_a_file_that_is_no_session_file_is_left_alone(command: Command) -> None:
    Path("broken.json").write_text("{")
    assert command("logout", "--session-file", "broken.json").code == 2
    assert Path("broken.json").read_text() == "{"


def test_the_file_of_a_folder_does_not_name_the_file_that_is_removed(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = Sessions(Path("elsewhere.json"))
    sessions.save(Site(), Session(Token("signed-in-by-hand"), "octavia"))
    monkeypatch.delenv("TRAVIS_TOKEN")
    Path(".env").write_text("TRAVIS_TOKEN=of-the-file\nPURGER_SESSION_FILE=elsewhere.json\n")
    ended = command("logout")
    assert (ended.code, ended.out) == (2, "")
    assert "PURGER_SESSION_FILE in .env decides in which file a session is removed" in ended.err
    assert sessions.find(Site())
    assert command("logout", "--session-file", "elsewhere.json").code == 0
    assert not sessions.path.exists()
