"""Caches, rows and versions."""

from __future__ import annotations

import pytest

from purger.core.cache import Kind, rows_of, without
from tests.support.builders import cache


@pytest.mark.parametrize(
    ("branch", "kind"),
    [
        ("main", Kind.PUSH),
        ("PR.123", Kind.PULL_REQUEST),
        ("SPRINT", Kind.PUSH),
        ("PR.12x", Kind.PUSH),
        ("xPR.1", Kind.PUSH),
    ],
)
def test_only_pr_and_a_number_is_a_pull_request(branch: str, kind: Kind) -> None:
    assert cache(branch).kind is kind


def test_a_row_sums_the_caches_of_a_branch() -> None:
    rows = rows_of([cache("a", "1", size=1), cache("b"), cache("a", "2", size=2, age_s=60)])
    assert [row.branch for row in rows] == ["a", "b"]
    assert rows[0].size_bytes == 3
    assert rows[0].newest == cache(age_s=60).last_modified
    assert rows[1].kind is Kind.PUSH


def test_without_removes_each_cache_once() -> None:
    one, two = cache("a", "1"), cache("a", "2")
    assert without([one, one, two], [one]) == [one, two]
