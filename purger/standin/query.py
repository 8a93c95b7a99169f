"""Parse a query string as Rack, the real API's web server, does."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

_SEPARATOR = re.compile(r"[&;] *")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadQueryError(ValueError):
    """A query string that Rack rejects."""


def read_query(raw: str) -> dict[str, str]:
    """Return the parameters of a raw query string. The last of equal names counts; one without `=` is ignored.

    `&` and `;` separate parameters, and `+` is a space. Raises BadQueryError for a `%` without two hexadecimal digits.
    """
    parameters: dict[str, str] = {}
    for part in _SEPARATOR.split(raw):
        name, equals, text = part.partition("=")
        if _LONE_PERCENT.search(part):
            raise BadQueryError(f"invalid %-encoding ({part})")
        if equals:
            # Bytes that are not UTF-8 become surrogates, so they equal no valid name.
            parameters[unquote_plus(name, errors="surrogateescape")] = unquote_plus(text, errors="surrogateescape")
    return parameters
