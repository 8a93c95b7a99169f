"""Fetched archives are compared with what a purge deleted, and have a source."""

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


def test_the_deleted_one_of_two_branches_with_the_same_last_part_counts() -> None:
    entries = [
        entry(branch="feature/foo", deleted_at=FETCHED_AT - MINUTE),
        entry(branch="bug/foo", outcome="remaining"),
    ]
    for order in (entries, entries[::-1]):
        (verdict,) = compare(log_of("foo"), order)
        assert (verdict.deleted, verdict.outcome, verdict.when) == (True, "deleted", "after")


def test_the_last_known_deletion_counts() -> None:
    entries = [
        entry(branch="a/foo", deleted_at=None),
        entry(branch="b/foo", deleted_at=FETCHED_AT - 2 * MINUTE),
        entry(branch="c/foo", deleted_at=FETCHED_AT - MINUTE),
        entry(branch="d/foo", outcome="remaining", deleted_at=FETCHED_AT),
    ]
    (verdict,) = compare(log_of("foo"), entries)
    assert verdict.deleted_at == FETCHED_AT - MINUTE


def test_a_clean_start_needs_no_verdict() -> None:
    assert compare(JobLog(is_log=True, started_clean=True), [entry()]) == ()
