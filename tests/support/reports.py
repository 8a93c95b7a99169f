"""Check JSON documents of purger against the model and against the published schema that is made from it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from purger.report.json_document import to_json
from purger.report.model import CheckedLogReport, DoctorReport, Model, Report
from tests.support.documentation import REPORT_SCHEMA


def kind_of(document: dict[str, Any]) -> type[Model]:
    """Return which kind of document this is."""
    return DoctorReport if "checks" in document else CheckedLogReport if "source" in document else Report


@cache
def schema_of(kind: type[Model]) -> Draft202012Validator:
    """Return the part of the published schema that describes this kind of document."""
    definitions = json.loads(REPORT_SCHEMA.read_text())["$defs"]
    return Draft202012Validator({"$ref": f"#/$defs/{kind.__name__}", "$defs": definitions})


def assert_valid(document: dict[str, Any]) -> None:
    """Assert that the document holds the fields of its kind, no others, in the form that purger writes."""
    kind = kind_of(document)
    assert value_of(msgspec.convert(document, kind)) == document
    schema_of(kind).validate(document)


def value_of(report: Model) -> Any:
    """The report as its reader gets it: the decoded JSON."""
    return json.loads(to_json(report))
