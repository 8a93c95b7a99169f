"""A name that matches no cache is warned of once, and only where it is certain that none is meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from purger.core.cache import Cache
from purger.core.errors import PurgerError
from purger.core.filters import Filters
from purger.core.selection import Selection
from purger.purge.branch_listings import BranchListings
from purger.purge.unmatched import Unmatched, in_common, unmatched_names
from purger.standin import DeleteFault, StandIn
from purger.standin.repository import Repository
from purger.travis.keys import last_part
from tests.support.browser import OpenApi, Purger, fill
from tests.support.builders import cache, nested
from tests.support.retry_policies import FAST

KNOWN = [cache("main", full="main"), cache("2.0", full="release/2.0"), cache("PR.7", full="PR.7")]
SHOWN = [cache("main"), cache("2.0"), cache("PR.7")]


async def unmatched(open_api: OpenApi, repository: Repository, filters: Filters, caches: list[Cache]) -> list[str]:
    async with open_api() as api:
        listings = BranchListings(api, repository.id, Selection)
        return [one.name for one in await unmatched_names(filters, caches, listings)]


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (("main", "nosuch"), ["nosuch"]),
        (("m*", "n*", "PR.?", "PR.??"), ["n*", "PR.??"]),
        (("Main", "release/2.0"), ["Main"]),
        (("2.*", "release/*", "relese/*"), ["relese/*"]),
        (("nosuch", "nosuch"), ["nosuch"]),
    ],
)
async def test_the_names_that_match_no_cache(
    open_api: OpenApi, repository: Repository, names: tuple[str, ...], left: list[str]
) -> None:
    assert await unmatched(open_api, repository, Filters(branches=names), KNOWN) == left
    assert await unmatched(open_api, repository, Filters(branches=("x",), exclude=names), KNOWN) == ["x", *left]
    assert await unmatched(open_api, repository, Filters(branches=names), []) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("focal--ruby", None),
        ("gemfiles/rails_6", None),
        ("*.tgz", "--match *.tgz matches no listed cache: is .tgz meant?"),
        ("Focal ", "--match Focal  matches no listed cache: is focal meant?"),
        ('"focal"', '--match "focal" matches no listed cache: is focal meant?'),
        ("jammy", "--match jammy matches no listed cache"),
        ("XFocal", "--match XFocal matches no listed cache"),
        ("*", "--match * matches no listed cache"),
        ("main", "--match main matches no listed cache"),
    ],
)
async def test_a_text_that_is_in_no_name(
    open_api: OpenApi, repository: Repository, text: str, sentence: str | None
) -> None:
    caches = [cache("main", "cache-linux-focal--ruby-3.tgz"), nested()]
    async with open_api() as api:
        found = await unmatched_names(Filters(match=text), caches, BranchListings(api, repository.id, Selection))
    assert [str(one) for one in found] == [sentence for _ in found]
    assert bool(found) is bool(sentence)


async def test_of_a_cache_whose_whole_name_is_not_known_any_text_may_be_a_part(
    open_api: OpenApi, repository: Repository
) -> None:
    caches = [replace(cache("cache-rails_6", "a.tgz"), may_be_nested=True)]
    assert await unmatched(open_api, repository, Filters(match="jammy"), caches) == []


async def test_a_glob_without_a_slash_means_displayed_names_or_any_that_are_excluded(
    open_api: OpenApi, repository: Repository
) -> None:
    repository._branches = ["main", "release/2.0"]
    filters = Filters(branches=("rel*",), exclude=("rele*",))
    for caches in (KNOWN, SHOWN):
        async with open_api() as api:
            listings = BranchListings(api, repository.id, Selection)
            (found,) = await unmatched_names(filters, caches, listings)
        assert (found.option, found.name) == ("--branch", "rel*")


@pytest.mark.parametrize(
    ("name", "is_unmatched"),
    [("rel*", False), ("release/2.0", False), ("release/1.0", True), ("old/*", True), ("nosuch", True), ("2.*", False)],
)
async def test_where_a_full_name_is_not_known_the_branches_tell_whether_it_may_be_meant(
    open_api: OpenApi, repository: Repository, name: str, is_unmatched: bool
) -> None:
    repository._branches = ["main", "release/2.0", "release/1.0"]
    found = await unmatched(open_api, repository, Filters(exclude=(name,)), SHOWN)
    assert found == ([name] if is_unmatched else [])


def test_of_several_repositories_only_what_none_has_is_warned_of() -> None:
    first = [Unmatched("--branch", "a", "b"), Unmatched("--branch", "c")]
    assert [str(one) for one in in_common([first])] == [
        "--branch a matches no listed cache: is b meant?",
        "--branch c matches no listed cache",
    ]
    found = in_common([first, [Unmatched("--branch", "a"), Unmatched("--exclude", "c")]])
    assert [str(one) for one in found] == ["--branch a matches no listed cache"]


@pytest.mark.parametrize(
    ("name", "branch"),
    [
        ("Main", "main"),
        ("origin/main", "main"),
        ("remotes/origin/release/2.0", "release/2.0"),
        ("main,dev", "main"),
        ("{dev,main}", "main"),
        ("dev;main", "main"),
        ("dev|main", "main"),
        ("(dev|main)", "main"),
        ("@(dev|main)", "main"),
        ("!main", "main"),
        ("\u201cmain\u201d", "main"),
        ("\u201edev,main\u201c", "main"),
        ("\u2018main\u2019", "main"),
        ("\u00abmain\u00bb", "main"),
        ("=main", "main"),
        ("dev\u3001main", "main"),
        ("m{ine,ain}", "main"),
        ("{old,new}-{1,2}", None),
        ("{a,b}" * 30, None),
        ("dev,origin/main", "main"),
        ("%6Dain", "main"),
        ('"main/"', "main"),
        ('"main"', "main"),
        ("[main]", "main"),
        ("heads/main", "main"),
        ("ma\u200bin", "main"),
        ("ｍａｉｎ", "main"),
        ("#7", "PR.7"),
        ("PR7", "PR.7"),
        ("pull/7/head", "PR.7"),
        ("7/merge", "PR.7"),
        ("7", None),
        ("x7/merge", None),
        ("#8", None),
        ("pr.7", "PR.7"),
        ("MA*", "main"),
        ("[MN]ain", "main"),
        ("2.0", "release/2.0"),
        ("0", None),
        ("mian", None),
        ("old", None),
        ("origin/old", None),
        ("a,b", None),
    ],
)
async def test_a_name_in_another_spelling_certainly_means_a_branch(
    open_api: OpenApi, repository: Repository, name: str, branch: str | None
) -> None:
    repository._branches = ["main", "release/2.0"]
    async with open_api() as api:
        listings = BranchListings(api, repository.id, Selection)
        (found,) = await unmatched_names(Filters(exclude=(name,)), KNOWN, listings)
    assert found.option == "--exclude"
    assert (found.is_meant, found.similar if found.is_meant else None) == (branch is not None, branch)
    also = Filters(exclude=(name, *[one.known_branch for one in KNOWN]))
    async with open_api() as api:
        left = await unmatched_names(also, KNOWN, BranchListings(api, repository.id, Selection))
    assert [(one.name, one.is_meant) for one in left] == [(name, False)], "no branch is left that it could spare"


@pytest.mark.parametrize(
    ("name", "similar", "is_meant"),
    [("mian", "main", False), ("Main", "main", True), ("man*", None, False), ("M*", "main", True), ("x", None, False)],
)
async def test_a_branch_that_is_alike_is_named(
    open_api: OpenApi, repository: Repository, name: str, similar: str | None, is_meant: bool
) -> None:
    async with open_api() as api:
        listings = BranchListings(api, repository.id, Selection)
        found = await unmatched_names(Filters(branches=(name,)), KNOWN, listings)
    assert found == [Unmatched("--branch", name, similar, is_meant=is_meant)]


@pytest.mark.parametrize(("name", "may_be"), [("PR.9", True), ("old", True), ("nosuch", False), ("PR.x", False)])
async def test_what_may_be_a_part_of_a_file_name_may_be_of_any_branch(
    open_api: OpenApi, repository: Repository, name: str, may_be: bool
) -> None:
    repository._branches = ["main", "old"]
    filters, unclear = Filters(exclude=(name,)), replace(cache("cache-a--b", "c.tgz"), may_be_nested=True)
    assert await unmatched(open_api, repository, filters, KNOWN) == [name]
    assert await unmatched(open_api, repository, filters, [*KNOWN, unclear]) == ([] if may_be else [name])


@pytest.mark.parametrize(
    ("name", "more", "branch"),
    [
        ("3.1", [], "3.10"),
        ("4", [], "4.0"),
        ("3.1", ["3.1"], None),
        ("2", [], None),
        ("3", [], None),
        ("release-5-x", [], "Release/5.x"),
        ("release-5-x", ["release-5-x"], None),
        ("release-5", [], None),
        (f"team-{'x' * 58}", [], f"team/{'x' * 70}"),
        ("main", [], None),
    ],
)
async def test_what_yaml_and_a_ci_make_of_a_name_means_the_branch(
    open_api: OpenApi, repository: Repository, name: str, more: list[str], branch: str | None
) -> None:
    names = ["3.10", "4.0", "20", "Release/5.x", f"team/{'x' * 70}", "修复-main"]
    caches = [cache(last_part(one), full=one) for one in names]
    repository._branches = [*names, *more]
    async with open_api() as api:
        listings = BranchListings(api, repository.id, Selection)
        (found,) = await unmatched_names(Filters(exclude=(name,)), caches, listings)
    assert (found.is_meant, found.similar if found.is_meant else None) == (branch is not None, branch)


NESTED = [cache("main"), cache("foo"), cache("café"), cache("2.0")]


@pytest.mark.parametrize(
    ("name", "branch"),
    [
        ("feature/Foo", "feature/foo"),
        ("Feature/foo", "feature/foo"),
        ("origin/feature/foo", "feature/foo"),
        ("feature/other,feature/foo", "feature/foo"),
        ('"feature/foo"', "feature/foo"),
        ("feature/cafe\u0301", "feature/café"),
        ("Release/*", "release/2.0"),
        ("feature/Fop", None),
        ("old/Foo", None),
    ],
)
@pytest.mark.parametrize("more", [(), (replace(cache("cache-a--b", "c.tgz"), may_be_nested=True),)], ids=["", "nested"])
async def test_a_nested_branch_in_another_spelling_is_meant_if_it_has_caches(
    open_api: OpenApi, repository: Repository, name: str, branch: str | None, more: tuple[Cache, ...]
) -> None:
    for one in ("main", "feature/foo", "feature/café", "release/2.0"):
        repository.add(one)
    repository._branches = ["main", "old/foo", "feature/foo", "feature/café", "release/2.0"]
    filters = Filters(exclude=(name,))
    async with open_api() as api:
        listings = BranchListings(api, repository.id, lambda: Selection(exclude=(name,)))
        found = await unmatched_names(filters, [*NESTED, *more], listings)
    assert [one.similar for one in found if one.is_meant] == ([branch] if branch else [])


@pytest.mark.parametrize("name", ["feature/foo", "Feature/foo", "F*"])
async def test_a_nested_branch_that_has_caches_means_itself(
    open_api: OpenApi, repository: Repository, name: str
) -> None:
    for one in ("main", "feature/foo", "Feature/foo"):
        repository.add(one)
    repository._branches = ["main", "feature/foo", "Feature/foo"] if "*" in name else ["main", "feature/foo"]
    async with open_api() as api:
        listings = BranchListings(api, repository.id, lambda: Selection(exclude=(name,)))
        assert await unmatched_names(Filters(exclude=(name,)), NESTED, listings) == []


@pytest.mark.browser
@pytest.mark.parametrize("policy", [(), ("--until-below", "1KB")], ids=["filter", "policy"])
@pytest.mark.parametrize("name", ["feature/Foo", "Feature/foo", "feature/foo,feature/other", "foo"])
def test_nothing_is_deleted_where_an_excluded_nested_branch_is_misspelt(
    purger: Purger, repository: Repository, name: str, policy: tuple[str, ...]
) -> None:
    for branch in ("main", "feature/foo"):
        repository.add(branch)
    ended = purger("purge", "acme/widgets", "--yes", "--exclude", name, *policy)
    assert (ended.code, len(repository.caches)) == (2, 2)
    assert f"--exclude {name} matches no listed cache: is feature/foo meant?" in ended.err


@pytest.mark.parametrize(
    ("name", "branches", "similar"),
    [
        ("foo", ["feature/foo"], "feature/foo"),
        ("foo", ["foo", "feature/foo"], None),
        ("foo", [], None),
        ("main", [], "whole"),
        ("bar", ["feature/bar"], None),
    ],
)
async def test_what_the_page_shows_of_a_nested_branch_selects_nothing_and_is_warned_of(
    open_api: OpenApi, repository: Repository, name: str, branches: list[str], similar: str | None
) -> None:
    """Of the branch that is named in full all caches are known: none of them is only shown by that name."""
    repository._branches = branches
    caches = [cache("foo"), cache("main", full="main")]
    async with open_api() as api:
        listings = BranchListings(api, repository.id, lambda: Selection(branches=(name,)))
        found = await unmatched_names(Filters(branches=(name,)), caches, listings)
    assert [(one.name, one.similar) for one in found] == ([] if similar == "whole" else [(name, similar)])


async def test_a_branch_of_that_name_means_itself(open_api: OpenApi, repository: Repository) -> None:
    repository._branches = ["main", "main,dev", "Main"]
    async with open_api() as api:
        listings = BranchListings(api, repository.id, Selection)
        found = await unmatched_names(Filters(exclude=("main,dev", "Main")), KNOWN, listings)
    assert [one.is_meant for one in found] == [False, False]


@pytest.mark.browser
@pytest.mark.parametrize("name", ["Main", "origin/main", "main,dev", "@(main|dev)"])
def test_nothing_is_deleted_where_an_excluded_branch_is_misspelt(
    purger: Purger, repository: Repository, name: str
) -> None:
    repository.add("main")
    repository.add("dev")
    ended = purger("purge", "acme/widgets", "--yes", "--exclude", name)
    assert ended.code == 2
    assert len(repository.caches) == 2
    assert f"--exclude {name} matches no listed cache: is " in ended.err
    assert "Give --exclude once for each branch" in ended.err
    warned = purger("purge", "acme/widgets", "--dry-run", "--exclude", name)
    assert (warned.code, len(warned.repository["warnings"])) == (0, 1)


def test_of_several_repositories_one_tells_what_is_meant() -> None:
    here, there = Unmatched("--exclude", "Main", "main", is_meant=True), Unmatched("--exclude", "Main")
    for found in ([here, there], [there, here]):
        assert in_common([[one] for one in found]) == [here]
    assert in_common([[here], []]) == []


COMMANDS = [("list",), ("purge", "--dry-run"), ("purge", "--yes")]


@pytest.mark.browser
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("policy", [(), ("--keep-newest", "1"), ("--limit", "9")], ids=" ".join)
def test_each_name_is_warned_of_once(
    purger: Purger, repository: Repository, command: tuple[str, ...], policy: tuple[str, ...]
) -> None:
    repository.add("main")
    repository.add("release/2.0")
    names = ("-b", "main", "-b", "mian", "-b", "n*", "-b", "release/2.0", "--exclude", "old", "--exclude", "rel?")
    ended = purger(command[0], "acme/widgets", *command[1:], *names, *policy)
    assert ended.code == 0, ended.err
    warnings = [
        "--branch mian matches no listed cache: is main meant?",
        "--branch n* matches no listed cache",
        "--exclude old matches no listed cache",
        "--exclude rel? matches no listed cache",
    ]
    assert ended.repository["warnings"] == warnings
    assert [ended.err.count(f"warning: acme/widgets: {text}\n") for text in warnings] == [1, 1, 1, 1]
    assert ended.repository["selected"] == (0 if "1" in policy else 2)


@pytest.mark.browser
def test_over_many_repositories_a_name_is_warned_of_where_none_has_it(purger: Purger, site: StandIn) -> None:
    fill(site, "a", "b", caches=0)
    site.add_repository("acme/empty")
    for one in site.repositories[:2]:
        one.add("main")
    site.repositories[1].add("login")
    ended = purger("list", "acme/a", "acme/b", "acme/empty", "--branch", "login", "--branch", "nosuch")
    assert ended.code == 0
    assert ended.err.count("matches no listed cache") == 1
    assert "warning: --branch nosuch matches no listed cache\n" in ended.err
    assert ended.report["warnings"] == ["--branch nosuch matches no listed cache"]


async def test_where_the_branches_can_not_be_listed_only_a_spelling_of_an_excluded_one_is_told(
    open_api: OpenApi,
) -> None:
    async with open_api(policies=FAST) as api:
        listings = BranchListings(api, 404, Selection)  # there is no such repository
        with pytest.raises(PurgerError):
            await listings.branches()
        assert await unmatched_names(Filters(branches=("nosuch", "Main"), exclude=("old",)), KNOWN, listings) == []
        found = await unmatched_names(Filters(branches=("MAIN",), exclude=("old", "Main")), KNOWN, listings)
        assert found == [Unmatched("--exclude", "Main", "main", is_meant=True)]


@pytest.mark.browser
def test_a_resumed_run_does_not_warn_of_what_the_former_one_deleted(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    for branch in ("main", "login"):
        repository.add(branch)
    site.faults.delete_fault = [DeleteFault("login", 500)]
    first = purger("purge", "acme/widgets", "--yes", "-b", "main", "-b", "login", "-b", "nosuch", "--attempts", "1")
    assert (first.code, len(first.repository["warnings"])) == (1, 1)
    (tmp_path / "report.json").write_text(first.out)
    site.faults.reset()
    second = purger("purge", "--resume", "report.json", "--yes")
    assert (second.code, second.repository["warnings"]) == (0, [])
