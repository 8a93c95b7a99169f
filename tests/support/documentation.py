"""Generate the tables, .env.example and the JSON Schema of the report: `python -m tests.support.documentation`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main

from purger.cli.app import app
from purger.core.errors import ExitCode
from purger.report.json_document import json_schema

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
ENV_EXAMPLE = ROOT / ".env.example"
REPORT_SCHEMA = ROOT / "docs" / "report.schema.json"
MEANINGS = {
    ExitCode.OK: "everything selected is gone, seen on a later load (or there was nothing)",
    ExitCode.REMAINS: "something selected remains, came back or was refused, or the command timed out (`--timeout`); "
    "`check-log`: the job fetched a (deleted) cache; `retry`: a job keeps fetching a deleted cache, is already "
    "running, or was cancelled",
    ExitCode.USAGE: "bad usage or input, or nobody to ask and no `--yes`",
    ExitCode.ACCESS: "not signed in, token rejected, repository not found, or not allowed",
    ExitCode.SITE: "the site did not respond, or its page or API is not the one that purger knows; `retry`: a job did "
    "not start or end in time, or its log does not show what it fetched",
    ExitCode.BROWSER: "no usable browser, or it kept crashing",
    ExitCode.UNKNOWN: "`check-log` only: the log does not tell whether the job fetched a (deleted) cache",
    ExitCode.NOT_A_CACHE_PROBLEM: "`retry` only: the job failed without fetching a deleted cache",
    ExitCode.UNWRITTEN: "`list`, `check-log`, `--help`, `--version`, `--show-completion`: the result could not be "
    "written in full (a full disk, a closed stdout); "
    "after a purge its own code stays, with a warning",
    ExitCode.INTERRUPTED: "stopped by the user (Ctrl-C, or “no” to the question), with a report of what was done",
    ExitCode.TERMINATED: "stopped by SIGTERM or SIGHUP (a closed terminal), with a report of what was done",
}


_BLOCK = re.compile(r"(?:^<!-- not run: (.*?) -->\n)?^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code in a document; `not_run` is the reason why no test runs its commands."""

    document: str
    language: str
    text: str
    not_run: str | None


def blocks(language: str, document: str | None = None) -> list[Block]:
    """Return the blocks of code in this language, of all documents or of one (`docs/ci.md`)."""
    return [
        Block(name, found[2], found[3], found[1])
        for path in DOCUMENTS
        if document in {None, name := str(path.relative_to(ROOT))}
        for found in _BLOCK.finditer(path.read_text())
        if found[2] == language
    ]


def code_block(language: str, part: str) -> str:
    """Return the only block of code in this language with this text in it."""
    (found,) = (block.text for block in blocks(language) if part in block.text)
    return found


def options() -> dict[str, Any]:
    """Return every option of every command by its long name, with its command if the name is taken already."""
    group: Any = typer.main.get_command(app)
    found: dict[str, Any] = {}
    for command in group.commands.values():
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help" and not parameter.hidden:
                name = max(parameter.opts, key=len)
                if name in found and variables_of(found[name][0]) != variables_of(parameter):
                    name = f"{name} of {command.name}"
                found.setdefault(name, (parameter, []))[1].append(command.name)
    return found


def variables_of(parameter: Any) -> list[str]:
    """Return the environment variables of an option."""
    given = parameter.envvar or []
    return [given] if isinstance(given, str) else list(given)


def default_of(parameter: Any) -> str:
    """Return the option's default as text; empty if there is none."""
    return "" if parameter.default in {None, False} or callable(parameter.default) else str(parameter.default)


def options_table() -> str:
    """Return the table of options."""
    lines = ["| option | environment | default | meaning |", "| --- | --- | --- | --- |"]
    everywhere = {"purge", "list"}
    for parameter, commands in options().values():
        names = ", ".join(f"`{name}`" for name in sorted(parameter.opts, key=len))
        metavar = "" if parameter.is_flag or parameter.count or not parameter.metavar else parameter.metavar
        names = names[:-1] + f" {metavar}`" if metavar else names
        variables = ", ".join(f"`{name}`" for name in variables_of(parameter))
        only = "" if everywhere & set(commands) else f" (`{'`, `'.join(commands)}`)"
        default = parameter.show_default if isinstance(parameter.show_default, str) else default_of(parameter)
        cells = (names, variables, default, parameter.help + only)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def exit_codes_table() -> str:
    """Return the table of exit codes."""
    lines = ["| exit | means |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {int(code)} | {MEANINGS[code]} |" for code in ExitCode)])


def env_example() -> str:
    """Return .env.example: every variable that purger reads, commented out, with its help text."""
    lines = [
        "# Copy this to .env (chmod 600 .env) and fill it in; purger reads .env from the current folder.",
        "# The environment overrides .env, and an option overrides both.",
        "",
        "# An API token of Travis CI: https://app.travis-ci.com/account/preferences",
        "TRAVIS_TOKEN=",
    ]
    for parameter, _ in options().values():
        for variable in variables_of(parameter):
            lines += ["", f"# {parameter.help}", f"# {variable}={default_of(parameter)}"]
    return "\n".join(lines) + "\n"


def with_tables(text: str) -> str:
    """Return the reference with its tables generated again."""
    for name, table in (("options", options_table()), ("exit codes", exit_codes_table())):
        pattern = rf"(<!-- {name}: .*? -->\n).*?(<!-- end -->)"
        # The table is a replacement text: its backslashes stand for themselves.
        made = rf"\1{table.replace(chr(92), chr(92) * 2)}\n\2"
        text, count = re.subn(pattern, made, text, flags=re.DOTALL)
        assert count == 1, name
    return text


def schema_text() -> str:
    """Return the JSON Schema of what `--json` writes."""
    return json.dumps(json_schema(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    REFERENCE.write_text(with_tables(REFERENCE.read_text()))
    ENV_EXAMPLE.write_text(env_example())
    REPORT_SCHEMA.write_text(schema_text())
