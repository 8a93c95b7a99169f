"""Prepare a command's environment before its options are read: `.env`, and variables that contradict each other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from purger.cli.mistaken_arguments import given_twice, option_as_a_value
from purger.cli.options import DeletionOptions
from purger.cli.site_variables import settle_site_variables
from purger.core.env_lines import NARROWING, OF_TRAVIS, meant_by_environment
from purger.core.errors import InputError
from purger.core.filters import Filters
from purger.core.options import SWITCHED_OFF, check_switch, declared, is_on
from purger.core.text import likely_meant
from purger.secrets import env_file

PREPARED = "purger.prepared"
DELETING = frozenset({"purge", "retry"})
"""The commands that may not start without what an unreadable `.env` may say: a filter could be in it."""
JUDGING = "doctor"
"""The command that reports as a check of its own what would end those."""
known_variables: set[str] = set()
"""Every environment variable that an option of some command reads; the commands add theirs (parameters.py)."""

_SWITCHES = frozenset(
    variable for _, option in declared(DeletionOptions) if option.raw is bool for variable in option.variables
)
_EXCLUDE = next(option for field, option in declared(Filters) if field.name == "exclude")


@dataclass(slots=True)
class Prepared:
    """How the preparation ended: the error that ends the command, and sentences that warn."""

    error: InputError | None = None
    warnings: list[str] = field(default_factory=list)


class PreparedCommand(TyperCommand):
    """A command that reads `.env` before its options, unless it is only asked for its help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _write_help(self, ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name in its usage line."""
        from purger.cli.help import usage_pieces

        return usage_pieces(self, ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Prepare the environment, and parse the arguments. What is wrong with the former is raised in the frame."""
        if not ctx.resilient_parsing:
            given, order = self._given(ctx, args)
            if "help" not in given:
                prepared = ctx.meta[PREPARED] = self._prepare(given)
                prepared.error = prepared.error or option_as_a_value(self.params, args) or given_twice(order)
        return super().parse_args(ctx, args)

    def _given(self, ctx: Any, args: list[str]) -> tuple[dict[str, Any], list[Any]]:
        """Return what the arguments give, by parameter, and each parameter as often as it is given.

        Mistakes in the arguments do not matter here.
        """
        ctx.resilient_parsing = True
        try:
            values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        finally:
            ctx.resilient_parsing = False
        return {name: value for name, value in values.items() if value is not None}, order

    def _prepare(self, given: dict[str, Any]) -> Prepared:
        """Read `.env` and settle the site's variables; an error is kept for the command's frame."""
        prepared = Prepared()
        named = {parameter.name: parameter for parameter in self.params}
        overridden = {variable for name in given for variable in _variables_of(named.get(name))}
        try:
            try:
                signs = {"signs_in": self.name == "login", "signs_out": self.name == "logout"}
                env_file.load(known_variables, os.environ, overridden, **signs)
            except env_file.UnreadableError as error:
                if self.name in DELETING:
                    raise
                if self.name != JUDGING:
                    prepared.warnings.append(f"{error}, so nothing of it is in effect.")
            for unknown in unknown_variables(os.environ):
                if self.name in DELETING:
                    raise unknown
                if self.name != JUDGING:
                    prepared.warnings.append(f"{unknown}. {unknown.remedy}")
            if self.name in DELETING:
                read = {variable for parameter in self.params for variable in _variables_of(parameter)}
                _refuse_what_is_lost(self.name, NARROWING - read)
            if "exclude" in named and (lost := _exclusions_lost(given.get("exclude"))):
                prepared.warnings.append(lost)
            if "api_url" in named:
                taken = env_file.current().taken
                prepared.warnings += settle_site_variables(os.environ, given.get("url"), given.get("api_url"), taken)
        except InputError as error:
            prepared.error = error
        faults = [fault for name, one in named.items() if name not in given for fault in _odd_switches(one)]
        prepared.error = prepared.error or next(iter(faults), None)
        return prepared


class PreparedGroup(TyperGroup):
    """The group of all commands. Where no command is named, a token in `.env` is not repeated either."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _write_help(self, ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is named."""
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            env_file.remember_token(known_variables)
        return super().resolve_command(ctx, args)


def _write_help(command: Any, context: Any, formatter: Any) -> None:
    from purger.cli.help import help_text

    formatter.write(help_text(command, context))


def unknown_variables(environ: Mapping[str, str]) -> Iterator[InputError]:
    """Yield an error for each variable of the environment that seems to be meant for purger, and that it does not know.

    A filter with a mistyped name would select everything.
    """
    for name in sorted(set(environ) - known_variables):
        if meant := meant_by_environment(name):
            question = likely_meant(meant, [*OF_TRAVIS, *known_variables])
            yield InputError(
                f"{name} is not a variable of purger's", remedy=f"{question}Correct the name, or unset the variable."
            )


def _exclusions_lost(given: Sequence[str] | None) -> str | None:
    """Return a warning where names to exclude override others: of the variable, or of that in `.env`."""
    (variable,) = _EXCLUDE.variables
    own, of_file = os.environ.get(variable, ""), env_file.current().values.get(variable, "")
    in_effect, overriding = (own.split(), "The environment") if given is None else (given, _EXCLUDE.name)
    for names, overridden in ((own, variable), (of_file, f"{variable} in .env")):
        if not set(names.split()) <= set(in_effect):
            return f"{overriding} overrides {overridden}: give the names in that, too, if they are to be spared."
    return None


def _refuse_what_is_lost(command: str, variables: Iterable[str]) -> None:
    """Raise InputError for a variable that narrows a purge and that the command does not read: it would delete more."""
    for name in sorted(variables):
        text = os.environ.get(name, "").strip()
        if text and not (name in _SWITCHES and text.lower() in SWITCHED_OFF):
            raise InputError(
                f"{name} is set, and `purger {command}` has no such option: it would delete more than is meant",
                remedy=f"Unset {name}, also in .env, or use a command that has the option (purger --help).",
            )


def _odd_switches(parameter: Any) -> Iterator[InputError]:
    """Yield an error for each variable that is to switch an option on and can't; it is then dropped.

    The command line would end with words of its own before the command's frame can say what is wrong. What is counted
    (`-v`) may be a number, or is on or off as a switch is, which the command line does not read.
    """
    is_count = getattr(parameter, "count", False)
    for variable in _variables_of(parameter) if is_count or getattr(parameter, "is_flag", False) else ():
        text = os.environ.get(variable, "").strip()
        if is_count and text.isascii() and text.isdecimal():
            continue
        try:
            check_switch(text)
            if is_count and text:
                os.environ[variable] = str(int(is_on(text)))
        except InputError as error:
            del os.environ[variable]
            where = str(env_file.ENV_FILE) if variable in env_file.current().taken else None
            yield InputError(f"{variable} {error.what}", where=where, remedy=error.remedy)


def _variables_of(parameter: Any) -> list[str]:
    given = getattr(parameter, "envvar", None) or []
    return [given] if isinstance(given, str) else list(given)


def check_prepared(context: typer.Context) -> None:
    """Log the warnings of the preparation, and raise the InputError that it ended with."""
    from loguru import logger

    prepared = context.meta.get(PREPARED, Prepared())
    for warning in prepared.warnings:
        logger.warning("{}", warning)
    if prepared.error:
        raise prepared.error
