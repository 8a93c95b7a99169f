"""The order of caches in a list, and how many of them it shows."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from purger.core.cache import Cache
from purger.core.decision import oldest_first
from purger.report.model import Report
from purger.report.ordering import Order, SortBy
from tests.report.samples import cache_report, record, report, repository_of
from tests.support.builders import NOW


def made() -> Report:
    """Two repositories with three caches each, of which one is not selected."""
    first = [
        cache_report(branch, size, "remaining", name=f"cache-{name}.tgz", last_modified=NOW - timedelta(days=days))
        for branch, size, name, days in (("main", 5, "c", 3), ("fix", 9, "a", 1), ("PR.7", 7, "b", 2))
    ]
    second = [
        cache_report("z", 8, "remaining", name="cache-d.tgz", last_modified=NOW - timedelta(days=9)),
        cache_report("a", 1, "skipped", name="cache-e.tgz", selected=False, last_modified=NOW),
    ]
    repositories = [repository_of(*first), repository_of(*second, slug="acme/gadgets")]
    return msgspec.structs.replace(report(record()), dry_run=True, repositories=repositories)


def sizes(shown: Report) -> list[list[int]]:
    return [[cache.size_bytes for cache in repository.caches] for repository in shown.repositories]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (SortBy.BRANCH, [[7, 9, 5], [1, 8]]),
        (SortBy.SIZE, [[9, 7, 5], [8, 1]]),
        (SortBy.AGE, [[9, 7, 5], [1, 8]]),
        (SortBy.NAME, [[9, 7, 5], [8, 1]]),
        (None, [[5, 7, 9], [8, 1]]),
    ],
)
def test_caches_are_sorted(by: SortBy | None, expected: list[list[int]]) -> None:
    assert sizes(Order(by).of(made())) == expected
    assert sizes(Order(by, is_reversed=True).of(made())) == [list(reversed(each)) for each in expected]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order(SortBy.SIZE, most=2), [[9], [8]]),
        (Order(SortBy.SIZE, is_reversed=True, most=2), [[5, 7], []]),
        (Order(most=3), [[5, 7], [8]]),
        (Order(SortBy.AGE, most=9), [[9, 7, 5], [8]]),
    ],
)
def test_a_limit_shows_the_first_of_all_repositories_that_are_selected(order: Order, expected: list[list[int]]) -> None:
    shown = order.of(made())
    assert sizes(shown) == expected
    assert [repository.selected for repository in shown.repositories] == [len(each) for each in expected]
    assert [len(repository.left) for repository in shown.repositories] == [len(each) for each in expected]


def test_of_one_second_a_list_shows_the_caches_that_a_purge_with_this_limit_selects() -> None:
    names = [("z", "b"), ("a", "c"), ("a", "a"), ("team/b", "d")]
    caches = [Cache(name, branch.rpartition("/")[2], 1, NOW, full_branch=branch) for branch, name in names]
    shown = [
        cache_report(cache.known_branch, 1, "remaining", name=cache.name, row=cache.branch, last_modified=NOW)
        for cache in caches
    ]
    listed = msgspec.structs.replace(report(record()), dry_run=True, repositories=[repository_of(*shown)])
    in_order = [cache.name for cache in Order().of(listed).repositories[0].caches]
    assert in_order == [cache.name for cache in sorted(caches, key=oldest_first)] != [cache.name for cache in caches]
