"""The report of a job's log: what was read of it, what a purge deleted, and what to do about symptoms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import UNSET

from purger.jobs.log_report import log_report
from purger.travis.job_log import Fetch, FetchVerdict, JobLog, Stored, Symptom, SymptomId, Unknown
from tests.support.builders import NOW

OWN = Fetch("PR.7", "cache-a.tgz", NOW, found=False, source="own")
TARGET = Fetch("main", "cache-a.tgz", NOW, found=True, source="target")
LOG = JobLog(
    is_log=True,
    asked=(OWN, TARGET),
    fetched=(TARGET,),
    stored=(Stored("PR.7", "cache-a.tgz", NOW, succeeded=True),),
    nothing_changed=False,
    started_clean=False,
    last_failing_lines=("$ make", "no"),
    truncated=True,
)
GONE = FetchVerdict(TARGET, deleted=True, outcome="deleted", deleted_at=NOW, when="after")


def test_all_that_was_read_is_in_the_report() -> None:
    made = log_report(LOG)
    assert [(fetch.branch, fetch.found, fetch.source) for fetch in made.asked] == [
        ("PR.7", False, "own"), ("main", True, "target"),
    ]  # fmt: skip
    assert [(fetch.branch, fetch.archive, fetch.at) for fetch in made.fetched] == [("main", "cache-a.tgz", NOW)]
    assert [(stored.branch, stored.succeeded) for stored in made.stored] == [("PR.7", True)]
    assert (made.started_clean, made.nothing_changed, made.truncated) == (False, False, True)
    assert made.last_failing_lines == ["$ make", "no"]


def test_no_line_shows_half_of_a_secret_that_a_terminal_wrapped() -> None:
    made = log_report(replace(LOG, last_failing_lines=("$ git push https://me:gehe", "im@example.invalid/a")))
    assert made.last_failing_lines == ["$ git push https://example.invalid/a"]


def test_no_line_that_is_repeated_shows_what_is_likely_a_secret() -> None:
    symptom = Symptom("version-conflict", "pkg_resources.VersionConflict: (API_TOKEN=abc)", "m", "w")
    made = log_report(replace(LOG, symptoms=(symptom,), last_failing_lines=("$ make TOKEN=abc", "no")))
    assert made.symptoms[0].line == "pkg_resources.VersionConflict: (API_TOKEN=REDACTED"
    assert made.last_failing_lines == ["$ make TOKEN=REDACTED", "no"]


def test_what_a_purge_did_is_added_to_fetched_archives_only() -> None:
    made = log_report(LOG, [GONE])
    (fetched,) = made.fetched
    assert (fetched.deleted, fetched.outcome, fetched.deleted_at, fetched.when) == (True, "deleted", NOW, "after")
    assert made.asked == log_report(LOG).asked
    assert log_report(LOG).fetched != made.fetched


@pytest.mark.parametrize(
    ("symptom", "fetched_some", "is_acquitted"),
    [
        ("version-conflict", True, False),
        ("version-conflict", False, True),
        ("contextual-version-conflict", False, True),
        ("distribution-not-found", False, True),
        ("test-image", False, False),
    ],
)
def test_no_cache_is_to_blame_for_stale_packages_where_none_was_fetched(
    symptom: SymptomId, fetched_some: bool, is_acquitted: bool
) -> None:
    found = Symptom(symptom, "the line", "the meaning", "Purge the caches.")
    log = replace(LOG, symptoms=(found,), fetched=(TARGET,) if fetched_some else ())
    (made,) = log_report(log).symptoms
    assert (made.id, made.line) == (symptom, "the line")
    assert (made.meaning == "the meaning") is not is_acquitted
    assert made.what_to_do.startswith("It fetched no cache") is is_acquitted
    assert (made.what_to_do == "Purge the caches.") is not is_acquitted


def test_what_a_log_does_not_tell_has_its_reason_in_the_report() -> None:
    stalled = log_report(JobLog(is_log=True, asked=(OWN,), unknown=Unknown.STALLED))
    assert (stalled.cache_use, stalled.is_worth_a_restart) == ("unknown", True)
    assert stalled.unknown_reason == "ends while the job downloads a cache: it stalled, or was stopped"
    cut = log_report(JobLog(is_log=True, unknown=Unknown.ENDS_EARLY))
    assert (cut.unknown_reason, cut.is_worth_a_restart) == ("ends before it tells whether a cache was fetched", False)
    known = log_report(LOG)
    assert (known.cache_use, known.unknown_reason, known.is_worth_a_restart) == ("fetched", None, False)


@pytest.mark.parametrize(
    "name", ["fetched_unnamed", "unpacking_cut_off", "stopped", "stopped_storing", "several_jobs", "nothing_changed"]
)
def test_each_remark_on_a_log_is_in_its_report(name: str) -> None:
    assert getattr(log_report(replace(LOG, **{name: True})), name) is True  # type: ignore[arg-type]
    assert getattr(log_report(LOG), name) is False


def test_what_was_stored_is_reported_with_its_time_and_its_failure() -> None:
    failed = Stored("PR.7", "cache-b.tgz", NOW, succeeded=False, reason="the store refused it")
    (stored,) = log_report(replace(LOG, stored=(failed,))).stored
    assert (stored.branch, stored.archive, stored.at) == ("PR.7", "cache-b.tgz", NOW)
    assert (stored.succeeded, stored.failure) == (False, "the store refused it")


def test_a_doubt_is_the_reason_that_nothing_is_known_of_an_archive() -> None:
    doubted = FetchVerdict(TARGET, None, None, None, "unknown", "deleted in a/b, and is still there in c/d")
    (fetched,) = log_report(LOG, [doubted]).fetched
    assert (fetched.deleted, fetched.outcome, fetched.deleted_at, fetched.when) == (None, None, None, "unknown")
    assert fetched.reason == "deleted in a/b, and is still there in c/d"
    assert log_report(LOG, [GONE]).fetched[0].reason is UNSET
