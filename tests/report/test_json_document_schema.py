"""The published schema: it accepts what purger writes, and refuses a value outside of a closed set, as purger does."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from purger.report.model import CheckedLogReport, DoctorReport, Report, SymptomId
from purger.travis import job_log
from tests.report.samples import retried, with_kept
from tests.support.documentation import REPORT_SCHEMA
from tests.support.reports import kind_of, schema_of, value_of

GOLDEN = {path.stem: json.loads(path.read_text()) for path in Path(__file__).with_name("golden").iterdir()}
DOCUMENTS = GOLDEN | {
    "kept": value_of(with_kept()),
    "retried": value_of(retried("fetched-deleted", "passed", fetched=True)),
}
DEFINITIONS = json.loads(REPORT_SCHEMA.read_text())["$defs"]
FREE_TEXT = {
    *("archive", "branch", "branches", "exclude", "match", "name", "repository", "row", "source", "url", "where"),
    *("failure", "last_failing_lines", "line", "meaning", "message", "reason", "remedy", "text", "unknown_reason"),
    *("version", "warnings", "what_to_do"),
    "state",  # of a job: the site's own word, which may be new
}
"""Names, addresses, quotations and prose: purger does not choose them from a few, or may word them in another way."""

Place = tuple[str | int, ...]


def resolved(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the plain schemas that one stands for."""
    if "$ref" in schema:
        yield from resolved(DEFINITIONS[schema["$ref"].rpartition("/")[2]])
    for each in schema.get("anyOf", []):
        yield from resolved(each)
    if not {"$ref", "anyOf"} & set(schema):
        yield schema


def closed_places(value: Any, schema: dict[str, Any], at: Place = ()) -> Iterator[Place]:
    """Yield where in a document there is a value of a closed set."""
    for plain in resolved(schema):
        if "enum" in plain and value in plain["enum"]:
            yield at
        if isinstance(value, dict):
            for name, each in plain.get("properties", {}).items():
                if name in value:
                    yield from closed_places(value[name], each, (*at, name))
        if isinstance(value, list) and "items" in plain:
            for index, item in enumerate(value):
                yield from closed_places(item, plain["items"], (*at, index))


def places(name: str) -> list[Place]:
    document = DOCUMENTS[name]
    return list(dict.fromkeys(closed_places(document, DEFINITIONS[kind_of(document).__name__])))


def with_value(document: Any, at: Place, value: Any) -> Any:
    changed = copy.deepcopy(document)
    part = changed
    for step in at[:-1]:
        part = part[step]
    part[at[-1]] = value
    return changed


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_schema_accepts_what_purger_writes(name: str) -> None:
    kind = kind_of(DOCUMENTS[name])
    schema_of(kind).validate(DOCUMENTS[name])
    assert value_of(msgspec.convert(DOCUMENTS[name], kind)).keys() >= DOCUMENTS[name].keys()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_value_outside_of_its_set_is_refused_by_the_schema_and_by_the_reader(name: str) -> None:
    document, kind = DOCUMENTS[name], kind_of(DOCUMENTS[name])
    assert places(name)
    for at in places(name):
        for other in ("another", 99):
            changed = with_value(document, at, other)
            assert not schema_of(kind).is_valid(changed), (at, other)
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert(changed, kind)


def test_each_closed_set_is_tried_in_some_document() -> None:
    in_schema = {
        name
        for definition in DEFINITIONS.values()
        for name, schema in definition.get("properties", {}).items()
        if any("enum" in plain for plain in resolved(schema))
    }
    tried = {at[-1] for name in DOCUMENTS for at in places(name)}
    assert tried == in_schema
    assert tried >= {"verdict", "outcome", "exit_code", "provider", "check", "id", "when", "cache_use", "how", "kept"}


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_text_is_of_a_closed_set_or_known_to_be_free(definition: str) -> None:
    for name, schema in DEFINITIONS[definition].get("properties", {}).items():
        plain = [one.get("items", one) for one in resolved(schema)]
        texts = [each for each in plain if each.get("type") == "string" and each.get("format") != "date-time"]
        assert not texts or name in FREE_TEXT, f"{definition}.{name}: an enum, or one of FREE_TEXT?"


def test_the_report_names_what_the_reader_of_logs_finds() -> None:
    assert set(get_args(SymptomId)) == set(get_args(job_log.SymptomId))
    cache_uses = DEFINITIONS["CheckedLogReport"]["properties"]["cache_use"]["enum"]
    assert set(cache_uses) == {use.value for use in job_log.CacheUse}
    for name, of_log in (("source", job_log.Source), ("when", job_log.When)):
        assert set(DEFINITIONS["FetchReport"]["properties"][name]["enum"]) == set(get_args(of_log))


def test_the_schema_has_a_part_for_each_kind_of_document() -> None:
    assert {kind_of(document) for document in DOCUMENTS.values()} == {Report, CheckedLogReport, DoctorReport}
