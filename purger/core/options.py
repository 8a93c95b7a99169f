"""Declare an option once, on the field of a settings class: names, variable, parser, default, panel and help.

The command line, the settings, the table in docs/reference.md and `.env.example` are derived from these declarations.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from typing import Any, TypeVar

from purger.core.errors import InputError
from purger.core.shown_address import quoted
from purger.core.units import parse_duration_s

SELECT = "Which caches"
KEEP = "What to keep, in this order"
SITE = "Which site"
PACE = "How it works"
BROWSER = "Browser"
NETWORK = "Network"
OUTPUT = "Output"

LONGEST_WAIT_S = 7 * 86_400.0
"""The longest wait, a week. Timers overflow on much larger values and then do not wait at all."""
_KEY = "option"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of the command line.

    `raw` is the type of what is given, but numbers and choices are given as text; `parse` converts that to the field's
    value. `default` is the default as the user would write it; `shown` describes a default that cannot be written. A
    number below `at_least` is rejected. A wait has `seconds_a_unit` and is rejected above a week. With `refuse_empty` a
    variable that is set but empty is an error, since an ignored filter would delete too much. With `is_path` a leading
    `~/` means the home folder.
    """

    names: tuple[str, ...]
    help: str
    panel: str | None
    raw: Any = str
    metavar: str | None = None
    parse: Callable[[str], object] | None = None
    default: str | None = None
    shown: str | None = None
    at_least: float | None = None
    seconds_a_unit: float | None = None
    more_variables: tuple[str, ...] = ()
    has_variable: bool = True
    refuse_empty: bool = False
    is_hidden: bool = False
    is_path: bool = False

    @property
    def name(self) -> str:
        """The long name."""
        return max(self.names, key=len)

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables; the first one is named after the option."""
        own = f"PURGER_{self.name.removeprefix('--').replace('-', '_').upper()}"
        return (*((own,) if self.has_variable else ()), *self.more_variables)

    def variables_given(self, environ: Mapping[str, str]) -> list[str]:
        """Return those of its variables that have a value; the first one counts."""
        return [variable for variable in self.variables if environ.get(variable)]

    def refuse_empty_variables(self, environ: Mapping[str, str]) -> None:
        """Raise InputError for a variable that is set but empty, if the option does not allow that."""
        for variable in self.variables if self.refuse_empty else ():
            if not environ.get(variable, "unset").strip():
                raise InputError(f"{variable} is empty", remedy="Give it a value, or unset it to do without.")

    def value_of(self, given: Any, source: str | None = None) -> Any:
        """Return the field's value for what was given: by the command line as text, unless it converts it itself.

        Raises InputError for a value that makes no sense; it names the `source`, an option or a variable.
        """
        source = source or self.name
        if self.refuse_empty and self.raw is not bool:
            _refuse_line_ends(given if isinstance(given, list) else [given], source)
        try:
            value = self.parse(given) if self.parse else self._converted(given)
        except InputError as error:
            if self.name in error.what:
                raise
            raise InputError(f"{source} {error.what}", where=error.where, remedy=error.remedy) from None
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.check(value, source)
        return value

    def _converted(self, given: Any) -> Any:
        if not isinstance(given, str) or not isinstance(self.raw, type):
            return given
        if self.raw is bool:
            check_switch(given)
            return is_on(given)
        if issubclass(self.raw, StrEnum):
            return chosen(given, self.raw)
        if self.raw in {int, float}:
            return parse_number(given, self.raw, self.at_least)
        return given

    def check(self, value: float, source: str | None = None) -> None:
        """Raise InputError if the number, which is from this `source`, is out of range."""
        source = source or self.name
        if self.at_least is not None and not value >= self.at_least:
            unit = " s" if self.seconds_a_unit == 1 else ""  # what was given may be in another one: 500ms
            raise InputError(
                f"{source} {str(value)[:20]}{unit} is too small", remedy=f"Give {self.at_least:g}{unit} or more."
            )
        if self.seconds_a_unit is not None and value * self.seconds_a_unit > LONGEST_WAIT_S:
            raise InputError(f"{source} is longer than a week", remedy="Give a week (1w) or less.")


def _refuse_line_ends(values: Iterable[Any], source: str) -> None:
    for value in values:
        if isinstance(value, str) and value.endswith(("\n", "\r")):
            # A block of YAML ends so, or a line that a shell read of a Windows file: it would silently match nothing.
            raise InputError(f"{source} ends with a line break", remedy="Write the value on the line of its name.")


_Choice = TypeVar("_Choice", bound=StrEnum)
_SWITCHED_ON = frozenset({"1", "true", "t", "yes", "y", "on"})
SWITCHED_OFF = frozenset({"", "0", "false", "f", "no", "n", "off"})
"""What a variable may hold that stands for an option without a value; upper and lower case are the same."""


def chosen(text: str, choices: type[_Choice]) -> _Choice:
    """Return the choice that a text names. Raises InputError with the choices, and the one that is likely meant."""
    try:
        # Blanks around a value, as a variable may have them, matter to no number, size or age either.
        return choices(text.strip())
    except ValueError:
        pass
    names = [str(choice) for choice in choices]
    begun = [name for name in names if text and name.startswith(text.lower())]
    likely = begun or difflib.get_close_matches(text, names)
    meant = f"Is {likely[0]} meant? " if len(likely) == 1 else ""
    raise InputError(f"{quoted(text)} is not a choice", remedy=f"{meant}Give {_or(names)}.")


def parse_number(text: str, kind: type[int | float], at_least: float | None = None) -> float:
    """Return the number that a text is. Raises InputError where it is none, or no whole one for an `int`."""
    more = "" if at_least is None else f", {at_least:g} or more"
    try:
        # Python also reads 1_0, as ten, and digits of other scripts.
        return kind(text if text.isascii() and "_" not in text else "")
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise InputError(f"{quoted(text)} is not {what}", remedy=f"Give {what}{more}.") from None


def check_switch(text: str) -> None:
    """Raise InputError where the text of a variable switches an option neither on nor off."""
    if text.strip().lower() not in _SWITCHED_ON | SWITCHED_OFF:
        raise InputError(
            f"{quoted(text)} is neither yes nor no",
            remedy="Give 1, true, yes or on to switch it on; 0, false, no or off to switch it off.",
        )


def is_on(text: str) -> bool:
    """Return whether the text of a variable switches an option on."""
    return text.strip().lower() in _SWITCHED_ON


def _or(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def text(*names: str, default: Any = None, shown: str | None = None, **more: Any) -> Any:
    """Declare an option with a text value; `shown` describes a default that cannot be written as text."""
    return _declared(names, default, more | {"shown": shown})


def number(*names: str, default: float, metavar: str = "N", **more: Any) -> Any:
    """Declare an option with a number."""
    how = {"raw": type(default), "metavar": metavar, "default": f"{default:g}" if default else None}
    return _declared(names, default, how | more)


def flag(*names: str, **more: Any) -> Any:
    """Declare an option without a value, off by default."""
    return _declared(names, False, {"raw": bool, **more})  # noqa: FBT003 - the default


def wait(*names: str, default: str | None, at_least: float = 0, **more: Any) -> Any:
    """Declare an option with a duration; `default` is text such as `5m`. The field is in seconds."""
    seconds = None if default is None else parse_duration_s(default)
    how = {"metavar": "TIME", "parse": parse_duration_s, "at_least": at_least, "seconds_a_unit": 1.0}
    return _declared(names, seconds, how | {"default": default} | more)


def _declared(names: tuple[str, ...], default: Any, more: dict[str, Any]) -> Any:
    return field(default=default, metadata={_KEY: Option(names=names, **more)})


def declared(settings: type[Any]) -> Iterator[tuple[Field[Any], Option]]:
    """Yield the fields of a settings class that are options, with their declarations."""
    for each in fields(settings):
        if (option := each.metadata.get(_KEY)) is not None:
            yield each, option


def check_ranges(settings: Any) -> None:
    """Raise InputError if a number in a settings object is outside of its option's range."""
    for each, option in declared(type(settings)):
        value = getattr(settings, each.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            option.check(value)
