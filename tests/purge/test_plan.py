"""Plans of exact deletions: no deletion reaches a cache that is not selected."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from purger.core.cache import Cache, Method, versions
from purger.purge.plan import SHARED_NAME, Deletion, Undeletable, by_displayed_name, plan_deletions, without_nested
from purger.travis.keys import last_part
from tests.support.builders import cache
from tests.support.growth import MOST_GROWTH, growth


def test_the_icon_where_all_that_it_reaches_is_selected() -> None:
    wanted = [cache("main", "1"), cache("main", "2")]
    assert plan_deletions("main", wanted, versions(wanted), wanted) == [
        Deletion(Method.ICON, "main", None, tuple(wanted))
    ]


def test_the_api_for_a_branch_with_a_slash() -> None:
    wanted = [cache("foo", "1")]
    assert plan_deletions("feature/foo", wanted, versions(wanted), wanted) == [
        Deletion(Method.API, "feature/foo", None, tuple(wanted))
    ]


def test_the_api_for_a_branch_whose_row_is_another() -> None:
    nested = [cache("foo", "1", full="feature/foo")]
    assert plan_deletions("feature", nested, versions(nested), nested) == [
        Deletion(Method.API, "feature", None, tuple(nested))
    ]


def test_a_folder_of_others_is_deleted_cache_by_cache() -> None:
    own, nested = cache("feature", "own"), cache("foo", "nested")
    assert plan_deletions("feature", [own, nested], versions([own]), [own]) == [
        Deletion(Method.API, "feature", "own", (own,))
    ]


def test_a_name_that_an_unselected_cache_shares_is_left_alone() -> None:
    own, nested = cache("feature", "cache.tgz"), cache("foo", "my-cache.tgz")
    assert plan_deletions("feature", [own, nested], versions([own]), [own]) == [Undeletable((own,), SHARED_NAME)]


def test_a_folder_is_not_deleted_where_its_listing_is_full() -> None:
    listing = [cache("a", f"cache-{number:04}") for number in range(1000)]
    assert plan_deletions("a", listing, versions(listing), listing[:1]) == [
        Deletion(Method.API, "a", "cache-0000", (listing[0],))
    ]
    (way,) = plan_deletions("a", listing[:999], versions(listing), listing[:1])
    assert way == Deletion(Method.ICON, "a", None, (listing[0],))
    shared = [*listing[:999], cache("b", "my-cache-0000")]
    assert plan_deletions("a", shared, versions(listing), listing[:1]) == [Undeletable((listing[0],), SHARED_NAME)]


def test_a_folder_that_is_deleted_as_a_whole_covers_what_is_nested() -> None:
    outer, nested, alone = cache("feature", "1"), cache("foo", "2"), cache("bar", "3")
    folder = Deletion(Method.ICON, "feature", None, (outer,))
    inside = Deletion(Method.API, "feature/foo", None, (nested,))
    by_name = Deletion(Method.API, "feature/foo", "2", (nested,))
    beside = Deletion(Method.API, "feature2/bar", None, (alone,))
    none = Undeletable((alone,), SHARED_NAME)
    assert without_nested([inside, folder, by_name, beside, none]) == [folder, beside, none]
    assert without_nested([Deletion(Method.API, "feature", "1", (outer,)), inside]) == [
        Deletion(Method.API, "feature", "1", (outer,)),
        inside,
    ]


def test_names_that_the_page_may_mean() -> None:
    names = by_displayed_name(["feature/foo", "main", "foo", "feature/foo", "a/b/foo", "food"])
    assert names == {"foo": ["feature/foo", "foo", "a/b/foo"], "main": ["main"], "food": ["food"]}


caches = st.builds(
    cache,
    st.sampled_from(["a", "b", "a+b", "#", "feature"]),
    st.sampled_from(["x.tgz", "y.tgz", "xx.tgz", ""]),
    age_s=st.sampled_from([1, 2]),
)


@given(
    listing=st.lists(caches, max_size=8),
    picks=st.lists(st.booleans(), min_size=8, max_size=8),
    full=st.sampled_from(["a", "x/a", "feature"]),
)
def test_no_way_ever_reaches_what_is_not_selected(listing: list[Cache], picks: list[bool], full: str) -> None:
    selected = [item for item, pick in zip(listing, picks, strict=False) if pick]
    wanted = [item for item in selected if item.branch == last_part(full)]
    ways = plan_deletions(full, listing, versions(selected), wanted)
    assert versions(item for way in ways for item in way.caches) == versions(wanted)
    for way in ways:
        if isinstance(way, Deletion):
            reached = [item for item in listing if way.match is None or way.match in item.name]
            assert versions(reached) <= versions(selected)


def test_the_work_of_a_plan_does_not_grow() -> None:
    def work(count: int) -> Callable[[], object]:
        branches = [f"feature/{number}" for number in range(count)]
        ways = [Deletion(Method.API, branch, None, ()) for branch in branches]
        return lambda: (without_nested(ways), by_displayed_name(branches))

    assert growth(work) < MOST_GROWTH
