"""The caches of the HTML report: which are HTML and which are data, what is left out, and that data stays data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from purger.core.cache import UNDATED, UNSIZED, Method
from purger.core.text import visible
from purger.report import html_rows
from purger.report.html_rows import Room, Row, Rows
from purger.report.model import CacheReport
from tests.report.samples import cache_report, html_of, record, report, repository_of
from tests.support.hostile import names


def many_caches(count: int) -> list[CacheReport]:
    return [cache_report(f"branch-{number}", number + 1) for number in range(count)]


def data_of(rows: Rows) -> list[list[object]]:
    """The rows of the data, with the texts that they number."""
    value = json.loads("".join(rows.data()))
    texts = value["texts"]
    numbered = (0, 2, 4, 6, 7, 8)
    return [[texts[each] if at in numbered else each for at, each in enumerate(row)] for row in value["rows"]]


def test_the_worst_and_largest_are_in_the_page_and_the_others_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_rows, "MOST_IN_PAGE", 3)
    caches = [*many_caches(5), cache_report("bad", outcome="failed", reason="no")]
    rows = Rows(caches, Room(), dry_run=False)
    assert [row.cache.branch for row in rows.in_page()] == ["bad", "branch-4", "branch-3"]
    assert [row[0] for row in data_of(rows)] == ["branch-2", "branch-1", "branch-0"]
    assert (rows.count, rows.data_count, rows.left_out) == (6, 3, 0)
    assert (dict(rows.counts), rows.with_reasons) == ({"failed": 1, "deleted": 5}, True)
    assert not Rows(many_caches(5), Room(), dry_run=False).with_reasons


def test_a_date_or_size_that_the_site_does_not_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_rows, "MOST_IN_PAGE", 1)
    cache = cache_report("main", UNSIZED, last_modified=UNDATED)
    made = report(record(gone=0))
    made = msgspec.structs.replace(made, repositories=[repository_of(cache, cache)])
    assert html_of(made, [], {}).count('<td class="modified">unknown</td>') == 1
    assert Row.of(cache, dry_run=False).size == "unknown"
    assert [row[4:6] for row in data_of(Rows([cache, cache], Room(), dry_run=False))] == [["unknown", ""]]


def test_what_was_selected_is_first_whatever_became_of_the_others() -> None:
    kept: dict[str, Any] = {"selected": False, "reason": "not selected"}
    caches = [
        cache_report("spared", 10**9, outcome="skipped", **kept),
        cache_report("gone-before", 10**8, **kept),
        cache_report("unclear", 10**7, outcome="skipped", undecided=True, **kept),
        cache_report("deleted", 1),
        cache_report("deleted-too", 2),
        cache_report("left-alone", 3, outcome="skipped", reason="its name is shared"),
        cache_report("refused", 1, outcome="failed", reason="answered 403"),
    ]
    rows = Rows(caches, Room(in_page=2), dry_run=False)
    shown = [*(row.cache.branch for row in rows.in_page()), *(row[0] for row in data_of(rows))]
    assert shown == ["refused", "left-alone", "deleted-too", "deleted", "unclear", "spared", "gone-before"]


def test_tables_share_the_room_in_the_page() -> None:
    room = Room(in_page=7)
    first, second = (Rows(many_caches(5), room, dry_run=False) for _ in range(2))
    assert [len(list(rows.in_page())) for rows in (first, second)] == [5, 2]
    assert (first.data_count, second.data_count) == (0, 3)


@given(st.lists(st.tuples(names, names, names), max_size=8), st.integers(0, 1500))
def test_data_fits_its_room_and_what_does_not_is_counted(texts: list[tuple[str, str, str]], room_bytes: int) -> None:
    caches = [cache_report(branch, name=name, reason=why) for branch, name, why in texts]
    room = Room(in_page=0, data_bytes=room_bytes)
    rows = Rows(caches, room, dry_run=False)
    written = "".join(rows.data()).encode() if rows.data_count else b""
    assert len(written) <= room_bytes - room.data_bytes + 50
    assert room.data_bytes >= 0
    assert rows.data_count + rows.left_out == len(caches)
    if rows.left_out:
        assert Rows(caches, Room(0, room_bytes + 10_000), dry_run=False).left_out == 0


@given(st.lists(st.tuples(names, names, names), min_size=1, max_size=5))
def test_data_is_what_was_reported_and_never_markup(texts: list[tuple[str, str, str]]) -> None:
    caches = [cache_report(branch, name=name, reason=why) for branch, name, why in texts]
    rows = Rows(caches, Room(in_page=0), dry_run=False)
    written = "".join(rows.data())
    assert "<" not in written
    assert not set(written) & {"\u2028", "\u2029", "\r", "\0"}
    written.encode()
    found = [(row[0], row[1], row[8]) for row in data_of(rows)]
    assert found == [tuple(map(visible, each)) for each in texts]


def test_a_row_says_what_deleted_a_cache_and_why_it_is_left() -> None:
    modified = datetime(2026, 3, 1, 12, 5, 59, tzinfo=UTC)
    values: dict[str, Any] = {"attempts": 3, "how": Method.API, "last_modified": modified, "kind": "pull-request"}
    (row,) = data_of(Rows([cache_report("PR.7", 20_308_738, **values)], Room(in_page=0), dry_run=False))
    deleted = ["pull-request", 20_308_738, "20.3 MB", "2026-03-01T12:05:59Z", "deleted", "api in 3 attempts", ""]
    assert row == ["PR.7", "cache-a.tgz", *deleted]
    untouched = cache_report("main", outcome="remaining", reason="not attempted")
    dry = Row.of(untouched, dry_run=True)
    assert (dry.label, dry.why) == ("selected", "")
    real = Row.of(untouched, dry_run=False)
    assert (real.label, real.by, real.why) == ("remaining", "", "not attempted")


def test_names_that_repeat_are_written_once() -> None:
    rows = Rows([cache_report("a-long-branch", name=f"cache-{number}") for number in range(9)], Room(0), dry_run=False)
    assert "".join(rows.data()).count("a-long-branch") == 1
