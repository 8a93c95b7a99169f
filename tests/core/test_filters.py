"""The filters that spare: excluded branches, and the other sides of ages and sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from purger.core.cache import UNDATED, UNSIZED, Cache, Kind
from purger.core.decision import Kept, Verdict
from purger.core.errors import InputError
from purger.core.filters import Filters
from purger.core.options import declared
from tests.support.builders import NOW, cache

DAY = 86_400.0


@pytest.mark.parametrize(
    ("exclude", "of", "selected"),
    [
        (("main",), cache("main", full="main"), False),
        (("main",), cache("fix", full="fix"), True),
        (("main",), cache("fix"), True),
        (("main",), cache("main"), None),
        (("main",), cache("main", full="old/main"), True),
        (("release/*",), cache("2.0", full="release/2.0"), False),
        (("release*",), cache("2.0", full="release/2.0"), False),
        (("release*",), cache("2.0"), None),
        (("d*",), cache("main", full="dependabot/npm/main"), False),
        (("2.*",), cache("2.0"), False),
        (("2.*",), cache("2.0", full="release/2.0"), False),
        (("**/main",), cache("main", full="main"), False),
        (("**/main",), cache("main", full="old/main"), False),
        (("**/main",), cache("main"), False),
        (("**/main",), cache("domain", full="domain"), True),
        (("**/old/*",), cache("main", full="old/main"), False),
        (("release/**/*",), cache("2.0", full="release/2.0"), False),
        (("release/**/*",), cache("x", full="release/2.0/x"), False),
        (("release/**/*",), cache("2.0", full="releases/2.0"), True),
        (("**/old/**/main",), cache("main", full="old/main"), False),
        (("**/**/main",), cache("main", full="main"), False),
        (("*/main",), cache("main", full="main"), True),
        (("release/2.0",), cache("2.0"), None),
        (("release/2.0",), cache("3.0"), True),
        (("main", "PR.*"), cache("PR.7", full="PR.7"), False),
        (("main",), replace(cache("cache-a--b", "c.tgz"), may_be_nested=True), None),
    ],
)
def test_excluded_branches(exclude: tuple[str, ...], of: Cache, selected: bool | None) -> None:
    verdict = Filters(exclude=exclude).filtered(of)
    assert verdict.selected is selected
    assert (verdict.kept is Kept.EXCLUDED) is (selected is False)


def test_excluding_wins_over_everything() -> None:
    one = cache("main", full="main")
    for more in ({"branches": ("m*",)}, {"match": "cache"}, {"older_than_s": 1.0, "as_of": NOW}):
        assert Filters(exclude=("main",), **more).filtered(one).kept is Kept.EXCLUDED


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (cache("main"), Kind.PUSH),
        (cache("SPRINT"), Kind.PUSH),
        (cache("PR.7"), None),
        (cache("PR.7", full="PR.7"), Kind.PULL_REQUEST),
        (cache("PR.7", full="fix/PR.7"), Kind.PUSH),
        (cache("foo", full="PR.7/foo"), Kind.PUSH),
        (replace(cache("cache-a--b", "c.tgz"), may_be_nested=True), None),
        (replace(cache("cache-a--b", "c.tgz", full="fix/PR.7"), may_be_nested=True), Kind.PUSH),
        (replace(cache("cache-a--b", "c.tgz", full="PR.7"), may_be_nested=True), Kind.PULL_REQUEST),
    ],
)
def test_the_kind_is_that_of_the_full_name_and_not_of_its_last_part(of: Cache, kind: Kind | None) -> None:
    for wanted in Kind:
        assert Filters(kind=wanted).filtered(of).selected is (None if kind is None else kind is wanted)


def test_the_other_sides_make_a_range() -> None:
    between = Filters(older_than_s=DAY, newer_than_s=3 * DAY, as_of=NOW)
    ages = [0.5, 1, 1.5, 2.9, 3, 4]
    assert [age for age in ages if between.filtered(cache(age_s=age * DAY)).selected] == [1.5, 2.9]
    sizes = Filters(larger_than_bytes=10, smaller_than_bytes=20)
    assert [size for size in range(30) if sizes.filtered(cache(size=size)).selected] == list(range(11, 20))


def test_what_is_uploaded_after_the_start_is_not_newer_than_an_age() -> None:
    newer = Filters(newer_than_s=DAY, as_of=NOW)
    assert [newer.filtered(cache(age_s=age)).selected for age in (0, -1, -2, -60)] == [True, True, False, False]


@pytest.mark.parametrize(
    "contradiction",
    [
        {"newer_than_s": 30 * DAY, "older_than_s": 60 * DAY},
        {"newer_than_s": DAY, "older_than_s": DAY},
        {"newer_than_s": 0.0},
        {"smaller_than_bytes": 10, "larger_than_bytes": 20},
        {"smaller_than_bytes": 11, "larger_than_bytes": 10},
        {"smaller_than_bytes": 0},
        {"exclude": ("*",)},
        {"exclude": ("?*",)},
        {"exclude": ("*?**",)},
        {"exclude": ("fo*",), "branches": ("foo*",)},
        {"exclude": ("fo*",), "branches": ("foo", "fo[ab]")},
        {"exclude": ("refs/heads/main",)},
        {"branches": ("refs/pull/7/head",)},
        {"exclude": ("main",), "branches": ("main",)},
        {"exclude": ("?ain",), "branches": ("main",)},
        {"exclude": ("m*", "f*"), "branches": ("main", "f*")},
        {"exclude": ("",)},
        pytest.param({"exclude": ("a\0b",)}, id="exclude with a zero byte"),
    ],
    ids=str,
)
def test_filters_that_no_cache_can_pass_are_refused(contradiction: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Filters(**contradiction)


@pytest.mark.parametrize(
    "possible",
    [
        {"newer_than_s": 60 * DAY, "older_than_s": 30 * DAY},
        {"smaller_than_bytes": 12, "larger_than_bytes": 10},
        {"smaller_than_bytes": 1},
        {"newer_than_s": 1.0},
        {"exclude": ("X*",)},
        {"exclude": ("main",), "branches": ("main", "fix")},
        {"exclude": ("main",), "branches": ("m*",)},
        {"exclude": ("?",), "branches": ("a*",)},
        {"exclude": ("??*",)},
        {"exclude": ("ma*",), "branches": ("m*",)},
        {"exclude": ("*main",), "branches": ("main*",)},
    ],
    ids=str,
)
def test_filters_that_some_cache_can_pass_are_not(possible: dict[str, Any]) -> None:
    assert Filters(**possible).is_filtered


@pytest.mark.parametrize("name", [each.name for each, _ in declared(Filters)])
def test_each_filter_is_one_and_is_described(name: str) -> None:
    """Without any, all caches of a repository may be deleted at once."""
    given: dict[str, Any] = {"branches": ("main",), "exclude": ("main",), "match": "node", "kind": Kind.PUSH}
    filters = Filters(**{name: given.get(name, 3.0)})
    assert filters.is_filtered
    assert str(filters)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"branches": ("",)}, "--branch is empty"),
        ({"exclude": ("",)}, "--exclude is empty"),
        ({"match": ""}, "--match is empty"),
        ({"match": "a\0b"}, "--match contains a NUL or bytes that are not text"),
        ({"exclude": ("refs/heads/main",)}, "--exclude refs/heads/main is a reference, and no branch's name"),
        ({"newer_than_s": 0.0}, "no cache is newer than 0 seconds"),
        ({"newer_than_s": DAY, "older_than_s": 2 * DAY}, "no cache is newer than 1 day and older than 2 days"),
        ({"smaller_than_bytes": 0}, "no cache is smaller than 0 bytes"),
        ({"smaller_than_bytes": 9, "larger_than_bytes": 8}, "no cache is smaller than 9 bytes and larger than 8"),
        ({"exclude": ("*",)}, "--exclude leaves no branch to select"),
        ({"exclude": ("**/*",)}, "--exclude leaves no branch to select"),
    ],
)
def test_a_refusal_names_the_option_and_its_values(filters: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        Filters(**filters)
    assert refused.value.what == message


@pytest.mark.parametrize("name", ["--older-than", "--newer-than"])
def test_an_age_needs_its_unit(name: str) -> None:
    (option,) = (one for _, one in declared(Filters) if one.name == name)
    assert option.value_of("30d") == 30 * DAY
    with pytest.raises(InputError):
        option.value_of("30")


def test_what_was_modified_at_the_last_moment_is_selected() -> None:
    until = Filters(not_after=NOW)
    assert [until.filtered(cache(age_s=age)).selected for age in (1, 0, -1)] == [True, True, False]


@pytest.mark.parametrize("filters", [{"older_than_s": DAY}, {"newer_than_s": DAY}, {"not_after": NOW}])
def test_a_cache_without_a_date_is_kept_by_filters_of_dates_alone(filters: dict[str, Any]) -> None:
    undated = replace(cache(), last_modified=UNDATED)
    assert Filters(**filters).filtered(undated) == Verdict(selected=False, kept=Kept.UNDATED)
    assert Filters(branches=("m*",)).filtered(undated) == Verdict(selected=True)


def test_a_text_may_be_in_the_part_of_a_name_that_is_not_known() -> None:
    nested = replace(cache("cache-a--b", "c.tgz"), may_be_nested=True)
    for one, selected in (
        (nested, None),
        (replace(nested, file_name="cache-a--b/c.tgz"), False),
        (cache("main", "c.tgz"), False),
    ):
        assert Filters(match="x/c").filtered(one).selected is selected
        assert Filters(match="c.t").filtered(one).selected is True


def test_the_filters_describe_themselves() -> None:
    spared = Filters(exclude=("main", "x/*"), newer_than_s=DAY, smaller_than_bytes=1000)
    assert str(spared) == "not of branch main, not of branches like x/*, newer than 1 day, smaller than 1 KB"


def test_a_cache_without_a_size_is_kept_by_filters_of_sizes_alone() -> None:
    unsized = cache(size=UNSIZED)
    for filters in (Filters(larger_than_bytes=0), Filters(smaller_than_bytes=10)):
        assert filters.filtered(unsized) == Verdict(selected=False, kept=Kept.UNSIZED)
    assert Filters(branches=("m*",)).filtered(unsized).selected is True
    assert Filters(branches=("o*",), smaller_than_bytes=10).filtered(unsized) == Verdict(selected=False)


def test_excluded_is_only_what_the_other_filters_select() -> None:
    filters = Filters(exclude=("ma*",), older_than_s=2 * DAY, as_of=NOW)
    assert filters.filtered(cache(age_s=3 * DAY)) == Verdict(selected=False, kept=Kept.EXCLUDED)
    assert filters.filtered(cache(age_s=DAY)) == Verdict(selected=False)


def test_of_what_lies_below_a_named_branch_nobody_knows_whether_it_is_of_that() -> None:
    below = replace(cache("b", "c.gemfile.tgz"), may_be_nested=True, below="feature")
    assert Filters(branches=("feature",)).filtered(below).selected is None
    assert Filters(branches=("main",)).filtered(below).selected is False
    assert Filters(branches=("feature",), older_than_s=DAY, as_of=NOW).filtered(below).selected is False
