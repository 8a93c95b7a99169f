"""The command `list`: a table or one JSON document on stdout, and nothing is deleted."""

from __future__ import annotations

import json

import pytest

from purger.purge.run import Run
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


def test_a_list_is_a_table_on_stdout(command: Command, runs: list[Run]) -> None:
    ended = command("list", "acme/widgets")
    assert ended.code == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["branch", "kind", "caches", "size", "age"] in lines
    assert any(line[:3] == ["PR.7", "pull-request", "1"] for line in lines)
    assert lines[-1] == ["2", "rows", "2", "1.0", "MB"]
    assert runs[0].request.dry_run


def test_a_list_as_json_is_one_document_without_a_table(command: Command, runs: list[Run]) -> None:
    ended = command("list", "acme/widgets", "--json")
    assert ended.code == 0
    (repository,) = json.loads(ended.out)["repositories"]
    assert (repository["seen"], repository["deleted"]) == (2, 0)
    assert [cache["branch"] for cache in repository["caches"]] == ["main", "PR.7"]


def test_filters_select_what_is_listed(command: Command, runs: list[Run]) -> None:
    assert command("list", "acme/widgets", "--branch", "m*", "--kind", "push").code == 0
    assert runs[0].request.selection.branches == ("m*",)
    assert runs[0].request.dry_run
