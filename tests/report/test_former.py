"""A former report, read back: whatever stands in the file, it is a report or bad input."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from purger.core.cache import Kind
from purger.core.errors import InputError
from purger.report.former import time_of
from purger.jobs.purged_caches import Purged
from purger.report.build import report_of
from purger.report.resume import what_is_left
from purger.core.selection import Selection
from purger.travis.addresses import Repository, Site
from tests.builders import NOW
from tests.report.samples import record, refused

CHOSEN = Selection(
    branches=("main", "x*"), match="py", kind=Kind.PUSH, older_than_s=60.0, larger_than_bytes=5, as_of=NOW
)


def unfinished(**selection: Any) -> dict[str, Any]:
    made = report_of([record("done"), record("left", left=[refused("main")])], None, NOW, selection=CHOSEN)
    made["selection"] |= selection
    return made


def left_in(tmp_path: Path, text: str) -> tuple[list[Any], Selection]:
    path = tmp_path / "report.json"
    path.write_text(text)
    return what_is_left(path, Site())


def test_what_is_left_of_a_report(tmp_path: Path) -> None:
    made = unfinished()
    targets, selection = left_in(tmp_path, json.dumps(made))
    assert targets == [Repository("github", "acme", "left")]
    assert selection.not_after == time_of(made["finished_at"])
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
        {"as_of": None},
    ],
    ids=str,
)
def test_filters_that_are_none_select_nothing_else(tmp_path: Path, selection: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"^the report to resume can't be read"):
        left_in(tmp_path, json.dumps(unfinished(**selection)))


@pytest.mark.parametrize("missing", ["schema", "error", "selection", "repositories", "finished_at"])
def test_a_report_with_a_part_missing(tmp_path: Path, missing: str) -> None:
    made = unfinished()
    del made[missing]
    with pytest.raises(InputError, match="can't be read"):
        left_in(tmp_path, json.dumps(made))


@pytest.mark.parametrize("text", ["", "[" * 200_000, "[]", "null", "\udcff"])
def test_what_is_no_report(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for read in (lambda: what_is_left(path, Site()), lambda: Purged.read(path)):
        with pytest.raises(InputError, match="can't be read") as caught:
            read()
        assert caught.value.where == str(path)


def test_a_report_of_another_site_or_of_nothing(tmp_path: Path) -> None:
    made = unfinished()
    made["repositories"][1]["url"] = "https://travis.acme.org/x"
    with pytest.raises(InputError, match="another site"):
        left_in(tmp_path, json.dumps(made))
    nothing = unfinished() | {"repositories": [], "error": {"message": "x"}}
    with pytest.raises(InputError, match="before it knew any repository"):
        left_in(tmp_path, json.dumps(nothing))


def test_times() -> None:
    assert time_of("2026-03-01T13:00:00+01:00") == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
