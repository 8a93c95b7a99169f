"""The index of entries: what is listed, left and gone, by version and by name."""

from __future__ import annotations

from purger.core.cache import Cache, Version
from purger.purge.entry import Entry, State
from purger.purge.entry_index import EntryIndex
from tests.support.builders import cache


def index_of(*entries: Entry) -> EntryIndex:
    index = EntryIndex()
    for entry in entries:
        index.add(entry)
    return index


def found(index: EntryIndex, *deleted: Cache) -> list[Entry]:
    return index.find(deleted, lambda entry: -entry.started)[0]


def left(index: EntryIndex, *caches: Cache) -> dict[Version, int]:
    return index.left({one.version for one in caches}, lambda _cache: True)


def test_what_is_listed_is_found_by_its_version_once_and_in_order() -> None:
    first, second = Entry(cache(), True), Entry(cache(), True, started=1)
    index = index_of(first, second, Entry(cache("other"), True))
    assert found(index, cache()) == [second]
    assert found(index, cache(), cache(), cache()) == [second, first]
    assert left(index, cache(), cache("other")) == {cache().version: 2, cache("other").version: 1}
    assert index.left([cache().version], lambda one: one.branch == "other") == {}


def test_what_is_not_selected_is_listed_and_not_left() -> None:
    index = index_of(Entry(cache(), False))
    assert found(index, cache()) == []
    assert (list(index.listed), index.selected, left(index, cache())) == (index.entries, 0, {})


def test_what_is_gone_is_neither_found_nor_new() -> None:
    one = Entry(cache(), True)
    index = index_of(one, Entry(cache("old"), True, State.GONE))
    index.remove_listed(one)
    assert not index.listed
    assert not left(index, cache(), cache("old"))
    newer = cache(age_s=1)
    assert index.find([cache(), newer, cache("old"), cache("new")], id) == (
        [],
        [([one], [newer]), ([index.entries[1]], []), ([], [cache("new")])],
    )
    assert index.selected == len(index.entries) == 2


def test_a_load_concerns_what_is_listed_and_what_is_gone_of_its_names() -> None:
    listed, gone, other = (
        Entry(cache("a"), True),
        Entry(cache("b"), True, State.GONE),
        Entry(cache("c"), True, State.GONE),
    )
    index = index_of(listed, gone, other)
    assert index.relevant_to([]) == [listed]
    assert index.relevant_to([cache("b", age_s=1), cache("b", age_s=2), cache("a")]) == [listed, gone]
