"""All repositories of an owner: those that may be purged are, and an owner of whom none may be is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from purger.standin import OddAnswer, StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger, fill, left, over_both

pytestmark = pytest.mark.browser


@over_both
def test_all_repositories_of_an_owner_are_purged(purger: Purger, site: StandIn) -> None:
    fill(site, "a", "b", "c", "empty", caches=4)
    site.repositories[3].clear()
    site.add_repository("acme/sleeping", active=False).fill(2)
    site.add_repository("acme/locked", permissions={"cache_delete": False}).fill(2)
    site.add_repository("other/x").fill(2)
    ended = purger("purge", "acme/*", "--yes")
    assert ended.code == 0
    assert left(site) == {
        "acme/a": 0, "acme/b": 0, "acme/c": 0, "acme/empty": 0, "acme/sleeping": 2, "acme/locked": 2, "other/x": 2,
    }  # fmt: skip
    assert {one["repository"]: one["deleted"] for one in ended.report["repositories"]} == {
        "acme/a": 4, "acme/b": 4, "acme/c": 4, "acme/empty": 0,
    }  # fmt: skip
    assert "acme/sleeping: left out of acme/*: it is not active" in ended.err
    assert "acme/locked: left out of acme/*: the token lacks cache_delete" in ended.err
    assert ended.report["warnings"] == [
        "acme/sleeping: left out of acme/*: it is not active",
        "acme/locked: left out of acme/*: the token lacks cache_delete",
    ]
    about_empty = [request for request in site.requests if "empty" in request.path or "/1004/" in request.path]
    assert len([request for request in about_empty if request.method == "GET"]) == 1, "one call and no page"


def test_of_what_is_listed_of_an_owner_some_is_left_out_and_stops_no_other(purger: Purger, site: StandIn) -> None:
    fill(site, "a")
    found = {"active": True, "@permissions": {"cache_view": True, "cache_delete": True}}
    slugs = {site.repositories[0].id: "acme/a", 99: "acme/team/b", 98: "Other/c"}
    body = json.dumps({"repositories": [found | {"id": number, "slug": slug} for number, slug in slugs.items()]})
    site.faults.odd_answers = [OddAnswer("/repos", body)]
    ended = purger("list", "acme/*")
    assert ended.code == 0, ended.err
    assert "acme/team/b: left out of acme/*: purger knows no page of a repository whose name has several" in ended.err
    assert "Other/c: left out of acme/*: it is of another owner" in ended.err
    assert [one["repository"] for one in ended.report["repositories"]] == ["acme/a"]


def test_an_owner_of_whom_all_is_left_out_is_no_success(purger: Purger, site: StandIn) -> None:
    found = {"active": True, "@permissions": {"cache_view": True, "cache_delete": True}}
    listed = [found | {"id": number, "slug": slug} for number, slug in ((98, "Other/c"), (99, "acme/team/b"))]
    site.faults.odd_answers = [OddAnswer("/repos", json.dumps({"repositories": listed}))]
    ended = purger("list", "acme/*")
    assert ended.code == 3
    assert "Of acme/* the API lists only repositories of another owner" in ended.err
    assert "Other/c, acme/team/b" in ended.err


def test_an_owner_of_whom_no_repository_may_be_purged_is_no_success(purger: Purger, site: StandIn) -> None:
    for name in ("a", "b"):
        site.add_repository(f"acme/{name}", permissions={"cache_delete": False}).fill(2)
    site.add_repository("acme/sleeping", active=False).fill(2)
    for how in ("--yes", "--dry-run"):
        ended = purger("purge", "acme/*", how)
        assert ended.code == 3
        assert "The token lacks cache_delete for every repository of acme/*." in ended.err
    assert purger("list", "acme/*").code == 0


def test_an_owner_of_whom_no_repository_is_active_leaves_nothing_to_do_and_that_is_said(
    purger: Purger, site: StandIn
) -> None:
    site.add_repository("acme/sleeping", active=False).fill(2)
    for command, what in ((("purge", "--yes"), "purge"), (("list",), "list")):
        ended = purger(command[0], "acme/*", *command[1:])
        assert (ended.code, left(site)) == (0, {"acme/sleeping": 2})
        assert ended.err.endswith(f"There is no repository to {what}.\n")


def test_an_error_of_an_owner_stops_no_other(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    fill(site, "a")
    site.add_repository("locked/x", permissions={"cache_delete": False}).fill(2)
    ended = purger("purge", "acme/*", "locked/*", "nobody/*", "--yes")
    assert (ended.code, left(site)) == (3, {"acme/a": 0, "locked/x": 2})
    assert [one["ok"] for one in ended.report["repositories"]] == [True]
    assert "Nothing is done for nobody/*: not found" in ended.err
    undone = [text.partition(":")[0] for text in ended.report["warnings"]]
    assert undone == ["Nothing is done for locked/*", "Nothing is done for nobody/*"]
    assert "The token lacks cache_delete for every repository of locked/*." in ended.err
    (tmp_path / "report.json").write_text(ended.out)
    resumed = purger("purge", "--resume", "report.json", "--yes")
    assert resumed.code == 2
    assert "none of its repositories" in resumed.err


def test_a_repository_that_is_named_in_two_spellings_is_one(purger: Purger, repository: Repository) -> None:
    repository.fill(2)
    ended = purger("purge", "acme/widgets", "Acme/Widgets", "acme/WIDGETS", "--yes")
    assert (ended.code, [one["repository"] for one in ended.report["repositories"]]) == (0, ["acme/widgets"])
    assert repository.caches == []


def test_of_several_spellings_that_of_the_owners_list_counts(purger: Purger, site: StandIn) -> None:
    fill(site, "a", "b")
    ended = purger("list", "Acme/A", "acme/*", "acme/B")
    assert (ended.code, [one["repository"] for one in ended.report["repositories"]]) == (0, ["acme/a", "acme/b"])
