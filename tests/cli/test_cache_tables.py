"""Tables of caches: by row of the page, where several branches may be one row, and one by one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec import structs
from rich.text import Text

from purger.cli.cache_tables import cache_table_of, rows_of, table_of
from purger.core.cache import UNDATED
from tests.report.samples import cache_report
from tests.support.builders import NOW

pytestmark = pytest.mark.cli

CACHES = [
    cache_report("feature/foo", 5, "remaining"),
    cache_report("bug/foo", 7, "remaining"),
    cache_report("a/bar", 9, "remaining"),
]


def cells(lines: Iterable[Text]) -> list[list[str]]:
    return [str(line).split() for line in lines]


def test_branches_of_one_displayed_name_are_one_row() -> None:
    title, _, *rows, totals = cells(table_of("acme/widgets", rows_of(CACHES), NOW))
    assert title == ["Caches", "of", "acme/widgets"]
    assert [row[:5] for row in rows] == [["foo", "push", "2", "12", "Bytes"], ["a/bar", "push", "1", "9", "Bytes"]]
    assert totals == ["2", "rows", "3", "21", "Bytes"]


def test_totals_of_a_full_list_are_the_least_that_there_is() -> None:
    *_, totals = cells(table_of("acme/widgets", rows_of(CACHES), NOW, complete=False))
    assert totals == ["at", "least", "2", "rows", "at", "least", "3", "21", "Bytes"]


def test_one_by_one_each_cache_has_its_name_and_its_whole_branch() -> None:
    _, _, *rows, totals = cells(cache_table_of("acme/widgets", CACHES, NOW))
    assert [row[:2] for row in rows] == [[cache.branch, cache.name] for cache in CACHES]
    assert totals == ["3", "caches", "21", "Bytes"]


def test_what_the_site_does_not_tell_is_unknown() -> None:
    bare = structs.replace(CACHES[0], size_bytes=0, last_modified=UNDATED)
    row, one = [list(lines)[2] for lines in (table_of("a/b", rows_of([bare]), NOW), cache_table_of("a/b", [bare], NOW))]
    assert (str(row).split()[-2:], str(one).split()[-2:]) == (["unknown", "unknown"], ["unknown", "unknown"])
