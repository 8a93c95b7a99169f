"""`purger retry` and `purger check-log` against jobs that the stand-in plays."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from purger.core import events
from purger.core.errors import ExitCode, JobError, SiteError
from purger.travis.rate_limit import MOST_POSTS, POST_WINDOW_S, Budget
from purger.jobs.retry import Retry
from purger.core.selection import Selection
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.standin import Attempt, DeleteFault, Job, StandIn
from purger.standin.job_logs import Outcome
from purger.standin.repository import Repository
from purger.travis.jobs import RestartRefusedError
from purger.travis.addresses import Site
from purger.jobs.verdict import Verdict
from tests.browser_fixtures import WIDGETS, Ended, Purger, environment
from tests.cli.test_signals import children_marked
from tests.support.clocks import Virtual

STALE = "version-conflict"


def quick(outcome: Outcome, **more: Any) -> Attempt:
    return Attempt(outcome, **({"duration_s": 0.3, "queue_s": 0.1} | more))


failed, passed, canceled = partial(quick, "failed"), partial(quick, "passed"), partial(quick, "canceled")


def retry(purger: Purger, *jobs: Job, wait: str = "0.2s", **more: Any) -> Ended:
    options = [text for name, given in more.items() for text in (f"--{name.replace('_', '-')}", str(given))]
    return purger("retry", "acme/widgets", *(str(job.id) for job in jobs), "--yes", "--wait", wait, *options)


def attempts(ended: Ended) -> list[dict[str, Any]]:
    found = ended.report["retry"]["attempts"]
    assert isinstance(found, list)
    return found


def test_the_second_restart_starts_clean(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.fill(3)
    repository.add("main")
    job = site.add_job(repository, script=[failed(symptom=STALE), failed(symptom=STALE, fetch="own"), passed()])
    ended = retry(purger, job)
    assert ended.code == 0, ended.err
    first, second = attempts(ended)
    assert (first["purge"]["deleted"], first["purge"]["verified"], first["wait_s"]) == (4, True, 0.2)
    assert (first["verdict"], second["verdict"]) == ("fetched-deleted", "passed")
    (fetched,) = first["jobs"][0]["fetched"]
    assert (fetched["branch"], fetched["source"]) == ("main", "own")
    assert (fetched["deleted"], fetched["when"]) == (True, "after")
    assert first["jobs"][0]["symptoms"][0]["id"] == "contextual-version-conflict"
    assert (second["purge"]["ok"], second["wait_s"]) == (True, 0.4)
    assert (second["jobs"][0]["fetched"], second["jobs"][0]["started_clean"]) == ([], True)
    assert len(job.restarts) == 2
    assert repository.archives == []
    assert "its own branch's cache" in ended.err
    assert f"Job {job.id} passed; it started clean." in ended.err


def test_not_a_cache_problem(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.add("main")
    job = site.add_job(repository, script=[failed(symptom=STALE), failed(symptom="test-failure")])
    ended = retry(purger, job)
    assert ended.code == 7
    (only,) = attempts(ended)
    assert only["verdict"] == "not-a-cache-problem"
    assert ended.report["error"]["exit_code"] == 7
    assert "Not a cache problem" in ended.err
    assert "E       assert 2 == 3" in ended.err
    assert ended.repository["deleted"] == 1


def test_a_symptom_is_named(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), failed(symptom="test-image")])
    ended = retry(purger, job)
    assert ended.code == 7
    assert "Push the branch to the host" in ended.err


def test_a_pull_request_fetches_its_targets_cache(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.add("develop")
    script = [failed(), failed(fetch="target"), passed()]
    job = site.add_job(repository, pull_request=7, target_branch="develop", script=script)
    ended = retry(purger, job)
    assert ended.code == 0
    assert attempts(ended)[0]["jobs"][0]["fetched"][0]["source"] == "target"


def test_what_filters_spared_is_no_deleted_cache(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.add("main")
    repository.add("other")
    job = site.add_job(repository, script=[failed(), failed()])
    ended = retry(purger, job, branch="other")
    assert ended.code == 7
    assert "were there filters?" in ended.err
    assert attempts(ended)[0]["jobs"][0]["fetched"][0]["outcome"] == "skipped"


def test_it_gives_up(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.add("main")
    job = site.add_job(repository, script=[failed(), failed(fetch="own")])
    ended = retry(purger, job, attempts=2)
    assert ended.code == 1
    assert [one["verdict"] for one in attempts(ended)] == ["fetched-deleted"] * 2
    assert f"job {job.id} still fetches a deleted cache after 2 attempts: main/" in ended.err.lower()


def test_jobs_of_a_build_share_a_purge(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.add("main")
    again = site.add_job(repository, build_id=9, script=[failed(), failed(fetch="own"), passed()])
    good = site.add_job(repository, build_id=9, script=[failed(), passed()])
    ended = retry(purger, again, good)
    assert ended.code == 0, ended.err
    assert [[job["job"] for job in one["jobs"]] for one in attempts(ended)] == [[again.id, good.id], [again.id]]
    assert (len(again.restarts), len(good.restarts)) == (2, 1)
    jobs = [request for request in site.requests if request.path.startswith("/job/")]
    posts = [number for number, request in enumerate(jobs) if request.method == "POST"]
    assert [jobs[number].path for number in posts] == [f"/job/{job.id}/restart" for job in (again, good, again)]
    assert posts[1] - posts[0] == 2, "together: only whether the second may be restarted is asked in between"


def test_the_worst_of_several_counts(purger: Purger, site: StandIn, repository: Repository) -> None:
    good = site.add_job(repository, script=[failed(), passed()])
    cancelled = site.add_job(repository, script=[failed(), canceled()])
    bad = site.add_job(repository, script=[failed(), failed(symptom="test-failure")])
    ended = retry(purger, good, cancelled, bad)
    assert ended.code == 7
    assert [job["verdict"] for job in attempts(ended)[0]["jobs"]] == ["passed", "canceled", "not-a-cache-problem"]
    assert f"Job {good.id} passed" in ended.err
    assert f"error: Job {cancelled.id} was cancelled by someone" in ended.err


def test_cancelled_by_someone(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), canceled()])
    ended = retry(purger, job)
    assert ended.code == 1
    assert "was cancelled by someone" in ended.err


def test_a_job_that_never_starts(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), Attempt(never_starts=True)])
    ended = retry(purger, job, start_timeout="1s")
    assert ended.code == 4
    assert "did not start within 1 s" in ended.err


def test_a_job_that_does_not_end(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), failed(duration_s=600)])
    ended = retry(purger, job, job_timeout="1s")
    assert ended.code == 4
    assert "has been running for 1 s" in ended.err


@pytest.mark.parametrize(
    ("trouble", "code", "said"),
    [
        ("running", 1, "is running already"),
        ("build_restart", 3, "may not restart jobs"),
        ("log_view", 3, "may not read logs"),
        ("another repository", 2, "is of acme/other, not of acme/widgets"),
        ("no such repository", 3, "Not found"),
    ],
)
def test_nothing_is_deleted_for_a_job_that_cant_be_restarted(
    purger: Purger, site: StandIn, repository: Repository, trouble: str, code: int, said: str
) -> None:
    repository.fill(2)
    job = site.add_job(repository, script=[failed(), failed(duration_s=600)])
    match trouble:
        case "running":
            job.restart()
        case "another repository":
            job.repository = site.add_repository("acme/other")
        case "no such repository":
            repository.visible = False
        case permission:
            repository.permissions[permission] = False
    ended = retry(purger, job)
    assert ended.code == code
    assert said in ended.err
    assert len(repository.archives) == 2
    assert attempts(ended) == []


def test_a_job_that_is_not_there(purger: Purger, site: StandIn, repository: Repository) -> None:
    ended = purger("retry", "acme/widgets", "424242", "--yes")
    assert ended.code == 2
    assert "There is no job 424242" in ended.err


def test_what_is_not_gone_is_purged_again_before_any_restart(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    repository.add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500, times=4)]
    job = site.add_job(repository, script=[failed(), passed()])
    ended = retry(purger, job)
    assert ended.code == 0, ended.err
    first, second = attempts(ended)
    assert (first["purge"]["ok"], first["jobs"], first["verdict"]) == (False, [], None)
    assert (second["purge"]["ok"], second["verdict"]) == (True, "passed")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    repository.add("stubborn")
    ended = retry(purger, job, attempts=1)
    assert ended.code == 1
    assert len(job.restarts) == 1


class InProcess:
    """A retry whose events a test can act upon."""

    def __init__(self, site: StandIn, jobs: list[Job], on: Callable[[events.Event], None], **more: Any) -> None:
        settings = Settings(site=Site.at(site.url, site.api_url), token=Token(site.token), settle_s=0.0, max_rate=0)
        self.retry = Retry(settings, Selection(), WIDGETS, [job.id for job in jobs], **({"wait_s": 0.0} | more))
        self.retry.observers = (on,)


async def test_an_archive_that_a_running_job_uploads_after_the_proof(site: StandIn, repository: Repository) -> None:
    archive = repository.add("main")
    job = site.add_job(repository, script=[failed(), failed(), passed()])
    uploads: list[str] = []

    def on(event: events.Event) -> None:
        if isinstance(event, events.Finished) and not uploads:
            uploads.append(repository.add("main", name=archive.name, age_s=0).name)

    retry = InProcess(site, [job], on).retry
    await retry.execute()
    assert retry.error is None
    assert [attempt.verdict for attempt in retry.attempts] == [Verdict.FETCHED_DELETED, Verdict.PASSED]
    assert [len(attempt.run.records[0].ledger.selected) for attempt in retry.attempts] == [1, 1]
    assert repository.archives == []


async def test_a_restart_that_is_refused_in_the_end(site: StandIn, repository: Repository) -> None:
    """The right was there when it was asked for."""
    job = site.add_job(repository, script=[failed()])

    def on(event: events.Event) -> None:
        if isinstance(event, events.Surveyed):
            repository.permissions["build_restart"] = False

    retry = InProcess(site, [job], on).retry
    await retry.execute()
    assert isinstance(retry.error, RestartRefusedError)
    assert retry.error.exit_code is ExitCode.ACCESS
    assert f"job {job.id} may not be restarted: answered 403: operation requires more access" in retry.error.what


async def test_one_that_someone_else_restarts_in_the_meantime(site: StandIn, repository: Repository) -> None:
    first = site.add_job(repository, script=[failed(), passed(duration_s=3600)])
    second = site.add_job(repository, script=[failed(), passed()])

    def on(event: events.Event) -> None:
        if isinstance(event, events.Surveyed):
            first.restart()

    retry = InProcess(site, [first, second], on).retry
    await retry.execute()
    assert isinstance(retry.error, JobError)
    assert "is running already" in retry.error.what
    assert [run.verdict for run in retry.last_runs] == [None, Verdict.PASSED], "the others go on"


async def test_sixty_restarts_do_not_ban_the_token(
    site: StandIn, repository: Repository, monkeypatch: pytest.MonkeyPatch, virtual_clock: Virtual
) -> None:
    monkeypatch.setattr("purger.jobs.retry.Budget", partial(Budget, clock=virtual_clock, sleep=virtual_clock.sleep))
    jobs = [site.add_job(repository, build_id=9, script=[failed(), passed()]) for _ in range(60)]
    retry = InProcess(site, jobs, lambda _event: None).retry
    await retry.execute()
    assert retry.error is None
    assert all(run.verdict is Verdict.PASSED for run in retry.last_runs)
    times = virtual_clock.posts
    assert len(times) == 60
    assert all(later - earlier >= POST_WINDOW_S for earlier, later in zip(times, times[MOST_POSTS:], strict=False))


async def test_a_restart_whose_answer_is_lost_is_not_sent_twice(
    site: StandIn, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from purger.travis.client import BusyError, Calls

    job = site.add_job(repository, script=[failed(), passed()])
    post = Calls.post

    async def lose_the_answer(calls: Calls, address: str) -> dict[str, Any]:
        await post(calls, address)
        raise BusyError("the API did not answer")

    monkeypatch.setattr(Calls, "post", lose_the_answer)
    retry = InProcess(site, [job], lambda _event: None).retry
    await retry.execute()
    assert retry.error is None
    assert (len(job.restarts), site.count("POST")) == (1, 1)


async def test_a_log_that_says_nothing(site: StandIn, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purger.jobs.retry.LOG_PAUSES_S", (0.0, 0.01))
    job = site.add_job(repository, script=[failed(), failed()])
    monkeypatch.setattr(Job, "log", lambda _job: "")
    retry = InProcess(site, [job], lambda _event: None).retry
    await retry.execute()
    assert isinstance(retry.error, SiteError)
    assert "its log does not tell" in retry.error.what


@pytest.fixture
def waiting(site: StandIn, repository: Repository, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A retry that waits before its restart."""
    repository.fill(2)
    job = site.add_job(repository, script=[failed(), passed()])
    process = subprocess.Popen(
        [sys.executable, "-m", "purger", "retry", "acme/widgets", str(job.id), "--yes", "--json", "--wait", "1h"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(site, PURGER_TEST_MARK=f"retry-{id(site)}"),
        cwd=tmp_path,
        start_new_session=True,
    )
    assert process.stderr is not None
    while "deletions settle" not in (line := process.stderr.readline()):
        assert line, "it ended early"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_wait(
    waiting: subprocess.Popen[str], site: StandIn, repository: Repository, number: signal.Signals, code: int
) -> None:
    waiting.send_signal(number)
    out, err = waiting.communicate()
    assert waiting.returncode == code
    assert "Traceback" not in err
    report = json.loads(out)
    assert report["exit_code"] == code
    (attempt,) = report["retry"]["attempts"]
    assert (attempt["purge"]["deleted"], attempt["purge"]["verified"], attempt["jobs"]) == (2, True, [])
    assert site.count("POST") == 0
    assert children_marked(f"retry-{id(site)}") == []


@pytest.mark.parametrize(
    ("attempt", "code", "said"),
    [
        (failed(fetch="own"), 1, "its own branch's cache"),
        (failed(fetch="clean"), 0, "the job started clean"),
    ],
)
def test_check_log_of_a_job(
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


def test_check_log_with_the_report_of_a_purge(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.add("main")
    job = site.add_job(repository, script=[failed(), failed(fetch="own")])
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


def test_check_log_of_a_job_that_has_none(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), Attempt(never_starts=True)])
    job.restart()
    ended = purger("check-log", str(job.id))
    assert ended.code == 2
    assert f"Job {job.id} has no log yet" in ended.err
    ended = purger("check-log", "424242")
    assert ended.code == 2
    assert "There is no job 424242" in ended.err


def test_check_log_of_a_running_job(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), failed(fetch="own", queue_s=0, duration_s=600)])
    job.restart()
    ended = purger("check-log", str(job.id), as_json=False)
    assert ended.code == 1
    assert "The job is started: this is its log so far." in ended.out


def test_check_log_with_a_bad_token(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed()])
    ended = purger("check-log", str(job.id), TRAVIS_TOKEN="not-the-token-at-all")
    assert ended.code == 3
    assert "the token was refused" in ended.err.lower()
