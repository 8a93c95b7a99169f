"""Lay out a table as lines: names in full, or shortened in the middle to the room that a line has; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from purger.core.text import hidden

GAP = "  "
SHORTEST_NAME = 8
"""Cells that are left of a name in the narrowest terminal. A line that is still too long is folded by the terminal."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head and foot. A name is shortened where there is no room; numbers are aligned `right`."""

    head: str
    foot: str = ""
    right: bool = False
    is_name: bool = False


def table_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None) -> Iterator[Text]:
    """Yield the lines of a table, without trailing space. `room` is the width of a line; None means no limit."""
    feet = [column.foot for column in columns]
    texts = [[column.head for column in columns], *rows, *([feet] if any(feet) else [])]
    widths = [max(cell_len(row[number]) for row in texts) for number in range(len(columns))]
    if room is not None:
        widths = _narrowed(columns, widths, room - len(GAP) * (len(columns) - 1))
    for number, row in enumerate(texts):
        cells = [_cell(text, width, column) for text, width, column in zip(row, widths, columns, strict=True)]
        is_frame = number == 0 or (number == len(texts) - 1 and any(feet))
        yield Text(GAP.join(cells).rstrip(), style="bold" if is_frame else "")


def shortened(text: str, most: int) -> str:
    """Return the text shortened in the middle to this many cells of a terminal: a wide character takes two."""
    if cell_len(text) <= most or cell_len(text := hidden(text)) <= most:
        return text
    tail = max(most - 1, 0) // 2
    # Where half of a wide character is cut off, rich puts a blank, which no name has.
    head, end = set_cell_size(text, max(most - 1 - tail, 0)), set_cell_size(text[::-1], tail)
    return f"{head.rstrip()}…{end.rstrip()[::-1]}"


def begun(text: str, most: int) -> str:
    """Return the beginning of a sentence in at most this many cells of a terminal, cut after a word if it is long."""
    if cell_len(text) <= most or cell_len(text := hidden(text)) <= most:
        return text
    start = set_cell_size(text, max(most - 1, 0))
    whole_words = start if text[len(start) :].startswith(" ") else start.rpartition(" ")[0]
    return f"{(whole_words or start).rstrip(' ,;:')}…"


def _narrowed(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """Return widths that fit in the room: what the other columns leave is shared by the names."""
    names = sorted((number for number, column in enumerate(columns) if column.is_name), key=lambda one: widths[one])
    narrowed = list(widths)
    left = room - sum(width for width, column in zip(widths, columns, strict=True) if not column.is_name)
    for position, number in enumerate(names):  # the shortest first: what it does not need is the others'
        share = left // (len(names) - position)
        narrowed[number] = min(widths[number], max(share, SHORTEST_NAME, cell_len(columns[number].head)))
        left -= narrowed[number]
    return narrowed


def _cell(text: str, width: int, column: Column) -> str:
    shown = shortened(text, width) if column.is_name else text
    space = " " * (width - cell_len(shown))
    return f"{space}{shown}" if column.right else f"{shown}{space}"
