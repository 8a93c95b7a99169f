"""Join what a terminal wrapped: the lines of the commands and sentences that are looked for in a log."""

from __future__ import annotations

import re
from functools import reduce

from purger.travis.job_log.text import QUOTED, QUOTING

_NARROWEST, _WIDEST = 40, 400
_SHARE_OF_LONGER_LINES = 0.02
_MOST_LINES = 2000
_LONGEST = 8 * 1024
_STARTS = re.compile(
    QUOTING + rb"(?:(?:\d+m ?)?[\d.]+s)?(?:\$ |fetching |uploading |found |could not download |"
    rb"attempting to download |adding /|Setting up |store build |changes? detected|"
    rb"nothing changed|failed to upload |running `?casher |travis_|"
    rb"The command \"|The job |The log length |The build |No output has been |Done[.:] |Your build |Worker information)"
)
# What only a terminal breaks: a key without blanks, and the clone, whose folder is called like the repository.
_ONLY_WRAPPED = re.compile(
    QUOTING + rb"(?:[\d.]+s)?(?:(?:fetching|uploading) \S{1,250}/\S{1,400}\.t[gb]z"
    rb"|\$ git clone (?:-\S{1,300} ){0,9}\S{0,300}[/:]([\w.\-]+/[\w.\-]+?)(?:\.git)? \1)\s*"
)
_MOST_JOINED = 6
_FEWEST_EQUAL = 4
_SHARE_OF_EQUAL_LINES = 0.9


def wrapped_width(lines: list[bytes]) -> int | None:
    """Return the width at which a terminal wrapped these lines of a log, or None where it did not."""
    lines = [line.rstrip(b"\r") for line in lines[:_MOST_LINES]]
    widths = [_width(line) for line in lines]
    width = max((widths[at] for at in range(len(lines)) if _is_wrapped_at(at, lines, widths)), default=0)
    longer = sum(each > width for each in widths)
    return width if width and longer <= _SHARE_OF_LONGER_LINES * len(lines) else None


def _is_wrapped_at(at: int, lines: list[bytes], widths: list[int]) -> bool:
    if not _NARROWEST <= widths[at] <= _WIDEST or not _STARTS.match(lines[at]):
        return False
    last = at
    while last < len(lines) - 1 and last - at < _MOST_JOINED and widths[last] == widths[at]:
        last += 1
    return (
        last > at
        and _ONLY_WRAPPED.fullmatch(reduce(_continued, lines[at : last + 1])) is not None
        and _ONLY_WRAPPED.fullmatch(lines[at]) is None
    )


class WrappedLines:
    """Takes a log's text, fed in pieces of any size, that was wrapped at a width, and joins its own sentences.

    The output of commands stays as it is: a line of it may be as long as the terminal is wide.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._held = b""
        self._open = b""

    def feed(self, text: bytes) -> bytes:
        """Read the next piece; return the lines that are complete."""
        *lines, self._held = (self._held + text).split(b"\n")
        whole = b"".join(map(self._joined, lines))
        if len(self._held) > _LONGEST:  # no line of a terminal
            whole, self._held = whole + self._closed() + self._held, b""
        return whole

    def finish(self) -> bytes:
        """Return the rest of the text."""
        rest, self._held = self._held, b""
        return (self._joined(rest) + self._closed()).removesuffix(b"\n") if rest else self._closed()

    @property
    def kept_bytes(self) -> int:
        """The number of bytes that wait for the next piece."""
        return len(self._held) + len(self._open)

    def _closed(self) -> bytes:
        is_open, self._open = self._open, b""
        return is_open + b"\n" if is_open else b""

    def _joined(self, line: bytes) -> bytes:
        """Return what a line completes, with its end."""
        is_start = _STARTS.match(line) is not None
        before = b""
        if QUOTED.fullmatch(line.rstrip(b"\r")) or is_start or not self._open:
            before = self._closed()
        if not is_start and not self._open:
            return before + line + b"\n"
        whole = _continued(self._open, line)
        missing = self._width - _width(line.rstrip(b"\r"))
        # A blank at the end of a wrapped line may be lost.
        if missing in (0, 1) and len(whole) < _LONGEST:
            self._open = whole.rstrip(b"\r") + b" " * missing
            return before
        self._open = b""
        return before + whole + b"\n"


class OneLine(WrappedLines):
    """Takes a log whose line ends were lost and that was then wrapped at a width, and joins all of it."""

    def __init__(self, width: int, mark: bytes) -> None:
        super().__init__(width)
        self._mark = mark

    def _joined(self, line: bytes) -> bytes:
        missing = self._width - _width(line)
        end = b" " * missing if missing in (0, 1) else b"\n"
        return line.removeprefix(self._mark) + end


def one_line(lines: list[bytes]) -> OneLine | None:
    """Return what joins these lines of a log, of which nearly all are equally wide, or None where they are not.

    A line whose blank at the end was lost is one character shorter. Where most end with blanks, they were filled up.
    """
    whole = lines[: _MOST_LINES + 1][:-1]  # the last one is the rest
    width = max(map(_width, whole), default=0)
    full = [line for line in whole if width - _width(line) in (0, 1)]
    has_blanks = sum(line.endswith(b" ") for line in full)
    is_wrapped = len(full) >= max(_FEWEST_EQUAL, _SHARE_OF_EQUAL_LINES * len(whole)) and 2 * has_blanks < len(full)
    if not is_wrapped or not _NARROWEST <= width <= _WIDEST:
        return None
    return OneLine(width, min((found[0] for line in full if (found := QUOTED.match(line))), key=len))


def _continued(line: bytes, more: bytes) -> bytes:
    prefix = QUOTED.match(line)
    return line + more.removeprefix(prefix[0] if prefix else b"")


def _width(line: bytes) -> int:
    return len(line.decode("utf-8", "replace"))
