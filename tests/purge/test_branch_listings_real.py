"""Filters on caches whose rows do not tell their branch, where names mislead; what is left is asked of the server."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from purger.standin.repository import Repository
from tests.support.browser import Purger

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("kind", "left"), [("pull-request", {"main", "fix/PR.7"}), ("push", {"PR.7", "PR.8"})])
@pytest.mark.parametrize("more", [(), ("--keep-newest", "1")], ids=["filter", "policy"])
def test_a_pushed_branch_that_ends_like_a_pull_request_is_none(
    purger: Purger, repository: Repository, kind: str, left: set[str], more: tuple[str, ...]
) -> None:
    for branch in ("fix/PR.7", "main", "PR.7", "PR.8"):
        for days in (1, 2):
            repository.add(branch, name=f"cache-linux-{days:064x}--python-3.8.tgz", age_s=days * 86_400.0)
    planned = purger("list", "acme/widgets", "--kind", kind, *more).repository
    assert {cache["branch"] for cache in planned["caches"] if cache["selected"]}.isdisjoint(left)
    ended = purger("purge", "acme/widgets", "--yes", "--kind", kind, *more)
    assert ended.code == 0, ended.err
    counts = Counter(cache.branch for cache in repository.caches)
    others = {"main", "fix/PR.7", "PR.7", "PR.8"} - left
    assert counts == dict.fromkeys(left, 2) | (dict.fromkeys(others, 1) if more else {})


def test_what_no_known_branch_lists_is_not_taken_for_a_pull_request(purger: Purger, repository: Repository) -> None:
    repository.add("fix/PR.7")
    repository.add("old/PR.7", name="cache-linux-focal-0b--python-3.8.tgz")
    repository._branches = ["fix/PR.7"]
    ended = purger("purge", "acme/widgets", "--yes", "--kind", "pull-request")
    assert ended.code == 1, ended.err
    assert "shows only the last part of its branch's name" in ended.err
    assert len(repository.caches) == 2


FRONT, OTHER = (f"cache-linux-{number:064x}--gemfile-g" for number in (3, 4))
OLD, NEW = 9 * 86_400.0, 3600.0


@pytest.mark.parametrize(
    ("stored", "filters", "kept"),
    [
        ([("main", f"{FRONT}/h/a.tgz", OLD), ("main", f"{FRONT}/a.tgz", OLD)], ("--kind", "push"), 0),
        ([("cache-a--b", f"{FRONT}/h/a.tgz", OLD), ("cache-a--b", f"{FRONT}/a.tgz", OLD)], ("--kind", "push"), 0),
        (
            [("main", f"{FRONT}/h/a.tgz", OLD), ("main", f"{FRONT}/a.tgz", OLD), ("main", f"{OTHER}/a.tgz", NEW)],
            ("--older-than", "2d"),
            0,
        ),
        ([("main", f"{FRONT}/h/a.tgz", OLD), ("main", f"{OTHER}/a.tgz", NEW)], ("--older-than", "2d"), 1),
        ([("main", f"{FRONT}/h/a.tgz", OLD), ("main", f"{FRONT}/h/a.tgz2", NEW)], ("--older-than", "2d"), 1),
    ],
)
def test_only_what_is_left_alone_is_said_to_be(
    purger: Purger, repository: Repository, stored: list[tuple[str, str, float]], filters: tuple[str, ...], kept: int
) -> None:
    for branch, name, age_s in [*stored, ("PR.7", "cache-linux-focal-0a1b--python-3.8.tgz", NEW)]:
        repository.add(branch, name=name, age_s=age_s)
    planned = purger("list", "acme/widgets", *filters).repository["selected"]
    ended = purger("purge", "acme/widgets", "--yes", *filters)
    assert ended.code == (1 if kept else 0), ended.err
    assert len(repository.caches) == len(stored) + 1 - planned + kept
    said = [int(count) for count in re.findall(r"(\d+) caches? of '[^']*' (?:is|are) left alone", ended.err)]
    assert sum(said) == kept, ended.err


def test_a_glob_without_a_slash_selects_by_displayed_names_alone(purger: Purger, repository: Repository) -> None:
    """The full name is known of the one whose file name holds a slash."""
    for name in (f"{FRONT}/h.tgz", "cache-linux-focal-0a--python-3.8.tgz"):
        repository.add("dependabot/npm/main", name=name)
    repository.add("docs")
    repository.add("main", name=f"{FRONT}/h.tgz")
    ended = purger("purge", "acme/widgets", "--yes", "--branch", "d*")
    assert ended.code == 0, ended.err
    assert Counter(cache.branch for cache in repository.caches) == {"dependabot/npm/main": 2, "main": 1}
