"""Parse and format durations and sizes."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from purger.core.errors import InputError
from purger.core.shown_address import quoted
from purger.core.text import many

LARGEST_BYTES = 10**18
LONGEST_S = 100 * 365.25 * 86_400
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DECIMAL = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_BYTES = {"B": 1} | {unit.upper(): size for unit, size in (_DECIMAL | _BINARY).items()}


def parse_duration_s(text: str, *, bare_seconds: bool = True) -> float:
    """Return the seconds in a duration such as `45m`, `12h`, `30d`, `2w`, `1.5s`, `200ms`.

    A number without a unit means seconds if `bare_seconds` is true. Raises InputError for anything else.
    """
    match = _fullmatch(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*(ms|[smhdw])?\s*", text, text.lower())
    if match and match[2] == "m" and "M" in text:
        raise InputError(
            f"{quoted(text)} could mean minutes or months", remedy="Write m for minutes; months in days: 180d for six."
        )
    is_mega = match is not None and match[2] == "ms" and "M" in text
    if not match or is_mega or (match[2] is None and not bare_seconds):
        raise InputError(f"{quoted(text)} is not a duration", remedy="Write a number and a unit: 45m, 12h, 30d or 2w.")
    seconds = float(match[1]) * _SECONDS[match[2] or "s"]
    if seconds > LONGEST_S:
        raise InputError(f"{quoted(text)} is too long", remedy="Give a hundred years or less.")
    return seconds


def parse_size_bytes(text: str) -> int:
    """Return the bytes in a size such as `500KB`, `100MB`, `1.5GB` (decimal) or `1MiB` (binary).

    Raises InputError for anything else. A number without a unit is ambiguous, and a filter decides what is deleted.
    """
    match = _fullmatch(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([KMGT]I?B|B)\s*", text, text.upper())
    if not match or (match[2] == "B" and "." in match[1]):
        raise InputError(f"{quoted(text)} is not a size", remedy="Write a number and a unit: 500KB, 100MB or 1.5GB.")
    size_bytes = int(Decimal(match[1]) * _BYTES[match[2]])
    if size_bytes > LARGEST_BYTES:
        raise InputError(f"{quoted(text)} is too large", remedy="Give a million terabytes or less.")
    return size_bytes


def _fullmatch(pattern: str, text: str, in_one_case: str) -> re.Match[str] | None:
    """Match a text that was brought to one case. In another alphabet, a letter may have become one of a unit's."""
    return re.fullmatch(pattern, in_one_case) if text.isascii() else None


def size_text(size_bytes: int) -> str:
    """Format a size: `1.2 GB`."""
    from humanize import naturalsize

    return naturalsize(size_bytes)


def age_text(age_s: float) -> str:
    """Format an age or a duration in its largest unit: `7 days`, `a minute`."""
    from humanize import naturaldelta

    return naturaldelta(timedelta(seconds=max(0.0, age_s)), months=False)


def exact_size_text(size_bytes: int) -> str:
    """Quote a size that was given, so that it means the same: `1.25 GB`, `1 GiB`, `1,234,567 bytes`."""
    for units in (_DECIMAL, _BINARY):
        unit = max((unit for unit in units if units[unit] <= size_bytes), key=units.__getitem__, default=None)
        if unit is not None and size_bytes * 1000 % units[unit] == 0:
            return f"{Decimal(size_bytes) / units[unit]:f} {unit}"
    return f"{size_bytes:,} bytes"


def exact_age_text(age_s: float) -> str:
    """Quote an age that was given, so that it means the same: `36 hours`, `30 days`, `90 minutes`."""
    for unit, unit_s in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if age_s >= unit_s and age_s % unit_s == 0:
            return many(int(age_s) // unit_s, unit)
    return f"{age_s:g} seconds"


def seconds_text(seconds: float) -> str:
    """Format a short duration: `0.4 s`, `12 s`, `5 min`."""
    if seconds >= 120:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 10 or seconds == int(seconds) else f"{seconds:.1f} s"
