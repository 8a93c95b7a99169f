"""A decision holds for exactly the caches that it was made about, and the limit of a run for all repositories."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

from purger.core.cache import UNDATED, Cache
from purger.core.decision import Decision, Kept, Verdict, limited, oldest_first
from tests.support.builders import NOW, cache

SELECTED, OPEN = Verdict(selected=True), Verdict(selected=None)
NEWEST = Verdict(selected=False, kept=Kept.NEWEST)


def decision(*verdicts: tuple[Cache, Verdict], is_complete: bool = True) -> Decision:
    return Decision.of(verdicts, is_complete=is_complete)


def test_another_upload_or_cache_is_kept() -> None:
    one = cache("main", full="main")
    made = decision((one, SELECTED))
    assert made.verdict(one) == SELECTED
    for other in (
        replace(one, last_modified=NOW),
        replace(one, size_bytes=11),
        replace(one, name="cache-b.tgz"),
        replace(one, branch="b", full_branch="b"),
    ):
        assert made.verdict(other) == Verdict(selected=False, kept=Kept.LATER)
    assert made.verdict(replace(one, last_modified=one.last_modified + timedelta(microseconds=5))) == SELECTED


def test_a_decision_says_why_it_keeps_what_it_does_not_know() -> None:
    made = Decision(others=Kept.LIMIT)
    assert made.verdict(cache("main")) == Verdict(selected=False, kept=Kept.LIMIT)
    one = cache("a", full="x/a")
    assert replace(decision((one, SELECTED)), others=Kept.LIMIT).verdict(cache("b")).kept is Kept.LIMIT


def test_caches_that_look_alike_are_told_apart_by_their_branches() -> None:
    mine, theirs = cache("a", full="x/a"), cache("a", full="y/a")
    made = decision((mine, SELECTED), (theirs, NEWEST))
    assert (made.verdict(mine), made.verdict(theirs), made.verdict(cache("a"))) == (SELECTED, NEWEST, OPEN)
    assert made.verdict(cache("a", full="z/a")) == Verdict(selected=False, kept=Kept.LATER)
    assert not made.selects_all_like(mine)
    alike = decision((mine, SELECTED), (theirs, SELECTED))
    assert alike.verdict(cache("a")) == SELECTED
    assert alike.selects_all_like(mine)


def test_a_branch_that_is_known_later_is_that_of_the_cache_that_had_none() -> None:
    made = decision((cache("a"), SELECTED), (cache("a", full="y/a"), NEWEST))
    assert made.verdict(cache("a", full="a")) == SELECTED
    assert made.verdict(cache("a", full="y/a")) == NEWEST


def test_of_two_that_nobody_can_tell_apart_none_is_selected_unless_both_are() -> None:
    one = cache("a")
    for pair in ((SELECTED, NEWEST), (NEWEST, SELECTED)):
        made = decision(*((one, verdict) for verdict in pair))
        assert (made.selected, made.verdict(one)) == ((), NEWEST)
    assert decision((one, SELECTED), (one, SELECTED)).selected == (one, one)
    assert decision((one, OPEN), (one, SELECTED)).verdict(one) == OPEN
    named = cache("a", full="x/a")
    for pair in ((SELECTED, NEWEST), (NEWEST, SELECTED)):
        assert decision(*((named, verdict) for verdict in pair)).selected == ()


def test_a_limit_holds_for_the_whole_run_and_takes_the_oldest() -> None:
    days = [cache("a", f"cache-{age}.tgz", age_s=age) for age in (10, 30, 50)]
    others = [cache("b", f"cache-{age}.tgz", age_s=age) for age in (20, 40)]
    first, second = (decision(*((one, SELECTED) for one in caches)) for caches in (days, others))
    made = limited([first, second], 3)
    assert [one.selected for one in made] == [tuple(days[1:]), (others[1],)]
    assert made[0].verdict(days[0]).kept is made[1].verdict(others[0]).kept is Kept.LIMIT
    assert [one.selected for one in limited([first, second], 9)] == [tuple(days), tuple(others)]


def test_a_limit_selects_nothing_where_older_caches_may_be_hidden() -> None:
    one, other = cache("a", age_s=10), cache("b", age_s=5)
    hidden, whole = decision((one, SELECTED), is_complete=False), decision((other, SELECTED))
    made = limited([hidden, whole], 5)
    assert [each.selected for each in made] == [(), ()]
    assert made[0].verdict(one).kept is made[1].verdict(other).kept is Kept.UNSEEN


def test_what_nobody_can_decide_takes_a_place_of_the_limit() -> None:
    oldest, middle, newest = (cache("a", f"cache-{age}.tgz", age_s=age) for age in (30, 20, 10))
    made = decision((oldest, OPEN), (middle, SELECTED), (newest, SELECTED))
    assert (made.selected, made.undecided) == ((middle, newest), (oldest,))
    for most, selected in ((1, ()), (2, (middle,)), (3, (middle, newest))):
        assert limited([made], most)[0].selected == selected


def test_a_limit_passes_over_what_may_be_older_or_newer() -> None:
    dated = [cache("a", f"cache-{age}.tgz", age_s=age) for age in (10, 20)]
    undated = replace(cache("a", "cache-x.tgz"), last_modified=UNDATED)
    everything = decision(*((one, SELECTED) for one in (*dated, undated)))
    assert limited([everything], 3)[0].selected == (*dated, undated)
    assert limited([everything], 2)[0].selected == (dated[1],), "the one without a date may be the oldest"
    assert limited([everything], 1)[0].selected == ()
    assert limited([everything], 2)[0].verdict(undated).kept is Kept.UNDATED
    assert limited([everything], 2)[0].verdict(dated[0]).kept is Kept.LIMIT


def test_a_limit_does_not_part_what_looks_alike() -> None:
    one = cache("a")
    made = limited([decision((one, SELECTED), (one, SELECTED))], 1)
    assert made[0].selected == ()


def test_the_order_of_equally_old_caches_does_not_depend_on_the_list() -> None:
    alike = [cache(), cache(full="PR.7"), cache(full="x/main")]
    for listed in permutations(alike):
        assert sorted(listed, key=oldest_first) == alike
