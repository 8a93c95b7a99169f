"""Convert a text that comes in pieces of any size: an end that the next piece may continue is held back."""

from __future__ import annotations

import re
from collections.abc import Callable


class Converter:
    """Converts a text piece by piece.

    Args:
        convert: returns what a part of the text becomes.
        end_of: returns the end of the part that the next piece can't change.
    """

    def __init__(self, convert: Callable[[bytes], bytes], end_of: Callable[[bytes], int]) -> None:
        self.held = b""
        self._convert = convert
        self._end_of = end_of

    def feed(self, data: bytes) -> bytes:
        """Take the next piece; return the text that is complete."""
        data = self.held + data
        end = self._end_of(data)
        self.held = data[end:]
        return self._convert(data[:end])

    def finish(self) -> bytes:
        """Return the rest of the text."""
        held, self.held = self.held, b""
        return self._convert(held)


def before(unfinished: re.Pattern[bytes], longest: int) -> Callable[[bytes], int]:
    """Return a function that finds where what is unfinished starts, in the last bytes of a text; else its length."""

    def end_of(data: bytes) -> int:
        found = unfinished.search(data, max(0, len(data) - longest))
        return found.start() if found else len(data)

    return end_of
