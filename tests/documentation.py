"""The README's tables and .env.example, as the code has them; `python -m tests.cli.tables` writes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer.main

from purger.cli.app import app
from purger.core.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
ENV_EXAMPLE = ROOT / ".env.example"
MEANINGS = {
    ExitCode.OK: "everything selected is gone, seen on a later look (or there was nothing)",
    ExitCode.REMAINS: "something selected remains, came back, was refused, or `--timeout` was over; "
    "`check-log`: the job fetched a cache; `retry`: it fetches a deleted one again and again, runs already, or was "
    "cancelled",
    ExitCode.USAGE: "bad usage or input, or no one to ask and no `--yes`",
    ExitCode.ACCESS: "not signed in, token refused, repository not found, or not allowed",
    ExitCode.SITE: "the site did not answer, or its page is not the one we know; `retry`: the job never starts or ends",
    ExitCode.BROWSER: "no usable browser, or it kept crashing",
    ExitCode.NOT_A_CACHE_PROBLEM: "`retry` only: the job failed without fetching a deleted cache",
    ExitCode.INTERRUPTED: "stopped by a person (Ctrl-C, or “no” to the question), with a report of what was done",
    ExitCode.TERMINATED: "stopped by SIGTERM, with a report of what was done",
}


def code_blocks(language: str) -> list[str]:
    """The README's blocks of code in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)


def options() -> dict[str, Any]:
    """Every option of every command by its long name, with its command's where another one has the name already."""
    group: Any = typer.main.get_command(app)
    found: dict[str, Any] = {}
    for command in group.commands.values():
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                name = max(parameter.opts, key=len)
                if name in found and variables_of(found[name][0]) != variables_of(parameter):
                    name = f"{name} of {command.name}"
                found.setdefault(name, (parameter, []))[1].append(command.name)
    return found


def variables_of(parameter: Any) -> list[str]:
    """The environment variables of an option."""
    given = parameter.envvar or []
    return [given] if isinstance(given, str) else list(given)


def default_of(parameter: Any) -> str:
    """The option's default, where it has one of its own."""
    return "" if parameter.default in {None, False} or callable(parameter.default) else str(parameter.default)


def options_table() -> str:
    """Option, environment variable, default and meaning."""
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
    """Exit code and meaning."""
    lines = ["| exit | means |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {int(code)} | {MEANINGS[code]} |" for code in ExitCode)])


def env_example() -> str:
    """Every variable that is read, commented out, with what it means."""
    lines = [
        "# Copy this to .env (chmod 600 .env) and fill it in; purger reads .env from the current folder.",
        "# What is set in the environment wins over .env, and an option wins over both.",
        "",
        "# An API token of Travis CI: https://app.travis-ci.com/account/preferences",
        "TRAVIS_TOKEN=",
    ]
    for parameter, _ in options().values():
        for variable in variables_of(parameter):
            lines += ["", f"# {parameter.help}", f"# {variable}={default_of(parameter)}"]
    return "\n".join(lines) + "\n"


def with_tables(readme: str) -> str:
    """The README with its tables made anew."""
    for name, table in (("options", options_table()), ("exit codes", exit_codes_table())):
        pattern = rf"(<!-- {name}: .*? -->\n).*?(<!-- end -->)"
        # The table is a replacement text: its backslashes stand for themselves.
        made = rf"\1{table.replace(chr(92), chr(92) * 2)}\n\2"
        readme, count = re.subn(pattern, made, readme, flags=re.DOTALL)
        assert count == 1, name
    return readme


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
    ENV_EXAMPLE.write_text(env_example())
