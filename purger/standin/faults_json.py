"""Turns JSON from outside into knobs, or says in a sentence what is wrong with it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from purger.standin.faults import Faults


class BadKnobError(ValueError):
    """A knob that does not exist, or can't be set like that; the message is a sentence."""


def set_knobs(faults: Faults, told: object) -> None:
    """Set the knobs of a JSON object; none at all where one is wrong. Raises BadKnobError."""
    if not isinstance(told, dict):
        raise BadKnobError("Send a JSON object with the names of knobs.")
    hints = get_type_hints(Faults)
    known = faults.knobs()
    unknown = [name for name in told if name not in known]
    if unknown:
        raise BadKnobError(f"There is no knob {unknown[0]!r}; there are {', '.join(sorted(known))}.")
    values = {name: _read(hints[name], value, name) for name, value in told.items()}
    for name, value in values.items():
        setattr(faults, name, value)


def _read(hint: Any, value: object, name: str) -> object:
    """The value as its type hint wants it."""
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        if value is None and NoneType in get_args(hint):
            return None
        (hint,) = (choice for choice in get_args(hint) if choice is not NoneType)
        return _read(hint, value, name)
    if origin is list:
        if isinstance(value, list):
            (item_hint,) = get_args(hint)
            return [_read(item_hint, item, name) for item in value]
        raise BadKnobError(f"The knob {name!r} wants a list, not {value!r}.")
    if origin is Literal:
        if value in get_args(hint):
            return value
        raise BadKnobError(f"The knob {name!r} takes {', '.join(map(repr, get_args(hint)))}, not {value!r}.")
    if is_dataclass(hint) and isinstance(hint, type):
        return _read_rule(hint, value, name)
    wanted = (int, float) if hint is float else hint
    if isinstance(value, wanted) and not isinstance(value, bool):
        return float(value) if hint is float and isinstance(value, int) else value
    raise BadKnobError(f"The knob {name!r} wants {hint.__name__}, not {value!r}.")


def _read_rule(kind: type, value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise BadKnobError(f"The knob {name!r} wants objects, not {value!r}.")
    hints = get_type_hints(kind)
    known = {part.name for part in fields(kind)}
    unknown = [part for part in value if part not in known]
    if unknown:
        raise BadKnobError(f"The knob {name!r} has no part {unknown[0]!r}; it has {', '.join(sorted(known))}.")
    return kind(**{part: _read(hints[part], item, f"{name}.{part}") for part, item in value.items()})
