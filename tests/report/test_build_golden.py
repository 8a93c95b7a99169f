"""The JSON documents of version 0.1.0 stay as they are, field by field, and can still be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from purger.core.errors import ExitCode
from purger.report.build import doctor_report, run_report
from purger.report.former import read_report
from purger.report.model import CheckReport, Model
from tests.report.golden_samples import CHECKED, CHECKS, PURGES, STARTED_AT, retry
from tests.support.reports import assert_valid, value_of

GOLDEN = Path(__file__).with_name("golden")
REPORTS = [*PURGES, "retry"]


def document(name: str) -> Model:
    if name in PURGES:
        return run_report(started_at=STARTED_AT, **PURGES[name])
    if name in CHECKED:
        return CHECKED[name].report()
    if name == "retry":
        return retry().report(STARTED_AT)
    return doctor_report([msgspec.convert(check, CheckReport) for check in CHECKS], ExitCode.ACCESS)


ADDED = {"complete", "clock_offset_s", "row", "undecided", "kept", "decided", "in_full"}
ADDED_FILTERS = {
    "exclude",
    "newer_than_s",
    "smaller_than_bytes",
    "keep_newest",
    "gone",
    "until_below_bytes",
    "largest_first",
    "limit",
    "not_after",
    "limit_used",
}
ADDED_TO_LOGS = {
    "cache_use",
    "unknown_reason",
    "is_worth_a_restart",
    "fetched_unnamed",
    "unpacking_cut_off",
    "stopped",
    "stopped_storing",
    "several_jobs",
    "failure",
}
"""Fields that came after version 0.1.0."""


def without_added(value: Any) -> Any:
    """Return a document as version 0.1.0 would have written it, but for the meaning of a symptom, which is prose."""
    if isinstance(value, list):
        return [without_added(item) for item in value]
    if isinstance(value, dict):
        added = ADDED | ADDED_FILTERS | ADDED_TO_LOGS | {"meaning"} | ({"warnings"} if "schema" in value else set())
        return {key: without_added(item) for key, item in value.items() if key not in added}
    return value


def golden(name: str) -> dict[str, Any]:
    found = json.loads((GOLDEN / f"{name}.json").read_text())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", [*REPORTS, *CHECKED, "doctor"])
def test_a_document_is_as_version_0_1_0_wrote_it(name: str) -> None:
    made = value_of(document(name))
    assert_valid(made)
    changing = {key: made[key] for key in ("version", "finished_at") if key in made}
    assert without_added(made) == without_added(golden(name)) | changing


def test_there_is_a_sample_of_each_golden_document() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {*REPORTS, *CHECKED, "doctor"}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_version_0_1_0_can_be_read(name: str) -> None:
    assert without_added(value_of(read_report(GOLDEN / f"{name}.json", "the report"))) == without_added(golden(name))
