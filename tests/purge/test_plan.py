from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from purger.core.cache import Archive, How, last_part, versions
from purger.purge.plan import SHARED_NAME, NoWay, Way, exact_ways, full_names, without_covered
from tests.builders import archive


def test_the_icon_where_all_that_it_reaches_is_selected() -> None:
    wanted = [archive("main", "1"), archive("main", "2")]
    assert exact_ways("main", wanted, versions(wanted), wanted) == [Way(How.ICON, "main", None, tuple(wanted))]


def test_the_api_for_a_branch_with_a_slash() -> None:
    wanted = [archive("foo", "1")]
    assert exact_ways("feature/foo", wanted, versions(wanted), wanted) == [
        Way(How.API, "feature/foo", None, tuple(wanted))
    ]


def test_a_folder_of_others_is_deleted_archive_by_archive() -> None:
    own, nested = archive("feature", "own"), archive("foo", "nested")
    assert exact_ways("feature", [own, nested], versions([own]), [own]) == [Way(How.API, "feature", "own", (own,))]


def test_a_name_that_an_unselected_archive_shares_is_left_alone() -> None:
    own, nested = archive("feature", "cache.tgz"), archive("foo", "my-cache.tgz")
    assert exact_ways("feature", [own, nested], versions([own]), [own]) == [NoWay((own,), SHARED_NAME)]


def test_a_listing_that_is_full_hides_what_a_call_deletes() -> None:
    listing = [archive("a", str(number)) for number in range(1000)]
    (way,) = exact_ways("a", listing, versions(listing), listing[:1])
    assert isinstance(way, NoWay)


def test_a_folder_that_is_deleted_as_a_whole_covers_what_is_nested() -> None:
    outer, nested, alone = archive("feature", "1"), archive("foo", "2"), archive("bar", "3")
    folder = Way(How.ICON, "feature", None, (outer,))
    inside = Way(How.API, "feature/foo", None, (nested,))
    by_name = Way(How.API, "feature/foo", "2", (nested,))
    beside = Way(How.API, "feature2/bar", None, (alone,))
    none = NoWay((alone,), SHARED_NAME)
    assert without_covered([inside, folder, by_name, beside, none]) == [folder, beside, none]
    assert without_covered([Way(How.API, "feature", "1", (outer,)), inside]) == [
        Way(How.API, "feature", "1", (outer,)),
        inside,
    ]


def test_names_that_the_page_may_mean() -> None:
    assert full_names("foo", ["main", "foo", "feature/foo", "a/b/foo", "food"]) == ["foo", "feature/foo", "a/b/foo"]


archives = st.builds(
    archive,
    st.sampled_from(["a", "b", "a+b", "#", "feature"]),
    st.sampled_from(["x.tgz", "y.tgz", "xx.tgz", ""]),
    age_s=st.sampled_from([1, 2]),
)


@given(
    listing=st.lists(archives, max_size=8),
    picks=st.lists(st.booleans(), min_size=8, max_size=8),
    full=st.sampled_from(["a", "x/a", "feature"]),
)
def test_no_way_ever_reaches_what_is_not_selected(listing: list[Archive], picks: list[bool], full: str) -> None:
    selected = [item for item, pick in zip(listing, picks, strict=False) if pick]
    wanted = [item for item in selected if item.branch == last_part(full)]
    ways = exact_ways(full, listing, versions(selected), wanted)
    assert versions(item for way in ways for item in way.archives) == versions(wanted)
    for way in ways:
        if isinstance(way, Way):
            reached = [item for item in listing if way.match is None or way.match in item.name]
            assert versions(reached) <= versions(selected)
