"""Reading a former report: whatever is in the file, it is a report or an input error."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from purger.core.errors import InputError
from purger.jobs.purged_caches import PurgedCaches
from purger.report.former import read_report
from purger.report.resume import what_is_left
from purger.travis.addresses import Site
from tests.report.samples import unfinished


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\n", "it is empty; a shell empties the file of a `>` before the command can read it"),
        ("{", "it is not JSON (line 1)"),
        ('{\n "schema": 1,', "it is not JSON (line 2)"),
        ("[" * 200_000, "it is nested too deeply"),
        ("[]", "it has no schema number"),
        ("null", "it has no schema number"),
        ('{"schema": 1, "seconds": 1' + "0" * 5000 + "}", "Exceeds the limit"),
        ("\udcff", "it holds bytes or characters that are not UTF-8"),
        ('{"schema": 1}', "it is not a report of purger (Object missing required field"),
    ],
    ids=range(9),
)
def test_what_is_no_report_is_bad_input(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for read in (lambda: what_is_left(path, Site()), lambda: PurgedCaches.read(path)):
        with pytest.raises(InputError, match=r"can't be read: ") as caught:
            read()
        assert why in caught.value.what
        assert caught.value.where == str(path)


@pytest.mark.parametrize("schema", [2, 0, "1", None, True, [1], 10**300])
def test_a_report_of_another_schema_is_bad_input(tmp_path: Path, schema: object) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(unfinished() | {"schema": schema}))
    with pytest.raises(InputError, match=r"^the report is of another kind: schema ") as caught:
        read_report(path, "the report")
    assert len(caught.value.what) < 80


def test_what_can_not_be_opened_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read: Is a directory"):
        read_report(tmp_path, "the report")
    with pytest.raises(InputError, match="can't be read: No such file or directory"):
        read_report(tmp_path / "missing", "the report")


def test_any_text_and_fields_of_later_versions_are_read(tmp_path: Path) -> None:
    made = unfinished() | {"later": {"a": [1]}}
    made["repositories"][1]["warnings"] = ["\ud800\u202e\0"]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(made))
    assert read_report(path, "the report").repositories[1].warnings == ["\ud800\u202e\0"]


def test_times_of_another_zone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(unfinished() | {"started_at": "2026-03-01T13:00:00+01:00"}))
    assert read_report(path, "the report").started_at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
