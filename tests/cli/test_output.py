"""Where a command writes, and what it notes on stderr about its token and its repository."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from purger.cli.output import Output
from purger.core.errors import InputError
from purger.purge.run import Run
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site
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


def output() -> Output:
    return Output(json=False, verbosity=0, data=Console(file=io.StringIO()), notes=Console(file=io.StringIO()))


def written(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_where_one_repository_is_needed_an_owner_is_refused() -> None:
    made = output()
    assert made.repository("acme/widgets", Site()) == Repository("github", "acme", "widgets")
    with pytest.raises(InputError, match="means many repositories"):
        made.repository("acme/*", Site())


def test_the_source_of_a_repository_is_noted_only_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAVIS_REPO_SLUG", "acme/job")
    named, found = output(), output()
    named.targets(["acme/widgets"], None, Site())
    assert written(named.notes) == ""
    assert found.repository(None, Site()) == Repository("github", "acme", "job")
    assert written(found.notes) == "Repository acme/job, from TRAVIS_REPO_SLUG.\n"
    assert written(found.data) == ""
