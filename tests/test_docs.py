"""The documents agree with the code and with each other; `python -m tests.support.documentation` writes the tables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from purger import __version__
from purger.cli.app import app
from purger.core.errors import ExitCode
from purger.purge.shard import Shard
from tests.support import documentation as tables

pytestmark = pytest.mark.cli

LONGEST_README = 180
WORDS_OF_OTHER_TOOLS = {
    "--caches",
    "--coverage",
    "--help",
    "--entrypoint",
    "--host-resolver-rules",
    "--ignore-certificate-errors-spki-list",
    "--include-deps",
    "--init",
    "--lowest",
    "--only",
    "--proxy-pac-url",
    "--quick",
    "--read-only",
    "--rm",
    "--runs",
    "--seconds",
    "--seed",
    "--show-completion",
    "--tls",
    "--tmpfs",
    "--version",
    "--with-deps",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(tables.ROOT))


def test_the_tables_of_the_reference() -> None:
    reference = tables.REFERENCE.read_text()
    assert reference == tables.with_tables(reference)


def test_the_example_of_an_env_file() -> None:
    assert tables.ENV_EXAMPLE.read_text() == tables.env_example()


def test_every_option_has_a_variable_and_every_exit_code_a_meaning() -> None:
    without = [name for name, (option, _) in tables.options().items() if not tables.variables_of(option)]
    assert without == ["--caches"], "it is only for the demo"
    assert set(tables.MEANINGS) == set(ExitCode)


def test_the_readme_can_be_read_to_its_end() -> None:
    assert len((tables.ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


@pytest.mark.parametrize("path", tables.DOCUMENTS, ids=name_of)
def test_no_document_names_an_option_that_does_not_exist(path: Path) -> None:
    if path.name == "CHANGELOG.md":
        pytest.skip("it tells of former options, too")
    text = re.sub(r"<!--.*?-->", "", path.read_text())
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert named <= {*tables.options(), *WORDS_OF_OTHER_TOOLS}


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", tables.DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text()), target


def test_every_document_can_be_found_from_the_readme() -> None:
    found, todo = set(), [tables.ROOT / "README.md"]
    while todo:
        path = todo.pop()
        found.add(path)
        links = re.findall(r"\]\(([^)\s#]+\.md)", path.read_text())
        todo += [there for link in links if (there := (path.parent / link).resolve()) not in found]
    assert set(tables.DOCUMENTS) - found <= {tables.ROOT / "CHANGELOG.md"}


def commands_in(text: str) -> list[list[str]]:
    found = re.findall(r"\bpurger(?::\S+)? ((?:purge|list|demo|doctor|login|logout|retry|check-log)\b[^\n|>]*)", text)
    return [shlex.split(command, comments=True) for command in found]


def all_commands() -> dict[str, list[str]]:
    found = [
        command
        for language in ("console", "yaml", "crontab", "groovy")
        for block in tables.blocks(language)
        for command in commands_in(re.sub(r"\bsh '(.*?)'.*", r"\1", block.text))
    ]
    return {" ".join(command): command for command in found}


@pytest.mark.parametrize("arguments", all_commands().values(), ids=" ".join)
def test_every_command_of_the_documents_is_understood(arguments: list[str]) -> None:
    group: Any = typer.main.get_command(app)
    name, *rest = arguments
    group.commands[name].make_context(name, rest, **group.context_settings)


def test_the_documents_name_the_current_version() -> None:
    named = [found for path in tables.DOCUMENTS for found in re.findall(r"/purger[:@]v(\S+?)['\s]", path.read_text())]
    assert len(named) > 5
    assert set(named) == {__version__}
    assert f'{{"schema": 1, "version": "{__version__}"' in tables.REFERENCE.read_text()
    assert (tables.ROOT / "CHANGELOG.md").read_text().startswith(f"# Changelog\n\n## {__version__} ")


def test_the_example_of_the_action_gives_inputs_that_it_has() -> None:
    workflow = yaml.safe_load(tables.code_block("yaml", "uses: OWNER/purger@"))
    (step,) = workflow["jobs"]["purge"]["steps"]
    inputs = yaml.safe_load((tables.ROOT / "action.yml").read_text())["inputs"]
    assert set(step["with"]) <= set(inputs)
    assert {name for name, about in inputs.items() if about.get("required")} <= set(step["with"])


def test_a_matrix_has_all_of_its_parts() -> None:
    (matrix,) = (yaml.safe_load(block.text) for block in tables.blocks("yaml", "docs/organisations.md"))
    assert "--shard ${{ matrix.part }}" in matrix["steps"][0]["run"]
    parts = [Shard.parse(part) for part in matrix["strategy"]["matrix"]["part"]]
    assert [(part.number, part.of) for part in parts] == [(number, 5) for number in range(1, 6)]


def test_each_help_has_examples_and_exit_codes() -> None:
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        assert len(commands_in(command.epilog.replace("`", "\n"))) == 2, name
        assert "Exit codes: " in command.epilog
