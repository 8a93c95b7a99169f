"""Exactly what was selected is deleted, whatever the branches are called."""

from __future__ import annotations

from itertools import combinations
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from purger.core import events
from purger.core.branch_names import is_glob
from purger.core.cache import Cache, Kind, Method, Outcome, versions
from purger.core.errors import AccessError, InputError
from purger.core.selection import Selection
from purger.purge.entry import NOT_SELECTED
from purger.purge.exact_deletion import ExactDeletion
from purger.standin import DeleteFault, Reupload, StandIn
from purger.standin.repository import Repository
from purger.travis.page.cache_page import CachePage
from tests.support.browser import Purge, Purger
from tests.support.builders import cache

pytestmark = pytest.mark.browser

DAY_S = 86400.0
ODD_NAMES = [
    "main", "PR.1", "#hash", "a", "a#b", "a&b", "a+b", "a b", "100%", "foo", "feature/foo", "bug/foo", "feature",
    "feature2", "&match=x", "<b>x</b>", "ünï-çødé", " lead", "a;b", "a%2Fb", "a%20b", "lead", "SPRINT",
]  # fmt: skip


def fill(repository: Repository) -> set[tuple[str, str]]:
    repository.clear()
    for number, branch in enumerate(ODD_NAMES):
        repository.add(branch, size_bytes=(number + 1) * 1_000_000, age_s=(number + 1) * DAY_S)
    repository.add("main", name="cache-x-of-main.tgz", size_bytes=500, age_s=60)
    return left(repository)


def left(repository: Repository) -> set[tuple[str, str]]:
    return {(cache.branch, cache.name) for cache in repository.caches}


async def test_everything_whatever_it_is_called(purge: Purge, site: StandIn, repository: Repository) -> None:
    before = fill(repository)
    record = await purge()
    assert left(repository) == set()
    assert record.ok
    assert len(record.ledger.entries) == len(before)
    methods = {entry.cache.branch: entry.method for entry in record.ledger.entries}
    assert {entry.outcome for entry in record.ledger.entries} == {Outcome.DELETED}
    assert methods["#hash"] is methods["a#b"] is methods["&match=x"] is Method.ICON
    by_button = [entry.cache.branch for entry in record.ledger.entries if entry.method is Method.BUTTON]
    assert sorted(by_button) == ["b>", "foo"], "<b>x</b> and bug/foo hold a slash; feature took feature/foo along"
    assert site.count("DELETE") == 22


def may_be_given(name: str) -> bool:
    """Whether `--branch` takes the name: the site has caches of others, too."""
    try:
        Selection(branches=(name,))
    except InputError:
        return False
    return True


@pytest.mark.parametrize("branches", [[*filter(may_be_given, ODD_NAMES[first::6])] for first in range(6)], ids=str)
async def test_these_branches_and_no_other(
    purge: Purge, site: StandIn, repository: Repository, branches: list[str]
) -> None:
    """Names that could be taken for each other are in different cases."""
    before = fill(repository)
    record = await purge(Selection(branches=tuple(branches)))
    assert left(repository) == {item for item in before if item[0] not in branches}
    assert record.ok
    assert {entry.cache.full_branch for entry in record.ledger.selected} == set(branches)
    assert {entry.reason for entry in record.ledger.entries if not entry.selected} == {NOT_SELECTED}


@pytest.mark.parametrize("names", [[f"b{n}" for n in range(6)], [f"team/b{n}" for n in range(6)]], ids=["icon", "api"])
async def test_what_is_uploaded_after_the_plan_is_spared(
    purge: Purge, site: StandIn, repository: Repository, names: list[str]
) -> None:
    """A filter knows nothing of it, and neither an icon nor a call for its whole branch may take it along."""
    for name in names:
        repository.add(name, age_s=40 * DAY_S)
    uploaded: list[object] = []

    def upload_once(event: events.Event) -> None:
        if isinstance(event, events.ResponseReceived) and not uploaded:
            uploaded.append(repository.add(names[-1], name="cache-new.tgz"))

    record = await purge(Selection(older_than_s=30 * DAY_S), observe=upload_once, batch_size=2)
    assert left(repository) == {(names[-1], "cache-new.tgz")}
    assert record.ok
    assert sum(entry.outcome is Outcome.DELETED for entry in record.ledger.entries) == len(names)


async def test_what_is_spared_since_another_has_its_name_by_now_is_said_so(
    purge: Purge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job uploads it between the plan and the deletion, of which another cache is deleted by its name."""
    for name in ("one.tgz", "two.tgz"):
        repository.add("feature/foo", name=name, age_s=2 * DAY_S)
    ways, seen = ExactDeletion.ways, list[events.Event]()

    async def ways_and_upload(exact: ExactDeletion, *given: Any) -> Any:
        found = await ways(exact, *given)
        repository.add("feature/foo/bar", name="one.tgz", age_s=0)
        return found

    monkeypatch.setattr(ExactDeletion, "ways", ways_and_upload)
    record = await purge(Selection(older_than_s=DAY_S), observe=seen.append)
    assert left(repository) == {("feature/foo", "one.tgz"), ("feature/foo/bar", "one.tgz")}
    assert record.passes == 1
    assert "the same name" in str(record.ledger.left[0].reason)
    assert not any(isinstance(event, events.MethodChanged) for event in seen)


FILTERS: dict[str, dict[str, Any]] = {
    "match": {"match": "x-of"},
    "kind": {"kind": Kind.PULL_REQUEST},
    "older": {"older_than_s": 6.5 * DAY_S},
    "larger": {"larger_than_bytes": 9_500_000},
    "glob": {"branches": ("f*", "main")},
}


@pytest.mark.parametrize("names", [*((name,) for name in FILTERS), *combinations(FILTERS, 2)])
async def test_filters_alone_and_in_pairs(
    purge: Purge, site: StandIn, repository: Repository, names: tuple[str, ...]
) -> None:
    before = fill(repository)
    selection = Selection(**{key: value for name in names for key, value in FILTERS[name].items()})
    wanted = {
        (cache.branch, cache.name)
        for cache in repository.caches
        if ("match" not in names or "x-of" in cache.name)
        and ("kind" not in names or cache.branch == "PR.1")
        and ("older" not in names or cache.size_bytes > 6_500_000)
        and ("larger" not in names or cache.size_bytes > 9_500_000)
        and ("glob" not in names or cache.branch.rpartition("/")[2].startswith("f") or cache.branch == "main")
    }
    record = await purge(selection)
    assert left(repository) == before - wanted
    assert record.ok
    assert len(record.ledger.selected) == len(wanted)


def is_possible(name: str) -> bool:
    """Git allows no empty part in a branch's name."""
    return all(name.split("/"))


NASTY = [
    "x" * 255,
    "שלום",
    "🙂/🙃",
    "a\u202eb",
    "'\"",
    "<b>",
    "%",
    "%%41",
    "\x01\x7f",
    "  two  ",
    "a?b=c",
    "..",
    "PR.1/x",
    "\u2028",
]
NAMES = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\0*?["), min_size=1, max_size=20),
        st.text("ab/#&;+% '<", min_size=1, max_size=6),
    ).filter(is_possible),
    min_size=120,
    max_size=150,
    unique=True,
)


@given(names=NAMES, picks=st.integers(min_value=1))
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None)
async def test_arbitrary_names_and_selections(
    purge: Purge, site: StandIn, repository: Repository, names: list[str], picks: int
) -> None:
    repository.clear()
    site.faults.rate_limit_per_minute = None
    for name in dict.fromkeys([*names, *NASTY]):
        if not is_glob(name):
            repository.add(name)
    before = left(repository)
    names = [name for name, _ in sorted(before) if may_be_given(name)]
    wanted = [name for number, name in enumerate(names) if picks >> (number % 61) & 1 or number % 3 == 0]
    record = await purge(Selection(branches=tuple(wanted)))
    assert left(repository) == {item for item in before if item[0] not in wanted}
    assert record.ok
    assert (await purge()).ok
    assert left(repository) == set()


async def test_a_nested_namesake_is_safe_and_said(purge: Purge, repository: Repository) -> None:
    """The usual case on the real site: the cache has the same name in every branch."""
    for branch in ("feature", "feature/foo"):
        repository.add(branch, name="cache-linux.tgz")
    repository.add("feature", name="other.tgz")
    record = await purge(Selection(branches=("feature",)))
    assert left(repository) == {("feature", "cache-linux.tgz"), ("feature/foo", "cache-linux.tgz")}
    assert not record.ok
    (skipped,) = record.ledger.left
    assert skipped.outcome is Outcome.SKIPPED
    assert "the same name" in (skipped.reason or "")


@pytest.mark.parametrize("calls", range(1, 22, 4))
async def test_the_token_expires_in_exact_calls(
    purge: Purge, site: StandIn, repository: Repository, calls: int
) -> None:
    """Several are under way at once; what fails is one error that says so."""
    for number in range(6):
        repository.add(f"feature/{number}")
    site.faults.token_expires_after = calls
    with pytest.raises(AccessError, match="token was refused"):
        await purge(Selection(branches=("feature/*",)))


async def test_uploaded_again_during_a_load(
    purge: Purge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list and the listing by full name are two requests; what comes between is still the same cache."""
    repository.add("feature/foo", name="one.tgz")
    load = CachePage.load
    loads = 0

    async def load_and_upload(page: CachePage, repository_id: int | None) -> list[Cache]:
        nonlocal loads
        loads += 1
        if loads == 2:
            repository.add("feature/foo", name="one.tgz", age_s=100)
        listed = await load(page, repository_id)
        if loads == 3:
            repository.add("feature/foo", name="one.tgz", age_s=0)
        return listed

    monkeypatch.setattr(CachePage, "load", load_and_upload)
    record = await purge(Selection(branches=("feature/foo",)))
    assert left(repository) == set()
    assert record.ok
    assert [(entry.outcome, entry.recreated) for entry in record.ledger.entries] == [(Outcome.DELETED, 2)]


@pytest.mark.parametrize("branch", ["main", "feature/foo"], ids=["icon", "api"])
@pytest.mark.parametrize("status", [429, 502])
async def test_a_refused_deletion_is_not_repeated_without_a_recheck(
    purge: Purge, site: StandIn, repository: Repository, status: int, branch: str
) -> None:
    """It was done all the same, and a job has uploaded what the filter does not select."""
    repository.add(branch, name="one.tgz")
    site.faults.delete_fault = [DeleteFault(branch, status, times=1, applied="all")]
    site.faults.reupload = [Reupload(branch, times=1, delay_s=0.0)]
    record = await purge(Selection(older_than_s=DAY_S))
    assert left(repository) == {(branch, "one.tgz")}
    assert len(repository.deleted) == 1
    assert record.ok
    assert [entry.outcome for entry in record.ledger.entries] == [Outcome.DELETED, Outcome.SKIPPED]


async def test_a_folder_takes_what_is_nested_along_once(purge: Purge, site: StandIn, repository: Repository) -> None:
    """A second deletion would take what a job has uploaded in between, and the filter does not select."""
    for branch in ("feature", "feature/foo"):
        repository.add(branch, name="one.tgz")
    site.faults.reupload = [Reupload("feature/foo", times=1, delay_s=0.0)]
    record = await purge(Selection(older_than_s=DAY_S))
    assert left(repository) == {("feature/foo", "one.tgz")}
    assert site.count("DELETE") == 1
    assert record.ok
    assert record.warnings == []


async def test_nested_ones_go_although_their_folder_is_always_refused(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    for branch in ("feature", "feature/foo"):
        repository.add(branch)
    site.faults.delete_fault = [DeleteFault("feature", 500)]
    record = await purge(Selection(older_than_s=DAY_S), attempts=2)
    assert {branch for branch, _ in left(repository)} == {"feature"}
    assert [entry.outcome for entry in record.ledger.left] == [Outcome.FAILED]


async def test_a_branch_within_its_namesake(purge: Purge, repository: Repository) -> None:
    repository.add("feature", name="one.tgz")
    repository.add("feature/feature", name="two.tgz")
    assert (await purge(Selection(branches=("feature",)))).ok
    assert left(repository) == {("feature/feature", "two.tgz")}


async def test_displayed_names_are_traced_to_branches_that_exist(purge: Purge, repository: Repository) -> None:
    repository.add("feature/foo", name="known.tgz")
    repository.add("gone/bar", name="unknown.tgz")
    repository.add("main", name="kept.tgz", age_s=5)
    repository._branches = ["main", "feature/foo"]
    record = await purge(Selection(older_than_s=60.0))
    assert left(repository) == {("gone/bar", "unknown.tgz"), ("main", "kept.tgz")}
    assert not record.ok
    reasons = {entry.cache.name: entry.reason for entry in record.ledger.left}
    assert "its full branch name is unknown" in (reasons["unknown.tgz"] or "")


@pytest.mark.parametrize("named", ["feature/new", "feature/else"])
async def test_a_branch_that_is_built_for_the_first_time_meanwhile_is_found(named: str) -> None:
    new, old = cache("new"), cache("old")
    found = {"feature/new": [new], "x/old": [old]}

    class Listings:
        async def branches(self, *, anew: bool = False) -> dict[str, bool | None]:
            return dict.fromkeys(["x/old", named] if anew else ["x/old"], True)

        async def listing(self, branch: str) -> list[Cache]:
            return found.get(branch, [])

    exact = ExactDeletion(cast(Any, None), 1, cast(Any, Listings()))
    ways = await exact.ways([new, old], lambda _folder, caches: versions(caches))
    expected = "feature/new" if named == "feature/new" else None
    assert [(getattr(way, "folder", None), way.caches) for way in ways] == [("x/old", (old,)), (expected, (new,))]


async def test_a_glob_with_a_slash_means_full_names(purge: Purge, repository: Repository) -> None:
    for branch in ("feature/a", "feature/b", "bug/a", "a"):
        repository.add(branch)
    assert (await purge(Selection(branches=("feature/*",)))).ok
    assert {branch for branch, _ in left(repository)} == {"bug/a", "a"}


async def test_some_caches_of_a_row(purge: Purge, repository: Repository) -> None:
    for name in ("cache-3.8.tgz", "cache-3.9.tgz", "cache-3.10.tgz"):
        repository.add("main", name=name)
    record = await purge(Selection(match="3.9"))
    assert left(repository) == {("main", "cache-3.8.tgz"), ("main", "cache-3.10.tgz")}
    assert record.ok
    assert {entry.method for entry in record.ledger.selected} == {Method.API}


async def test_a_deletion_by_name_that_is_always_refused_ends(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    for name in ("cache-3.8.tgz", "cache-3.9.tgz"):
        repository.add("main", name=name)
    site.faults.delete_fault = [DeleteFault("main", 500)]
    record = await purge(Selection(match="3.9"), attempts=2)
    assert [(entry.outcome, entry.attempts) for entry in record.ledger.selected] == [(Outcome.FAILED, 2)]
    assert len(repository.caches) == 2


async def test_many_slash_branches_when_the_button_fails(purge: Purge, site: StandIn, repository: Repository) -> None:
    for number in range(30):
        repository.add(f"feature/{number}")
    site.faults.delete_all_fault = [
        DeleteFault(status=504, times=1, applied="half"), DeleteFault(status=504, times=None, applied="none"),
    ]  # fmt: skip
    record = await purge()
    assert left(repository) == set()
    assert record.ok
    assert {entry.method for entry in record.ledger.entries} == {Method.BUTTON, Method.API}


async def test_more_than_the_site_lists_is_never_called_done(purge: Purge, repository: Repository) -> None:
    repository.fill(1100, branches=110)
    record = await purge(Selection(match="no cache is called so"))
    assert not record.ok
    assert "1,000" in record.warnings[0]
    assert len(repository.caches) == 1100


def test_a_dry_run_of_every_filter_deletes_nothing(purger: Purger, site: StandIn, repository: Repository) -> None:
    before = fill(repository)
    for options in (["-b", "#hash"], ["-b", "f*", "--older-than", "3d", "--kind", "push", "--larger-than", "2MB"]):
        ended = purger("purge", "acme/widgets", "--dry-run", *options)
        listed = purger("list", "acme/widgets", *options)
        assert ended.code == 0
        assert ended.repository["selected"] > 0
        assert ended.repository["caches"] == listed.repository["caches"]
    assert site.count("DELETE") == 0
    assert left(repository) == before


def test_a_filter_that_selects_nothing_says_so(purger: Purger, repository: Repository) -> None:
    fill(repository)
    ended = purger("purge", "acme/widgets", "--yes", "--branch", "no-such-branch")
    assert ended.code == 0
    assert "is selected (of branch no-such-branch): nothing to do" in ended.err
