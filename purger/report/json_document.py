"""Write a report as JSON, as a stream or as one text, and describe what is written by a JSON Schema."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from purger.report.model import CheckedLogReport, DoctorReport, Model, Report, time_text

CI_COMMAND = re.compile(r"##(?=(?:vso|teamcity)?\[)")
"""What begins a command of GitHub Actions, Azure Pipelines or TeamCity, which obey it anywhere in what is written."""


def json_chunks(report: Model, *, ascii_only: bool = False) -> Iterator[str]:
    """Yield the report as one JSON document, piece by piece, so that it is never in memory as a whole."""
    pieces = json.JSONEncoder(indent=1, ensure_ascii=ascii_only, default=_plain).iterencode(report)
    return (CI_COMMAND.sub(r"#\\u0023", piece) for piece in pieces)  # a piece holds whole strings


def _plain(value: Any) -> Any:
    """Return what JSON has no form for as what it has: a time as text, a part of a report as its fields."""
    if isinstance(value, datetime):
        return time_text(value)
    fields = ((name, getattr(value, name)) for name in value.__struct_fields__)
    return {name: each for name, each in fields if each is not UNSET}


def to_json(report: Model, *, ascii_only: bool = False) -> str:
    """The report as one JSON document."""
    return "".join(json_chunks(report, ascii_only=ascii_only))


def json_schema() -> dict[str, Any]:
    """The JSON Schema of every document that `--json` writes."""
    documents = (Report, CheckedLogReport, DoctorReport)
    (schemas, definitions) = msgspec.json.schema_components(documents)
    for document in documents:
        definitions[document.__name__]["required"].insert(0, "schema")  # it has a default, and is always written
    for definition in definitions.values():  # before Python 3.13 a docstring has its indentation
        definition["description"] = inspect.cleandoc(definition.get("description", ""))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What purger --json writes",
        "anyOf": list(schemas),
        "$defs": definitions,
    }
