"""The report of a resumed run holds what the former run knew of the repositories that it goes on with."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from purger.core.cache import Method, Outcome
from purger.core.errors import AccessError, ExitCode
from purger.report.continued import continued
from purger.report.model import AttemptReport, CacheReport, Report, RepositoryReport, RetryReport
from tests.report.samples import cache_report, deleted, record_of, refused, report, repository_of
from tests.support.builders import NOW

KEY = ("github", "acme/left")


def of(made: Report) -> RepositoryReport:
    (repository,) = made.repositories
    return repository


def outcomes(repository: RepositoryReport) -> dict[str, str]:
    return {cache.branch: cache.outcome.value for cache in repository.caches}


def former(*more: CacheReport) -> Report:
    made = report(record_of([refused("main"), refused("dev"), deleted("old", 7, how=Method.ICON)], "left"))
    repository = of(made)
    caches = [*repository.caches, *more]
    return msgspec.structs.replace(
        made, repositories=[msgspec.structs.replace(repository, decided=True, caches=caches)]
    )


def test_of_a_repository_that_was_not_listed_again_the_former_caches_stand() -> None:
    nothing = record_of([], "left")
    nothing.verified, nothing.error = False, AccessError("no access")
    now = of(continued(report(nothing), former(), set()))
    before = of(former())
    assert (now.decided, now.caches, now.selected, now.deleted) == (True, before.caches, 3, 1)
    assert (now.ok, now.verified) == (False, False)
    assert now.error is not None
    assert now.error.message == "no access"


def test_what_was_selected_and_is_listed_no_more_is_deleted_where_that_was_proved() -> None:
    now = report(record_of([deleted("main", 10)], "left"))
    assert of(now).verified
    whole = of(continued(now, former(cache_report("spared", selected=False)), {KEY}))
    assert outcomes(whole) == {"old": "deleted", "dev": "deleted", "main": "deleted"}
    (gone,) = (cache for cache in whole.caches if cache.branch == "dev")
    assert (gone.gone_at, gone.reason) == (now.finished_at, "it was gone when the run was resumed")
    assert (whole.seen, whole.selected, whole.deleted, whole.failed) == (3, 3, 3, 0)
    assert whole.ok


@pytest.mark.parametrize(
    ("looks", "complete", "dev"), [(2, True, "deleted"), (0, True, "failed"), (2, False, "failed")]
)
def test_where_others_are_left_it_is_deleted_only_where_a_whole_list_showed_that(
    looks: int, complete: bool, dev: str
) -> None:
    now = report(record_of([refused("main")], "left"))
    seen = msgspec.structs.replace(of(now), looks=looks, complete=complete)
    whole = of(continued(msgspec.structs.replace(now, repositories=[seen]), former(), {KEY}))
    assert outcomes(whole) == {"old": "deleted", "dev": dev, "main": "failed"}
    assert (whole.selected, whole.deleted + whole.failed, whole.ok) == (3, 3, False)


def test_another_repository_is_left_as_it_is() -> None:
    now = report(record_of([deleted("main", 10)], "other"))
    assert continued(now, former(), {KEY}) == now


def test_a_run_that_ended_before_it_knew_a_repository_leaves_all_of_them() -> None:
    nothing = msgspec.structs.replace(report(error=AccessError("no access")), repositories=[])
    now = continued(nothing, former(), set())
    assert of(now).caches == of(former()).caches
    assert of(now).error == now.error


def test_what_an_attempt_before_decided_stands_where_the_last_attempt_of_a_retry_did_not_get_to_it() -> None:
    whole = former()
    (decided,) = whole.repositories
    not_listed = msgspec.structs.replace(decided, decided=False, caches=[], selected=0)
    attempt = AttemptReport(number=1, purge=decided, wait_s=0.0, verdict=None, jobs=[])
    retry = RetryReport(jobs=[1], attempts=[attempt])
    made = msgspec.structs.replace(whole, repositories=[not_listed], retry=retry)
    nothing = record_of([], "left")
    nothing.verified, nothing.error = False, AccessError("no access")
    now = of(continued(report(nothing), made, set()))
    assert (now.decided, now.caches) == (True, decided.caches)


def test_a_cache_of_a_report_without_rows_is_recognized() -> None:
    old = refused("feature/foo")
    whole = former()
    (before,) = whole.repositories
    (cache,) = report(record_of([old], "left")).repositories[0].caches
    without_row = msgspec.structs.replace(cache, row=None)
    with_row = msgspec.structs.replace(cache, row="foo")
    made = msgspec.structs.replace(whole, repositories=[msgspec.structs.replace(before, caches=[without_row])])
    now = report(record_of([], "left"))
    listed = msgspec.structs.replace(now.repositories[0], caches=[with_row], selected=1, seen=1)
    both = continued(msgspec.structs.replace(now, repositories=[listed]), made, {KEY})
    assert of(both).caches == [with_row]


def test_a_kept_namesake_does_not_stand_for_what_was_deleted_before() -> None:
    kept = cache_report("bug/foo", row="foo", selected=False, outcome="skipped")
    mine = cache_report("feature/foo", row="foo")
    first = msgspec.structs.replace(former(), repositories=[repository_of(mine, kept, slug="acme/left")])
    now = msgspec.structs.replace(report(record_of([], "left")), repositories=[repository_of(kept, slug="acme/left")])
    again = of(continued(now, first, {KEY}))
    assert again.caches == [mine, kept]
    assert (again.selected, again.deleted) == (1, 1)


def test_what_is_listed_although_it_was_selected_is_never_called_deleted() -> None:
    left = cache_report("feature/foo", row="foo", outcome="remaining")
    listed = cache_report("feature/foo", row="foo", selected=False, outcome="skipped")
    first = msgspec.structs.replace(former(), repositories=[repository_of(left, slug="acme/left")])
    now = msgspec.structs.replace(report(record_of([], "left")), repositories=[repository_of(listed, slug="acme/left")])
    assert of(now).verified
    both = continued(now, first, {KEY})
    assert of(both).caches == [left, listed]
    assert (both.ok, both.exit_code, of(both).ok, of(both).verified) == (False, ExitCode.REMAINS, False, False)
    assert of(both).warnings == [
        "1 cache that the former run selected and left may still be listed, and not selected now"
    ]


@pytest.mark.parametrize("outcome", ["remaining", "failed", "recreated"])
def test_what_a_job_uploaded_again_meanwhile_is_not_counted_as_deleted(outcome: str) -> None:
    left = cache_report("main", row="main", outcome=outcome)
    newer = cache_report("main", 70, "skipped", row="main", selected=False, last_modified=NOW + timedelta(hours=1))
    first = msgspec.structs.replace(former(), repositories=[repository_of(left, slug="acme/left")])
    now = msgspec.structs.replace(
        report(record_of([], "left")), repositories=[repository_of(newer, slug="acme/left", seen=1, skipped=1)]
    )
    again = of(continued(now, first, {KEY}))
    assert (again.seen, again.selected, again.deleted, again.skipped, again.bytes_deleted) == (2, 0, 0, 2, 0)
    replaced, kept = again.caches
    assert kept == newer
    assert (replaced.outcome, replaced.gone_at) == (Outcome.SKIPPED, None)
    assert replaced.reason == "it was uploaded again when the run was resumed, and such uploads are left alone"
    assert again.is_done, "what was uploaded since the first run is left alone, however often it is resumed"


def test_what_was_deleted_stays_deleted_where_a_job_uploads_it_later() -> None:
    gone = cache_report("main", row="main")
    newer = cache_report("main", row="main", outcome="skipped", selected=False, last_modified=NOW + timedelta(hours=1))
    first = msgspec.structs.replace(former(), repositories=[repository_of(gone, slug="acme/left")])
    now = msgspec.structs.replace(report(record_of([], "left")), repositories=[repository_of(newer, slug="acme/left")])
    assert of(continued(now, first, {KEY})).caches == [gone, newer]


def test_a_newer_version_that_is_selected_too_is_the_same_cache() -> None:
    left = cache_report("main", row="main", outcome="remaining")
    newer = cache_report("main", row="main", last_modified=NOW + timedelta(hours=1))
    first = msgspec.structs.replace(former(), repositories=[repository_of(left, slug="acme/left")])
    now = msgspec.structs.replace(report(record_of([], "left")), repositories=[repository_of(newer, slug="acme/left")])
    assert of(continued(now, first, {KEY})).caches == [newer]


def test_an_older_cache_of_the_name_or_one_of_another_branch_is_no_newer_upload() -> None:
    left = cache_report("x/main", row="main", outcome="remaining")
    others = [
        cache_report("x/main", row="main", outcome="skipped", selected=False, last_modified=NOW - timedelta(hours=1)),
        cache_report("y/main", row="main", outcome="skipped", selected=False, last_modified=NOW + timedelta(hours=1)),
    ]
    first = msgspec.structs.replace(former(), repositories=[repository_of(left, slug="acme/left")])
    listed = repository_of(*others, slug="acme/left")
    now = msgspec.structs.replace(report(record_of([], "left")), repositories=[listed])
    assert of(continued(now, first, {KEY})).caches[0].outcome is Outcome.DELETED
