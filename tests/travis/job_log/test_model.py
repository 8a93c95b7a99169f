"""Fetched archives are compared with what a purge deleted, and have a source."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from purger.travis.job_log import Fetch, JobLog, PurgedCache, When, compare

FETCHED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def log_of(branch: str = "main", archive: str = "cache-a.tgz", at: datetime | None = FETCHED_AT) -> JobLog:
    fetch = Fetch(branch, archive, at, found=True)
    return JobLog(is_log=True, asked=(fetch,), fetched=(fetch,), started_clean=False)


def entry(
    branch: str = "main", name: str = "cache-a.tgz", outcome: str = "deleted", deleted_at: datetime | None = None
) -> PurgedCache:
    return PurgedCache(branch, name, outcome, deleted_at)


@pytest.mark.parametrize(
    ("deleted_at", "at", "when"),
    [
        (FETCHED_AT + MINUTE, FETCHED_AT, "before"),
        (FETCHED_AT - MINUTE, FETCHED_AT, "after"),
        (FETCHED_AT, FETCHED_AT, "after"),
        ((FETCHED_AT + MINUTE).astimezone(timezone(2 * 60 * MINUTE)), FETCHED_AT, "before"),
        (None, FETCHED_AT, "unknown"),
        (FETCHED_AT, None, "unknown"),
    ],
)
def test_which_came_first(deleted_at: datetime | None, at: datetime | None, when: When) -> None:
    (verdict,) = compare(log_of(at=at), [entry(deleted_at=deleted_at)])
    assert verdict.deleted
    assert verdict.when == when


@pytest.mark.parametrize(
    ("outcome", "deleted"),
    [("deleted", True), ("recreated", True), ("remaining", False), ("failed", False), ("skipped", False)],
)
def test_only_what_was_gone_counts_as_deleted(outcome: str, *, deleted: bool) -> None:
    (verdict,) = compare(log_of(), [entry(outcome=outcome)])
    assert verdict.deleted is deleted
    assert verdict.outcome == outcome
    assert verdict.deleted_at is None
    assert verdict.when == "unknown"


@pytest.mark.parametrize(
    "purged",
    [
        entry("main", "cache-a--gemfile-gemfiles/rails_6.gemfile.tgz"),
        entry("cache-a--gemfile-gemfiles", "rails_6.gemfile.tgz"),
        entry("cache-a--gemfile-gemfiles", "cache-a--gemfile-gemfiles/rails_6.gemfile.tgz"),
    ],
)
def test_a_log_shows_the_last_two_parts_of_a_nested_file_name(purged: PurgedCache) -> None:
    (verdict,) = compare(log_of("cache-a--gemfile-gemfiles", "rails_6.gemfile.tgz"), [purged])
    assert verdict.deleted


@pytest.mark.parametrize(
    "other",
    [entry(branch="develop"), entry(name="cache-b.tgz")],
)
def test_an_archive_that_the_purge_never_saw(other: PurgedCache) -> None:
    (verdict,) = compare(log_of(), [other])
    assert not verdict.deleted
    assert verdict.outcome is None
    assert verdict.when == "unknown"


@pytest.mark.parametrize("branch", ["foo", "feature/foo", "a/b/foo"])
def test_a_nested_branch_is_matched_by_its_last_part(branch: str) -> None:
    (verdict,) = compare(log_of("foo"), [entry(branch=branch)])
    assert verdict.deleted


def test_a_missing_extension_does_not_matter() -> None:
    (verdict,) = compare(log_of(), [entry(name="cache-a")])
    assert verdict.deleted


KEPT, GONE = entry("foo", outcome="skipped"), entry("foo", deleted_at=FETCHED_AT - MINUTE)


@pytest.mark.parametrize(
    ("branches", "purged", "deleted"),
    [
        ("", [GONE, KEPT], None),
        ("team/foo", [GONE, KEPT], None),
        ("team/foo", [replace(GONE, full_branch="foo"), KEPT], False),
        ("team/foo", [GONE, replace(KEPT, full_branch="foo")], True),
        ("team/foo", [replace(GONE, full_branch="team/foo"), KEPT], True),
        ("team/foo", [GONE, replace(KEPT, full_branch="team/foo")], False),
        ("team/foo foo", [replace(GONE, full_branch="foo"), KEPT], None),
        ("team/foo foo", [replace(GONE, full_branch="team/foo"), replace(KEPT, full_branch="foo")], None),
        ("caf\u00e9", [replace(GONE, full_branch="caf%C3%A9"), KEPT], True),
        ("foo", [GONE, replace(KEPT, is_later=True)], True),
        ("foo", [replace(KEPT, is_later=True)], False),
        ("foo", [GONE, replace(KEPT, purge=1)], True),
        ("foo", [KEPT, replace(GONE, purge=1)], True),
        ("foo", [GONE, KEPT, replace(GONE, purge=1)], True),
    ],
)
def test_of_branches_that_are_shown_alike_only_those_of_the_job_count(
    branches: str, purged: list[PurgedCache], *, deleted: bool | None
) -> None:
    fetch = replace(log_of("foo").fetched[0], branches=frozenset(branches.split()))
    log = JobLog(is_log=True, asked=(fetch,), fetched=(fetch,), started_clean=False)
    for order in (purged, purged[::-1]):
        (verdict,) = compare(log, order)
        assert verdict.deleted is deleted
        assert (verdict.doubt is None, verdict.outcome is None) == (deleted is not None, deleted is None)
        assert verdict.when == ("after" if deleted else "unknown")


def test_a_branch_of_another_job_is_none_that_the_purge_saw() -> None:
    fetch = replace(log_of("foo").fetched[0], branches=frozenset({"team/foo"}))
    (verdict,) = compare(JobLog(is_log=True, fetched=(fetch,)), [replace(GONE, full_branch="foo")])
    assert (verdict.deleted, verdict.outcome) == (False, None)


def test_the_last_known_deletion_counts() -> None:
    entries = [
        entry(branch="a/foo", deleted_at=None),
        entry(branch="b/foo", deleted_at=FETCHED_AT - 2 * MINUTE),
        entry(branch="c/foo", deleted_at=FETCHED_AT - MINUTE),
    ]
    (verdict,) = compare(log_of("foo"), entries)
    assert verdict.deleted_at == FETCHED_AT - MINUTE


@pytest.mark.parametrize(
    ("later", "spared"),
    [
        (PurgedCache("main", "cache-a.tgz", "skipped", purge=1, is_later=True), True),
        (PurgedCache("main", "cache-a.tgz", "deleted", purge=1, is_later=True), False),
        (PurgedCache("main", "cache-a.tgz", "skipped", purge=1), False),
        (PurgedCache("main", "cache-b.tgz", "skipped", purge=1, is_later=True), False),
    ],
)
def test_a_later_upload_that_the_last_purge_left_alone_is_spared(later: PurgedCache, *, spared: bool) -> None:
    (verdict,) = compare(log_of(), [entry(), later])
    assert (verdict.deleted, verdict.is_spared) == (True, spared)
    (verdict,) = compare(log_of(), [entry(), later, replace(entry(name="cache-c.tgz"), purge=2)])
    assert not verdict.is_spared, "the last purge has not seen it"


def test_a_clean_start_needs_no_verdict() -> None:
    assert compare(JobLog(is_log=True, started_clean=True), [entry()]) == ()
