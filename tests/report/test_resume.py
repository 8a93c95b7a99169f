"""Resume a former run: the repositories that are not done, with the same filters, or bad input."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from purger.core.cache import UNDATED, Cache, Kind, Outcome
from purger.core.errors import InputError
from purger.core.selection import Selection
from purger.report.build import run_report
from purger.report.resume import Left, what_is_left
from purger.travis.addresses import Repository, Site
from tests.report.samples import CHOSEN, SampleEntry, record, record_of, refused, skipped, unfinished
from tests.support.builders import NOW, cache
from tests.support.reports import value_of


def left_in(tmp_path: Path, text: str) -> tuple[list[Any], Selection]:
    path = tmp_path / "report.json"
    path.write_text(text)
    left = what_is_left(path, Site())
    return left.repositories, left.selection


def test_the_unfinished_repositories_are_left_with_the_same_filters(tmp_path: Path) -> None:
    made = unfinished()
    targets, selection = left_in(tmp_path, json.dumps(made))
    assert targets == [Repository("github", "acme", "left")]
    assert selection.not_after == datetime.fromisoformat(made["finished_at"])
    assert (selection.branches, selection.match, selection.kind) == (("main", "x*"), "py", Kind.PUSH)
    assert (selection.older_than_s, selection.larger_than_bytes, selection.as_of) == (60.0, 5, NOW)


@pytest.mark.parametrize(
    "selection",
    [
        {"branches": {}},
        {"branches": "main"},
        {"branches": [1]},
        {"match": 5},
        {"kind": "tag"},
        {"older_than_s": 1e300},
        {"older_than_s": float("inf")},
        {"older_than_s": -1},
        {"older_than_s": True},
        {"larger_than_bytes": "5"},
        {"larger_than_bytes": [5]},
        {"larger_than_bytes": 10**400},
        {"as_of": "2026-03-01T12:00:00"},
        {"as_of": "0001-01-01T00:00:00+23:00"},
        {"as_of": "9999-12-31T23:59:59-23:00"},
        {"as_of": 5},
        {"older_than_s": float("nan")},
        pytest.param({"kind": "\ud800"}, id="half a character as a value"),
        pytest.param({"\ud800": 1}, id="half a character as a name"),
        {"as_of": None},
    ],
    ids=str,
)
def test_filters_that_are_none_select_nothing_else(tmp_path: Path, selection: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"^the report to resume can't be read"):
        left_in(tmp_path, json.dumps(unfinished(**selection)))


@pytest.mark.parametrize(
    "lost", [{"branches": ["REDACTED"]}, {"exclude": ["REDACTED*"]}, {"match": "a-REDACTED"}, {}], ids=str
)
def test_a_report_whose_names_lost_a_secrets_text_is_refused(tmp_path: Path, lost: dict[str, Any]) -> None:
    """Without its names it selects something else, and what it holds counts as gone."""
    made = unfinished(**lost)
    if not lost:
        (unfinished_one,) = (one for one in made["repositories"] if not one["ok"])
        unfinished_one["caches"][0]["branch"] = "REDACTED-2"
    with pytest.raises(InputError, match="lacks a part of a name") as caught:
        left_in(tmp_path, json.dumps(made))
    assert caught.value.where == str(tmp_path / "report.json")


def test_nor_is_a_report_resumed_whose_repository_lost_it(tmp_path: Path) -> None:
    text = json.dumps(unfinished()).replace("acme/left", "acme/REDACTED")
    with pytest.raises(InputError, match="lacks a part of a name"):
        left_in(tmp_path, text)


@pytest.mark.parametrize("missing", ["schema", "error", "selection", "repositories", "finished_at", "exit_code"])
def test_a_report_with_a_part_missing_is_bad_input(tmp_path: Path, missing: str) -> None:
    made = unfinished()
    del made[missing]
    with pytest.raises(InputError, match="can't be read"):
        left_in(tmp_path, json.dumps(made))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("repositories", 0, "caches", 0, "outcome"), "vanished"),
        (("repositories", 0, "caches", 0, "gone_at"), "yesterday"),
        (("repositories", 0, "caches", 0, "size_bytes"), 1.5),
        (("repositories", 0, "caches", 0, "selected"), 1),
        (("repositories", 0, "caches"), {}),
        (("repositories", 0), None),
        (("error",), "x"),
        (("ok",), None),
    ],
    ids=str,
)
def test_a_field_of_another_type_is_named(tmp_path: Path, path: tuple[str | int, ...], value: object) -> None:
    made: Any = unfinished()
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    with pytest.raises(InputError, match=r"it is not a report of purger \(.*\$\.") as caught:
        left_in(tmp_path, json.dumps(made))
    assert str(path[0]) in caught.value.what


@pytest.mark.parametrize("unknown", ["excludes", "not_match"])
def test_a_filter_that_is_not_known_is_never_passed_over(tmp_path: Path, unknown: str) -> None:
    made: Any = unfinished()
    made["selection"][unknown] = ["main"]
    with pytest.raises(InputError, match=rf"it has a filter that this version of purger does not know \({unknown}\)"):
        left_in(tmp_path, json.dumps(made))


def test_a_repository_with_the_page_of_another_one_is_refused(tmp_path: Path) -> None:
    made: Any = unfinished()
    made["repositories"][1]["repository"] = "acme/other"
    with pytest.raises(InputError, match="it names acme/other, and gives another page"):
        left_in(tmp_path, json.dumps(made))


def test_a_filter_that_makes_no_sense_is_said_of_the_report(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^the report to resume can't be read: --branch is empty") as caught:
        left_in(tmp_path, json.dumps(unfinished(branches=[""])))
    assert caught.value.where == str(tmp_path / "report.json")
    assert caught.value.remedy == "Give the report.json as the purge wrote it."


def test_a_report_without_filters_can_not_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the report to resume can't be read: it has no filters"):
        left_in(tmp_path, json.dumps(unfinished() | {"selection": None}))


def test_a_report_of_a_run_that_deleted_nothing_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="deleted nothing: it is of --dry-run or list"):
        left_in(tmp_path, json.dumps(unfinished() | {"dry_run": True}))


def test_a_report_of_another_site_or_of_nothing_is_bad_input(tmp_path: Path) -> None:
    made = unfinished()
    made["repositories"][1]["url"] = "https://travis.acme.org/x"
    with pytest.raises(InputError, match="another site"):
        left_in(tmp_path, json.dumps(made))
    error = {"message": "x", "where": None, "remedy": None, "exit_code": 3}
    nothing = unfinished() | {"repositories": [], "error": error}
    with pytest.raises(InputError, match="before it knew any repository"):
        left_in(tmp_path, json.dumps(nothing))


def test_a_repository_that_is_called_ok_and_has_something_left_is_not_done(tmp_path: Path) -> None:
    made = unfinished()
    made["repositories"][1]["ok"] = True
    assert left_in(tmp_path, json.dumps(made))[0] == [Repository("github", "acme", "left")]


@pytest.mark.parametrize("is_decided", [True, False])
def test_a_report_of_which_a_part_is_missing_is_bad_input(tmp_path: Path, is_decided: bool) -> None:
    made = unfinished()
    made["repositories"][1] |= {"caches": [], "decided": is_decided}
    if is_decided:
        with pytest.raises(InputError, match="is not whole: it counts more than it holds"):
            left_in(tmp_path, json.dumps(made))
    else:
        assert left_in(tmp_path, json.dumps(made))[0] == [Repository("github", "acme", "left")]
    with pytest.raises(InputError, match="failed, but with none of its repositories"):
        left_in(tmp_path, json.dumps(made | {"ok": False, "repositories": []}))


def test_the_end_of_the_first_run_holds_for_all_that_resume_it(tmp_path: Path) -> None:
    made = unfinished(not_after="2026-01-01T00:00:00Z")
    assert left_in(tmp_path, json.dumps(made))[1].not_after == datetime.fromisoformat("2026-01-01T00:00:00Z")


def test_what_the_former_run_saw_gone_is_selected_and_known_as_deleted(tmp_path: Path) -> None:
    made = run_report([record("left", gone=2, left=[refused("main")])], None, NOW, selection=CHOSEN)
    value: Any = value_of(made)
    value["repositories"][0]["decided"] = True
    path = tmp_path / "report.json"
    path.write_text(json.dumps(value))
    (decision,) = what_is_left(path, Site()).decisions.values()
    assert {cache.branch for cache in decision.selected} == {"branch-0", "branch-1", "main"}
    assert {cache.branch for cache in decision.deleted} == {"branch-0", "branch-1"}


def without_policies(tmp_path: Path, **changes: Any) -> Left:
    """What is left of a run with filters that has listed three caches, and selected and left two of them."""
    left = [
        SampleEntry(Cache("cache-linux--a.tgz", "main", 10, UNDATED), Outcome.FAILED),
        SampleEntry(Cache("cache-linux--b.tgz", "main", 10, NOW + timedelta(days=9)), Outcome.FAILED),
        skipped("spared"),
    ]
    value: Any = value_of(run_report([record_of(left, "left")], None, NOW, selection=Selection(as_of=NOW)))
    value["repositories"][0] |= changes
    path = tmp_path / "report.json"
    path.write_text(json.dumps(value))
    return what_is_left(path, Site())


def test_what_the_filters_selected_is_selected_again_whatever_its_date(tmp_path: Path) -> None:
    left = without_policies(tmp_path)
    (decision,) = left.decisions.values()
    assert {cache.name for cache in decision.selected} == {"cache-linux--a.tgz", "cache-linux--b.tgz"}
    spared = cache("spared", size=1)
    assert [decision.verdict(one).selected for one in (*decision.selected, spared)] == [True, True, False]


@pytest.mark.parametrize("changes", [{"complete": False}, {"caches": [], "selected": 0}], ids=str)
def test_what_was_not_listed_in_full_is_left_to_the_filters(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert without_policies(tmp_path, **changes).decisions == {}
