"""Names that mean something else than they say are refused before anything is deleted, whatever the repositories."""

from __future__ import annotations

from typing import cast

import pytest

from purger.core import events
from purger.core.cache import Cache
from purger.core.errors import InputError, PurgerError, SiteError
from purger.core.selection import Selection
from purger.purge.misread_names import check_names
from purger.purge.record import Record
from purger.purge.unmatched import Unmatched
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Repository as Address
from purger.travis.api import Api
from purger.travis.refusals import NotFoundError
from tests.support.browser import Purger, fill, left
from tests.support.builders import cache, ledger_of


class FakeApi:
    """Lists the same branches for each repository."""

    def __init__(self, *branches: str) -> None:
        self._branches = branches
        self.asked: list[int] = []

    async def branches(self, repository_id: int) -> dict[str, bool | None]:
        self.asked.append(repository_id)
        return dict.fromkeys(self._branches, True)


def record(
    name: str = "acme/widgets",
    *unmatched: Unmatched,
    caches: tuple[Cache, ...] = (cache("foo"),),
    exclude: tuple[str, ...] = (),
    error: PurgerError | None = None,
) -> Record:
    owner, _, repository = name.partition("/")
    ledger = ledger_of(*caches, selection=Selection(exclude=exclude))
    of = Record(Address("github", owner, repository), "", ledger, lambda _event: None, repository_id=7)
    of.unmatched, of.error = [*unmatched], error
    return of


async def warned(*records: Record, api: FakeApi | None = None) -> tuple[list[list[str]], list[events.Event]]:
    """Return what a dry run warns of: of each repository, and of the run."""
    emitted: list[events.Event] = []
    await check_names(cast(Api, api or FakeApi()), records, dry_run=True, emit=emitted.append)
    return [one.warnings for one in records], emitted


async def refused(*records: Record, api: FakeApi | None = None) -> InputError:
    """Return the error of a run that is none; it warns of nothing."""
    emitted: list[events.Event] = []
    with pytest.raises(InputError) as caught:
        await check_names(cast(Api, api or FakeApi()), records, dry_run=False, emit=emitted.append)
    assert ([one.warnings for one in records], emitted) == ([[] for _ in records], [])
    return caught.value


MISSPELT = Unmatched("--exclude", "Main", "main", is_meant=True)
MISSPELT_TEXT = "--exclude Main matches no listed cache: is main meant?"


async def test_a_name_to_exclude_in_another_spelling_is_refused_and_in_a_dry_run_warned_of() -> None:
    error = await refused(record("acme/widgets", MISSPELT))
    assert (error.what, error.remedy) == (
        MISSPELT_TEXT,
        "Nothing was deleted. Give --exclude once for each branch, by its full name.",
    )
    one, other = record("acme/widgets", MISSPELT), record("acme/gadgets")
    assert (await refused(one, other)).what == (
        "--exclude Main matches no listed cache of acme/widgets: is main meant?"
    )
    assert await warned(one, other) == ([[MISSPELT_TEXT], []], [])
    assert await warned(record("acme/a", MISSPELT), record("acme/b", MISSPELT)) == ([[MISSPELT_TEXT]] * 2, [])
    assert await warned(record("acme/widgets", MISSPELT)) == ([[MISSPELT_TEXT]], [])


async def test_what_the_page_shows_of_a_branch_may_be_meant_for_another_repository() -> None:
    shown = Unmatched("--exclude", "foo", "feature/foo", is_meant=True)
    assert (await refused(record("acme/a", shown))).what == str(shown)
    assert await warned(record("acme/a", shown), record("acme/b", shown)) == ([[], []], [events.Warned("", str(shown))])


async def test_of_one_repository_each_name_is_warned_of_in_its_name_and_of_several_what_none_has() -> None:
    lost, text = Unmatched("--branch", "nosuch"), Unmatched("--match", "x")
    said = [f"{one.option} {one.name} matches no listed cache" for one in (lost, text)]
    assert await warned(record("acme/a", lost, text)) == ([said], [])
    here, there = record("acme/a", lost, text), record("acme/b", lost)
    assert await warned(here, there) == ([[], []], [events.Warned("", said[0])])
    empty = record("acme/empty", caches=())
    broken = record("acme/broken", error=SiteError("it broke"))
    assert await warned(empty, here, broken, there) == ([[]] * 4, [events.Warned("", said[0])])
    assert await warned(record("acme/empty", lost, caches=())) == ([[]], [])


async def test_where_a_name_is_misread_the_others_are_warned_of_too() -> None:
    lost = Unmatched("--branch", "nosuch")
    assert await warned(record("acme/a", MISSPELT, lost)) == ([[MISSPELT_TEXT, f"{lost}"]], [])


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("acme/widgets", True),
        ("ACME/Widgets", True),
        ("github/acme/widgets", True),
        ("acme/widg*", True),
        ("acme/*s", True),
        ("acme/widget?", True),
        ("acme/*", False),
        ("acme/**", False),
        ("acme/", False),
        ("acme/gadgets", False),
        ("other/widgets", False),
        ("gitlab/acme/widgets", False),
        ("widgets", False),
        ("acme", False),
    ],
)
async def test_a_repository_is_not_excluded_as_if_it_were_a_branch(name: str, is_one: bool) -> None:
    what = f"--exclude {name} means a branch, and spares no caches of the repository Acme/Widgets"
    made = record("Acme/Widgets", Unmatched("--exclude", name))
    plain = f"--exclude {name} matches no listed cache"
    assert await warned(made) == ([[what if is_one else plain]], [])
    if is_one:
        error = await refused(record("Acme/Widgets", Unmatched("--exclude", name)))
        assert (error.what, error.remedy) == (
            what,
            "Nothing was deleted. Give --exclude once for each branch; a shell's variable that stands for one may be "
            "empty. To spare a repository, name the others.",
        )
    branch = Unmatched("--branch", name)
    assert await warned(record("Acme/Widgets", branch)) == ([[str(branch)]], []), "only what is to be spared"


@pytest.mark.parametrize(
    ("name", "of"), [("API", "acme/api"), ("ap*", "acme/api"), ("web", "acme/Web"), ("old", None), ("acme", None)]
)
async def test_of_several_repositories_one_that_is_called_so_is_named(name: str, of: str | None) -> None:
    means = f"--exclude {name} means a branch, and spares no caches of the repository {of}"
    lost = Unmatched("--exclude", name)
    said = [events.Warned("", means if of else f"--exclude {name} matches no listed cache")]
    assert await warned(record("acme/x", lost), record("acme/api", lost), record("acme/Web", lost)) == ([[]] * 3, said)
    branch = Unmatched("--branch", name)
    plain = [events.Warned("", f"--branch {name} matches no listed cache")]
    assert await warned(record("acme/api", branch), record("acme/Web", branch)) == ([[]] * 2, plain)


LOST = NotFoundError("feature/foo was not found")


@pytest.mark.parametrize(
    ("exclude", "caches", "branches", "is_one"),
    [
        (("x",), (cache("foo"),), ("main", "feature/foo"), True),
        (("x",), (cache("foo", full="feature/foo"),), ("feature/foo",), True),
        (("x",), (cache("foo", full="old/foo"),), ("feature/foo",), False),
        (("x",), (cache("main"), cache("foo")), ("feature/foo",), True),
        (("x",), (cache("main"),), ("feature/foo",), False),
        (("feature/foo",), (cache("foo", full="feature/foo"),), ("feature/foo",), False),
        (("x",), (cache("foo"),), ("foo",), False),
        ((), (cache("foo"),), ("feature/foo",), False),
    ],
)
async def test_a_branch_to_exclude_is_not_taken_for_a_repository(
    exclude: tuple[str, ...], caches: tuple[Cache, ...], branches: tuple[str, ...], is_one: bool
) -> None:
    def excluding() -> Record:
        return record(caches=caches, exclude=exclude)

    what = "feature/foo is no repository that is found, but a branch that is not excluded, of acme/widgets"
    lost, api = record("feature/foo", caches=(), error=LOST), FakeApi(*branches)
    assert await warned(excluding(), lost, api=api) == ([[what] if is_one else [], []], [])
    assert set(api.asked) <= {7}
    if is_one:
        error = await refused(excluding(), lost, api=api)
        assert error.what == what
        assert error.remedy is not None
        assert error.remedy.startswith("Nothing was deleted. Give --exclude once for each branch; a shell's variable")
    other = record("feature/foo", caches=(), error=SiteError("it broke"))
    assert await warned(excluding(), other, api=api) == ([[], []], []), "it may be a repository after all"


async def test_a_branch_that_is_taken_for_a_repository_is_warned_of_once() -> None:
    excluding = record("acme/widgets", Unmatched("--branch", "feature/foo"), exclude=("x",))
    lost = record("feature/foo", caches=(), error=LOST)
    (of_it, of_lost), emitted = await warned(excluding, lost, api=FakeApi("feature/foo"))
    assert (len(of_it), of_lost, emitted) == (1, [], [])


async def test_of_a_repository_without_a_number_no_branches_are_asked() -> None:
    excluding = record(exclude=("x",))
    excluding.repository_id = None
    lost = record("feature/foo", caches=(), error=LOST)
    assert await warned(excluding, lost, api=FakeApi("feature/foo")) == ([[], []], [])


@pytest.mark.browser
def test_nothing_is_deleted_where_a_branch_to_exclude_is_taken_for_a_repository(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    for branch in ("main", "feature/foo", "gone/bar"):
        repository.add(branch)
    arguments = ("purge", "acme/widgets", "--exclude", "main", "feature/foo")
    ended = purger(*arguments, "--yes")
    assert (ended.code, left(site)) == (3, {"acme/widgets": 3})
    assert "feature/foo is no repository that is found, but a branch that is not excluded, of acme/widgets" in ended.err
    assert "Give --exclude once for each branch" in ended.err
    assert "feature/foo is no repository" in purger(*arguments, "--dry-run").err
    spared = purger(*arguments, "--exclude", "feature/*", "--dry-run")
    assert "is no repository" not in spared.err, "its caches are kept"
    other = purger("purge", "acme/widgets", "acme/main", "--exclude", "gone/bar", "--dry-run")
    assert (other.code, "is no repository" in other.err) == (3, False), "no branch is called acme/main"


@pytest.mark.browser
@pytest.mark.parametrize("name", ["acme/A", "github/acme/a", "acme/?"])
def test_nothing_is_deleted_where_a_repository_is_to_be_excluded(purger: Purger, site: StandIn, name: str) -> None:
    """Branches are excluded; and of `--exclude $KEEP acme/a` nothing else is left where the variable is empty."""
    fill(site, "a", "b")
    for meant in ("acme/*", "acme/a"):
        ended = purger("purge", meant, "--yes", "--exclude", name)
        assert (ended.code, left(site)) == (2, {"acme/a": 4, "acme/b": 4})
        assert f"--exclude {name} means a branch, and spares no caches of the repository acme/a" in ended.err
    warned = purger("list", "acme/*", "--exclude", name)
    assert (warned.code, "spares no caches of the repository acme/a" in warned.err) == (0, True)
    assert "matches no listed cache" not in warned.err, "one warning is enough"
    site.repositories[0].add("acme/A")
    for branches in ("acme/A", "acme/*", "a/*", "acme/b?"):
        ended = purger("purge", "acme/a", "--dry-run", "--exclude", branches)
        assert (ended.code, "spares no caches" in ended.err) == (0, False), branches


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "here", "there"),
    [("main", "Main", "main"), ("PR.7", "pr.7", "PR.7"), ("caf\u00e9", "cafe\u0301", "caf\u00e9")],
    ids=["case", "pull request", "Unicode"],
)
def test_nothing_is_deleted_where_one_of_several_repositories_spells_an_excluded_branch_otherwise(
    purger: Purger, site: StandIn, name: str, here: str, there: str
) -> None:
    for repository, branch in (("a", there), ("b", here), ("c", there)):
        added = site.add_repository(f"acme/{repository}")
        for one in (branch, "dev"):
            added.add(one)
    ended = purger("purge", "acme/*", "--yes", "--exclude", name)
    assert (ended.code, left(site)) == (2, {"acme/a": 2, "acme/b": 2, "acme/c": 2})
    assert f"--exclude {name} matches no listed cache of acme/b: is {here} meant?" in ended.err
    warned = purger("list", "acme/*", "--exclude", name)
    assert (warned.code, [len(one["warnings"]) for one in warned.report["repositories"]]) == (0, [0, 1, 0])
    both = purger("purge", "acme/*", "--dry-run", "--exclude", name, "--exclude", here)
    assert "matches no listed cache" not in both.err


@pytest.mark.browser
def test_what_is_shown_or_made_of_a_name_may_be_the_whole_name_in_another_repository(
    purger: Purger, site: StandIn
) -> None:
    for name, *branches in (("a", "main", "3.1", "x-y"), ("b", "upstream/main", "3.10", "x/y")):
        repository = site.add_repository(f"acme/{name}")
        for branch in branches:
            repository.add(branch)
    ended = purger("purge", "acme/*", "--yes", "--exclude=main", "--exclude=3.1", "--exclude=x-y")
    assert (ended.code, left(site)) == (0, {"acme/a": 3, "acme/b": 0}), ended.err


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("api", "--exclude api means a branch, and spares no caches of the repository acme/api"),
        ("AP*", "--exclude AP* means a branch, and spares no caches of the repository acme/api"),
        ("old", "--exclude old matches no listed cache"),
    ],
)
def test_the_name_of_a_repository_that_is_excluded_is_told_to_mean_a_branch(
    purger: Purger, site: StandIn, name: str, said: str
) -> None:
    fill(site, "web", "api")
    ended = purger("list", "acme/*", "--exclude", name)
    assert f"warning: {said}\n" in ended.err
    one = purger("list", "acme/api", "--exclude", name)
    assert f"--exclude {name} matches no listed cache\n" in one.err
