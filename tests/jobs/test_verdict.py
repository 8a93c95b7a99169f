"""The verdict on a restarted job that has ended, and its sentence and error."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from purger.core.errors import ExitCode
from purger.jobs.verdict import error_of, is_spared, judge, sentence_about
from purger.report.model import Verdict
from purger.travis.job_log import Fetch, FetchVerdict, JobLog, Symptom, Unknown

FETCH = Fetch("main", "cache-a.tgz", datetime(2026, 3, 1, 12, 0, tzinfo=UTC), found=True, source="own")
NO_LOG = JobLog(is_log=False)
CLEAN = JobLog(is_log=True, started_clean=True)
FETCHED = JobLog(is_log=True, asked=(FETCH,), fetched=(FETCH,), started_clean=False)
CUT = JobLog(is_log=True, truncated=True, unknown=Unknown.ENDS_EARLY)
IN_SET_UP = JobLog(is_log=True, unknown=Unknown.IN_SET_UP)
STALLED = JobLog(is_log=True, asked=(FETCH,), unknown=Unknown.STALLED)
UNNAMED = JobLog(is_log=True, started_clean=False, fetched_unnamed=True)
CUT_AFTER_A_COMMAND = JobLog(is_log=True, truncated=True, last_failing_lines=("$ make",))
WITHOUT_CACHES = JobLog(is_log=True)
GONE = FetchVerdict(FETCH, deleted=True, outcome="deleted", deleted_at=None, when="after")
UPLOADED_AGAIN = replace(GONE, is_spared=True)
SPARED = FetchVerdict(FETCH, deleted=False, outcome="skipped", deleted_at=None, when="unknown")
UNCLEAR = FetchVerdict(
    FETCH, deleted=None, outcome=None, deleted_at=None, when="unknown", doubt="deleted of one branch"
)
UNSEEN = FetchVerdict(FETCH, deleted=False, outcome=None, deleted_at=None, when="unknown")


@pytest.mark.parametrize(
    ("state", "log", "fetched", "verdict"),
    [
        ("passed", CLEAN, [], Verdict.PASSED),
        ("passed", FETCHED, [GONE], Verdict.PASSED),
        ("passed", NO_LOG, [], Verdict.PASSED),
        ("canceled", FETCHED, [GONE], Verdict.CANCELED),
        ("failed", FETCHED, [GONE], Verdict.FETCHED_DELETED),
        ("errored", FETCHED, [GONE], Verdict.FETCHED_DELETED),
        ("failed", FETCHED, [SPARED, GONE], Verdict.FETCHED_DELETED),
        ("failed", FETCHED, [SPARED], Verdict.NOT_A_CACHE_PROBLEM),
        ("failed", FETCHED, [UNSEEN], Verdict.UNLISTED),
        ("failed", FETCHED, [UNCLEAR], Verdict.UNKNOWN),
        ("failed", FETCHED, [UNCLEAR, GONE], Verdict.FETCHED_DELETED),
        ("failed", CLEAN, [], Verdict.NOT_A_CACHE_PROBLEM),
        ("errored", CLEAN, [], Verdict.NOT_A_CACHE_PROBLEM),
        ("failed", WITHOUT_CACHES, [], Verdict.NOT_A_CACHE_PROBLEM),
        ("failed", CUT_AFTER_A_COMMAND, [], Verdict.NOT_A_CACHE_PROBLEM),
        ("failed", CUT, [], Verdict.UNKNOWN),
        ("failed", UNNAMED, [], Verdict.UNKNOWN),
        ("errored", STALLED, [], Verdict.NO_ANSWER),
        ("failed", NO_LOG, [], Verdict.UNKNOWN),
        ("errored", IN_SET_UP, [], Verdict.NOT_A_CACHE_PROBLEM),
    ],
)
def test_the_verdict_follows_from_the_state_and_the_log(
    state: str, log: JobLog, fetched: list[FetchVerdict], verdict: Verdict
) -> None:
    assert judge(state, log, fetched) is verdict


@pytest.mark.parametrize(
    ("verdict", "log", "sentence"),
    [
        (Verdict.PASSED, CLEAN, "passed; it started clean"),
        (Verdict.PASSED, NO_LOG, "passed"),
        (Verdict.CANCELED, CLEAN, "was cancelled"),
        (Verdict.UNKNOWN, NO_LOG, "failed, and its log does not tell what it fetched"),
        (
            Verdict.NO_ANSWER,
            STALLED,
            "failed; its log ends while the job downloads a cache: it stalled, or was stopped",
        ),
        (Verdict.NOT_A_CACHE_PROBLEM, WITHOUT_CACHES, "failed; it uses no cache"),
        (Verdict.FETCHED_DELETED, FETCHED, "failed; it fetched main/cache-a.tgz, its own branch's cache"),
    ],
)
def test_each_verdict_has_its_sentence(verdict: Verdict, log: JobLog, sentence: str) -> None:
    assert sentence_about(verdict, log) == sentence


def error(verdict: Verdict, log: JobLog, fetched: list[FetchVerdict], attempts: int = 3) -> Any:
    return error_of(verdict, 5, "https://app/jobs/5", log, fetched, attempts)


@pytest.mark.parametrize(
    ("verdict", "log", "fetched", "code"),
    [
        (Verdict.FETCHED_DELETED, FETCHED, [GONE], ExitCode.REMAINS),
        (Verdict.CANCELED, NO_LOG, [], ExitCode.REMAINS),
        (Verdict.UNKNOWN, NO_LOG, [], ExitCode.SITE),
        (Verdict.UNKNOWN, FETCHED, [UNCLEAR], ExitCode.SITE),
        (Verdict.NO_ANSWER, STALLED, [], ExitCode.SITE),
        (Verdict.UNLISTED, FETCHED, [UNSEEN], ExitCode.REMAINS),
        (Verdict.NOT_A_CACHE_PROBLEM, CLEAN, [], ExitCode.NOT_A_CACHE_PROBLEM),
    ],
)
def test_every_failure_has_its_own_sentence_and_exit(
    verdict: Verdict, log: JobLog, fetched: list[FetchVerdict], code: ExitCode
) -> None:
    made = error(verdict, log, fetched)
    assert made.exit_code is code
    assert "job 5" in made.what
    assert made.where == "https://app/jobs/5"
    assert made.remedy


@pytest.mark.parametrize(
    ("log", "fetched", "said"),
    [
        (CLEAN, [], "not a cache problem: job 5 failed, and started clean"),
        (WITHOUT_CACHES, [], "not a cache problem: job 5 failed, and uses no cache"),
        (FETCHED, [SPARED], "no deleted cache is to blame: job 5 failed, and fetched "),
    ],
)
def test_what_was_fetched_and_not_deleted_may_be_the_problem(
    log: JobLog, fetched: list[FetchVerdict], said: str
) -> None:
    assert error(Verdict.NOT_A_CACHE_PROBLEM, log, fetched).what.startswith(said)


def test_a_job_that_passed_is_no_error() -> None:
    assert error(Verdict.PASSED, CLEAN, []) is None


def test_what_still_comes_back_is_named() -> None:
    assert "main/cache-a.tgz" in error(Verdict.FETCHED_DELETED, FETCHED, [SPARED, GONE]).what
    made = error(Verdict.FETCHED_DELETED, FETCHED, [GONE, GONE], attempts=1)
    assert made.what.endswith("after 1 attempt: main/cache-a.tgz, main/cache-a.tgz")
    assert made.remedy == (
        "A running job may upload it again and again: wait until none runs on that branch, "
        "then run this again, with a longer --wait."
    )


@pytest.mark.parametrize(
    ("fetched", "spared"),
    [
        ([], False),
        ([SPARED], False),
        ([GONE], False),
        ([UPLOADED_AGAIN], True),
        ([UPLOADED_AGAIN, SPARED], True),
        ([UPLOADED_AGAIN, GONE], False),
    ],
)
def test_later_uploads_that_no_purge_would_delete_are_not_said_to_be_deleted_caches(
    fetched: list[FetchVerdict], spared: bool
) -> None:
    assert is_spared(fetched) is spared
    made = error(Verdict.FETCHED_DELETED, FETCHED, fetched)
    if spared:
        assert made.what == (
            "job 5 fetched a cache that was uploaded again after its deletion, and is not selected: main/cache-a.tgz"
        )
        assert made.where == "https://app/jobs/5"
        assert made.remedy == (
            "Run this again with options that select it: without --older-than, --newer-than, --keep-newest, "
            "--until-below and --limit, for example."
        )
    else:
        assert "still fetches a deleted cache" in made.what


def test_a_fetch_of_which_it_is_not_known_whether_it_was_deleted_is_named() -> None:
    made = error(Verdict.UNKNOWN, FETCHED, [UNCLEAR, UNCLEAR])
    assert made.what.endswith("of one branch, main/cache-a.tgz was deleted of one branch")
    made = error(Verdict.UNKNOWN, FETCHED, [SPARED, UNCLEAR])
    assert made.what.endswith("fetched a deleted cache is not known: main/cache-a.tgz was deleted of one branch")
    assert "--branch" in made.remedy


def test_only_what_no_purge_saw_listed_is_named_as_unlisted() -> None:
    elsewhere = replace(UNSEEN, fetch=replace(FETCH, archive="cache-d.tgz", source="default"))
    other = replace(UNSEEN, fetch=replace(FETCH, archive="cache-b.tgz"))
    made = error(Verdict.UNLISTED, FETCHED, [SPARED, UNSEEN, elsewhere, other])
    assert made.what == (
        "job 5 failed, and fetched a cache of its own branch that the site does not list: "
        "main/cache-a.tgz, main/cache-b.tgz; no deletion was tried"
    )
    assert made.remedy.startswith("Run this again, to see whether the job still fetches it.")
    assert "set another `cache: key`" in made.remedy


def test_a_job_without_an_answer_says_how_often_it_was_started_and_what_its_log_shows() -> None:
    made = error(Verdict.NO_ANSWER, STALLED, [], attempts=2)
    assert made.what == (
        "job 5 got no answer to its request for a cache, in 2 attempts: "
        "its log ends while the job downloads a cache: it stalled, or was stopped"
    )


def test_not_a_cache_problem_says_where_to_search() -> None:
    symptom = Symptom("test-image", "Ensure test image", "It was never pushed.", "Push the branch.")
    lines = ("$ pytest", "E  assert 2 == 3")
    of_symptom = error(
        Verdict.NOT_A_CACHE_PROBLEM, JobLog(is_log=True, symptoms=(symptom,), last_failing_lines=lines), []
    )
    assert of_symptom.remedy == "Ensure test image\nIt was never pushed. Push the branch."
    of_lines = error(Verdict.NOT_A_CACHE_PROBLEM, JobLog(is_log=True, last_failing_lines=lines), [])
    assert of_lines.remedy.splitlines()[1:] == ["  $ pytest", "  E  assert 2 == 3"]
    assert "the build itself" in error(Verdict.NOT_A_CACHE_PROBLEM, CLEAN, []).remedy
    assert "were there filters" in error(Verdict.NOT_A_CACHE_PROBLEM, FETCHED, [UNSEEN, SPARED]).remedy
    of_default = replace(UNSEEN, fetch=replace(FETCH, source="default"))
    assert judge("failed", FETCHED, [of_default]) is Verdict.NOT_A_CACHE_PROBLEM
    unseen = error(Verdict.NOT_A_CACHE_PROBLEM, FETCHED, [of_default]).remedy
    assert unseen.startswith("It fetched a cache that no purge saw listed: was it uploaded since then?")


def test_a_clean_start_acquits_the_cache_of_stale_packages() -> None:
    stale = Symptom("version-conflict", "VersionConflict: x", "The cache is stale.", "Purge the caches.")
    remedy = error(Verdict.NOT_A_CACHE_PROBLEM, JobLog(is_log=True, symptoms=(stale,), started_clean=True), []).remedy
    assert "Purge" not in remedy
    assert "requirements" in remedy
