"""Policies against a server with known branches, ages and sizes: each alone, each pair, and behind full lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import combinations
from typing import Any

import pytest

from purger.core.decision import Kept
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.attribution import Attribution
from purger.purge.branch_listings import BranchListings
from purger.purge.completeness import CERTAIN_ONLY, NO_OLDEST
from purger.purge.deciding import Deciding
from purger.purge.record import Record
from purger.purge.repository import RepositoryPurge
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.standin import Cache, StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.host import HostSettings
from purger.travis.rate_limit import Budget
from tests.support.browser import WIDGETS, OpenApi, Purge, Purger, survey_one

pytestmark = pytest.mark.browser

DAY_S = 86_400.0
MB = 10**6

Survey = Callable[..., Awaitable[Record]]


@pytest.fixture
def survey(site: StandIn, open_api: OpenApi) -> Survey:
    """Decides about `acme/widgets` as a dry run does."""

    async def run(selection: Selection, **host: Any) -> Record:
        settings = Settings(
            site=Site.at(site.url, site.api_url),
            token=Token(site.token),
            host=HostSettings(api_url=site.third_party_url, **host),
        )
        async with open_api() as api:
            one = RepositoryPurge(WIDGETS, settings, selection, api, Budget(0), lambda _event: None)
            await survey_one(one, to_delete=False)
        return one.record

    return run


def name_of(number: int, job: str = "python-3.8") -> str:
    return f"cache-linux-focal-{number:064x}--{job}.tgz"


def fill(repository: Repository) -> None:
    """Five branches: two of one displayed name, one that is gone, two pull requests of which one is closed."""
    for at, (branch, ages) in enumerate(
        {"main": (1, 5, 9, 40), "login": (2, 6, 50), "team/login": (3, 7, 60), "PR.7": (4, 8), "PR.8": (10, 20)}.items()
    ):
        for number, age in enumerate(ages):
            repository.add(branch, name=name_of(10 * at + number), age_s=age * DAY_S, size_bytes=(age + 10 * at) * MB)
    repository.add("main", name=name_of(90, "node-14"), age_s=70 * DAY_S, size_bytes=1 * MB)
    repository.remove_branch("team/login")
    repository.close_pull_request(8)


def days(cache: Cache) -> int:
    """The age of a cache, which names it: all of them differ."""
    return AGES[cache.name]


AGES = {
    name_of(10 * at + number): age
    for at, ages in enumerate(((1, 5, 9, 40), (2, 6, 50), (3, 7, 60), (4, 8), (10, 20)))
    for number, age in enumerate(ages)
} | {name_of(90, "node-14"): 70}

Rule = Callable[[list[Cache], list[Cache]], list[Cache]]
"""Returns which of the first may still be deleted; the second are all caches of the repository."""


def newest_two_kept(open_ones: list[Cache], caches: list[Cache]) -> list[Cache]:
    def newer(one: Cache) -> int:
        alike = [other for other in caches if (other.branch, other.name[-14:]) == (one.branch, one.name[-14:])]
        return sum(other.last_modified > one.last_modified for other in alike)

    return [one for one in open_ones if newer(one) >= 2]


def until_below(most: int, *, largest: bool = False) -> Rule:
    def rule(open_ones: list[Cache], caches: list[Cache]) -> list[Cache]:
        order = sorted(open_ones, key=lambda one: -one.size_bytes if largest else -days(one))
        left, found = sum(one.size_bytes for one in caches), []
        for one in order:
            if left <= most:
                break
            left -= one.size_bytes
            found.append(one)
        return found

    return rule


RULES: dict[str, tuple[dict[str, Any], dict[str, Any], Rule]] = {
    "exclude": ({"exclude": ("login", "PR.*")}, {}, lambda some, _: [
        one for one in some if one.branch in {"main", "team/login"}
    ]),
    "newer": ({"newer_than_s": 45.5 * DAY_S}, {}, lambda some, _: [one for one in some if days(one) < 46]),
    "older": ({"older_than_s": 3.5 * DAY_S}, {}, lambda some, _: [one for one in some if days(one) > 3]),
    "smaller": ({"smaller_than_bytes": 55 * MB}, {}, lambda some, _: [one for one in some if one.size_bytes < 55 * MB]),
    "newest": ({}, {"keep_newest": 2}, newest_two_kept),
    "gone": ({}, {"gone": True}, lambda some, _: [one for one in some if one.branch in {"team/login", "PR.8"}]),
    "below": ({}, {"until_below_bytes": 200 * MB}, until_below(200 * MB)),
    "largest": ({}, {"until_below_bytes": 300 * MB, "largest_first": True}, until_below(300 * MB, largest=True)),
    "limit": ({}, {"limit": 3}, lambda some, _: sorted(some, key=lambda one: -days(one))[:3]),
}  # fmt: skip
PAIRS = [pair for pair in combinations(RULES, 2) if pair != ("below", "largest")]


def selection_of(*names: str) -> Selection:
    filters: dict[str, Any] = {}
    policies: dict[str, Any] = {}
    for name in names:
        filters |= RULES[name][0]
        policies |= RULES[name][1]
    return Selection(**filters, policies=Policies(**policies))


def expected(repository: Repository, *names: str) -> set[int]:
    """The ages of what is deleted: the rules stand in the order in which they are applied."""
    open_ones = caches = repository.caches
    for name in names:
        open_ones = RULES[name][2](open_ones, caches)
    return {days(one) for one in open_ones}


@pytest.mark.parametrize("names", [*((name,) for name in RULES), *PAIRS], ids="-".join)
async def test_each_option_and_each_pair_selects_exactly_what_it_means(
    survey: Survey, repository: Repository, names: tuple[str, ...]
) -> None:
    fill(repository)
    record = await survey(selection_of(*names))
    assert {AGES[entry.cache.name] for entry in record.ledger.selected} == expected(repository, *names)
    assert record.ledger.undecided == []
    assert record.complete


@pytest.mark.parametrize(
    "names", [("newest",), ("below",), ("limit",), ("exclude", "newest"), ("newest", "below"), ("largest", "limit")],
    ids="-".join,
)  # fmt: skip
async def test_what_the_policies_select_is_gone_and_nothing_else(
    purge: Purge, survey: Survey, repository: Repository, names: tuple[str, ...]
) -> None:
    fill(repository)
    gone = expected(repository, *names)
    record = await purge(selection_of(*names))
    assert {days(one) for one, _ in repository.deleted} == gone
    assert {days(one) for one in repository.caches} == set(AGES.values()) - gone
    assert record.ok


async def test_a_cache_that_is_uploaded_meanwhile_is_not_selected(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    fill(repository)
    name = name_of(2)

    def upload(event: Any) -> None:
        if type(event).__name__ == "PassStarted":
            repository.upload("main", name, 0.0)
            repository.add("main", name=name_of(99), age_s=0)

    record = await purge(Selection(policies=Policies(keep_newest=2)), observe=upload)
    left = {one.name: one for one in repository.caches if one.branch == "main"}
    assert {name, name_of(99), name_of(0), name_of(1)} <= set(left)
    assert {entry.kept for entry in record.ledger.entries if entry.cache.name == name_of(99)} == {Kept.LATER}
    assert record.ok


@pytest.mark.parametrize("branch", ["main", "team/main"])
@pytest.mark.parametrize("policies", [Policies(until_below_bytes=150), Policies(keep_newest=2)], ids=str)
@pytest.mark.parametrize("is_deleted", [False, True], ids=["uploaded", "deleted"])
async def test_what_changes_between_two_lists_does_not_count_twice(
    open_api: OpenApi, site: StandIn, repository: Repository, branch: str, policies: Policies, *, is_deleted: bool
) -> None:
    for number in (1, 2):
        repository.add(branch, name=name_of(number), age_s=number * DAY_S, size_bytes=70)
    repository.add("other", name=name_of(3), age_s=9 * DAY_S, size_bytes=10)
    settings = Settings(site=Site.at(site.url, site.api_url), token=Token(site.token))
    selection = Selection(branches=("team/m*" if "/" in branch else branch,), policies=policies)
    async with open_api() as api:
        listed = await api.caches(repository.id)
        (overwritten,) = (one for one in repository.caches if one.name == name_of(1))
        repository.delete([overwritten])
        if not is_deleted:
            repository.add(branch, name=name_of(1), age_s=60, size_bytes=70)
        listings = BranchListings(api, repository.id, lambda: selection)
        attribution = Attribution(listings, lambda: selection)
        decided = await Deciding(WIDGETS, settings, listings, attribution).decide(listed, selection)
    assert decided.decision.selected == ()
    assert sorted(one.size_bytes for one in decided.caches) == [10, 70] if is_deleted else [10, 70, 70]


async def test_where_there_was_only_one_list_it_is_not_asked_for_again(
    survey: Survey, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    for branches, calls in (("m*",), 1), (("main",), 3), (("nosuch",), 3):
        before = len(site.requests)
        await survey(Selection(branches=branches, policies=Policies(limit=1)))
        assert sum(request.path.endswith("/caches") for request in site.requests[before:]) == calls, branches


async def test_what_is_kept_is_counted_with_its_reason(survey: Survey, repository: Repository) -> None:
    fill(repository)
    record = await survey(selection_of("exclude", "newest", "limit"))
    reasons = Counter(entry.kept for entry in record.ledger.entries)
    assert reasons == {Kept.EXCLUDED: 7, Kept.NEWEST: 5, None: 3}
    assert {entry.reason for entry in record.ledger.entries if entry.kept is Kept.NEWEST} == {"newest of its branch"}


async def test_what_cannot_be_known_to_be_gone_is_kept_and_counted(
    survey: Survey, site: StandIn, repository: Repository
) -> None:
    fill(repository)
    site.faults.host_calls = 0
    record = await survey(Selection(policies=Policies(gone=True)))
    assert {entry.cache.known_branch for entry in record.ledger.selected} == {"team/login"}
    (warning,) = record.warnings
    assert warning.startswith("4 caches kept, not known whether their branch or pull request is gone: GitHub's rate")
    assert record.ledger.undecided == []


async def test_only_pull_requests_that_matter_are_asked_for(
    survey: Survey, site: StandIn, repository: Repository
) -> None:
    fill(repository)
    record = await survey(Selection(older_than_s=9 * DAY_S, policies=Policies(gone=True)), token=Token("host-token-1"))
    asked = [request for request in site.requests if request.path.startswith("/repos/")]
    assert [request.path for request in asked] == ["/repos/acme/widgets/pulls/8"]
    assert all("Authorization" not in request.headers for request in asked), "it is for api.github.com alone"
    assert {AGES[entry.cache.name] for entry in record.ledger.selected} == {60, 10, 20}


@pytest.mark.parametrize("is_a_branch", [False, True], ids=["", "and a branch"])
@pytest.mark.parametrize("selection", [{}, {"branches": ("PR.7", "PR.8")}, {"exclude": ("PR.9",)}], ids=str)
async def test_a_closed_pull_request_is_gone_whether_it_is_named_or_not(
    survey: Survey, repository: Repository, selection: dict[str, Any], *, is_a_branch: bool
) -> None:
    for number in (7, 8, 9):
        repository.add(f"PR.{number}", name=name_of(number))
    repository._branches = ["main", *(["PR.8"] if is_a_branch else [])]
    for number in (8, 9):
        repository.close_pull_request(number)
    record = await survey(Selection(**selection, policies=Policies(gone=True)))
    gone = {entry.cache.known_branch for entry in record.ledger.selected}
    assert gone == (set() if is_a_branch else {"PR.8"}) | (set() if selection else {"PR.9"})


async def test_a_branch_of_which_the_api_knows_nothing_is_kept(survey: Survey, repository: Repository) -> None:
    repository.add("main", name=name_of(1))
    repository.add("lost", name=name_of(2))
    repository._branches = ["main"]
    record = await survey(Selection(policies=Policies(gone=True)))
    assert record.ledger.selected == []
    assert Counter(entry.kept for entry in record.ledger.entries) == {Kept.EXISTS: 1, Kept.UNKNOWN: 1}


@pytest.mark.parametrize("exclude", [(), ("release/*",)], ids=str)
async def test_a_cache_of_a_branch_that_nobody_knows_is_never_one_too_many(
    survey: Survey, repository: Repository, exclude: tuple[str, ...]
) -> None:
    for number in range(3):
        repository.add("hidden/main", name=name_of(number), age_s=number * DAY_S)
        repository.add("main", name=name_of(10 + number), age_s=(10 + number) * DAY_S)
    repository._branches = ["main"]
    record = await survey(Selection(exclude=exclude, policies=Policies(keep_newest=1)))
    assert {entry.cache.name for entry in record.ledger.selected} == {name_of(11), name_of(12)}
    assert len(record.ledger.undecided) == 3


async def test_file_names_with_a_slash_have_their_kinds_and_branches(survey: Survey, repository: Repository) -> None:
    for branch in ("main", "PR.7"):
        for number in range(3):
            digits = f"{number:064x}"
            repository.add(branch, name=f"cache-linux-{digits}--gemfile-gemfiles/a.tgz", age_s=number * DAY_S)
            repository.add(branch, name=f"cache-linux-{digits}--gemfile-gemfiles/b.tgz", age_s=number * DAY_S)
    record = await survey(Selection(policies=Policies(keep_newest=2)))
    assert Counter((entry.cache.full_branch, entry.cache.name) for entry in record.ledger.selected) == {
        (branch, name): 1 for branch in ("main", "PR.7") for name in ("a.tgz", "b.tgz")
    }
    assert record.ledger.undecided == []


async def test_twins_in_branches_of_one_name_are_told_apart(purge: Purge, repository: Repository) -> None:
    """The list shows both oldest caches alike: one is the newest of its branch, and the other is not."""
    twin = name_of(1)
    repository.add("x/login", name=twin, age_s=9 * DAY_S, size_bytes=5)
    repository.add("y/login", name=twin, age_s=9 * DAY_S, size_bytes=5)
    repository.add("y/login", name=name_of(2), age_s=1 * DAY_S, size_bytes=5)
    repository.add("x/login", name=name_of(3), age_s=10 * DAY_S, size_bytes=5)
    record = await purge(Selection(policies=Policies(keep_newest=1)))
    assert {(one.branch, one.name) for one in repository.caches} == {("x/login", twin), ("y/login", name_of(2))}
    assert record.ok


@pytest.mark.parametrize(
    ("selection", "sentences"),
    [
        (Selection(exclude=("main",), policies=Policies(until_below_bytes=5)), ["8 Bytes stay, more than the 5 bytes"]),
        (Selection(policies=Policies(keep_newest=2, until_below_bytes=7)), ["12 Bytes stay, more than the 7 bytes"]),
        (Selection(policies=Policies(until_below_bytes=5, limit=1)), ["8 Bytes stay, more than the 5 bytes"]),
        (Selection(policies=Policies(until_below_bytes=5, limit=2)), []),
        (Selection(policies=Policies(until_below_bytes=5)), []),
        (Selection(policies=Policies(until_below_bytes=500)), []),
    ],
)
async def test_a_size_that_is_not_reached_is_told(
    purge: Purge, repository: Repository, selection: Selection, sentences: list[str]
) -> None:
    for number in (1, 2):
        repository.add("main", name=name_of(number), age_s=number * DAY_S, size_bytes=4)
    repository.add("x/login", name=name_of(3), age_s=3 * DAY_S, size_bytes=4)
    record = await purge(selection)
    told = [warning.partition(" of --until-below")[0] for warning in record.warnings if "--until-below" in warning]
    assert told == sentences


async def test_a_kept_cache_spares_one_whose_name_is_a_part_of_its_own(purge: Purge, repository: Repository) -> None:
    repository.add("main", name="cache-b.tgz", age_s=9 * DAY_S)
    repository.add("main", name="my-cache-b.tgz", age_s=1 * DAY_S)
    record = await purge(Selection(policies=Policies(limit=1)))
    assert {one.name for one in repository.caches} == {"cache-b.tgz", "my-cache-b.tgz"}
    assert not record.ok
    assert "no call deletes it alone" in (record.ledger.left[0].reason or "")


def crowd(repository: Repository, branches: int, each: int) -> None:
    """Store many caches; what lies behind the cap, which lists by key, is both the newest and the oldest."""
    for at in range(branches):
        for number in range(each):
            age = (at * 7 + number * 3) % 100 + at / 1000 + number / 10_000
            repository.add(
                f"b{at:03}", name=name_of(at * each + number), age_s=age * DAY_S, size_bytes=MB + at + number
            )


BEHIND_A_FULL_LIST = {
    "newest": Policies(keep_newest=2),
    "below": Policies(until_below_bytes=1400 * MB),
    "largest": Policies(until_below_bytes=1400 * MB, largest_first=True),
    "limit": Policies(limit=40),
    "gone": Policies(gone=True),
}


def model_of(repository: Repository, policies: Policies, gone: set[str]) -> set[str]:
    """What a view of everything selects."""
    caches = repository.caches
    found = caches
    if policies.keep_newest:
        found = newest_two_kept(found, caches)
    if policies.gone:
        found = [one for one in found if one.branch in gone]
    by_age = sorted(found, key=lambda one: one.last_modified)
    if policies.until_below_bytes is not None:
        order = sorted(by_age, key=lambda one: -one.size_bytes) if policies.largest_first else by_age
        left, by_age = sum(one.size_bytes for one in caches), []
        for one in order:
            if left > policies.until_below_bytes:
                left -= one.size_bytes
                by_age.append(one)
    return {one.name for one in by_age[: policies.limit]}


async def test_behind_a_full_list_the_branches_are_listed_one_by_one(survey: Survey, repository: Repository) -> None:
    crowd(repository, 75, 20)
    repository.remove_branch("b001")
    repository.remove_branch("b070")
    for name, policies in BEHIND_A_FULL_LIST.items():
        record = await survey(Selection(policies=policies))
        selected = {entry.cache.name for entry in record.ledger.selected}
        assert selected == model_of(repository, policies, {"b001", "b070"}), name
        assert selected, name
        assert record.complete, name
        assert len(record.ledger.entries) == 1500, name


async def test_where_a_branch_is_too_full_only_what_is_certain_is_selected(
    survey: Survey, repository: Repository
) -> None:
    crowd(repository, 1, 1500)
    repository.remove_branch("b000")
    for name, policies in BEHIND_A_FULL_LIST.items():
        record = await survey(Selection(policies=policies))
        selected = {entry.cache.name for entry in record.ledger.selected}
        assert selected <= model_of(repository, policies, {"b000"}), name
        assert bool(selected) is (name in {"newest", "gone"}), f"too many may be hidden for the others: {name}"
        assert (record.complete, record.warnings) == (False, [NO_OLDEST if name == "limit" else CERTAIN_ONLY]), name


@pytest.mark.timeout(170)
async def test_what_lies_behind_a_full_list_is_deleted_and_the_rest_is_kept(
    purge: Purge, repository: Repository
) -> None:
    crowd(repository, 60, 20)
    policies = Policies(limit=25)
    gone = model_of(repository, policies, set())
    names = {one.name for one in repository.caches}
    record = await purge(Selection(policies=policies))
    assert {one.name for one, _ in repository.deleted} == gone
    assert {one.name for one in repository.caches} == names - gone
    assert record.ok
    assert sum(not entry.listed for entry in record.ledger.entries) == 25


async def test_what_is_certain_in_a_branch_that_is_too_full_is_deleted_and_another_purge_ends_it(
    purge: Purge, repository: Repository
) -> None:
    for number in range(1005):
        repository.add("main", name=name_of(number), age_s=((number * 7) % 1005 + 1) * 3600.0)
    selection = Selection(policies=Policies(keep_newest=990))
    by_age = sorted(repository.caches, key=lambda one: one.last_modified)
    first = await purge(selection)
    gone = {one.name for one, _ in repository.deleted}
    assert len(gone) == 10
    assert gone < {one.name for one in by_age[:15]}
    assert (first.ok, first.complete, first.warnings) == (False, False, [CERTAIN_ONLY])
    second = await purge(selection)
    assert {one.name for one, _ in repository.deleted} == {one.name for one in by_age[:15]}
    assert second.ok


def test_a_dry_run_and_a_list_say_what_is_kept_and_why(purger: Purger, repository: Repository) -> None:
    fill(repository)
    dry = purger("purge", "acme/widgets", "--dry-run", "--keep-newest", "2", "--exclude", "PR.*")
    assert (dry.code, dry.repository["selected"]) == (0, 4)
    assert [(one["kept"], one["caches"]) for one in dry.repository["kept"]] == [("excluded", 4), ("newest", 7)]
    assert dry.repository["decided"] is True
    assert "acme/widgets keeps 7 caches, " in dry.err
    assert "MB: newest of their branch." in dry.err


def test_a_warning_of_what_nobody_can_decide_blames_no_filter_that_is_not_given(
    purger: Purger, repository: Repository
) -> None:
    for number in range(2):
        name = f"cache-linux-{str(number) * 64}--gemfile-a/b/c.gemfile.tgz"
        repository.add("main", name=name, age_s=(number + 1) * 86_400)
    (warning,) = purger("list", "acme/widgets", "--keep-newest", "1", "-b", "main").repository["warnings"]
    assert "by which --match and --keep-newest go, holds two slashes or more" in warning
    assert "whether --match" not in warning
