"""`purger check-log` on jobs that the stand-in runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from purger.standin import Attempt, DeleteFault, OddAnswer, StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger
from tests.support.stand_in_jobs import failed

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("attempt", "code", "said"),
    [
        (failed(fetch="own"), 1, "its own branch's cache"),
        (failed(fetch="clean"), 0, "the job started clean"),
    ],
)
def test_the_log_of_a_job_is_read(
    purger: Purger, site: StandIn, repository: Repository, attempt: Attempt, code: int, said: str
) -> None:
    job = site.add_job(repository, branch="feature/foo", script=[attempt])
    ended = purger("check-log", job.url, as_json=False)
    assert ended.code == code, ended.err
    assert said in ended.out
    assert ended.out.startswith(f"Job {job.id}: ")
    assert purger("check-log", str(job.id)).report["job"] == {
        "id": job.id,
        "state": "failed",
        "repository": "acme/widgets",
    }


def test_a_log_is_judged_where_the_branches_of_its_job_cannot_be_read(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    job = site.add_job(repository, script=[failed(fetch="own")], build_id=77)
    site.faults.odd_answers = [OddAnswer("/build/77", '{"branch": 7}')]
    ended = purger("check-log", str(job.id))
    assert (ended.code, [fetch["source"] for fetch in ended.report["fetched"]]) == (1, ["own"])


def test_the_page_of_a_build_means_its_one_job(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(fetch="own")], build_id=77)
    page = f"{site.url}/github/acme/widgets/builds/77"
    assert purger("check-log", page).report["job"]["id"] == job.id
    another = site.add_job(repository, script=[failed(fetch="own")], build_id=77)
    ended = purger("check-log", page)
    assert ended.code == 2
    assert f"Give the number of one: {job.id}, {another.id}." in ended.err
    assert "there is no build 78" in purger("check-log", f"{page[:-1]}8").report["error"]["message"]
    site.faults.odd_answers = [OddAnswer("/build/79/jobs", '{"jobs": []}')]
    assert "Its page may tell why: there is no log to read." in purger("check-log", f"{page[:-1]}9").err


def test_the_log_of_a_job_is_compared_with_the_report_of_a_purge(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.add("main")
    # It fetched a minute ago: the site's time of a deletion is in whole seconds.
    job = site.add_job(repository, script=[failed(duration_s=60), failed(fetch="own")])
    assert purger("purge", "acme/widgets", "--yes", "--artifacts", str(tmp_path / "kept")).code == 0
    report = str(tmp_path / "kept" / "report.json")
    ended = purger("check-log", str(job.id), "--report", report)
    assert (ended.code, ended.report["fetched"][0]["when"]) == (1, "before")
    job.restart()
    while job.is_running:
        time.sleep(0.05)
    ended = purger("check-log", str(job.id), "--report", report)
    assert (ended.code, ended.report["fetched"][0]["when"]) == (1, "after")
    other = site.add_job(site.add_repository("acme/other"), script=[failed()])
    ended = purger("check-log", str(other.id), "--report", report)
    assert ended.code == 2
    assert "tells nothing of acme/other" in ended.err


def test_a_log_is_compared_with_the_caches_of_its_own_repository(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    """The same cache was deleted in one repository, and is still there in another: the hash is of the configuration."""
    other = site.add_repository("acme/other")
    gone, kept = (one.add("main", name="cache-linux-0.tgz") for one in (repository, other))
    site.faults.delete_fault = [DeleteFault("main", 403, times=1)]
    assert purger("purge", "acme/other", "acme/widgets", "-j", "1", "--yes", "--artifacts", str(tmp_path)).code == 1
    assert (gone in repository.caches, kept in other.caches) == (False, True)
    job, another = (
        site.add_job(one, cache_name="cache-linux-0.tgz", script=[failed(fetch="own")]) for one in (repository, other)
    )
    path, report = tmp_path / "log.txt", str(tmp_path / "report.json")
    for whose, code, said in [
        (job, 1, "the job fetched a cache that the purge deleted"),
        (another, 0, "The purge had not deleted it: its outcome was failed"),
    ]:
        path.write_text(whose.log())
        for source in (str(path), str(whose.id)):
            ended = purger("check-log", source, "--report", report, as_json=False)
            assert (ended.code, said in ended.out) == (code, True), ended.out
    path.write_text(job.log().replace("$ git clone", "$ git fetch"))
    ended = purger("check-log", str(path), "--report", report, as_json=False)
    assert ended.code == 6
    assert "not known whether the job fetched a cache that the purge deleted. Give the job's number" in ended.out
    assert "it was deleted in acme/widgets, and is still there in acme/other" in ended.out
    (fetched,) = purger("check-log", str(path), "--report", report).report["fetched"]
    assert fetched["deleted"] is None
    assert fetched["reason"] == "deleted in acme/widgets, and is still there in acme/other"
    path.write_text(job.log().replace("acme/widgets", "acme/third"))
    ended = purger("check-log", str(path), "--report", report)
    assert (ended.code, "tells nothing of acme/third" in ended.err) == (2, True)


def test_a_report_of_another_site_or_provider_is_refused(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.add("main", name="cache-linux-0.tgz")
    assert purger("purge", "acme/widgets", "--yes", "--artifacts", str(tmp_path)).code == 0
    report = (tmp_path / "report.json").read_text()
    theirs = site.add_repository("acme/widgets", provider="gitlab")
    ours, other = (
        site.add_job(one, cache_name="cache-linux-0.tgz", script=[failed(fetch="own")]) for one in (repository, theirs)
    )
    edited = tmp_path / "edited.json"
    for text, job, said in [
        (report, ours, None),
        (report, other, "tells nothing of gitlab/acme/widgets, but of acme/widgets"),
        (report.replace(site.url, "https://app.travis-ci.com"), ours, "The report is of another site: https://app.tra"),
        (report.replace('"github"', '"gitlab"'), ours, "tells nothing of github/acme/widgets, but of gitlab/acme/widg"),
        (report.replace('"github"', '"gitlab"'), other, None),
    ]:
        edited.write_text(text)
        ended = purger("check-log", str(job.id), "--report", str(edited))
        assert ended.code == (2 if said else 1), ended.err
        assert (said or "") in ended.err


def test_a_job_without_a_log_is_bad_input(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), Attempt(never_starts=True)])
    job.restart()
    ended = purger("check-log", str(job.id))
    assert ended.code == 2
    assert f"Job {job.id} has no log yet" in ended.err
    ended = purger("check-log", "424242")
    assert ended.code == 2
    assert "There is no job 424242" in ended.err


def test_the_log_of_a_running_job_is_read_so_far(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), failed(fetch="own", queue_s=0, duration_s=600)])
    job.restart()
    ended = purger("check-log", str(job.id), as_json=False)
    assert ended.code == 1
    assert "The job is started: this is its log so far." in ended.out


def test_a_bad_token_is_no_access(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed()])
    ended = purger("check-log", str(job.id), TRAVIS_TOKEN="not-the-token-at-all")
    assert ended.code == 3
    assert "the token was refused" in ended.err.lower()
