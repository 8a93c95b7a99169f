"""Reads a query string as the real API's web server (Rack) does, quirks included."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

_SEPARATOR = re.compile(r"[&;] *")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadQueryError(ValueError):
    """A query that Rack refuses."""


def read_query(raw: str) -> dict[str, str]:
    """The parameters of a raw query string; of equal ones the last counts, one without `=` is left out.

    `&` and `;` separate, `+` is a space. Raises BadQueryError for a `%` that no two hexadecimal digits follow.
    """
    parameters: dict[str, str] = {}
    for part in _SEPARATOR.split(raw):
        name, equals, text = part.partition("=")
        if _LONE_PERCENT.search(part):
            raise BadQueryError(f"invalid %-encoding ({part})")
        if equals:
            # Bytes that are no UTF-8 stay apart from all names that are.
            parameters[unquote_plus(name, errors="surrogateescape")] = unquote_plus(text, errors="surrogateescape")
    return parameters
