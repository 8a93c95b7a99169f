"""Check JSON documents of purger against the model that the published schema is made from."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from purger.report.model import CheckedLogReport, DoctorReport, Model, Report, to_json


def assert_valid(document: dict[str, Any]) -> None:
    """Assert that the document holds the fields of its kind, no others, in the form that purger writes."""
    kind: type[Model] = DoctorReport if "checks" in document else CheckedLogReport if "source" in document else Report
    assert value_of(msgspec.convert(document, kind)) == document


def value_of(report: Model) -> Any:
    """The report as its reader gets it: the decoded JSON."""
    return json.loads(to_json(report))
