"""The command `login`: who is asked, what is noted on stderr, and where the token is never shown."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from purger.purge.run import Run
from purger.secrets.token import Token
from purger.travis.auth.manual_sign_in import ManualSignIn
from purger.travis.auth.sessions import Session
from tests.support.command_line import Command

pytestmark = pytest.mark.cli

ACME = ("--url", "https://travis.acme.org")


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> list[ManualSignIn]:
    """Somebody at a desk, who has signed in as soon as a window would open."""
    seen: list[ManualSignIn] = []

    async def run(signing_in: ManualSignIn) -> Session:
        seen.append(signing_in)
        return Session(Token("signed-in-by-hand"), "octavia")

    monkeypatch.setattr(ManualSignIn, "run", run)
    monkeypatch.setattr("purger.browser.find.has_display", lambda: True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.delenv("TRAVIS_TOKEN")
    return seen


@contextmanager
def stdout_file(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> Iterator[Path]:
    """A file that takes what `--print-token` writes past Python's own stream."""
    path = Path("stdout")
    with path.open("w") as file:
        monkeypatch.setattr("sys.stdout.fileno", file.fileno)
        monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
        yield path


def test_login_keeps_a_session_that_the_next_command_uses(
    command: Command, person: list[ManualSignIn], runs: list[Run], tmp_path: Path
) -> None:
    ended = command("login", *ACME)
    path = tmp_path / ".config/purger/session.json"
    assert ended.code == 0, ended.err
    assert ended.out == ""
    assert "Signed in to https://travis.acme.org as octavia." in ended.err
    assert str(path) in ended.err
    assert path.stat().st_mode & 0o777 == 0o600
    assert command("list", "a/b", *ACME).code == 0
    assert runs[0].settings.token.reveal() == "signed-in-by-hand"
    assert command("list", "a/b").code == 3, "another site's session is none"
    assert "The session is forgotten" in command("logout", *ACME).err
    gone = command("logout", *ACME)
    assert (gone.code, "no session to forget" in gone.err) == (0, True)
    assert command("list", "a/b", *ACME).code == 3


def test_a_session_file_can_be_chosen_by_option_and_variable(
    command: Command, person: list[ManualSignIn], runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("login", "--session-file", "mine.json").code == 0
    assert command("list", "a/b").code == 3
    monkeypatch.setenv("PURGER_SESSION_FILE", "mine.json")
    ended = command("list", "a/b")
    assert (ended.code, "Token from mine.json" in ended.err) == (0, True)


def test_the_home_folder_is_meant_also_behind_an_equals_sign(
    command: Command, person: list[ManualSignIn], tmp_path: Path
) -> None:
    """No shell replaces `~` there: the token was written to a folder of that name in the current one."""
    assert command("login", "--session-file=~/mine.json").code == 0
    assert (tmp_path / "mine.json").stat().st_mode & 0o777 == 0o600
    assert not Path("~").exists()


def test_login_notes_the_token_that_comes_before_the_session(
    command: Command, person: list[ManualSignIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAVIS_TOKEN", "a-token-that-is-set")
    assert "the token from TRAVIS_TOKEN comes first" in command("login").err


@pytest.mark.parametrize(
    ("is_terminal", "variables", "has_display", "code", "said"),
    [
        (False, {}, True, 2, "stdin is no terminal"),
        (True, {"CI": "true"}, True, 2, "this is CI"),
        (True, {"TRAVIS": "true"}, True, 2, "this is CI"),
        (True, {"GITHUB_ACTIONS": "true"}, True, 2, "this is CI"),
        (True, {}, False, 5, "no display"),
    ],
)
def test_where_nobody_can_sign_in_nobody_is_asked(
    command: Command,
    person: list[ManualSignIn],
    monkeypatch: pytest.MonkeyPatch,
    is_terminal: bool,
    variables: dict[str, str],
    has_display: bool,
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: is_terminal, raising=False)
    monkeypatch.setattr("purger.browser.find.has_display", lambda: has_display)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    ended = command("login")
    assert (ended.code, person) == (code, [])
    assert said in ended.err
    assert "TRAVIS_TOKEN" in ended.err, "the alternative"


def test_print_token_writes_the_token_and_nothing_else(
    command: Command, person: list[ManualSignIn], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with stdout_file(monkeypatch, is_terminal=False) as written:
        ended = command("login", "--print-token")
    assert ended.code == 0, ended.err
    assert written.read_text() == "signed-in-by-hand"
    assert ended.out == ""
    assert "signed-in-by-hand" not in ended.err
    assert not (tmp_path / ".config/purger").exists(), "it is kept nowhere"


def test_print_token_shows_nothing_on_a_terminal(
    command: Command, person: list[ManualSignIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    with stdout_file(monkeypatch, is_terminal=True) as written:
        ended = command("login", "--print-token")
    assert (ended.code, person, written.read_text()) == (2, [], "")
    assert "--print-token |" in ended.err


def test_a_session_that_cannot_be_kept_is_an_error_before_anybody_signs_in(
    command: Command, person: list[ManualSignIn], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    ended = command("login", "--session-file", "file/session.json")
    assert (ended.code, person) == (2, [])
    (tmp_path / "broken.json").write_text("{")
    assert command("login", "--session-file", "broken.json").code == 2
    assert command("logout", "--session-file", "broken.json").code == 2
    assert person == []


def test_an_env_file_that_can_not_be_read_is_bad_input(command: Command, runs: list[Run]) -> None:
    Path(".env").write_bytes(b"TRAVIS_TOKEN=\xff\xfe")
    ended = command("list", "a/b")
    assert (ended.code, runs) == (2, [])
    assert "line 1 (TRAVIS_TOKEN) holds a character that can't be shown" in ended.err


def test_a_crash_shows_no_token() -> None:
    crash = (
        "import sys; sys.argv = ['purger', 'list', 'a/b']\n"
        "from purger import __main__\n"
        "from purger.purge import run\n"
        "async def execute(self): raise RuntimeError(f'authorization: token {self.settings.token.reveal()}')\n"
        "run.Run.execute = execute\n"
        "__main__.main()\n"
    )
    environment = {"PATH": os.environ["PATH"], "TRAVIS_TOKEN": "s3cret/sentinel+token", "COLUMNS": "40"}
    done = subprocess.run([sys.executable, "-c", crash], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert "RuntimeError: authorization: token REDACTED" in done.stderr
    assert "sentinel" not in done.stderr + done.stdout
