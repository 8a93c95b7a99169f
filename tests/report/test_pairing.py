"""A cache of a former report is found again in a later one: its version, of its own branch if that is known."""

from __future__ import annotations

from datetime import timedelta

from purger.report.pairing import Pairs, is_newer, place, row_of, version
from tests.report.samples import cache_report
from tests.support.builders import NOW


def test_a_version_is_paired_with_that_of_its_own_branch() -> None:
    mine, theirs = cache_report("x/a", row="a"), cache_report("y/a", row="a")
    pairs = Pairs([theirs], [mine, cache_report("y/a", row="a")], version)
    assert (theirs in pairs, pairs.rest) == (True, [mine])
    assert mine not in Pairs([mine], [theirs], version)


def test_a_branch_that_is_not_known_may_be_any_of_that_displayed_name() -> None:
    mine, shown = cache_report("x/a", row="a"), cache_report("a", row="a")
    assert mine in Pairs([mine], [shown], version)
    assert shown in Pairs([shown], [mine], version)
    assert cache_report("a") not in Pairs([shown], [mine], version)


def test_what_is_left_is_found_before_what_was_deleted() -> None:
    gone, left = cache_report("x/a", row="a"), cache_report("y/a", row="a", outcome="remaining")
    pairs = Pairs([gone, left], [cache_report("a", row="a")], version)
    assert (gone in pairs, left in pairs) == (False, True)


def test_one_cache_is_paired_once() -> None:
    first, second = cache_report("a", row="a"), cache_report("a", row="a")
    pairs = Pairs([first, second], [cache_report("a", row="a")], version)
    assert (first in pairs, second in pairs) == (True, False)


def test_one_cache_is_paired_with_one_however_many_it_may_be() -> None:
    mine, same, other = cache_report("a", row="a"), cache_report("a", row="a"), cache_report("x/a", row="a")
    pairs = Pairs([mine], [same, other], version)
    assert (pairs.later(mine) is same, pairs.rest) == (True, [other])


def test_the_row_of_a_report_counts_before_what_its_branch_would_show() -> None:
    assert row_of(cache_report("x/a", row="b")) == "b"
    assert row_of(cache_report("x/a", row=None)) == "a"


def test_a_newer_upload_has_the_same_place_and_a_later_date() -> None:
    former, newer = cache_report("main"), cache_report("main", 70, last_modified=NOW + timedelta(seconds=1))
    pairs = Pairs([former], [cache_report("main"), newer], place, is_newer)
    assert (pairs.later(former), pairs.later(newer)) == (newer, None)
