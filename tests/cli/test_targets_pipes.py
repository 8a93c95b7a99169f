"""A named pipe that nobody writes to holds no command up, wherever it is given as a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.command_line import Command

pytestmark = pytest.mark.cli


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["list", "o/n", "--ca-file", "pipe"], 2),
        (["list", "o/n", "--session-file", "pipe"], 2),
        (["list", "--from-file", "pipe"], 2),
        (["purge", "--resume", "pipe", "--dry-run"], 2),
        (["check-log", "log.txt", "--report", "pipe"], 2),
    ],
)
def test_a_pipe_without_a_writer(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    monkeypatch.setattr("purger.secrets.files.WRITER_WAIT_S", 0.1)
    monkeypatch.delenv("TRAVIS_TOKEN", raising=False)
    os.mkfifo("pipe")
    Path("log.txt").write_text("travis_fold:start:cache.1\nSetting up build cache\nDone. Your build exited with 0.\n")
    ended = command(*arguments)
    assert ended.code == code, ended.err
    assert "nobody writes to" in ended.err


@pytest.mark.parametrize("place", [".env", ".travis/config.yml"])
def test_a_pipe_in_the_place_of_a_file(command: Command, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr("purger.secrets.files.WRITER_WAIT_S", 0.1)
    monkeypatch.delenv("TRAVIS_TOKEN", raising=False)
    Path(place).parent.mkdir(exist_ok=True)
    os.mkfifo(place)
    monkeypatch.setenv("TRAVIS_CONFIG_PATH", ".travis")
    ended = command("purge", "o/n", "--yes")
    assert ended.code == 2, ended.err
    assert "nobody writes to" in ended.err
