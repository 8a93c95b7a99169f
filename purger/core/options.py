"""Declare an option once, on the field of a settings class: names, variable, parser, default, panel and help.

The command line, the settings, the README's table and `.env.example` are derived from these declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from purger.core.errors import InputError
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

    `raw` is the type that the command line converts to; `parse` converts that text to the field's value. `default` is
    the default as the user would write it; `shown` describes a default that cannot be written. A number below
    `at_least` is rejected. A wait has `seconds_a_unit` and is rejected above a week. With `refuse_empty` a variable
    that is set but empty is an error, since an ignored filter would delete too much.
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

    @property
    def name(self) -> str:
        """The long name."""
        return max(self.names, key=len)

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables; the first one is named after the option."""
        own = f"PURGER_{self.name.removeprefix('--').replace('-', '_').upper()}"
        return (*((own,) if self.has_variable else ()), *self.more_variables)

    def refuse_empty_variables(self, environ: Mapping[str, str]) -> None:
        """Raise InputError for a variable that is set but empty, if the option does not allow that."""
        for variable in self.variables if self.refuse_empty else ():
            if not environ.get(variable, "unset").strip():
                raise InputError(f"{variable} is empty", remedy="Give it a value, or unset it to select everything.")

    def check(self, value: float) -> None:
        """Raise InputError if the number is out of range."""
        if self.at_least is not None and not value >= self.at_least:
            raise InputError(f"{self.name} {str(value)[:20]} is too small", remedy=f"Give {self.at_least:g} or more.")
        if self.seconds_a_unit is not None and value * self.seconds_a_unit > LONGEST_WAIT_S:
            raise InputError(f"{self.name} is longer than a week", remedy="Give a week (1w) or less.")


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
