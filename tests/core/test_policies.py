"""Each policy against a model of it in a few lines; and what is not known never selects anything more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from purger.core.cache import UNDATED, UNSIZED, Cache, Kind
from purger.core.decision import Decision, Kept, Verdict, limited
from purger.core.errors import InputError
from purger.core.policies import Policies, crowded, decide
from purger.core.selection import Selection
from tests.support.builders import NOW, cache

HASHES = [f"{number:064x}" for number in range(60)]
BRANCHES = ["main", "login", "team/login", "PR.7"]
JOBS = ["python-3.8", "node-14"]


@st.composite
def repositories(draw: st.DrawFn) -> list[Cache]:
    """Caches of a few branches and kinds of jobs, with few different ages and sizes, so that many tie."""
    found = []
    for digits in draw(st.lists(st.sampled_from(HASHES), max_size=14, unique=True)):
        branch = draw(st.sampled_from(BRANCHES))
        name = f"cache-linux-focal-{digits}--{draw(st.sampled_from(JOBS))}.tgz"
        age_s = draw(st.integers(0, 9)) * 86_400.0
        shown = branch.rpartition("/")[2]
        found.append(cache(shown, name, age_s=age_s, size=draw(st.integers(1, 9)), full=branch))
    return found


policies = st.builds(
    lambda largest, below, **more: Policies(
        largest_first=largest and below is not None, until_below_bytes=below, **more
    ),
    st.booleans(),
    st.none() | st.integers(0, 60),
    keep_newest=st.none() | st.integers(1, 3),
    gone=st.booleans(),
    limit=st.none() | st.integers(1, 8),
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "branches": st.sampled_from([("main",), ("team/login", "PR.*"), ("l*",)]),
        "exclude": st.sampled_from([("login",), ("team/*",), ("PR.?",)]),
        "kind": st.sampled_from(Kind),
        "older_than_s": st.integers(0, 5).map(lambda days: days * 86_400.0 + 1),
        "newer_than_s": st.integers(6, 9).map(lambda days: days * 86_400.0 + 1),
        "larger_than_bytes": st.integers(0, 3),
        "smaller_than_bytes": st.integers(5, 9),
    },
)
GONE = {"login": True, "team/login": False, "PR.7": True, "main": None}


def is_gone(one: Cache) -> bool | None:
    return None if one.full_branch is None else GONE[one.full_branch]


def selection_of(filters: dict[str, Any], policies: Policies) -> Selection:
    try:
        return Selection(**filters, policies=policies, as_of=NOW)
    except InputError:
        reject()  # they contradict each other


def decided(caches: Sequence[Cache], selection: Selection, *, is_complete: bool = True) -> Decision:
    found = decide(caches, selection.filtered, selection.policies, is_gone=is_gone, is_complete=is_complete)
    limit = selection.policies.limit
    return found if limit is None else limited([found], limit)[0]


def model(caches: list[Cache], selection: Selection) -> set[str]:
    """Return the names that are deleted, worked out as the README describes it."""
    policies = selection.policies
    open_ones = [one for one in caches if selection.filtered(one).selected]
    if policies.keep_newest is not None:
        kinds = {one: [other for other in caches if _kind(other) == _kind(one)] for one in caches}
        newer = {one: sum(other.last_modified > one.last_modified for other in kinds[one]) for one in caches}
        open_ones = [one for one in open_ones if newer[one] >= policies.keep_newest]
    if policies.gone:
        open_ones = [one for one in open_ones if GONE[one.known_branch]]
    open_ones.sort(key=lambda one: (one.last_modified, one.branch, one.name))
    if policies.until_below_bytes is not None:
        if policies.largest_first:
            open_ones.sort(key=lambda one: -one.size_bytes)
        left, count = sum(one.size_bytes for one in caches), 0
        while count < len(open_ones) and left > policies.until_below_bytes:
            left -= open_ones[count].size_bytes
            count += 1
        open_ones = sorted(open_ones[:count], key=lambda one: (one.last_modified, one.branch, one.name))
    return {one.name for one in open_ones[: policies.limit]}


def _kind(one: Cache) -> tuple[str | None, str]:
    return one.full_branch, one.name[:18] + one.name[18 + 64 :]


@given(repositories(), policies, filters)
def test_exactly_what_the_model_deletes_is_selected(
    caches: list[Cache], policies: Policies, filters: dict[str, Any]
) -> None:
    selection = selection_of(filters, policies)
    found = decided(caches, selection)
    assert {one.name for one in found.selected} == model(caches, selection)
    for one in caches:
        verdict = found.verdict(one)
        assert verdict.selected is (one in found.selected)
        by_filters = selection.filtered(one)
        if by_filters.selected is False:
            assert verdict == by_filters
        else:
            assert (verdict.kept is None) is (one in found.selected)


WITHOUT = ("branch", "date", "size")


@given(repositories(), policies, filters, st.data())
def test_what_is_not_seen_or_known_never_selects_more(
    caches: list[Cache], policies: Policies, filters: dict[str, Any], data: st.DataObject
) -> None:
    selection = selection_of(filters, policies)
    everything = {one.name for one in decided(caches, selection).selected}
    seen = []
    for one in caches:
        how = data.draw(st.sampled_from(["known", "known", "hidden", *(f"without its {what}" for what in WITHOUT)]))
        # Branches that are named in full are listed one by one, so that theirs are known.
        if how == "without its branch" and one.full_branch not in selection.literals:
            one = replace(one, full_branch=None)
        elif how == "without its date":
            one = replace(one, last_modified=UNDATED)
        elif how == "without its size":
            one = replace(one, size_bytes=UNSIZED)
        if how != "hidden":
            seen.append(one)
    is_complete = len(seen) == len(caches)
    assert {one.name for one in decided(seen, selection, is_complete=is_complete).selected} <= everything


def names(found: Decision) -> list[str]:
    return [one.name for one in found.selected]


def of_ages(*days: float, branch: str = "main") -> list[Cache]:
    return [cache(branch, f"cache-{HASHES[at]}--x.tgz", age_s=age * 86_400, full=branch) for at, age in enumerate(days)]


@pytest.mark.parametrize(
    ("filters", "policies"),
    [
        ({"older_than_s": 1.0}, {}),
        ({"newer_than_s": 10 * 86_400.0}, {}),
        ({}, {"until_below_bytes": 0}),
        ({}, {"keep_newest": 1}),
    ],
)
def test_what_is_kept_for_want_of_a_date_takes_a_place_of_a_limit(
    filters: dict[str, Any], policies: dict[str, Any]
) -> None:
    first, second, third = of_ages(5, 3, 1)
    selection = selection_of(filters, Policies(limit=1, **policies))
    assert decided([first, second, third], selection).selected == (first,)
    undated = replace(first, last_modified=UNDATED)
    assert decided([undated, second, third], selection).selected == ()


def test_what_is_kept_for_want_of_a_size_takes_its_place_of_a_limit() -> None:
    first, second = of_ages(5, 3)
    selection = selection_of({"larger_than_bytes": 1}, Policies(limit=1))
    assert decided([first, second], selection).selected == (first,)
    unsized = replace(first, size_bytes=UNSIZED)
    assert decided([unsized, second], selection).selected == ()
    assert decided([first, replace(second, size_bytes=UNSIZED)], selection).selected == (first,)


@pytest.mark.parametrize("more", [{"limit": 2}, {"until_below_bytes": 30}])
def test_what_one_without_a_date_may_be_newer_than_takes_its_place(more: dict[str, Any]) -> None:
    newest, *twins = of_ages(1, 5, 5)
    others = of_ages(1, 3, branch="login")
    selection = selection_of({}, Policies(keep_newest=1, **more))
    assert set(decided([newest, *twins, *others], selection).selected) == set(twins)
    assert decided([replace(newest, last_modified=UNDATED), *twins, *others], selection).selected == ()


def test_what_is_enough_beside_one_without_a_size_takes_its_place_of_a_limit() -> None:
    older, larger = (replace(one, size_bytes=size) for one, size in zip(of_ages(5, 3), (5, 9), strict=True))
    (kept,) = of_ages(1, branch="login")
    policies = Policies(until_below_bytes=10, largest_first=True, limit=1)
    selection = selection_of({"exclude": ("login",)}, policies)
    assert decided([older, larger, replace(kept, size_bytes=50)], selection).selected == (older,)
    assert decided([older, larger, replace(kept, size_bytes=UNSIZED)], selection).selected == ()


def test_what_is_kept_since_its_branch_is_not_known_takes_its_place_of_a_limit() -> None:
    (first,), (second,) = of_ages(5, branch="login"), of_ages(3, branch="PR.7")
    selection = selection_of({}, Policies(gone=True, limit=1))
    assert decided([first, second], selection).selected == (first,)
    assert decided([replace(first, full_branch=None), second], selection).selected == ()


def test_what_is_kept_for_want_of_a_date_may_be_what_makes_enough() -> None:
    first, second = of_ages(5, 3)
    selection = selection_of({"older_than_s": 1.0}, Policies(until_below_bytes=second.size_bytes))
    assert decided([first, second], selection).selected == (first,)
    assert decided([replace(first, last_modified=UNDATED), second], selection).selected == ()


def test_of_caches_of_one_date_all_or_none_are_the_newest() -> None:
    caches = of_ages(1, 2, 2, 3)
    found = decide(caches, Selection().filtered, Policies(keep_newest=2))
    assert found.selected == (caches[3],)
    assert {found.verdict(one).kept for one in caches[:3]} == {Kept.NEWEST}


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_the_newest_of_a_kind_are_kept_however_many(most: int) -> None:
    caches = of_ages(1, 2, 3, 4)
    found = decide(caches, Selection().filtered, Policies(keep_newest=most))
    assert found.is_complete
    assert set(found.selected) == set(caches[most:])


@pytest.mark.parametrize(("largest_first", "deleted"), [(False, [0, 1]), (True, [2])])
def test_the_oldest_or_the_largest_go_first(largest_first: bool, deleted: list[int]) -> None:
    caches = [replace(one, size_bytes=size) for one, size in zip(of_ages(3, 2, 1), (1, 5, 9), strict=True)]
    found = decide(caches, Selection().filtered, Policies(until_below_bytes=10, largest_first=largest_first))
    assert set(found.selected) == {caches[at] for at in deleted}


@pytest.mark.parametrize(("gone", "why"), [(False, Kept.EXISTS), (None, Kept.UNKNOWN)])
def test_what_is_not_gone_is_kept_and_counts_as_left(gone: bool | None, why: Kept) -> None:
    (there,), (other,) = of_ages(3), of_ages(1, branch="old")
    policies = Policies(gone=True, until_below_bytes=10)
    found = decide([there, other], Selection().filtered, policies, is_gone=lambda one: gone if one is there else True)
    assert found.verdict(there) == Verdict(selected=False, kept=why)
    assert found.selected == (other,)


@pytest.mark.parametrize("old_ages", [(9,), (9, 10)])
@pytest.mark.parametrize("is_complete", [True, False])
def test_the_newest_count_as_left_only_where_all_caches_are_known(
    old_ages: tuple[float, ...], is_complete: bool
) -> None:
    newest, second = of_ages(1, 2)
    kept, *older = of_ages(*old_ages, branch="old")
    policies = Policies(keep_newest=1, until_below_bytes=20)
    found = decide([newest, second, kept, *older], Selection().filtered, policies, is_complete=is_complete)
    assert {found.verdict(one).kept for one in (newest, kept)} == {Kept.NEWEST}
    assert set(found.selected) == ({second, *older} if is_complete else {*older})


def test_one_without_a_date_may_have_gone_in_place_of_another() -> None:
    newest, second, third = of_ages(1, 2, 3)
    undated = replace(third, last_modified=UNDATED)
    policies = Policies(keep_newest=1, until_below_bytes=20)
    found = decide([newest, second, undated], Selection().filtered, policies)
    assert found.verdict(undated).kept is Kept.UNDATED
    assert found.verdict(second).kept is Kept.ENOUGH


def test_where_all_is_little_enough_also_what_is_undecided_is_kept() -> None:
    one = cache("main")
    undecided = Selection(exclude=("main",))
    kept, still = (decide([one], undecided.filtered, Policies(until_below_bytes=most)) for most in (10, 9))
    assert kept.verdict(one) == Verdict(selected=False, kept=Kept.ENOUGH)
    assert still.verdict(one) == Verdict(selected=None)


def test_a_cache_without_a_date_is_neither_deleted_nor_counted_as_newer() -> None:
    undated = replace(of_ages(1)[0], last_modified=UNDATED, name="cache-undated.tgz")
    caches = [undated, *of_ages(1, 2)]
    for policies, selected in (
        (Policies(keep_newest=1), ()),
        (Policies(until_below_bytes=10), tuple(caches[2:])),
        (Policies(until_below_bytes=0), tuple(caches[1:])),
    ):
        kinds_alike = [replace(one, name=f"cache-{HASHES[at]}.tgz") for at, one in enumerate(caches)]
        found = decide(kinds_alike, Selection().filtered, policies)
        assert found.verdict(kinds_alike[0]).kept is Kept.UNDATED
        if policies.until_below_bytes is not None:
            assert len(found.selected) <= len(selected)
    older = Selection(older_than_s=1.0, as_of=NOW)
    assert older.filtered(undated).kept is Kept.UNDATED
    assert Selection(not_after=NOW).filtered(undated).kept is Kept.UNDATED


def test_largest_first_needs_no_date_but_among_equals() -> None:
    large, equal = replace(of_ages(1)[0], last_modified=UNDATED, size_bytes=9000), of_ages(1, 2)
    policies = Policies(until_below_bytes=1000, largest_first=True)
    assert decide([large, *equal], Selection().filtered, policies).selected == (large,)
    twin = replace(large, name="cache-twin.tgz", last_modified=NOW)
    found = decide([large, twin], Selection().filtered, Policies(until_below_bytes=9000, largest_first=True))
    assert found.selected == ()
    assert found.verdict(large).kept is Kept.UNDATED


@pytest.mark.parametrize("largest_first", [False, True])
def test_a_cache_without_a_size_is_kept_where_sizes_decide(largest_first: bool) -> None:
    unsized, *others = [replace(of_ages(9)[0], size_bytes=UNSIZED), *of_ages(1, 2)]
    policies = Policies(until_below_bytes=5, largest_first=largest_first)
    found = decide([unsized, *others], Selection().filtered, policies)
    assert found.verdict(unsized).kept is Kept.UNSIZED
    assert set(found.selected) == set(others)
    assert decide([unsized], Selection().filtered, Policies(keep_newest=1)).verdict(unsized).kept is Kept.NEWEST


def test_the_kind_of_a_job_is_the_file_name_without_its_hash() -> None:
    long = "f" * 64
    assert cache(name=f"cache-linux-{long}--python-3.8.tgz").job_kind == "cache-linux---python-3.8.tgz"
    assert cache(name="cache-linux-0123abcd--python-3.8.tgz").job_kind == "cache-linux-0123abcd--python-3.8.tgz"
    assert cache(name=f"cache-{long}{long}.tgz").job_kind == f"cache-{long}{long}.tgz"
    nested = Cache("rails_6.gemfile.tgz", f"cache-linux-{long}--gemfile-gemfiles", 1, NOW, may_be_nested=True)
    assert nested.job_kind is None
    named = replace(nested, file_name=f"{nested.branch}/{nested.name}")
    assert named.job_kind == "cache-linux---gemfile-gemfiles/rails_6.gemfile.tgz"
    assert nested.shown_kind == ("cache-linux---gemfile-gemfiles", "rails_6.gemfile.tgz")


def test_few_caches_of_one_shown_kind_are_kept_whatever_their_branches_are() -> None:
    caches = [replace(one, full_branch=None) for one in of_ages(1, 2)]
    assert crowded(caches, 2) == set()
    found = decide(caches, Selection().filtered, Policies(keep_newest=2))
    assert {found.verdict(one).kept for one in caches} == {Kept.NEWEST}
    unclear = decide(caches, Selection().filtered, Policies(keep_newest=1))
    assert [unclear.verdict(one).selected for one in caches] == [None, None]


@pytest.mark.parametrize("most", [10, 20, 30, 40])
def test_until_below_counts_what_the_filters_spare(most: int) -> None:
    caches = [*of_ages(5, 4), *of_ages(9, 8, branch="PR.1")]
    selection = Selection(exclude=("PR.*",), policies=Policies(until_below_bytes=most))
    found = decided(caches, selection)
    assert len(found.selected) == {10: 2, 20: 2, 30: 1, 40: 0}[most]
    assert all(one.branch == "main" for one in found.selected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keep_newest": 0}, "--keep-newest 0 is too small"),
        ({"limit": 0}, "--limit 0 is too small"),
        ({"limit": -5}, "--limit -5 is too small"),
        ({"largest_first": True}, "--largest-first has nothing to order"),
    ],
)
def test_a_contradiction_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        Policies(**arguments)
    assert refused.value.what == message
    assert refused.value.remedy


def test_policies_describe_themselves() -> None:
    everything = Policies(keep_newest=2, gone=True, until_below_bytes=5 * 10**9, largest_first=True, limit=1)
    assert str(everything) == (
        "but the 2 newest of each branch and kind of job, of branches and pull requests that are gone, "
        "largest first until 5 GB are left, at most 1 cache"
    )
    assert str(Policies(keep_newest=1, until_below_bytes=1000)) == (
        "but the newest of each branch and kind of job, oldest first until 1 KB are left"
    )
    assert str(Policies()) == ""
    assert not Policies().are_any
    assert Policies(limit=1).are_any
