"""Real commands whose API answers 200 with something else: exit 4, one document, and nothing is lost."""

from __future__ import annotations

import pytest

from purger.standin import OddAnswer, StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger

pytestmark = pytest.mark.browser

NOT_OURS = "This is not the API we know"


@pytest.mark.parametrize(
    ("path_end", "body"),
    [
        ("/user", "{}"),
        ("/user", '{"user": {"id": 1}}'),
        ("widgets", "[]"),
        ("widgets", '{"id": null, "slug": "acme/widgets"}'),
        ("/caches", '{"caches": {"main": 1}}'),
        ("/caches", '{"caches": [], "x": ' + "[" * 50_000 + "]" * 50_000 + "}"),
    ],
    ids=range(6),
)
def test_a_purge_and_a_list_say_what_it_is(
    purger: Purger, site: StandIn, repository: Repository, path_end: str, body: str
) -> None:
    repository.fill(3)
    site.faults.odd_answers = [OddAnswer(path_end, body)]
    for arguments in (["purge", "acme/widgets", "--yes"], ["list", "acme/widgets"]):
        ended = purger(*arguments)
        assert (ended.code, ended.report["exit_code"]) == (4, 4), ended.err
        assert NOT_OURS in ended.err
    assert len(repository.caches) == 3
    assert site.count("DELETE") == 0


def test_other_branches_and_owners(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.add("main", name="odd.tgz")
    site.faults.odd_answers = [OddAnswer("/branches", '{"branches": [7]}'), OddAnswer("/repos", '{"repositories": 7}')]
    for arguments in (["acme/widgets", "--branch", "ma*/x*"], ["acme/*"]):
        ended = purger("purge", *arguments, "--yes")
        assert (ended.code, ended.report["exit_code"]) == (4, 4), ended.err
        assert NOT_OURS in ended.err
    assert len(repository.caches) == 1


@pytest.mark.parametrize("body", ["{}", '{"id": 7, "state": null}'])
def test_other_jobs(purger: Purger, site: StandIn, repository: Repository, body: str) -> None:
    repository.fill(2)
    job = site.add_job(repository)
    site.faults.odd_answers = [OddAnswer(f"/job/{job.id}", body)]
    for arguments in (["check-log", str(job.id)], ["retry", "acme/widgets", str(job.id), "--yes"]):
        ended = purger(*arguments)
        assert (ended.code, ended.report["exit_code"]) == (4, 4), ended.err
        assert NOT_OURS in ended.err
    assert len(repository.caches) == 2


@pytest.mark.parametrize("body", ["<html><title>Guest WiFi</title>", "{}"])
def test_another_servers_page_in_place_of_a_log(
    purger: Purger, site: StandIn, repository: Repository, body: str
) -> None:
    job = site.add_job(repository)
    site.faults.odd_answers = [OddAnswer("/log.txt", body)]
    ended = purger("check-log", str(job.id))
    assert (ended.code, ended.report["exit_code"]) == (4, 4), ended.err
    assert f"returns for job {job.id} is not a log" in ended.err
    assert "asks people to sign in" in ended.err
