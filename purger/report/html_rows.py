"""The caches of a repository in its HTML report: the worst as rows of a table, all others as data for its script."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from purger.core.cache import UNDATED, Outcome
from purger.core.text import many, visible
from purger.report.model import CacheReport, time_text
from purger.report.phrases import stored_size

MOST_IN_PAGE = 300
"""The most rows of one table that are HTML, which can be read and printed without a script."""
MOST_IN_PAGE_TOGETHER = 1000
MOST_DATA_BYTES = 4_500_000
"""The most data of all tables together; with the longest names that is some thousand caches, else many more."""
_ROW_BYTES = 1000
"""What a row takes as HTML, about."""
_WORST_FIRST = [Outcome.FAILED, Outcome.RECREATED, Outcome.REMAINING, Outcome.SKIPPED, Outcome.DELETED]


@dataclass(slots=True)
class Room:
    """What is left of the page for rows: how many as HTML, and how many bytes of data."""

    in_page: int = MOST_IN_PAGE_TOGETHER
    data_bytes: int = MOST_DATA_BYTES

    @property
    def used_bytes(self) -> int:
        """What all rows take of the page, about."""
        return MOST_DATA_BYTES - self.data_bytes + _ROW_BYTES * (MOST_IN_PAGE_TOGETHER - self.in_page)


@dataclass(frozen=True, slots=True)
class Row:
    """A cache as the table shows it: a label, what deleted it, and why it is not gone.

    `modified` is empty where the site names no date.
    """

    cache: CacheReport
    size: str
    modified: str
    label: str
    by: str
    why: str

    @classmethod
    def of(cls, cache: CacheReport, *, dry_run: bool) -> Row:
        """Return the row of a cache. What a dry run selects is no failure."""
        untouched = dry_run and cache.selected and cache.outcome is Outcome.REMAINING
        attempts = f" in {many(cache.attempts, 'attempt')}" if cache.attempts > 1 else ""
        return cls(
            cache,
            size=stored_size(cache.size_bytes),
            modified=time_text(cache.last_modified) if cache.last_modified > UNDATED else "",
            label="selected" if untouched else str(cache.outcome),
            by=f"{cache.how or ''}{attempts}".strip(),
            why="" if untouched else (cache.reason or ""),
        )


class _Texts(dict[str, int]):
    """Texts that rows have in common, each with its number."""

    def __init__(self) -> None:
        super().__init__()
        self.size_bytes = 0

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        self.size_bytes += len(_json(visible(text)).encode()) + 2
        return number


class Rows:
    """All caches of a repository, the selected ones that are not gone first; as many of them as there is `room` for.

    `counts` says how many there are of each label, `with_reasons` whether any has a reason.
    """

    def __init__(self, caches: Sequence[CacheReport], room: Room, *, dry_run: bool) -> None:
        self._caches = sorted(caches, key=_place)
        self._dry_run = dry_run
        self.count = len(caches)
        self.counts = Counter(row.label for row in self._rows(0, self.count))
        self.with_reasons = any(row.why for row in self._rows(0, self.count))
        self._in_page = min(self.count, MOST_IN_PAGE, room.in_page)
        room.in_page -= self._in_page
        self.data_count = self._fitting(room)
        self.left_out = self.count - self._in_page - self.data_count

    def _rows(self, start: int, end: int) -> Iterator[Row]:
        return (Row.of(cache, dry_run=self._dry_run) for cache in self._caches[start:end])

    def in_page(self) -> Iterator[Row]:
        """Return the rows that are HTML."""
        return self._rows(0, self._in_page)

    def _fitting(self, room: Room) -> int:
        """Return for how many of the other caches there is room as data, and take it."""
        texts, used, count = _Texts(), 0, 0
        for row in self._rows(self._in_page, self.count):
            used += len(_line(row, texts).encode()) + 2
            if used + texts.size_bytes > room.data_bytes:
                break
            taken, count = used + texts.size_bytes, count + 1
        room.data_bytes -= taken if count else 0
        return count

    def data(self) -> Iterator[Markup]:
        """Yield the data of the other caches, as JSON that may stand in HTML: a line a cache, then the texts."""
        texts = _Texts()
        start = '{"rows":[\n'
        for row in self._rows(self._in_page, self._in_page + self.data_count):
            yield Markup(start + _line(row, texts))  # noqa: S704 - no markup is left in it
            start = ",\n"
        start = '],"texts":[\n'
        for text in texts:
            yield Markup(start + _json(visible(text)))  # noqa: S704 - the same
            start = ",\n"
        yield Markup("]}")


def _place(cache: CacheReport) -> tuple[int, int, int]:
    """Return what orders caches: the selected, those that may be, the others; of each the worst and largest first."""
    group = 0 if cache.selected else 1 if cache.undecided else 2
    return group, _WORST_FIRST.index(cache.outcome), -cache.size_bytes


def _line(row: Row, texts: _Texts) -> str:
    """Return a row as report.js reads it; what several rows may have in common is a number of a text."""
    cache = row.cache
    return _json(
        [
            texts[cache.branch],
            visible(cache.name),
            texts[str(cache.kind)],
            cache.size_bytes,
            texts[row.size],
            row.modified,
            texts[row.label],
            texts[row.by],
            texts[row.why],
        ]
    )


def _json(value: Any) -> str:
    """Return a value as JSON that ends no script and begins no comment."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
