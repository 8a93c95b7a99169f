"""Caches, rows and versions."""

from __future__ import annotations

import pytest

from purger.core.cache import Kind, branch_of_pull_request, count_rows, pull_request_of, within, without
from tests.support.builders import cache


@pytest.mark.parametrize(
    ("branch", "kind"),
    [
        ("main", Kind.PUSH),
        ("PR.123", Kind.PULL_REQUEST),
        ("SPRINT", Kind.PUSH),
        ("PR.12x", Kind.PUSH),
        ("xPR.1", Kind.PUSH),
        ("PR.007", Kind.PUSH),
        ("PR.0", Kind.PUSH),
        ("PR.٣", Kind.PUSH),
        ("PR.1٣", Kind.PUSH),
    ],
)
def test_only_pr_and_a_number_is_a_pull_request(branch: str, kind: Kind) -> None:
    assert cache(branch).kind is kind


def test_a_pull_request_is_found_again_in_its_name() -> None:
    assert [pull_request_of(branch_of_pull_request(number)) for number in (1, 42, 10**14)] == [1, 42, 10**14]
    assert pull_request_of("main") is None


def test_all_caches_of_a_displayed_branch_are_one_row() -> None:
    assert count_rows([cache("a", "1"), cache("b"), cache("a", "2")]) == 2


def test_without_removes_each_cache_once() -> None:
    one, two = cache("a", "1"), cache("a", "2")
    assert without([one, one, two], [one]) == [one, two]
    assert without([one, two, one, one], [one, one]) == [two, one]


def test_within_keeps_each_cache_as_often_as_the_others_hold_it() -> None:
    one, two, three = cache("a", "1"), cache("a", "2"), cache("a", "3")
    assert within([one, two, one, one], [one, three, one]) == [one, one]
    assert within([one, two], [two]) == [two]
    assert within([one], []) == []
