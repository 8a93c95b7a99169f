"""The command `list`: a table or one JSON document on stdout, and nothing is deleted."""

from __future__ import annotations

import json

import pytest

from purger.purge.run import Run
from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger
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


def test_an_order_shows_caches_one_by_one(command: Command, runs: list[Run]) -> None:
    ended = command("list", "acme/widgets", "--sort", "size")
    lines = [line.split() for line in ended.out.splitlines()]
    assert lines[1:] == [
        ["branch", "cache", "kind", "size", "age"],
        ["PR.7", "cache-a.tgz", "pull-request", "1.0", "MB", *lines[2][5:]],
        ["main", "cache-a.tgz", "push", "10", "Bytes", *lines[3][5:]],
        ["2", "caches", "1.0", "MB"],
    ]


@pytest.mark.parametrize(
    ("options", "branches"),
    [
        (["--sort", "size"], ["PR.7", "main"]),
        (["--sort", "size", "--reverse"], ["main", "PR.7"]),
        (["--sort", "branch"], ["PR.7", "main"]),
        (["--sort", "size", "--limit", "1"], ["PR.7"]),
        (["--limit", "5"], ["PR.7", "main"]),
        (["--sort", "branch", "--limit", "1", "--kind", "push"], ["main"]),
    ],
)
def test_the_document_has_the_same_order(
    command: Command, runs: list[Run], options: list[str], branches: list[str]
) -> None:
    (repository,) = json.loads(command("list", "acme/widgets", "--json", *options).out)["repositories"]
    assert [cache["branch"] for cache in repository["caches"]] == branches
    assert repository["selected"] == sum(cache["selected"] for cache in repository["caches"])
    assert runs[0].request.selection.policies.limit is None, "a list is cut when it is shown"


def test_policies_select_what_is_listed(command: Command, runs: list[Run]) -> None:
    assert command("list", "acme/widgets", "--keep-newest", "3", "--exclude", "main").code == 0
    selection = runs[0].request.selection
    assert (selection.policies.keep_newest, selection.exclude) == (3, ("main",))


def test_a_limit_says_how_many_of_the_matching_caches_are_shown(purger: Purger, repository: Repository) -> None:
    for age in range(1, 8):
        repository.add("main" if age < 6 else "other", age_s=age * 86_400.0)
    for options, match, shown in (
        (["--limit", "5"], 7, 5),
        (["--limit", "2", "--branch", "main"], 5, 2),
        (["--limit", "9"], 7, None),
    ):
        ended = purger("list", "acme/widgets", *options)
        assert f"acme/widgets: 7 caches listed, {match} match (" in ended.err
        assert " selected" not in ended.err
        assert (f"Showing {shown} of {match} caches (--limit)" in ended.err) is (shown is not None)
        assert "Showing" not in ended.err or shown
        assert ended.repository["selected"] == (shown or match)


def test_of_caches_that_a_limit_does_not_show_nothing_is_said_to_be_unselected(purger: Purger, site: StandIn) -> None:
    for name, age in (("old", 9), ("new", 1)):
        site.add_repository(f"acme/{name}").add("main", age_s=age * 86_400.0)
    ended = purger("list", "acme/old", "acme/new", "--limit", "1")
    assert "Showing 1 of 2 caches (--limit)" in ended.err
    assert "nothing to do" not in ended.err
    assert "The only cache of acme/new is not selected" in purger("list", "acme/new", "--branch", "x*").err
