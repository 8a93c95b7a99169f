"""Where a command writes, and what it notes on stderr about its token."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.purge.run import Run
from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.auth.sessions import Session, Sessions
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


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
