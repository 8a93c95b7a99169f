"""A run that resumes a former one deletes only what that one left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from purger.standin import DeleteFault, StandIn
from tests.support.browser import Purger, fill, left

pytestmark = pytest.mark.browser


def with_a_missing_one(purger: Purger, *options: str) -> dict[str, Any]:
    """Purge acme/a, and return a report of acme/a and acme/b, which is missing, as former versions wrote it."""
    report, missing = (purger("purge", f"acme/{name}", "--yes", *options).report for name in ("a", "b"))
    report["repositories"] += missing["repositories"]
    return report | {"ok": False, "exit_code": 3}


def test_only_what_a_former_run_left_is_deleted(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    fill(site, "a", "b", "c")
    site.repositories[0].add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    site.faults.delete_all_fault = [DeleteFault(None, 500)]
    first = purger("purge", "acme/a", "acme/b", "acme/nobody", "--yes", "--attempts", "1")
    assert first.code == 3
    (tmp_path / "report.json").write_text(first.out)
    site.faults.reset()
    # Dates are whole seconds: those of the next ones are newer than the report.
    site.repositories[0].add("made-since", age_s=-2)
    site.repositories[1].add("made-since", age_s=-2)
    second = purger("purge", "--resume", "report.json", "--yes")
    assert [one["repository"] for one in second.report["repositories"]] == ["acme/a", "acme/nobody"]
    assert second.report["repositories"][0]["ok"]
    assert {cache.branch for cache in site.repositories[0].caches} == {"made-since"}
    assert left(site) == {"acme/a": 1, "acme/b": 1, "acme/c": 4}


def test_what_the_policies_decided_is_not_decided_again(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    repository = site.add_repository("acme/widgets")
    made = [repository.add("main", age_s=days * 86_400) for days in (9, 8, 7, 2, 1)]
    site.faults.delete_fault = [DeleteFault("main", 500)]
    first = purger(
        "purge", "acme/widgets", "--yes", "--keep-newest", "2", "--limit", "2", "--exclude", "x*", "--attempts", "1"
    )
    assert (first.code, first.repository["selected"], len(repository.caches)) == (1, 2, 5)
    (tmp_path / "report.json").write_text(first.out)
    site.faults.reset()
    repository.add("main", age_s=0)
    second = purger("purge", "--resume", "report.json", "--yes")
    assert second.code == 0, second.err
    left = {cache.name for cache in repository.caches}
    assert {one.name for one in made} - left == {one.name for one in made[:2]}
    same = ("keep_newest", "limit", "exclude", "as_of")
    assert [second.report["selection"][name] for name in same] == [first.report["selection"][name] for name in same]
    kept = {one["kept"]: one["caches"] for one in second.repository["kept"]}
    assert kept == {"newest": 2, "limit": 1, "later": 1}
    refused = purger("purge", "--resume", "report.json", "--yes", "--keep-newest", "3")
    assert refused.code == 2


def test_repositories_that_were_not_decided_have_what_is_left_of_the_limit(
    purger: Purger, site: StandIn, tmp_path: Path
) -> None:
    fill(site, "a")
    first = with_a_missing_one(purger, "--limit", "3")
    assert (first["selection"]["limit"], left(site)) == (3, {"acme/a": 1})
    (tmp_path / "report.json").write_text(json.dumps(first))
    fill(site, "b", caches=2)
    second = purger("purge", "--resume", "report.json", "--yes")
    assert (second.code, second.repository["selected"]) == (0, 0)
    assert {(cache["kept"], cache["reason"]) for cache in second.repository["caches"]} == {
        ("limit", "beyond the limit of the run")
    }
    assert left(site) == {"acme/a": 1, "acme/b": 2}
    first["selection"]["limit"] = 4
    (tmp_path / "report.json").write_text(json.dumps(first))
    assert purger("purge", "--resume", "report.json", "--yes").code == 0
    assert left(site) == {"acme/a": 1, "acme/b": 1}


def test_the_limit_holds_however_often_a_run_is_resumed(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    fill(site, "a")
    site.faults.delete_fault = [DeleteFault(status=403)]
    report = with_a_missing_one(purger, "--limit", "6", "--attempts", "1")
    for _ in range(2):
        assert report["selection"]["limit"] == 6
        selected = {one["repository"]: one["selected"] for one in report["repositories"]}
        assert selected == {"acme/a": 4, "acme/b": 0}
        (tmp_path / "report.json").write_text(json.dumps(report))
        ended = purger("purge", "--resume", "report.json", "--yes", "--attempts", "1")
        assert ended.code == 3
        report = ended.report
    (tmp_path / "report.json").write_text(ended.out)
    fill(site, "b")
    site.faults.reset()
    ended = purger("purge", "--resume", "report.json", "--yes")
    assert ended.code == 0, ended.err
    assert left(site) == {"acme/a": 0, "acme/b": 2}


def test_a_resume_that_fails_early_forgets_no_decision(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    for name in ("a", "b"):
        repository = site.add_repository(f"acme/{name}")
        for days in range(3):
            repository.add("main", age_s=days * 86_400)
    site.faults.delete_fault = [DeleteFault(status=403)]
    first = purger("purge", "acme/a", "acme/b", "--yes", "--keep-newest", "1", "--attempts", "1")
    selected = sum(one["selected"] for one in first.report["repositories"])
    (tmp_path / "report.json").write_text(first.out)
    second = purger("purge", "--resume", "report.json", "--yes", TRAVIS_TOKEN="another-token")
    assert second.code == 3, second.err
    assert [one["decided"] for one in second.report["repositories"]] == [True, True]
    (tmp_path / "report.json").write_text(second.out)
    site.faults.reset()
    third = purger("purge", "--resume", "report.json", "--yes")
    assert third.code == 0, third.err
    assert sum(one["deleted"] for one in third.report["repositories"]) == selected > 0


def test_what_was_uploaded_since_the_first_run_stays_however_often_it_is_resumed(
    purger: Purger, site: StandIn, tmp_path: Path
) -> None:
    repository = site.add_repository("acme/widgets")
    repository.add("old", age_s=86_400)
    site.faults.delete_fault = [DeleteFault(status=403)]
    ended = purger("purge", "acme/widgets", "--yes", "--attempts", "1")
    (tmp_path / "report.json").write_text(ended.out)
    # Dates are whole seconds, and this one is between the ends of the two runs.
    repository.add("fresh", age_s=-2)
    for _ in range(2):
        ended = purger("purge", "--resume", "report.json", "--yes", "--attempts", "1")
        assert ended.repository["selected"] == 1
        later = ended.out.replace(ended.report["finished_at"], "2999-01-01T00:00:00Z")
        (tmp_path / "report.json").write_text(later)
    site.faults.reset()
    ended = purger("purge", "--resume", "report.json", "--yes")
    assert ended.code == 0, ended.err
    assert [one.branch for one in repository.caches] == ["fresh"]


def test_what_was_gone_before_it_was_resumed_is_in_the_report_and_counts_for_the_limit(
    purger: Purger, site: StandIn, tmp_path: Path
) -> None:
    fill(site, "a")
    site.faults.delete_fault = [DeleteFault(status=403)]
    first = with_a_missing_one(purger, "--limit", "5", "--attempts", "1")
    (tmp_path / "report.json").write_text(json.dumps(first))
    for one in site.repositories[0].caches[:3]:
        site.repositories[0].delete([one])
    ended = purger("purge", "--resume", "report.json", "--yes", "--attempts", "1")
    assert ended.report["repositories"][0]["selected"] == 4
    (tmp_path / "report.json").write_text(ended.out)
    fill(site, "b")
    site.faults.reset()
    ended = purger("purge", "--resume", "report.json", "--yes")
    assert ended.code == 0, ended.err
    assert ended.report["repositories"][0]["deleted"] == 4
    assert left(site) == {"acme/a": 0, "acme/b": 3}


def test_what_was_done_before_counts_for_the_limit_of_every_resume(
    purger: Purger, site: StandIn, tmp_path: Path
) -> None:
    fill(site, "a")
    report = with_a_missing_one(purger, "--limit", "3")
    for used in (3, 3):
        (tmp_path / "report.json").write_text(json.dumps(report))
        ended = purger("purge", "--resume", "report.json", "--yes")
        assert ended.code == 3
        report = ended.report
        assert (report["selection"]["limit"], report["selection"]["limit_used"]) == (3, used)
    (tmp_path / "report.json").write_text(ended.out)
    fill(site, "b")
    ended = purger("purge", "--resume", "report.json", "--yes")
    assert (ended.code, ended.repository["selected"]) == (0, 0)
    assert left(site) == {"acme/a": 1, "acme/b": 4}


@pytest.mark.parametrize("more", [["--dry-run"], ["--shard", "1/2"]])
def test_a_run_that_does_less_does_not_replace_the_report_that_it_resumes(
    purger: Purger, site: StandIn, tmp_path: Path, more: list[str]
) -> None:
    fill(site, "a")
    site.faults.delete_fault = [DeleteFault(status=403)]
    assert purger("purge", "acme/a", "--yes", "--attempts", "1", "--artifacts", "kept", "--trace", "off").code == 1
    before = (tmp_path / "kept/report.json").read_bytes()
    ended = purger("purge", "--resume", "kept/report.json", "--yes", "--artifacts", "kept", *more)
    assert ended.code == 2
    assert "would replace the report that it resumes" in ended.err
    assert (tmp_path / "kept/report.json").read_bytes() == before
    assert purger("purge", "--resume", "kept/report.json", "--yes", "--artifacts", "other", *more).code in {0, 1}


def test_a_part_of_a_run_with_a_limit_is_not_resumed(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    ended = purger("purge", "acme/a", "acme/b", "--yes", "--limit", "3")
    (tmp_path / "report.json").write_text(ended.out)
    fill(site, "a", "b")
    ended = purger("purge", "--resume", "report.json", "--yes", "--shard", "1/2")
    assert (ended.code, left(site)) == (2, {"acme/a": 4, "acme/b": 4})
    assert "no part knows what the others delete" in ended.err


def test_an_owner_that_failed_is_named_when_the_others_are_resumed(
    purger: Purger, site: StandIn, tmp_path: Path
) -> None:
    fill(site, "a")
    site.faults.delete_fault = [DeleteFault(status=403)]
    ended = purger("purge", "acme/*", "nobody/*", "--yes", "--attempts", "1")
    (tmp_path / "report.json").write_text(ended.out)
    site.faults.reset()
    ended = purger("purge", "--resume", "report.json", "--yes")
    assert (ended.code, left(site)) == (0, {"acme/a": 0})
    assert "The former run also failed otherwise, which is not resumed: not found" in ended.err


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 2}', "\0"])
def test_what_is_no_report_starts_nothing(purger: Purger, site: StandIn, tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    ended = purger("purge", "--resume", "report.json", "--yes")
    assert ended.code == 2
    assert site.requests == []


def test_a_cache_with_a_date_in_the_future_is_not_passed_over(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    repository = site.add_repository("acme/widgets")
    repository.add("main", age_s=-7200)
    site.faults.delete_fault = [DeleteFault(status=403)]
    ended = purger("purge", "acme/widgets", "--yes", "--attempts", "1")
    assert (ended.code, ended.repository["selected"]) == (1, 1)
    (tmp_path / "report.json").write_text(ended.out)
    repository.add("fresh", age_s=-2)
    site.faults.reset()
    ended = purger("purge", "--resume", "report.json", "--yes")
    assert (ended.code, ended.repository["deleted"]) == (0, 1), ended.err
    assert [one.branch for one in repository.caches] == ["fresh"]
