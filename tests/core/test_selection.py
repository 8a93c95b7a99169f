"""A selection: each filter, their combinations, and the filters in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from purger.core.cache import Cache, Kind
from purger.core.decision import Decision, Kept, Verdict
from purger.core.errors import InputError
from purger.core.policies import Policies
from purger.core.selection import Selection
from tests.support.builders import NOW, cache

DAY = 86400.0


def test_without_a_filter_everything_is_selected() -> None:
    selection = Selection()
    assert selection.everything
    assert selection.selects(cache("anything"))


@pytest.mark.parametrize(
    ("branches", "of", "selected"),
    [
        (("main",), cache("main", full="main"), True),
        (("main",), cache("main"), False),
        (("feature/foo",), cache("foo", full="feature/foo"), True),
        (("feature/foo",), cache("foo", full="bug/foo"), False),
        (("f*",), cache("foo"), True),
        (("f*",), cache("main"), False),
        (("feature/*",), cache("foo", full="feature/foo"), True),
        (("feature/*",), cache("foo"), False),
        (("d*",), cache("main", full="dependabot/npm/main"), False),
        (("d*",), cache("dev", full="team/dev"), True),
        (("d*", "dependabot/npm/main"), cache("main", full="dependabot/npm/main"), True),
        (("d*/m*",), cache("main", full="dependabot/npm/main"), True),
        (("PR.?",), cache("PR.1"), True),
        (("PR.?",), cache("PR.12"), False),
        (("main", "f*"), cache("foo"), True),
        (("F*",), cache("foo"), False),
        (("f*",), cache("foo", full="a/b/foo"), True),
    ],
)
def test_a_branch_filter_selects_full_names_and_globs(branches: tuple[str, ...], of: Cache, selected: bool) -> None:
    assert Selection(branches=branches).selects(of) is selected


FILTERS: dict[str, tuple[dict[str, Any], Cache, Cache]] = {
    "match": ({"match": "py3"}, cache(name="cache-py3.tgz"), cache(name="cache-node.tgz")),
    "kind": ({"kind": Kind.PULL_REQUEST}, cache("PR.7", full="PR.7"), cache("SPRINT")),
    "older": ({"older_than_s": DAY, "as_of": NOW}, cache(age_s=DAY + 1), cache(age_s=DAY)),
    "larger": ({"larger_than_bytes": 10}, cache(size=11), cache(size=10)),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_selects_what_it_describes(name: str) -> None:
    arguments, inside, outside = FILTERS[name]
    selection = Selection(**arguments)
    assert not selection.everything
    assert selection.selects(inside)
    assert not selection.selects(outside)


@pytest.mark.parametrize(("one", "other"), list(combinations(FILTERS, 2)))
def test_filters_are_combined_by_and(one: str, other: str) -> None:
    selection = Selection(**(FILTERS[one][0] | FILTERS[other][0]))
    assert not selection.selects(FILTERS[one][1])
    assert not selection.selects(FILTERS[other][1])


@pytest.mark.parametrize("arguments", [{"branches": ("",)}, {"match": ""}, {"branches": ("a\0b",)}])
def test_an_invalid_filter_is_rejected(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Selection(**arguments)


def test_a_selection_describes_all_its_filters() -> None:
    selection = Selection(
        branches=("main", "f*"), match="x", kind=Kind.PUSH, older_than_s=30 * DAY, larger_than_bytes=10**8
    )
    assert str(selection) == (
        "of branch main, of branches like f*, with 'x' in their name, of pushes, older than 30 days, larger than 100 MB"
    )


def test_a_selection_describes_pull_requests_and_a_date() -> None:
    before = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert (
        str(Selection(kind=Kind.PULL_REQUEST, not_after=before)) == "of pull requests, from before 2026-03-01 12:30 UTC"
    )


def test_a_selection_describes_its_filters_before_its_policies() -> None:
    policies = Policies(keep_newest=1, limit=5)
    described = "but the newest of each branch and kind of job, at most 5 caches"
    assert str(Selection(match="x", policies=policies)) == f"with 'x' in their name, {described}"
    assert str(Selection(policies=policies)) == described


def test_a_branch_that_is_not_text_is_rejected() -> None:
    with pytest.raises(InputError, match=r"^--branch contains a NUL or bytes that are not text"):
        Selection(branches=("\udc80",))


def test_what_was_decided_counts_and_not_the_filters() -> None:
    kept, other = cache("a"), cache("b")
    decision = Decision.of([(kept, Verdict(selected=False, kept=Kept.NEWEST))], is_complete=True)
    selection = Selection(decision=decision)
    assert selection.verdict(kept) == Verdict(selected=False, kept=Kept.NEWEST)
    assert selection.verdict(other) == Verdict(selected=False, kept=Kept.LATER)
    assert not selection.selects(other)


def test_ages_are_moved_to_the_sites_clock_once_and_never_later_than_it() -> None:
    offset = timedelta(seconds=90)
    moved = Selection(as_of=NOW).at_site_time(offset, NOW + timedelta(hours=1))
    assert (moved.as_of, moved.clock_offset_s) == (NOW + offset, 90.0)
    again = moved.at_site_time(timedelta(seconds=60), NOW + timedelta(hours=1))
    assert (again.as_of, again.clock_offset_s) == (NOW + offset, 60.0)
    assert moved.at_site_time(offset, NOW).as_of == NOW


def test_the_end_of_a_former_run_is_moved_to_the_sites_clock_with_the_ages() -> None:
    offset, site_now = timedelta(hours=2), NOW + timedelta(hours=3)
    moved = Selection(as_of=NOW, not_after=NOW).at_site_time(offset, site_now)
    assert moved.not_after == NOW + offset
    assert moved.at_site_time(offset, site_now).not_after == NOW + offset, "it was compared before"
    assert Selection(as_of=NOW).at_site_time(offset, site_now).not_after is None
