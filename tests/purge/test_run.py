"""A run of several repositories: a failure of one of them, and a limit of all."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.standin import DeleteFault, OddAnswer, StandIn
from purger.standin.repository import Repository
from purger.standin.state import SiteState
from tests.support.browser import FOR_EVER, Purger, fill, left

pytestmark = pytest.mark.browser


def test_a_run_with_a_limit_that_ran_out_of_time_is_to_be_resumed(purger: Purger, site: StandIn) -> None:
    fill(site, "a")
    site.faults.delete_latency_s = FOR_EVER
    ended = purger("purge", "acme/a", "--yes", "--limit", "1", "--timeout", "3s")
    assert "Timed out after 3 s" in ended.err
    assert "--resume" in ended.report["error"]["remedy"]


def test_a_failure_of_one_repository_stops_no_other(purger: Purger, site: StandIn) -> None:
    fill(site, "a", "b")
    site.repositories[0].add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    site.faults.delete_all_fault = [DeleteFault(None, 500)]
    ended = purger("purge", "acme/a", "acme/b", "acme/missing", "--yes", "--attempts", "2")
    assert ended.code == 3, "the worst of 1 and 3"
    results = {one["repository"]: (one["ok"], one["deleted"], one["failed"]) for one in ended.report["repositories"]}
    assert results == {"acme/a": (False, 4, 1), "acme/b": (True, 4, 0), "acme/missing": (False, 0, 0)}
    assert left(site) == {"acme/a": 1, "acme/b": 0}


def aged(site: StandIn, **ages: tuple[int, ...]) -> None:
    """Add repositories with a cache for each of these ages in days."""
    for name, days in ages.items():
        one = site.add_repository(f"acme/{name}")
        for age in days:
            one.add(f"branch-{age}", age_s=age * 86_400)


def branches(site: StandIn) -> list[list[str]]:
    return [sorted(cache.branch for cache in one.caches) for one in site.repositories]


def test_a_limit_holds_for_all_repositories_of_a_run(purger: Purger, site: StandIn) -> None:
    aged(site, a=(1, 3, 5), b=(2, 4, 6))
    ended = purger("purge", "acme/a", "acme/b", "--yes", "--limit", "3")
    assert (ended.code, branches(site)) == (0, [["branch-1", "branch-3"], ["branch-2"]])
    kept = [[(one["kept"], one["caches"]) for one in each["kept"]] for each in ended.report["repositories"]]
    assert kept == [[("limit", 2)], [("limit", 1)]]


def test_a_limit_selects_nothing_where_older_caches_may_be_in_what_could_not_be_listed(
    purger: Purger, site: StandIn, tmp_path: Path
) -> None:
    aged(site, a=(1, 3), b=(2, 4))
    site.faults.odd_answers = [OddAnswer(f"/repo/{site.repositories[1].id}/caches", "{}")]
    for target, how, code in (("b", "--dry-run", 4), ("b", "--yes", 4), ("missing", "--yes", 3), ("*", "--yes", 4)):
        ended = purger("purge", "acme/a", f"acme/{target}", how, "--limit", "1")
        assert (ended.code, branches(site)) == (code, [["branch-1", "branch-3"], ["branch-2", "branch-4"]])
        assert "error: --limit selects nothing, since older caches may be in what could not be listed: " in ended.err
        assert [one["ok"] for one in ended.report["repositories"]] == [False, False]
    (tmp_path / "report.json").write_text(ended.out)
    site.faults.reset()
    resumed = purger("purge", "--resume", "report.json", "--yes")
    assert (resumed.code, branches(site)) == (0, [["branch-1", "branch-3"], ["branch-2"]])


def test_a_limit_selects_nothing_where_an_owner_could_not_be_listed(purger: Purger, site: StandIn) -> None:
    aged(site, a=(1, 3))
    ended = purger("purge", "acme/a", "nobody/*", "--yes", "--limit", "1")
    assert (ended.code, ended.report["repositories"], left(site)) == (3, [], {"acme/a": 2})
    assert "error: --limit selects nothing, since older caches may be in what could not be listed: " in ended.err


def test_a_limit_that_what_is_listed_does_not_reach_for_is_no_matter(purger: Purger, site: StandIn) -> None:
    aged(site, a=(1, 3))
    ended = purger("purge", "acme/a", "acme/missing", "--yes", "--limit", "1", "--older-than", "9d")
    assert (ended.code, ended.err.count("error:"), [one["ok"] for one in ended.report["repositories"]]) == (
        3,
        1,
        [True, False],
    )


def test_a_repository_that_is_named_by_its_former_name_too_is_purged_once(
    purger: Purger, site: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(site, "new", caches=6)
    find = SiteState.repository

    def find_by_any_name(state: SiteState, slug: str, provider: str | None = None) -> Repository | None:
        return find(state, slug.replace("old", "new"), provider)

    monkeypatch.setattr(SiteState, "repository", find_by_any_name)
    ended = purger("purge", "acme/new", "acme/old", "--yes", "--limit", "4")
    assert (ended.code, left(site)) == (0, {"acme/new": 2})
    (only,) = ended.report["repositories"]
    assert (only["repository"], only["deleted"]) == ("acme/new", 4)
    assert only["warnings"] == ["acme/old is another name of acme/new: the repository counts once."]


@pytest.mark.parametrize("targets", [("acme/*",), ("acme/a", "acme/b")], ids=["owner", "named"])
def test_a_dry_run_selects_what_the_run_deletes_where_the_token_may_not_delete_everything(
    purger: Purger, site: StandIn, targets: tuple[str, ...]
) -> None:
    for name, age in (("a", 1), ("b", 9)):
        one = site.add_repository(f"acme/{name}", permissions={"cache_delete": name == "a"})
        for number in range(2):
            one.add(f"{name}-{number}", age_s=age * 86_400)
    code = 0 if len(targets) == 1 else 3
    dry, real = (purger("purge", *targets, how) for how in ("--dry-run", "--yes"))
    assert (dry.code, real.code, left(site)) == (code, code, {"acme/a": 0, "acme/b": 2})
    for ended in (dry, real):
        selected = {one["repository"]: one["selected"] for one in ended.report["repositories"]}
        assert selected == {"acme/a": 2} | ({"acme/b": 0} if code else {})
        assert "cache_delete" in ended.err
    listed = purger("list", *targets)
    assert (listed.code, [one["seen"] for one in listed.report["repositories"]]) == (0, [0, 2])


WRONG = {"TRAVIS_TOKEN": "wrong-token-of-someone"}
NOWHERE = {"PURGER_API_URL": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [(WRONG, 3, "token was refused"), (NOWHERE, 4, "API did not answer")],
    ids=["wrong token", "no API"],
)
@pytest.mark.parametrize(
    "command",
    [
        ("list", "acme/a"),
        ("list", "acme/a", "acme/b"),
        ("list", "acme/*"),
        ("purge", "acme/a", "--dry-run"),
        ("purge", "acme/a", "acme/b", "--yes"),
        ("retry", "acme/a", "12", "--yes"),
        ("check-log", "12"),
    ],
    ids=" ".join,
)
def test_what_stops_the_run_is_said_once(
    purger: Purger, site: StandIn, command: tuple[str, ...], more: dict[str, str], code: int, said: str
) -> None:
    fill(site, "a", "b")
    ended = purger(*command, **more)
    assert (ended.code, ended.err.count(said), ended.err.count("error:")) == (code, 1, 1), ended.err
    for repository in ended.report.get("repositories", []):
        assert repository["error"] == ended.report["error"]
    assert left(site) == {"acme/a": 4, "acme/b": 4}


def test_a_token_that_expires_is_said_once_for_all_repositories(purger: Purger, site: StandIn) -> None:
    fill(site, "a", "b", "c")
    site.faults.token_expires_after = 9
    ended = purger("purge", "acme/a", "acme/b", "acme/c", "--yes")
    assert (ended.code, ended.err.count("The token was refused")) == (3, 1), ended.err


def test_of_the_doctor_only_the_token_is_wrong(purger: Purger, site: StandIn) -> None:
    fill(site, "a")
    ended = purger("doctor", "acme/a", **WRONG)
    assert (ended.code, ended.out.count("was refused")) == (3, 1), ended.out
