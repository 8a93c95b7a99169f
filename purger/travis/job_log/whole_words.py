"""Shorten lines between words only: of a part of a secret nobody could tell later that it has to be redacted."""

from __future__ import annotations

_ELLIPSIS = "…"
_BLANKS = " \t"


def first_words(text: str, most: int) -> str:
    """Return the words at the beginning of the text that fit whole into `most` characters, the ellipsis included."""
    if len(text) <= most:
        return text
    end = max(text.rfind(blank, 0, most) for blank in _BLANKS)
    return f"{text[: max(0, end)].rstrip()} {_ELLIPSIS}".lstrip()


def window(line: bytes, start: int, end: int) -> bytes:
    """Return the words that are whole between two offsets of the line, with an ellipsis at each end that is cut."""
    part, blanks = line[max(0, start) : end], _BLANKS.encode()
    is_cut = end < len(line)
    if is_cut and line[end] not in blanks:
        part = part[: max(part.rfind(blank) for blank in (b" ", b"\t")) + 1]
    if start > 0:
        if line[start - 1] not in blanks:
            part = part[min((at for at in map(part.find, (b" ", b"\t")) if at >= 0), default=len(part)) :]
        part = f"{_ELLIPSIS} ".encode() + part.lstrip(blanks)
    return part.rstrip(blanks) + f" {_ELLIPSIS}".encode() if is_cut else part
