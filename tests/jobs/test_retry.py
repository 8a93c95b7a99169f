"""A retry against jobs that the stand-in runs: purge, restart, read the logs, and again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from purger.core import events
from purger.core.errors import ExitCode, JobError, OutOfTimeError, SiteError
from purger.core.retry_policies import RetryPolicies
from purger.jobs.attempts import Attempt as RetryAttempt
from purger.jobs.attempts import JobRun
from purger.jobs.retry import Retry, RetryRequest, RetryResult
from purger.jobs.settings import RetrySettings
from purger.purge.run import Hooks, Request, Run
from purger.purge.settings import Pace, Settings
from purger.report.model import Verdict
from purger.secrets.token import Token
from purger.standin import Attempt, DeleteFault, Job, OddAnswer, StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.jobs import RestartRefusedError
from purger.travis.rate_limit import MOST_POSTS, POST_WINDOW_S, Budget
from tests.support.browser import WIDGETS, Ended, Purger, environment
from tests.support.clocks import Virtual
from tests.support.processes import children_marked
from tests.support.retry_policies import QUICK
from tests.support.stand_in_jobs import canceled, failed, passed

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("shared_driver")]

STALE = "version-conflict"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


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
    assert repository.caches == []
    assert "its own branch's cache" in ended.err
    assert f"Job {job.id} passed; it started clean." in ended.err


def test_a_failure_without_a_deleted_cache_ends_the_retry(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
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


def test_where_nothing_was_deleted_nothing_is_waited_for(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.add("main")
    job = site.add_job(repository, script=[failed(), passed()])
    ended = retry(purger, job, wait="6d", branch="mian")
    assert ended.code == 0, ended.err
    (only,) = attempts(ended)
    assert (only["purge"]["deleted"], only["wait_s"]) == (0, 0.0)
    assert "acme/widgets: not waiting: nothing was deleted, so no deletion has to settle" in ended.err
    assert len(repository.caches) == 1


def test_the_first_wait_is_that_after_the_first_deletion_and_a_name_is_warned_of_once(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    uploads = failed(symptom="stalled-download", stores=True)
    job = site.add_job(repository, script=[failed(), uploads, failed(symptom="stalled-download"), passed()])
    repository.add("other")
    ended = retry(purger, job, wait="0.3s", branch="main")
    assert ended.code == 0, ended.err
    assert [(one["purge"]["deleted"], one["wait_s"]) for one in attempts(ended)] == [(0, 0.0), (1, 0.3), (0, 0.6)]
    assert ended.err.count("--branch main matches no listed cache") == 1


def test_a_job_that_stalls_in_its_download_is_restarted(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.add("main")
    stalls = failed(symptom="stalled-download")
    job = site.add_job(repository, script=[failed(), stalls, passed()])
    ended = retry(purger, job)
    assert ended.code == 0, ended.err
    assert [one["verdict"] for one in attempts(ended)] == ["no-answer", "passed"]
    assert [fetch["found"] for fetch in attempts(ended)[0]["jobs"][0]["asked"]] == [None]
    assert "not a cache problem" not in ended.err.lower()
    ended = retry(purger, site.add_job(repository, script=[failed(), stalls]), retry_attempts=1)
    assert ended.code == 4
    assert "got no answer to its request for a cache, in 1 attempt" in ended.err


def test_a_symptom_in_the_log_is_named(purger: Purger, site: StandIn, repository: Repository) -> None:
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


def test_a_branch_that_is_shown_alike_is_not_the_jobs_own(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    """The file name is of the job's configuration, so that a job of each branch stores one of the same name."""
    other, own = (repository.add(branch, name="cache-linux-0.tgz") for branch in ("login", "team/login"))
    job = site.add_job(repository, branch="team/login", script=[failed(), failed()])
    ended = retry(purger, job, branch="login")
    assert ended.code == 7, ended.err
    assert (other in repository.caches, own in repository.caches, len(job.restarts)) == (False, True, 1)
    (fetched,) = attempts(ended)[0]["jobs"][0]["fetched"]
    assert (fetched["branch"], fetched["deleted"], fetched["outcome"]) == ("login", False, "skipped")


def test_what_a_policy_keeps_is_decided_once_for_all_attempts(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    old, newest = (repository.add("main", age_s=days * 86_400.0) for days in (9, 1))
    script = [failed(), failed(symptom=STALE, fetch="own", stores=True), passed()]
    job = site.add_job(repository, script=script, cache_name=old.name)
    ended = retry(purger, job, keep_newest=1)
    assert ended.code == 0, ended.err
    assert [attempt["purge"]["selected"] for attempt in attempts(ended)] == [1, 0]
    left = {cache.name: cache for cache in repository.caches}
    assert set(left) == {old.name, newest.name}, "the upload of the job is newer, and the former newest stays"
    assert left[old.name].last_modified > old.last_modified
    assert ended.report["selection"]["keep_newest"] == 1


def test_what_a_job_uploads_again_and_no_purge_selects_is_not_purged_again(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    old = repository.add("main", age_s=9 * 86_400.0)
    script = [failed(), failed(fetch="own", stores=True), failed(fetch="own")]
    job = site.add_job(repository, script=script, cache_name=old.name)
    ended = retry(purger, job, older_than="1d")
    assert (ended.code, len(job.restarts)) == (1, 2), ended.err
    assert [attempt["purge"]["selected"] for attempt in attempts(ended)] == [1, 0]
    assert "fetched a cache that was uploaded again after its deletion, and is not selected: main/cache-" in ended.err
    assert "without --older-than" in ended.report["error"]["remedy"]


def test_what_nobody_can_decide_is_not_purged_again(purger: Purger, site: StandIn, repository: Repository) -> None:
    for branch, age_s in (("main", 9 * 86_400.0), ("dev", 8 * 86_400.0)):
        for number in range(2):
            repository.add(branch, name=f"cache-linux-{number:064x}--gemfile-a/b/c.gemfile.tgz", age_s=age_s)
    job = site.add_job(repository, script=[failed(), passed()])
    ended = retry(purger, job, keep_newest=1)
    assert ended.code == 1, ended.err
    (only,) = attempts(ended)
    assert (only["purge"]["undecided"] > 0, only["jobs"], job.restarts) == (True, [], [])
    assert "so nothing is restarted yet" not in ended.err


def test_the_last_attempt_ends_the_retry(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.add("main")
    job = site.add_job(repository, script=[failed(), failed(fetch="own")])
    ended = retry(purger, job, retry_attempts=2)
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
    assert f"error: Job {cancelled.id} was cancelled (" in ended.err


def test_a_job_that_someone_cancels_ends_the_retry(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), canceled()])
    ended = retry(purger, job)
    assert ended.code == 1
    assert "was cancelled (" in ended.err
    assert "or Travis CI because of a newer build" in ended.err


def test_a_retry_ends_for_a_job_that_never_starts(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(), Attempt(never_starts=True)])
    ended = retry(purger, job, start_timeout="1s")
    assert ended.code == 4
    assert "did not start within 1 s" in ended.err


def test_a_retry_ends_for_a_job_that_does_not_end(purger: Purger, site: StandIn, repository: Repository) -> None:
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
        ("another provider", 2, "is not of acme/widgets, but of another repository that is called acme/widgets, too"),
        ("no repository", 2, "does not say which repository"),
        ("no id", 2, "does not say which repository"),
        ("no slug", 2, "is not of acme/widgets, but of another repository"),
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
        case "another provider":
            job.repository = site.add_repository("acme/widgets", provider="gitlab")
        case "no repository" | "no id" | "no slug":
            named = {"no repository": None, "no id": {"slug": "acme/widgets"}, "no slug": {"id": repository.id + 1}}
            body = json.dumps({"@type": "job", "id": job.id, "state": "failed", "repository": named[trouble]})
            site.faults.odd_answers = [OddAnswer(f"/job/{job.id}", body)]
        case "no such repository":
            repository.visible = False
        case permission:
            repository.permissions[permission] = False
    ended = retry(purger, job)
    assert ended.code == code
    assert said in ended.err
    assert len(repository.caches) == 2
    assert attempts(ended) == []


def test_a_job_of_the_repository_of_another_provider_is_restarted_by_its_full_name(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    repository.fill(2)
    other = site.add_repository("acme/widgets", provider="gitlab")
    other.add("main")
    job = site.add_job(other, script=[failed(), passed()])
    ended = purger("retry", "gitlab/acme/widgets", str(job.id), "--yes", "--wait", "0s")
    assert ended.code == 0, ended.err
    assert (len(repository.caches), other.caches, len(job.restarts)) == (2, [], 1)


def test_a_job_that_is_not_there_is_an_error(purger: Purger, site: StandIn, repository: Repository) -> None:
    ended = purger("retry", "acme/widgets", "424242", "--yes")
    assert ended.code == 2
    assert "There is no job 424242" in ended.err


def test_what_is_not_gone_is_purged_again_before_any_restart(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    repository.add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 403, times=1)]
    job = site.add_job(repository, script=[failed(), passed()])
    ended = retry(purger, job)
    assert ended.code == 0, ended.err
    first, second = attempts(ended)
    assert (first["purge"]["ok"], first["jobs"], first["verdict"]) == (False, [], None)
    assert (second["purge"]["ok"], second["verdict"]) == (True, "passed")
    site.faults.delete_fault = [DeleteFault("stubborn", 403)]
    repository.add("stubborn")
    ended = retry(purger, job, retry_attempts=1)
    assert ended.code == 1
    assert len(job.restarts) == 1


async def in_process(
    site: StandIn,
    jobs: list[Job],
    on: events.Observer = lambda _event: None,
    budget: Budget | None = None,
    policies: RetryPolicies = QUICK,
) -> RetryResult:
    """Run a retry whose events a test can act upon."""
    pace = Pace(settle_s=0.0, max_rate=0)
    settings = Settings(site=Site.at(site.url, site.api_url), token=Token(site.token), pace=pace, policies=policies)
    request = RetryRequest(repository=WIDGETS, job_ids=[job.id for job in jobs])
    retry = Retry(settings, request, RetrySettings(wait_s=0.0), Hooks(observe=on), budget)
    await retry.execute()
    return retry.result()


@pytest.mark.parametrize(
    ("runs", "remedy"),
    [
        ([], "Again."),
        ([JobRun(5, "page", verdict=Verdict.FETCHED_DELETED, restarted_at=NOW)], "Again."),
        ([JobRun(5, "page", restarted_at=NOW, error=JobError("x")), JobRun(6, "page")], "Again."),
        (
            [JobRun(5, "page", restarted_at=NOW, verdict=Verdict.PASSED), JobRun(6, "page", restarted_at=NOW)],
            "Wait until job 6 ended; then `purger check-log 6 --report FILE`, with the report of this run.",
        ),
        (
            [JobRun(5, "page", restarted_at=NOW), JobRun(6, "page", restarted_at=NOW)],
            "Wait until the jobs 5, 6 ended; then `purger check-log JOB --report FILE`, with the report of this run.",
        ),
    ],
)
def test_the_remedy_of_a_timeout_is_right_for_jobs_that_still_run(runs: list[JobRun], remedy: str) -> None:
    request = RetryRequest(repository=WIDGETS, job_ids=[run.id for run in runs])
    settings = Settings(site=Site.at(), token=Token("0" * 22))
    retry = Retry(settings, request, RetrySettings())
    attempt = RetryAttempt(1, 0.0, Run(settings, Request(repositories=[WIDGETS])), jobs=runs)
    retry._attempts.append(attempt)
    error = retry.report(NOW, OutOfTimeError("timed out after 8 s (--timeout)", remedy="Again.")).error
    assert error is not None
    assert (error.message, error.remedy) == ("timed out after 8 s (--timeout)", remedy)


async def test_a_cache_that_a_running_job_uploads_after_the_recheck(site: StandIn, repository: Repository) -> None:
    cache = repository.add("main")
    job = site.add_job(repository, script=[failed(), failed(), passed()])
    uploads: list[str] = []

    def on(event: events.Event) -> None:
        if isinstance(event, events.Finished) and not uploads:
            uploads.append(repository.add("main", name=cache.name, age_s=0).name)

    result = await in_process(site, [job], on)
    assert result.error is None
    assert [attempt.verdict for attempt in result.attempts] == [Verdict.FETCHED_DELETED, Verdict.PASSED]
    assert [len(attempt.run.result().records[0].ledger.selected) for attempt in result.attempts] == [1, 1]
    assert repository.caches == []


async def test_a_restart_that_is_refused_in_the_end(site: StandIn, repository: Repository) -> None:
    """The right was there when it was asked for."""
    job = site.add_job(repository, script=[failed()])

    def on(event: events.Event) -> None:
        if isinstance(event, events.Surveyed):
            repository.permissions["build_restart"] = False

    result = await in_process(site, [job], on)
    assert isinstance(result.error, RestartRefusedError)
    assert result.error.exit_code is ExitCode.ACCESS
    assert f"job {job.id} may not be restarted: answered 403: operation requires more access" in result.error.what


async def test_one_that_someone_else_restarts_in_the_meantime(site: StandIn, repository: Repository) -> None:
    first = site.add_job(repository, script=[failed(), passed(duration_s=3600)])
    second = site.add_job(repository, script=[failed(), passed()])

    def on(event: events.Event) -> None:
        if isinstance(event, events.Surveyed):
            first.restart()

    result = await in_process(site, [first, second], on)
    assert isinstance(result.error, JobError)
    assert "is running already" in result.error.what
    assert [run.verdict for run in result.last_runs] == [None, Verdict.PASSED], "the others go on"


NO_RIGHT = '{"@type": "error", "error_type": "insufficient_access", "error_message": "operation requires more access"}'
NOT_FOUND = '{"@type": "error", "error_type": "not_found", "error_message": "job not found"}'
REFUSED = '{"@type": "error", "error_type": "x", "error_message": "boom"}'


def outcomes(ended: Ended) -> list[tuple[str | None, str | None, int | None]]:
    jobs = attempts(ended)[-1]["jobs"]
    return [(job["state"], job["verdict"], job["error"] and job["error"]["exit_code"]) for job in jobs]


def test_a_job_that_vanishes_leaves_the_others(purger: Purger, site: StandIn, repository: Repository) -> None:
    vanishing, good, bad = (
        site.add_job(repository, script=[failed(), attempt])
        for attempt in (passed(duration_s=600), passed(), failed(symptom="test-failure"))
    )
    site.faults.odd_answers = [OddAnswer(f"/job/{vanishing.id}", NOT_FOUND, status=404, after=3)]
    ended = retry(purger, vanishing, good, bad)
    assert ended.code == 7, "the highest code of all jobs"
    assert outcomes(ended)[0][1:] == (None, 3), "caches are deleted: what was given was right"
    assert outcomes(ended)[1:] == [("passed", "passed", None), ("failed", "not-a-cache-problem", 7)]
    assert f"Job {vanishing.id} can't be followed any more, it was" in ended.err
    assert f"Job {good.id} passed; it started clean." in ended.err


def test_a_log_that_is_refused_leaves_the_others(purger: Purger, site: StandIn, repository: Repository) -> None:
    unread, again, good = (
        site.add_job(repository, script=[failed(), *script])
        for script in ([failed()], [failed(fetch="own"), passed()], [passed()])
    )
    repository.add("main", name=again.cache_name)
    site.faults.odd_answers = [OddAnswer(f"/job/{job.id}/log.txt", NO_RIGHT, status=403) for job in (unread, good)]
    ended = retry(purger, unread, again, good)
    assert ended.code == 3
    first, second = attempts(ended)
    assert [job["verdict"] for job in first["jobs"]] == ["unknown", "fetched-deleted", "passed"]
    assert [(job["job"], job["verdict"]) for job in second["jobs"]] == [(again.id, "passed")]
    assert f"Job {unread.id} failed, and its log can't be read: the token lacks a right" in ended.err
    assert f"job {good.id} passed, but its log can't be read" in ended.err
    assert f"Job {good.id} passed." in ended.err
    assert f"Job {again.id} passed; it started clean." in ended.err


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (400, 4, "was not restarted: the API answered 400: boom"),
        (503, 4, "was restarted is not known: the API answered 503"),
        (404, 3, "was not restarted: there is no job"),
        (302, 4, "was not restarted: "),
    ],
)
def test_a_restart_that_fails_leaves_the_others(
    purger: Purger, site: StandIn, repository: Repository, status: int, code: int, said: str
) -> None:
    jobs = [site.add_job(repository, script=[failed(), passed()]) for _ in range(3)]
    body = NOT_FOUND if status == 404 else REFUSED
    site.faults.odd_answers = [OddAnswer(f"/job/{jobs[1].id}/restart", body, method="POST", status=status)]
    ended = retry(purger, *jobs)
    assert ended.code == code, ended.err
    assert outcomes(ended) == [("passed", "passed", None), (None, None, code), ("passed", "passed", None)]
    assert said in ended.err
    assert [len(job.restarts) for job in jobs] == [1, 0, 1]


def test_a_token_that_is_refused_in_between_ends_it_with_what_is_known(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    jobs = [site.add_job(repository, script=[failed(), passed(duration_s=600)]) for _ in range(3)]
    body = '{"@type": "error", "error_type": "login_required", "error_message": "login required"}'
    site.faults.odd_answers = [OddAnswer(f"/job/{jobs[1].id}/restart", body, method="POST", status=403)]
    ended = retry(purger, *jobs)
    assert ended.code == 3
    assert [bool(job["restarted_at"]) for job in attempts(ended)[0]["jobs"]] == [True, False, False]
    assert f"Job {jobs[0].id} was restarted." in ended.err
    assert f"Job {jobs[2].id} was not restarted." in ended.err
    assert ended.err.count("The token was refused") == 1


async def test_sixty_restarts_do_not_ban_the_token(
    site: StandIn, repository: Repository, virtual_clock: Virtual
) -> None:
    budget = Budget(0, clock=virtual_clock, sleep=virtual_clock.sleep)
    jobs = [site.add_job(repository, build_id=9, script=[failed(), passed()]) for _ in range(60)]
    result = await in_process(site, jobs, budget=budget)
    assert result.error is None
    assert all(run.verdict is Verdict.PASSED for run in result.last_runs)
    times = virtual_clock.posts
    assert len(times) == 60
    assert all(later - earlier >= POST_WINDOW_S for earlier, later in zip(times, times[MOST_POSTS:], strict=False))


async def test_a_restart_whose_response_is_lost_is_not_sent_twice(
    site: StandIn, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from purger.travis.client import Calls
    from purger.travis.refusals import BusyError

    job = site.add_job(repository, script=[failed(), passed()])
    post = Calls.post

    async def lose_the_response(calls: Calls, address: str) -> dict[str, Any]:
        await post(calls, address)
        raise BusyError("the API did not answer")

    monkeypatch.setattr(Calls, "post", lose_the_response)
    result = await in_process(site, [job])
    assert result.error is None
    assert (len(job.restarts), site.count("POST")) == (1, 1)


async def test_a_log_that_says_nothing_ends_the_retry(
    site: StandIn, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = site.add_job(repository, script=[failed(), failed()])
    monkeypatch.setattr(Job, "log", lambda _job: "")
    result = await in_process(site, [job])
    assert isinstance(result.error, SiteError)
    assert "failed, and its log can't be read: the API has none" in result.error.what


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
        env=environment(site, TEST_MARK=f"retry-{id(site)}"),
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
def test_a_signal_in_the_wait_ends_it_with_a_report(
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
    assert f"Job {report['retry']['jobs'][0]} was not restarted." in err
    assert site.count("POST") == 0
    assert children_marked(f"retry-{id(site)}") == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_jobs_run_leaves_what_is_known_of_each(
    site: StandIn, repository: Repository, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    ends, runs, waits = (
        site.add_job(repository, script=[failed(), attempt])
        for attempt in (failed(symptom="test-failure"), passed(duration_s=600), Attempt(never_starts=True))
    )
    ids = [str(job.id) for job in (ends, runs, waits)]
    process = subprocess.Popen(
        [sys.executable, "-m", "purger", "retry", "acme/widgets", *ids, "--yes", "--json", "--wait", "0s"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(site),
        cwd=tmp_path,
    )
    assert process.stderr is not None
    missing = {f"job {ends.id} failed; it", f"job {runs.id} is started", f"job {waits.id} is queued"}
    while missing:
        line = process.stderr.readline()
        assert line, f"it ended early: {missing}"
        missing = {words for words in missing if words not in line}
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == code
    jobs = json.loads(out)["retry"]["attempts"][0]["jobs"]
    assert [(job["state"], job["verdict"]) for job in jobs] == [
        ("failed", "not-a-cache-problem"),
        ("started", None),
        ("queued", None),
    ]
    assert f"error: Not a cache problem: job {ends.id} failed" in err
    assert f"Job {runs.id} was restarted, and still ran when it was seen last." in err
    assert f"Job {waits.id} was restarted, and still waited for its start when it was seen last (queued)." in err
