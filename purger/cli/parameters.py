"""Turn declared options into a command's parameters, and what was given back into settings."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from purger.cli.environment import check_prepared, known_variables
from purger.cli.options import OutputOptions, ResultOptions
from purger.core.errors import ExitCode, InputError
from purger.core.options import Option, declared
from purger.secrets import env_file


class Only:
    """Take only these fields of a settings class as options: `Annotated[Pace, Only("max_rate")]`."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)


class Without:
    """Take all fields of a settings class but these as options."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)


@dataclass(frozen=True, slots=True)
class Default:
    """Let one field have another default in this command, written as people write it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """The options that make one settings object: field names with their declarations."""

    settings: type[Any]
    options: Mapping[str, Option]

    @classmethod
    def of(cls, annotation: Any) -> Group | None:
        """Return the group that a parameter's annotation means; None for an argument."""
        settings, *marks = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
        if not is_dataclass(settings) or not isinstance(settings, type):
            return None
        options = {field.name: option for field, option in declared(settings)}
        for mark in marks:
            if isinstance(mark, Only):
                options = {name: option for name, option in options.items() if name in mark.names}
            elif isinstance(mark, Without):
                options = {name: option for name, option in options.items() if name not in mark.names}
            elif isinstance(mark, Default):
                options[mark.name] = replace(options[mark.name], default=mark.text, shown=None)
        return cls(settings, options)

    def parameters(self) -> Iterator[inspect.Parameter]:
        """Yield a parameter for each option, as Typer reads them."""
        for name, option in self.options.items():
            is_flag, is_count = option.raw is bool, option.raw is int and option.metavar == ""
            is_text = isinstance(option.raw, type) and issubclass(option.raw, int | float | StrEnum)
            given = option.raw if is_flag or is_count else (str if is_text else option.raw) | None
            variables = list(option.variables)
            info = typer.Option(
                *option.names,
                metavar=option.metavar,
                envvar=variables[0] if len(variables) == 1 else variables or None,
                help=option.help,
                show_default=option.shown or option.default is not None,
                rich_help_panel=option.panel,
                count=is_count,
                hidden=option.is_hidden,
                autocompletion=_completion_of(option.raw),
            )
            default: Any = False if is_flag else 0 if is_count else option.default
            yield inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[given, info]
            )

    def build(self, given: Mapping[str, Any], from_variables: Collection[str] = ()) -> Any:
        """Return the settings that were given; what was not given has its declared default. Raises InputError.

        `from_variables` are the fields whose values are from the environment. Settings that have a field of that name
        get them in it, and an error about such fields names their variables.
        """
        values = self.values(given, from_variables)
        if "from_variables" in self.settings.__dataclass_fields__:
            values["from_variables"] = frozenset(from_variables)
        try:
            return self.settings(**values)
        except InputError as error:
            if named := self._variables_of(f"{error.what} {error.remedy}", from_variables):
                error.remedy = f"{error.remedy} Set as a variable, maybe in .env: {', '.join(named)}."
            raise

    def _variables_of(self, text: str, fields: Collection[str]) -> list[str]:
        """Return the variables that give the values of these fields, of those whose options a text names."""
        options = (option for name, option in self.options.items() if name in fields and option.name in text)
        return [variable for option in options for variable in option.variables_given(os.environ)]

    def values(self, given: Mapping[str, Any], from_variables: Collection[str] = ()) -> dict[str, Any]:
        """Return the values of the fields that were given, each checked by itself. Raises InputError."""
        values: dict[str, Any] = {}
        for name, option in self.options.items():
            with env_file.named_in_errors(option.variables):
                self._add(values, name, given[name], is_from_variable=name in from_variables)
        return values

    def _add(self, values: dict[str, Any], name: str, value: Any, *, is_from_variable: bool) -> None:
        """Add the checked value of a field, if one was given. Raises InputError."""
        option = self.options[name]
        if not value or is_from_variable:  # what an option gives overrides its variables
            option.refuse_empty_variables(os.environ)
        if value is None or (value == [] and option.raw == list[str]):
            return
        variables = option.variables_given(os.environ)
        source = variables[0] if variables and is_from_variable else None
        if source and option.raw == list[str]:
            _refuse_odd_blanks(os.environ[source], source)
            _refuse_quotes(value, source)
            _refuse_comment(value, source)
        values[name] = option.value_of(_in_home(value) if option.is_path else value, source)

    def given_by(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """Return what variables give for each field, as if by the command line."""
        given: dict[str, Any] = {}
        for name, option in self.options.items():
            text = next((environ[variable] for variable in option.variables_given(environ)), None)
            given[name] = text.split() if text and option.raw == list[str] else text
        return given


def _refuse_odd_blanks(text: str, variable: str) -> None:
    """Raise InputError where a variable of several names holds a blank that may be a part of one, such as U+00A0.

    Git allows those in a name, and the name would be split there, into those of other branches.
    """
    odd = next((one for one in text if one.isspace() and not one.isascii()), None)
    if odd is not None:
        raise InputError(
            f"{variable} holds a blank that is no space (U+{ord(odd):04X}), which may be a part of a name",
            remedy="Write spaces between the names; a name that holds another blank needs the option.",
        )


def _in_home(path: str | Path) -> str | Path:
    """Return a path with the home folder for `~`, which no shell replaces behind an equals sign or in `.env`."""
    text = os.fspath(path)
    return type(path)(os.path.expanduser(text)) if text.startswith("~/") else path  # noqa: PTH111 - needs no home


def _refuse_quotes(names: Iterable[str], variable: str) -> None:
    """Raise InputError where a name from a variable of several begins or ends with a quote."""
    if any(name[:1] in {'"', "'"} or name[-1:] in {'"', "'"} for name in names):
        raise InputError(
            f"{variable} holds quotes: its names are split at blanks, and the quotes would be part of them",
            remedy="Write the names without quotes; one that holds a quote or a blank needs the option.",
        )


def _refuse_comment(names: Sequence[str], variable: str) -> None:
    """Raise InputError where one of several names begins with a `#`: the words behind it may be a comment.

    `docker --env-file` and systemd cut none off, and its words would be names of branches.
    """
    if len(names) > 1 and any(name.startswith("#") for name in names):
        raise InputError(
            f"{variable} holds a #, and the words behind it may be a comment or names",
            remedy="Leave the comment out; a name that begins with # needs the option.",
        )


@dataclass(frozen=True, slots=True)
class Command:
    """A command for Typer: its name, the function that Typer calls, and the end of its help."""

    name: str
    callback: Callable[..., None]
    epilog: str


def command(
    name: str, *, examples: tuple[str, ...], exits: str, has_result: bool = True
) -> Callable[[Callable[..., ExitCode]], Command]:
    """Make a command of a function `(output, settings and arguments…) -> ExitCode`, whose docstring is its help.

    A parameter whose class declares options becomes those options. They are parsed inside the command's frame, so that
    a value that makes no sense ends like any other error. `-v` and (with `has_result`) `--json` and `--wide` are added.
    """
    groups = [Group.of(OutputOptions), *([Group.of(ResultOptions)] if has_result else [])]

    def make(function: Callable[..., ExitCode]) -> Command:
        hints = get_type_hints(function, include_extras=True)
        parts = {name: Group.of(hints[name]) for name in inspect.signature(function).parameters if name != "output"}

        def callback(context: typer.Context, **given: Any) -> None:
            from purger.cli.frame import frame

            with frame(
                json=given.get("json", False), verbosity=given["verbose"], wide=given.get("wide", False)
            ) as output:
                check_prepared(context)
                named = {name for name in given if _is_from_a_variable(context, name)}
                arguments = {name: part.build(given, named) if part else given[name] for name, part in parts.items()}
                code = function(output, **arguments)
            raise typer.Exit(code)

        callback.__doc__ = function.__doc__
        flat = _signature(function, hints, parts, [each for each in groups if each])
        callback.__signature__ = flat  # type: ignore[attr-defined]
        callback.__annotations__ = {}
        return Command(name, callback, _epilog(examples, exits))

    return make


def _is_from_a_variable(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "ENVIRONMENT"


def _completion_of(raw: Any) -> Callable[[str], list[str]] | None:
    """Return what completes the values of an option, where they are choices."""
    if not isinstance(raw, type) or not issubclass(raw, StrEnum):
        return None
    return lambda incomplete: [str(choice) for choice in raw if choice.startswith(incomplete)]


def _signature(
    function: Callable[..., Any], hints: Mapping[str, Any], parts: Mapping[str, Group | None], more: Sequence[Group]
) -> inspect.Signature:
    given = inspect.signature(function).parameters
    flat = [inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for name, part in parts.items():
        if part is None:
            flat.append(given[name].replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))
        else:
            flat += part.parameters()
    for group in more:
        flat += group.parameters()
    for part in (*parts.values(), *more):
        for option in part.options.values() if part else ():
            known_variables.update(option.variables)
    return inspect.Signature(flat)


def _epilog(examples: Sequence[str], exits: str) -> str:
    """Return the end of a command's help: examples, and its exit codes."""
    return "\n  ".join(["Examples:", *examples]) + f"\n\nExit codes: {exits}."
