"""Names that mean something else than they say are refused before anything is deleted, whatever the repositories."""

from __future__ import annotations

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger, fill, left

pytestmark = pytest.mark.browser


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


def test_what_is_shown_or_made_of_a_name_may_be_the_whole_name_in_another_repository(
    purger: Purger, site: StandIn
) -> None:
    for name, *branches in (("a", "main", "3.1", "x-y"), ("b", "upstream/main", "3.10", "x/y")):
        repository = site.add_repository(f"acme/{name}")
        for branch in branches:
            repository.add(branch)
    ended = purger("purge", "acme/*", "--yes", "--exclude=main", "--exclude=3.1", "--exclude=x-y")
    assert (ended.code, left(site)) == (0, {"acme/a": 3, "acme/b": 0}), ended.err


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
