"""The application as a whole: version, help, shell completion, and one meaning for each option."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from purger import __version__
from purger.cli.app import app
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


def test_the_version_is_printed(command: Command) -> None:
    assert command("--version").out.strip() == __version__


def test_without_a_command_the_help_is_shown(command: Command) -> None:
    assert "purge" in command().out


@pytest.mark.parametrize(
    ("words", "offered"),
    [("purger purge ac", "acme/folder"), ("purger check", "check-log"), ("purger purge --from", "--from-file")],
)
def test_the_shell_completes_commands_options_and_repositories(words: str, offered: str) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "remote", "add", "origin", "git@github.com:acme/folder.git"], check=True)
    asked = {"_PURGER_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    command = [Path(sys.executable).with_name("purger")]
    done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [offered]


def test_one_option_means_one_thing_in_every_command() -> None:
    group: Any = typer.main.get_command(app)
    meanings: dict[str, set[str]] = {}
    for command in group.commands.values():
        for parameter in command.params:
            if not parameter.hidden and parameter.param_type_name == "option":
                meanings.setdefault(max(parameter.opts, key=len), set()).add(parameter.help)
    assert meanings
    for name, seen in meanings.items():
        assert len(seen) == 1, name
