"""Caches belong to the branch that lists them: rows that are no branches, against the server's own state."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from purger.core.cache import Kind, Outcome
from purger.core.selection import Selection
from purger.purge.plan import SHARED_NAME
from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purge, Purger

pytestmark = pytest.mark.browser

START = "cache-linux-focal-0123456789abcdef"
LTS = f"{START}--node-lts/*.tgz"
GEMFILE = f"{START}--gemfile-gemfiles/rails_6.gemfile.tgz"
PLAIN = f"{START}--python-3.8.tgz"
BRANCHES = ("main", "PR.7", "feature/foo")


def fill(repository: Repository) -> None:
    """The three branches with three caches each, two of them with a slash in their file name."""
    for branch in BRANCHES:
        for name in (LTS, GEMFILE, PLAIN):
            repository.add(branch, name=name)


def left(repository: Repository) -> Counter[str]:
    return Counter(cache.branch for cache in repository.caches)


EACH = Counter(dict.fromkeys(BRANCHES, 3))


@pytest.mark.parametrize(
    ("filters", "gone"),
    [
        ("--branch main", {"main": 3}),
        ("--branch PR.7", {"PR.7": 3}),
        ("--branch feature/foo", {"feature/foo": 3}),
        ("--branch PR.*", {"PR.7": 3}),
        ("--branch feature/*", {"feature/foo": 3}),
        ("--branch f*", {"feature/foo": 3}),
        ("--kind pull-request", {"PR.7": 3}),
        ("--kind push", {"main": 3, "feature/foo": 3}),
        ("--match rails_6", dict.fromkeys(BRANCHES, 1)),
        ("--match node-lts", dict.fromkeys(BRANCHES, 1)),
        ("--match gemfiles/rails", dict.fromkeys(BRANCHES, 1)),
        ("--match rails_6 --branch main", {"main": 1}),
        ("--match rails_6 --kind pull-request", {"PR.7": 1}),
        ("", dict.fromkeys(BRANCHES, 3)),
    ],
)
def test_exactly_what_is_selected_is_gone(
    purger: Purger, repository: Repository, filters: str, gone: dict[str, int]
) -> None:
    fill(repository)
    planned = purger("list", "acme/widgets", *filters.split()).repository["selected"]
    ended = purger("purge", "acme/widgets", "--yes", *filters.split())
    assert ended.code == 0, ended.err
    assert ended.repository["ok"]
    assert left(repository) == EACH - Counter(gone)
    assert planned == ended.repository["selected"] == sum(gone.values())
    if "--branch" in filters:
        names = {cache["branch"] for cache in ended.repository["caches"] if cache["selected"]}
        assert names <= {*gone, *(name.rpartition("/")[2] for name in gone)}


async def test_a_row_that_is_no_branch_is_clicked_once(purge: Purge, site: StandIn, repository: Repository) -> None:
    fill(repository)
    assert (await purge()).ok
    deletions = [request for request in site.requests if request.method == "DELETE"]
    rows = Counter(request.raw_query for request in deletions)
    assert max(rows.values()) == 1
    assert len(rows) == 6, "main, PR.7, foo, two fronts of file names, and the button"


def test_the_list_shows_the_branch_and_the_row_of_each_cache(purger: Purger, repository: Repository) -> None:
    fill(repository)
    ended = purger("list", "acme/widgets", "--branch", "main")
    assert ended.code == 0, ended.err
    shown = [cache for cache in ended.repository["caches"] if cache["selected"]]
    assert {(cache["branch"], cache["name"], cache["row"]) for cache in shown} == {
        ("main", LTS, f"{START}--node-lts"),
        ("main", GEMFILE, f"{START}--gemfile-gemfiles"),
        ("main", PLAIN, "main"),
    }
    table = purger("list", "acme/widgets", "--branch", "main", as_json=False).out
    assert "on the page" in table
    assert f"{START}--node-lts"[:20] in table
    dry = purger("purge", "acme/widgets", "--branch", "main", "--dry-run")
    assert [cache["name"] for cache in dry.repository["caches"] if cache["selected"]] == [
        cache["name"] for cache in shown
    ]


async def test_several_slashes_in_a_file_name(purge: Purge, site: StandIn, repository: Repository) -> None:
    deep = f"{START}--gemfile-test/gemfiles/rails_6.gemfile.tgz"
    for branch in ("main", "PR.7"):
        repository.add(branch, name=deep)
        repository.add(branch, name=PLAIN)
    record = await purge(Selection(branches=("main",)))
    assert left(repository) == Counter({"PR.7": 2})
    assert record.ok


async def test_a_cache_of_a_branch_that_nobody_knows_is_left_alone(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    """Its branch lies below the selected one, so its listing holds what is not selected."""
    hidden = site.add_repository("acme/hidden", branches=["feature"])
    del hidden
    repository.add("feature", name=PLAIN)
    repository.add("feature/gone", name=GEMFILE)
    repository._branches = ["feature"]
    record = await purge(Selection(branches=("feature",)))
    assert left(repository) == Counter({"feature/gone": 1})
    assert record.ok, "what is not of the named branch is certainly not selected"


DEEP = f"{START}--gemfile-a/b/c.gemfile.tgz"
STORE = f"{START}--gemfile-gemfiles/cache-store.gemfile.tgz"


@pytest.mark.parametrize("of_the_unknown_branch", [GEMFILE, f"{START}--node-20.tgz"])
@pytest.mark.parametrize("owner", ["feature", "feature/gone"])
async def test_what_may_be_of_a_branch_that_nobody_knows_is_left_alone(
    purge: Purge, site: StandIn, repository: Repository, owner: str, of_the_unknown_branch: str
) -> None:
    """Of a file name with two slashes the site shows no more than its last parts: whose it is, nothing tells."""
    repository.add("feature", name=PLAIN)
    repository.add("feature", name=STORE)
    repository.add("feature/gone", name=of_the_unknown_branch)
    repository.add(owner, name=DEEP)
    repository._branches = ["feature"]
    record = await purge(Selection(branches=("feature",)))
    assert left(repository) == Counter(["feature/gone", owner])
    assert not record.ok
    (unclear,) = record.ledger.undecided
    assert "it is of feature, or of a branch below it that nobody knows" in (unclear.reason or "")


@pytest.mark.parametrize(
    ("filters", "gone"),
    [
        ("--branch main", {"main": 3}),
        ("--branch m*", {"main": 3}),
        ("--exclude main", {"PR.7": 3}),
        ("--kind push", {"main": 3}),
        ("--kind pull-request", {"PR.7": 3}),
        ("--branch b", {}),
        ("--branch hot", {}),
    ],
)
def test_the_rest_of_a_file_name_may_begin_like_a_file_name(
    purger: Purger, repository: Repository, filters: str, gone: dict[str, int]
) -> None:
    each = {"main": 3, "PR.7": 3}
    for branch in each:
        for name in (PLAIN, STORE, f"{START}--gemfile-ci/hot/cache-z.gemfile.tgz"):
            repository.add(branch, name=name)
    planned = purger("list", "acme/widgets", *filters.split()).repository
    assert (planned["selected"], planned["undecided"]) == (sum(gone.values()), 0)
    assert purger("purge", "acme/widgets", "--yes", *filters.split()).code == 0
    assert left(repository) == Counter(each) - Counter(gone)


def test_a_part_of_a_file_name_that_begins_like_one_is_matched(purger: Purger, repository: Repository) -> None:
    for branch in ("main", "PR.7"):
        repository.add(branch, name=PLAIN)
        repository.add(branch, name=STORE)
    assert purger("purge", "acme/widgets", "--yes", "--match", "gemfiles/cache-store").code == 0
    assert left(repository) == Counter({"main": 1, "PR.7": 1})


async def test_what_can_not_be_attributed_is_skipped_and_nothing_is_proved(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    repository.add("main", name=PLAIN)
    repository.add("gone", name=GEMFILE)
    repository._branches = ["main"]
    record = await purge(Selection(kind=Kind.PUSH))
    assert left(repository) == Counter({"gone": 1})
    assert not record.ok
    (unclear,) = record.ledger.undecided
    assert unclear.outcome is Outcome.SKIPPED
    assert "may be selected or not" in record.warnings[0]


@pytest.mark.parametrize("selection", [Selection(), Selection(larger_than_bytes=1)], ids=["everything", "a filter"])
async def test_caches_that_the_list_can_not_tell_apart(
    purge: Purge, site: StandIn, repository: Repository, selection: Selection
) -> None:
    for branch in ("login", "team/login", "bug/login"):
        for name in (PLAIN, GEMFILE):
            repository.add(branch, name=name, size_bytes=100, age_s=3600)
    record = await purge(selection)
    assert repository.caches == []
    assert record.ok
    assert record.loads < 12, "nothing was waited for until the time was up"


async def test_a_branch_spares_its_twin(purge: Purge, site: StandIn, repository: Repository) -> None:
    for branch in ("login", "team/login", "login/x/login"):
        for name in (PLAIN, GEMFILE):
            repository.add(branch, name=name, size_bytes=100, age_s=3600)
    record = await purge(Selection(branches=("login",)))
    assert left(repository) == Counter({"team/login": 2, "login/x/login": 2, "login": 1})
    (spared,) = record.ledger.left
    assert (spared.cache.name, spared.reason) == (PLAIN, SHARED_NAME), "no call deletes it without login/x/login's"


async def test_a_lost_deletion_is_attempted_another_way(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.fill(3)
    repository.add("lost")
    site.faults.lost_deletions = ["lost"]
    methods: list[Any] = []

    def restore(event: Any) -> None:
        if type(event).__name__ == "MethodChanged":
            methods.append(event)
            site.faults.lost_deletions = []

    record = await purge(recheck_timeout_s=60.0, observe=restore)
    assert repository.caches == []
    assert record.ok
    assert methods
