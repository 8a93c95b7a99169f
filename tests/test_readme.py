"""The README and .env.example agree with the code; `python -m tests.support.documentation` writes them anew."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer.main
import yaml

from purger.cli.app import app
from purger.core.errors import ExitCode
from purger.purge.shard import Shard
from tests.support import documentation as tables

pytestmark = pytest.mark.cli


def test_the_tables_of_the_readme() -> None:
    readme = tables.README.read_text()
    assert readme == tables.with_tables(readme)


def test_the_example_of_an_env_file() -> None:
    assert tables.ENV_EXAMPLE.read_text() == tables.env_example()


def test_every_option_has_a_variable_and_every_exit_code_a_meaning() -> None:
    without = [name for name, (option, _) in tables.options().items() if not tables.variables_of(option)]
    assert without == ["--caches"], "it is only for the demo"
    assert set(tables.MEANINGS) == set(ExitCode)


def test_the_readme_names_no_option_that_does_not_exist() -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", tables.README.read_text()))
    others = {
        "--help",
        "--version",
        "--with-deps",
        "--lowest",
        "--coverage",
        "--runs",
        "--seconds",
        "--seed",
        "--only",
        "--quick",
    }
    assert named <= {*tables.options(), *others}


def commands_in(text: str) -> list[list[str]]:
    found = re.findall(r"\bpurger ((?:purge|list|demo|doctor|login|logout|retry|check-log)\b[^\n|>]*)", text)
    return [shlex.split(command, comments=True) for command in found]


def all_commands() -> list[list[str]]:
    blocks = [*tables.code_blocks("console"), *tables.code_blocks("yaml"), *tables.code_blocks("crontab")]
    return [command for block in blocks for command in commands_in(block)]


@pytest.mark.parametrize("arguments", all_commands(), ids=" ".join)
def test_every_command_of_the_readme_is_understood(arguments: list[str]) -> None:
    group: Any = typer.main.get_command(app)
    name, *rest = arguments
    group.commands[name].make_context(name, rest)


def test_the_examples_for_ci() -> None:
    parts = ("name: Purge the Travis caches\n", "if: type = cron", "strategy:")
    workflow, travis, matrix = (yaml.safe_load(tables.code_block("yaml", part)) for part in parts)
    steps = workflow["jobs"]["purge"]["steps"]
    assert any("purger purge" in step.get("run", "") for step in steps)
    assert {"schedule", "workflow_dispatch"} <= set(workflow[True]), "YAML reads `on` as true"
    assert "purger purge" in travis["script"][0]
    assert "--shard ${{ matrix.part }}" in matrix["steps"][0]["run"]
    shards = [Shard.parse(part) for part in matrix["strategy"]["matrix"]["part"]]
    assert [(part.number, part.of) for part in shards] == [(number, 5) for number in range(1, 6)]


def test_each_help_has_examples_and_exit_codes() -> None:
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        assert len(commands_in(command.epilog.replace("`", "\n"))) == 2, name
        assert "Exit codes: " in command.epilog
