"""A list that is full hides caches: said in list, dry run, question and JSON, and never taken for all there is."""

from __future__ import annotations

import pytest

from purger.core.selection import Selection
from purger.purge.completeness import AT_LEAST, LIST_IS_FULL, is_complete
from purger.standin.repository import Repository
from purger.travis.keys import LIST_CAP
from tests.support.browser import Purger

DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("selection", "listed", "by_branch", "complete"),
    [
        (Selection(), LIST_CAP - 1, (), True),
        (Selection(), LIST_CAP, (), False),
        (Selection(match="x"), LIST_CAP, (), False),
        (Selection(branches=("main",)), LIST_CAP, (3,), True),
        (Selection(branches=("main",)), 5, (LIST_CAP,), False),
        (Selection(branches=("main", "x*")), LIST_CAP, (3,), False),
        (Selection(branches=("x*",)), LIST_CAP - 1, (), True),
    ],
)
def test_a_full_list_that_matters_is_not_complete(
    selection: Selection, listed: int, by_branch: tuple[int, ...], complete: bool
) -> None:
    assert is_complete(selection, listed, by_branch) is complete


def fill(repository: Repository, *, old: int = 0) -> None:
    """Store 1,500 caches; of those behind the cap, which lists by key, so many are old."""
    for number in range(1500):
        is_old = number >= 1500 - old
        repository.add(f"b{number:04}", age_s=(90 if is_old else 1) * DAY_S, size_bytes=1)


@pytest.mark.browser
@pytest.mark.parametrize("command", [["list"], ["purge", "--dry-run"]])
def test_a_list_and_a_dry_run_say_that_there_may_be_more(
    purger: Purger, repository: Repository, command: list[str]
) -> None:
    fill(repository)
    ended = purger(command[0], "acme/widgets", *command[1:])
    assert ended.code == 0
    assert (ended.repository["selected"], ended.repository["complete"], ended.repository["ok"]) == (1000, False, True)
    assert ended.repository["warnings"] == [AT_LEAST]
    table = purger(command[0], "acme/widgets", *command[1:], as_json=False)
    assert "at least 1,000" in table.out
    assert "at least 1,000: the site lists no more at once" in table.err
    assert len(repository.caches) == 1500


@pytest.mark.browser
@pytest.mark.parametrize("command", [["list"], ["purge", "--dry-run"]])
def test_filters_that_cannot_see_everything_fail(purger: Purger, repository: Repository, command: list[str]) -> None:
    fill(repository, old=50)
    ended = purger(command[0], "acme/widgets", *command[1:], "--older-than", "30d")
    assert (ended.code, ended.report["exit_code"], ended.report["ok"]) == (1, 1, False)
    assert (ended.repository["selected"], ended.repository["complete"], ended.repository["ok"]) == (0, False, False)
    assert ended.repository["warnings"] == [LIST_IS_FULL]
    assert "nothing to do" not in ended.err
    assert "others may be hidden: the site lists no more at once" in ended.err


@pytest.mark.browser
def test_branches_named_in_full_are_seen_behind_a_full_list(purger: Purger, repository: Repository) -> None:
    fill(repository)
    ended = purger("list", "acme/widgets", "--branch", "b1499")
    assert (ended.code, ended.repository["selected"], ended.repository["complete"]) == (0, 1, True)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("site", "filters"), [("http1", ["--smaller-than", "900GB"]), ("http2", [])], indirect=["site"]
)
def test_a_purge_of_more_than_is_listed_is_complete_in_the_end(
    purger: Purger, repository: Repository, filters: list[str]
) -> None:
    repository.fill(1100, branches=60)
    ended = purger("purge", "acme/widgets", "--yes", "--max-rate", "0", *filters)
    assert (ended.code, repository.caches) == (0, [])
    assert (ended.repository["complete"], ended.repository["deleted"]) == (True, 1100)
    assert "1,000 caches listed, at least 1,000 selected" in ended.err
    assert (LIST_IS_FULL in ended.err) is bool(filters)
    assert ended.repository["warnings"] == [], "in the end, nothing was hidden"
