"""Results as sentences: of one repository, of several, of jobs and of errors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import msgspec
import pytest

from purger.core.cache import Method
from purger.core.errors import AccessError, ExitCode, JobError, PurgerError, SiteError
from purger.purge.entry import ACCEPTED_ONLY, NOT_ATTEMPTED, NOT_RECHECKED
from purger.purge.record import Record
from purger.report.build import error_report, repository_report, run_report
from purger.report.model import ErrorReport, RetryReport, StoredReport
from purger.report.phrases import (
    archive_text,
    counted,
    error_words,
    errors_of,
    headline,
    how_sentence,
    job_words,
    kept_sentences,
    list_headline,
    remedy_lines,
    state_of,
    verdict_of,
)
from purger.travis.refusals import NotFoundError
from tests.report.samples import (
    SampleEntry,
    SampleLedger,
    cache_report,
    deleted,
    job_report,
    record,
    record_of,
    refused,
    report,
    repository_of,
    retried,
    skipped,
    with_kept,
)
from tests.support.builders import NOW, cache


def unverified() -> Record:
    made = record(gone=1)
    made.verified = False
    return made


def unselected() -> Record:
    return record_of([skipped("a"), skipped("b")])


def with_hidden(made: Record) -> Record:
    """The record, with a list that was full on the last load."""
    made.complete, made.verified = False, False
    return made


def with_undecided(*gone: SampleEntry, branches: str = "ab") -> Record:
    """A record of these, and of caches of which nobody can tell whether they are selected."""
    unclear = [replace(skipped(branch), undecided=True) for branch in branches]
    made = record_of([*gone, *unclear])
    cast(SampleLedger, made.ledger).undecided = tuple(unclear)
    made.verified = False
    return made


def remaining(reason: str) -> SampleEntry:
    return SampleEntry(cache("x"), reason=reason)


def started_empty() -> Record:
    """The record of a resumed run that found nothing selected any more."""
    made = record(gone=1)
    made.loads = 0
    return made


def stopped() -> Record:
    made = record(gone=0)
    made.error = SiteError("gone")
    return made


@pytest.mark.parametrize(
    ("made", "more", "sentence"),
    [
        (record(gone=1, settled_s=5.0), {}, "1 cache of acme/widgets is gone (1.0 MB), rechecked twice, 5 s apart."),
        (record(gone=2, settled_s=0.0), {}, "2 caches of acme/widgets are gone (3.0 MB), rechecked twice in a row."),
        (record(gone=2), {}, "2 caches of acme/widgets are gone (3.0 MB), rechecked twice."),
        (unverified(), {}, "1 cache of acme/widgets is gone (1.0 MB), but no second recheck confirmed it."),
        (started_empty(), {}, "1 cache of acme/widgets is gone (1.0 MB), listed no more."),
        (with_hidden(record(gone=1)), {}, "1 cache of acme/widgets is gone (1.0 MB), but others may be hidden: "
         "the site lists no more at once."),
        (with_hidden(record(gone=1, left=[refused("x")])), {}, "1 of at least 2 caches of acme/widgets is gone "
         "(1.0 MB); 1 failed."),
        (with_undecided(deleted("x", 5)), {}, "1 cache of acme/widgets is gone (5 Bytes), but of 2 other caches "
         "nobody can tell whether they are selected."),
        (with_undecided(), {"filters": "of branch x"}, "Of 2 caches of acme/widgets nobody can tell whether they are "
         "selected (of branch x); no other is."),
        (with_undecided(deleted("x", 5), branches="a"), {}, "1 cache of acme/widgets is gone (5 Bytes), but of 1 other "
         "cache nobody can tell whether it is selected."),
        (record(gone=0), {}, "acme/widgets has no caches."),
        (record_of([skipped("a")]), {"filters": "of branch x"}, "The only cache of acme/widgets is not selected "
         "(of branch x): nothing to do."),
        (stopped(), {}, "Nothing of acme/widgets was deleted."),
        (unselected(), {}, "None of the 2 caches of acme/widgets is selected: nothing to do."),
        (unselected(), {"filters": "of branch x"}, "None of the 2 caches of acme/widgets is selected (of branch x): "
         "nothing to do."),
        (with_hidden(unselected()), {}, "None of the 2 listed caches of acme/widgets is selected, but others may be "
         "hidden: the site lists no more at once."),
        (record(gone=1, left=[refused("x"), refused("y")]), {}, "1 of 3 caches of acme/widgets is gone (1.0 MB); "
         "2 failed."),
        (record(gone=1, left=[remaining(ACCEPTED_ONLY), remaining(NOT_RECHECKED), remaining(NOT_ATTEMPTED)]), {},
         "1 of 4 caches of acme/widgets is gone (1.0 MB); 3 remaining. No recheck shows what became of 2 of them "
         "(1 accepted as deleted)."),
        (record(gone=0, left=[refused("x")]), {"dry_run": True}, "1 cache of acme/widgets would be deleted (10 Bytes). "
         "Nothing was touched."),
        (with_hidden(record(gone=0, left=[refused("x")])), {"dry_run": True}, "At least 1 cache of acme/widgets would "
         "be deleted (10 Bytes; the site lists no more at once). Nothing was touched."),
    ],
)  # fmt: skip
def test_the_result_of_a_repository_is_a_sentence(made: Record, more: dict[str, Any], sentence: str) -> None:
    dry_run = more.get("dry_run", False)
    value = repository_report(made, None, dry_run=dry_run)
    assert verdict_of(value, **{"dry_run": False} | more) == sentence


def test_the_result_of_a_list_is_a_sentence() -> None:
    def of(*records: Record) -> str:
        return list_headline(run_report(records, None, NOW, dry_run=True))

    one = record(gone=0, left=[refused("x")])
    assert of(one) == "1 cache of acme/widgets listed (10 Bytes)."
    assert of(one, record("z", gone=0)) == "1 cache in 2 repositories listed (10 Bytes)."
    assert of(with_hidden(one)) == "At least 1 cache of acme/widgets listed (10 Bytes)."
    assert of() == "Nothing is listed: there was no repository."
    assert of(record(gone=0)) == "0 caches of acme/widgets listed (0 Bytes)."
    refused_token = run_report([], AccessError("the token was refused"), NOW, dry_run=True)
    assert list_headline(refused_token) == "Nothing is listed: the token was refused."


def test_the_result_of_several_repositories_is_a_sentence() -> None:
    def of(*records: Record, dry_run: bool = False) -> str:
        return headline(run_report(records, None, NOW, dry_run=dry_run))

    bad, worse = record("x", left=[refused("x")]), record("y", left=[refused("y")])
    assert of(record(), bad) == "6 of 7 caches in 2 repositories are gone (12.0 MB); 1 repository is not done."
    assert of(bad, worse) == "6 of 8 caches in 2 repositories are gone (12.0 MB); 2 repositories are not done."
    assert of(record(), record("z")) == "6 caches in 2 repositories are gone (12.0 MB), rechecked twice."
    one, empty = record("y", gone=1), record("z", gone=0)
    assert of(one, empty) == "1 cache in 2 repositories is gone (1.0 MB), rechecked twice."
    assert of(started_empty(), empty) == "1 cache in 2 repositories is gone (1.0 MB), listed no more."
    nothing = "Nothing is selected in 2 repositories: nothing to do."
    assert of(empty, unselected()) == of(empty, unselected(), dry_run=True) == nothing
    assert of(bad, worse, dry_run=True) == "8 caches in 2 repositories would be deleted (12.0 MB). Nothing was touched."
    assert of() == "Nothing was deleted: there was no repository to purge."
    refused_token = run_report([], AccessError("the token was refused"), NOW)
    assert headline(refused_token) == "Nothing was deleted: the token was refused."


@pytest.mark.parametrize("names", ["a", "ab"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_result_names_the_error_that_is_none_of_its_repositories(names: str, dry_run: bool) -> None:
    done = headline(run_report([record(name) for name in names], None, NOW, dry_run=dry_run))
    unknown = run_report([record(name) for name in names], NotFoundError("no such owner"), NOW, dry_run=dry_run)
    assert headline(unknown) == f"{done} No such owner."


def unlisted(name: str) -> Record:
    """A repository that could not be listed."""
    made = record(name, gone=0)
    made.error, made.surveyed, made.verified = AccessError(f"{name} was not found"), False, False
    return made


def test_a_result_tells_of_repositories_that_could_not_be_listed() -> None:
    def of(*records: Record, dry_run: bool = False, as_list: bool = False) -> str:
        made = run_report(records, None, NOW, dry_run=dry_run or as_list)
        return list_headline(made) if as_list else headline(made)

    some, lost, empty = record("x", gone=0, left=[refused("x")]), unlisted("y"), record("z", gone=0)
    assert of(lost, unlisted("b")) == "Nothing was deleted in 2 repositories; 2 repositories are not done."
    assert of(lost, empty) == "Nothing was deleted in 2 repositories; 1 repository is not done."
    assert of(some, lost, dry_run=True) == (
        "1 cache in 2 repositories would be deleted (10 Bytes); 1 repository could not be listed. Nothing was touched."
    )
    assert of(some, lost, as_list=True) == (
        "1 cache in 2 repositories listed (10 Bytes); 1 repository could not be listed."
    )
    assert of(lost, as_list=True) == "Nothing is listed: 1 repository could not be listed."


def test_what_a_policy_keeps_is_counted_and_summed_up() -> None:
    assert kept_sentences(with_kept().repositories[0]) == [
        "keeps 12 caches, 1.4 GB: newest of their branch",
        "keeps 1 cache, 10 Bytes: of an excluded branch",
    ]


def test_other_methods_than_the_icon_are_explained() -> None:
    def sentence(*hows: Method | None) -> str | None:
        return how_sentence(repository_of(*(cache_report("a", how=how) for how in hows)))

    why = (
        ", because the icon of such a row was refused, deletes nothing of it, or more than was selected "
        "(branch names with a slash show only their last part), or what it deleted stayed listed."
    )
    assert sentence() is None
    assert sentence(Method.ICON, None) is None
    assert sentence(Method.BUTTON, Method.ICON) == f"1 cache by the page's 'Delete all' button{why}"
    both = f"2 caches by the page's 'Delete all' button and 1 cache by the API{why}"
    assert sentence(Method.BUTTON, Method.API, Method.BUTTON) == both
    by_api = repository_report(record_of([deleted("x/y", 1, how=Method.API)]), None)
    assert how_sentence(by_api) == f"1 cache by the API{why}"
    assert how_sentence(repository_of(cache_report("a", how=Method.API, selected=False))) is None


def test_an_error_is_a_sentence() -> None:
    def words(error: PurgerError) -> str:
        made = error_report(error)
        assert made is not None
        return error_words(made)

    assert words(SiteError("the site is gone.", where="https://api")) == "The site is gone (https://api)."
    assert words(SiteError("it ended")) == "It ended."
    assert words(SiteError("it is X.")) == "It is X."


def test_each_error_is_listed_once() -> None:
    stopped, refusal = SiteError("gone"), AccessError("refused")
    one, two = record("a", left=[refused("x")]), record("b")
    two.error = refusal
    made = [report(one, two, error=stopped)]
    one.error = refusal
    made += [report(one, two), report(one, two, record("c"))]
    one.error = stopped
    made.append(report(one, two))
    assert [[(error.message, names) for error, names in errors_of(each).items()] for each in made] == [
        [("gone", []), ("refused", ["acme/b"])],
        [("refused", [])],
        [("refused", ["acme/a", "acme/b"])],
        [("gone", ["acme/a"]), ("refused", ["acme/b"])],
    ]


def test_the_errors_of_jobs_are_listed_too() -> None:
    lost, other = (error_report(JobError(f"job {number} was cancelled")) for number in (13, 14))
    jobs = (
        msgspec.structs.replace(job_report(number, None), error=error) for number, error in ((13, lost), (14, other))
    )
    made = msgspec.structs.replace(retried("passed", more_jobs=tuple(jobs)), error=lost)
    assert errors_of(made) == {lost: [], other: []}
    made = msgspec.structs.replace(made, error=None)
    assert errors_of(made) == {lost: [], other: []}, "each has words of its own"


@pytest.mark.parametrize(
    ("ok", "dry_run", "exit_code", "state"),
    [
        (True, False, 0, "done"),
        (True, True, 0, "dry-run"),
        (False, True, 3, "failed"),
        (False, False, 1, "failed"),
        (False, False, 130, "stopped"),
        (False, True, 143, "stopped"),
    ],
)
def test_the_state_of_a_run_follows_from_its_exit_code(ok: bool, dry_run: bool, exit_code: int, state: str) -> None:
    assert state_of(ok=ok, dry_run=dry_run, exit_code=ExitCode(exit_code)) == state


def test_of_several_jobs_those_that_passed_are_counted() -> None:
    made = retried("passed", more_jobs=(job_report(13, "unknown"), job_report(14, "canceled")))
    assert headline(made) == "1 of 3 jobs passed; 3 caches deleted in 1 attempt."


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_run_that_ended_before_anything_was_selected_says_why(dry_run: bool) -> None:
    made = report(record("a", gone=0), record("b", gone=0), error=AccessError("no access"), dry_run=dry_run)
    assert headline(made) == "Nothing was deleted: no access."


def test_a_retry_that_came_to_no_restart_counts_what_all_its_attempts_deleted() -> None:
    made = retried(None, None)
    without_jobs = [msgspec.structs.replace(attempt, jobs=[]) for attempt in made.attempts]
    for jobs, result in (([12], "Job 12 was not restarted"), ([12, 13], "No job was restarted")):
        retry = RetryReport(jobs=jobs, attempts=without_jobs)
        assert headline(msgspec.structs.replace(made, retry=retry)) == f"{result}; 3 caches deleted in 2 attempts."


def test_a_job_that_was_not_followed_to_its_end_has_words() -> None:
    job = job_report(12, None)
    waiting = ("created", "queued", "received")
    words = {
        state: job_words(msgspec.structs.replace(job, state=state)) for state in (None, "started", *waiting, "failed")
    }
    assert words == {
        None: "was restarted",
        "started": "was restarted, and still ran when it was seen last",
        "failed": "was restarted, and ended (failed), but was not judged",
    } | {state: f"was restarted, and still waited for its start when it was seen last ({state})" for state in waiting}
    assert job_words(job_report(12, None, restarted=False)) == "was not restarted"


def test_outcomes_are_counted_in_a_fixed_order() -> None:
    outcomes = ["failed", "recreated", "failed"]
    assert counted([cache_report("a", outcome=outcome) for outcome in outcomes]) == "1 recreated, 2 failed"


@pytest.mark.parametrize(
    ("branch", "archive", "words"),
    [
        ("main", "a.tgz", "main/a.tgz"),
        ("", "a.tgz", "a.tgz"),
        (None, None, "a cache that the log does not name"),
        ("main", "", "a cache that the log does not name"),
    ],
)
def test_an_archive_is_named_as_far_as_the_log_does(branch: str | None, archive: str | None, words: str) -> None:
    assert archive_text(StoredReport(branch=branch, archive=archive, at=None, succeeded=None)) == words


def test_a_remedy_has_the_lines_that_it_quotes() -> None:
    def lines(remedy: str | None) -> list[str]:
        return remedy_lines(ErrorReport(message="x", where=None, remedy=remedy, exit_code=ExitCode.REMAINS))

    assert lines("Look here:\n  $ make\u2028\n  make: no rule") == ["Look here:", "  $ make\u2028", "  make: no rule"]
    assert lines(None) == lines("") == []
