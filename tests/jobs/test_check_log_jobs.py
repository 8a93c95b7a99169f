"""`purger check-log` on jobs that the stand-in runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from purger.standin import Attempt, StandIn
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
