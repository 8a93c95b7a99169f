"""Decode faults from JSON, and report invalid ones in a sentence."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from purger.standin.faults import Faults


class InvalidRequestError(ValueError):
    """A control call's body is invalid; the message is a sentence."""


def set_faults(faults: Faults, document: object) -> None:
    """Set the faults of a JSON object, all or none. Raises InvalidRequestError if one is invalid."""
    if not isinstance(document, dict):
        raise InvalidRequestError("Send a JSON object with the names of faults.")
    hints = get_type_hints(Faults)
    known = faults.as_dict()
    unknown = [name for name in document if name not in known]
    if unknown:
        raise InvalidRequestError(f"There is no fault {unknown[0]!r}; there are {', '.join(sorted(known))}.")
    values = {name: _read(hints[name], value, name) for name, value in document.items()}
    for name, value in values.items():
        setattr(faults, name, value)


def _read(hint: Any, value: object, name: str) -> object:
    """Convert a value to the type of its hint. Raises InvalidRequestError."""
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
        raise InvalidRequestError(f"The fault {name!r} must be a list, not {value!r}.")
    if origin is Literal:
        if value in get_args(hint):
            return value
        choices = ", ".join(map(repr, get_args(hint)))
        raise InvalidRequestError(f"The fault {name!r} must be one of {choices}, not {value!r}.")
    if is_dataclass(hint) and isinstance(hint, type):
        return _read_rule(hint, value, name)
    wanted = (int, float) if hint is float else hint
    if isinstance(value, wanted) and not isinstance(value, bool):
        return float(value) if hint is float and isinstance(value, int) else value
    raise InvalidRequestError(f"The fault {name!r} must be {hint.__name__}, not {value!r}.")


def _read_rule(kind: type, value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise InvalidRequestError(f"The fault {name!r} must be an object, not {value!r}.")
    hints = get_type_hints(kind)
    known = {part.name for part in fields(kind)}
    unknown = [part for part in value if part not in known]
    if unknown:
        raise InvalidRequestError(f"The fault {name!r} has no field {unknown[0]!r}; it has {', '.join(sorted(known))}.")
    return kind(**{part: _read(hints[part], item, f"{name}.{part}") for part, item in value.items()})
