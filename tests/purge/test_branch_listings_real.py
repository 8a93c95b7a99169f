"""Filters on caches whose file names hold a slash, with the real command; what is left is asked of the server."""

from __future__ import annotations

from collections import Counter

import pytest

from purger.standin.repository import Repository
from tests.support.browser import Purger

pytestmark = pytest.mark.browser

BRANCHES = ("main", "PR.7", "feature/foo")
ENDINGS = ("node-lts/*", "gemfile-gemfiles/rails_6.gemfile", "python-3.8")


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (("--branch", "main"), {"PR.7": 3, "feature/foo": 3}),
        (("--branch", "PR.7"), {"main": 3, "feature/foo": 3}),
        (("--branch", "feature/foo"), {"main": 3, "PR.7": 3}),
        (("--branch", "PR.*"), {"main": 3, "feature/foo": 3}),
        (("--kind", "pull-request"), {"main": 3, "feature/foo": 3}),
        (("--kind", "push"), {"PR.7": 3}),
        (("--match", "rails_6"), dict.fromkeys(BRANCHES, 2)),
        (("--match", "node-lts"), dict.fromkeys(BRANCHES, 2)),
        ((), {}),
    ],
)
def test_exactly_the_selected_caches_are_gone(
    purger: Purger, repository: Repository, filters: tuple[str, ...], left: dict[str, int]
) -> None:
    for branch in BRANCHES:
        for ending in ENDINGS:
            repository.add(branch, name=f"cache-linux-focal-0a1b--{ending}.tgz")
    planned = purger("list", "acme/widgets", *filters).report["repositories"][0]["selected"]
    ended = purger("purge", "acme/widgets", "--yes", *filters)
    assert ended.code == 0, ended.err
    assert Counter(cache.branch for cache in repository.caches) == left
    assert planned == 9 - sum(left.values())
