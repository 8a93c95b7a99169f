"""A report as JSON: any text, piece by piece, and the published schema."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from purger.core.errors import ExitCode
from purger.report.json_document import json_chunks, json_schema, to_json
from purger.report.model import ErrorReport, FetchReport
from tests.report.samples import record, refused, report, retried
from tests.support.documentation import REPORT_SCHEMA, schema_text


def test_json_holds_any_text() -> None:
    error = ErrorReport(message="ü\ud800", where=None, remedy=None, exit_code=ExitCode.REMAINS)
    assert to_json(error).splitlines()[1] == ' "message": "ü\ud800",'
    assert to_json(error, ascii_only=True).isascii()
    assert json.loads(to_json(error, ascii_only=True))["message"] == "ü\ud800"


def test_no_document_holds_what_a_runner_would_obey() -> None:
    error = ErrorReport(
        message="##[add-mask]main ##teamcity[x", where="###[x ##vso[x", remedy=None, exit_code=ExitCode.REMAINS
    )
    text = to_json(error)
    assert not any(command in text for command in ("##[", "##vso[", "##teamcity["))
    assert (json.loads(text)["message"], json.loads(text)["where"]) == (error.message, error.where)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_pieces_of_a_document_are_what_the_whole_was(ascii_only: bool) -> None:
    made = retried("fetched-deleted", "passed", fetched=True)
    made = msgspec.structs.replace(made, repositories=report(record(left=[refused('a\ud800b\n"<ü')])).repositories)
    whole = json.dumps(msgspec.to_builtins(made), indent=1, ensure_ascii=ascii_only)
    chunks = list(json_chunks(made, ascii_only=ascii_only))
    assert "".join(chunks) == to_json(made, ascii_only=ascii_only) == whole
    assert max(map(len, chunks)) < 200


def test_fields_without_a_value_are_left_out() -> None:
    fetch = FetchReport(branch="main", archive="a.tgz", at=None, found=True, source="own")
    assert json.loads(to_json(fetch)) == {
        "branch": "main",
        "archive": "a.tgz",
        "at": None,
        "found": True,
        "source": "own",
    }
    assert "retry" not in json.loads(to_json(report()))


def test_the_published_schema_is_up_to_date() -> None:
    assert Path(REPORT_SCHEMA).read_text() == schema_text(), "run: python -m tests.support.documentation"


def test_the_schema_describes_every_kind_of_document() -> None:
    schema = json_schema()
    names = [reference["$ref"].rpartition("/")[2] for reference in schema["anyOf"]]
    assert names == ["Report", "CheckedLogReport", "DoctorReport"]
    assert all("schema" in schema["$defs"][name]["required"] for name in names)
    report_schema = schema["$defs"]["Report"]
    assert "retry" in report_schema["properties"]
    assert "retry" not in report_schema["required"]
    assert {"version", "repositories", "exit_code"} <= set(report_schema["required"])
    assert schema["$defs"]["CacheReport"]["properties"]["last_modified"]["format"] == "date-time"
