"""Show caches as a table: by row of the page, or one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from purger.cli.table import Column, table_lines
from purger.core.cache import UNDATED
from purger.core.text import many, visible
from purger.core.units import age_text, size_text
from purger.report.model import CacheReport
from purger.report.phrases import stored_size
from purger.travis.keys import last_part

MOST_ROWS_AT_A_TERMINAL = 20


@dataclass(frozen=True, slots=True)
class Row:
    """Caches that a table shows together: those of one row of the page and, where it shows no branch, of one branch."""

    branch: str
    shown_as: str
    caches: list[CacheReport]

    @property
    def is_a_branch(self) -> bool:
        """Whether the page shows the name of a branch for these."""
        return self.shown_as == last_part(self.branch)


def rows_of(caches: Iterable[CacheReport]) -> list[Row]:
    """Return the rows of these caches; a row whose caches are all of one branch has its full name."""
    grouped: dict[tuple[str, str], list[CacheReport]] = {}
    for cache in caches:
        shown_as = cache.row or last_part(cache.branch)
        is_a_branch = shown_as == last_part(cache.branch)
        grouped.setdefault((shown_as, "" if is_a_branch else cache.branch), []).append(cache)
    return [
        Row(members[0].branch if len({cache.branch for cache in members}) == 1 else shown_as, shown_as, members)
        for (shown_as, _), members in grouped.items()
    ]


def table_of(
    name: str, rows: Sequence[Row], now: datetime, *, complete: bool = True, room: int | None = None
) -> Iterator[Text]:
    """Yield the lines of a table of a repository's rows: branch, kind, number, size, age; and the totals.

    Where a list was full, not `complete`, the totals are the least that there is. `room` is the width of a line.
    """
    least = "" if complete else "at least "
    caches = [cache for row in rows for cache in row.caches]
    columns = [
        Column("branch", f"{least}{many(len(rows), 'row')}", is_name=True),
        Column("kind"),
        Column("caches", f"{least}{len(caches):,}", right=True),
        Column("size", size_text(sum(cache.size_bytes for cache in caches)), right=True),
        Column("age", right=True),
    ]
    with_other_names = not all(row.is_a_branch for row in rows)
    if with_other_names:
        columns.append(Column("on the page", is_name=True))
    lines = []
    for row in rows:
        size, age = _size_and_age(row.caches, now)
        cells = [visible(row.branch), str(row.caches[0].kind), f"{len(row.caches):,}", size, age]
        lines.append([*cells, visible(row.shown_as)] if with_other_names else cells)
    yield Text(f"Caches of {visible(name)}", style="italic")
    yield from table_lines(columns, lines, room)


def cache_table_of(
    name: str, caches: Sequence[CacheReport], now: datetime, *, room: int | None = None
) -> Iterator[Text]:
    """Yield the lines of a table of caches, one by one: branch, name, kind, size, age; and the totals."""
    columns = [
        Column("branch", many(len(caches), "cache"), is_name=True),
        Column("cache", is_name=True),
        Column("kind"),
        Column("size", size_text(sum(cache.size_bytes for cache in caches)), right=True),
        Column("age", right=True),
    ]
    lines = []
    for cache in caches:
        size, age = _size_and_age([cache], now)
        lines.append([visible(cache.branch), visible(cache.name), str(cache.kind), size, age])
    yield Text(f"Caches of {visible(name)}", style="italic")
    yield from table_lines(columns, lines, room)


def _size_and_age(caches: Sequence[CacheReport], now: datetime) -> tuple[str, str]:
    """Return the size of all and the age of the newest; the site may name neither."""
    size_bytes, last = sum(cache.size_bytes for cache in caches), max(cache.last_modified for cache in caches)
    return stored_size(size_bytes), age_text((now - last).total_seconds()) if last > UNDATED else "unknown"
