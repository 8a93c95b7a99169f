from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations
from typing import Any
from unittest.mock import ANY

import pytest

from purger.core.cache import Archive, Kind, rows_of, without
from purger.core.errors import InputError
from purger.core.selection import FILTER_VARIABLES, Selection, is_glob, parse_selection
from tests.builders import NOW, archive

DAY = 86400.0


def test_without_a_filter_everything_is_selected() -> None:
    selection = Selection()
    assert selection.everything
    assert selection.selects(archive("anything"))


@pytest.mark.parametrize(
    ("branches", "of", "selected"),
    [
        (("main",), archive("main", full="main"), True),
        (("main",), archive("main"), False),
        (("feature/foo",), archive("foo", full="feature/foo"), True),
        (("feature/foo",), archive("foo", full="bug/foo"), False),
        (("f*",), archive("foo"), True),
        (("f*",), archive("main"), False),
        (("feature/*",), archive("foo", full="feature/foo"), True),
        (("feature/*",), archive("foo"), False),
        (("PR.?",), archive("PR.1"), True),
        (("PR.?",), archive("PR.12"), False),
        (("main", "f*"), archive("foo"), True),
        (("F*",), archive("foo"), False),
    ],
)
def test_branches(branches: tuple[str, ...], of: Archive, selected: bool) -> None:
    assert Selection(branches=branches).selects(of) is selected


FILTERS: dict[str, tuple[dict[str, Any], Archive, Archive]] = {
    "match": ({"match": "py3"}, archive(name="cache-py3.tgz"), archive(name="cache-node.tgz")),
    "kind": ({"kind": Kind.PULL_REQUEST}, archive("PR.7"), archive("SPRINT")),
    "older": ({"older_than_s": DAY, "as_of": NOW}, archive(age_s=DAY + 1), archive(age_s=DAY)),
    "larger": ({"larger_than_bytes": 10}, archive(size=11), archive(size=10)),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_alone(name: str) -> None:
    arguments, inside, outside = FILTERS[name]
    selection = Selection(**arguments)
    assert not selection.everything
    assert selection.selects(inside)
    assert not selection.selects(outside)


@pytest.mark.parametrize(("one", "other"), list(combinations(FILTERS, 2)))
def test_filters_are_combined_by_and(one: str, other: str) -> None:
    selection = Selection(**(FILTERS[one][0] | FILTERS[other][0]))
    assert not selection.selects(FILTERS[one][1])
    assert not selection.selects(FILTERS[other][1])


@pytest.mark.parametrize("arguments", [{"branches": ("",)}, {"match": ""}, {"branches": ("a\0b",)}])
def test_impossible_filters(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Selection(**arguments)


def test_in_words() -> None:
    selection = Selection(
        branches=("main", "f*"), match="x", kind=Kind.PUSH, older_than_s=30 * DAY, larger_than_bytes=10**8
    )
    assert str(selection) == (
        "of branch main, of branches like f*, with 'x' in their name, of pushes, "
        "older than 30 days, larger than 100.0 MB"
    )


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
def test_kinds(branch: str, kind: Kind) -> None:
    assert archive(branch).kind is kind


def test_rows_sum_the_archives_of_a_branch() -> None:
    rows = rows_of([archive("a", "1", size=1), archive("b"), archive("a", "2", size=2, age_s=60)])
    assert [row.branch for row in rows] == ["a", "b"]
    assert rows[0].size_bytes == 3
    assert rows[0].newest == archive(age_s=60).last_modified
    assert rows[1].kind is Kind.PUSH


def test_without_takes_each_away_once() -> None:
    one, two = archive("a", "1"), archive("a", "2")
    assert without([one, one, two], [one]) == [one, two]


def test_what_the_options_mean() -> None:
    assert parse_selection(None, None, None, None, None).everything
    assert parse_selection(["main", "x*"], "py", Kind.PUSH, "2d", "1MB") == Selection(
        branches=("main", "x*"),
        match="py",
        kind=Kind.PUSH,
        older_than_s=2 * DAY,
        larger_than_bytes=10**6,
        as_of=ANY,
    )
    with pytest.raises(InputError, match="'2' is not a duration"):
        parse_selection(None, None, None, "2", None)


@pytest.mark.parametrize("variable", FILTER_VARIABLES)
def test_a_filter_that_its_variable_empties_is_refused(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, " ")
    with pytest.raises(InputError, match=f"^{variable} is empty"):
        parse_selection(None, None, None, None, None)


def test_filters_in_words() -> None:
    before = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert (
        str(Selection(kind=Kind.PULL_REQUEST, not_after=before)) == "of pull requests, from before 2026-03-01 12:30 UTC"
    )


def test_text_that_no_branch_can_have() -> None:
    with pytest.raises(InputError, match=r"^--branch holds a NUL or bytes that are no text"):
        Selection(branches=("\udc80",))


@pytest.mark.parametrize(("name", "glob"), [("a*", True), ("a?", True), ("[a]", True), ("X", False), ("a]", False)])
def test_globs(name: str, glob: bool) -> None:
    assert is_glob(name) is glob
