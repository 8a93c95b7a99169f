"""The end of a job: what it stored, why it did not, and what proves that it had fetched a cache."""

from __future__ import annotations

import pytest

from purger.travis.job_log import CacheUse, read_log

STORE = "store build cache\n"
PACKING = STORE + "changes detected, packing new archive\n"
STALLED = "No output has been received in the last 10m0s\nThe build has been terminated\n"


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (PACKING + "failed to upload cache\n", "the upload failed"),
        (PACKING + "uploading /\n", "the address of the store was not configured"),
        (STORE + "/x/bin/casher:9:in `push': no\n", "the cache tool crashed"),
        (PACKING + "/x/bin/casher: line 9: no\n", "the cache tool crashed"),
        (PACKING + "running `casher push x` took longer than 180 seconds\n", "took too long and was aborted"),
        ("running `casher push x` took longer than 180 seconds\n", "took too long and was aborted"),
        (STORE + "PATHS does not exist; unable to upload cache\n", "was missing"),
        (STORE + "Unable to determine file changes. cache will not be uploaded\n", "was missing"),
        (PACKING + STALLED, "the job was stopped"),
    ],
)
def test_what_was_not_stored_has_its_reason(log: str, reason: str) -> None:
    (stored,) = read_log([log.encode()]).stored
    assert stored.succeeded is False
    assert reason in (stored.reason or "")


@pytest.mark.parametrize(
    ("log", "use"),
    [
        (STORE + "nothing changed\n", CacheUse.FETCHED),
        ("nothing changed, not updating cache\n", CacheUse.FETCHED),
        (STORE + "change detected: /x\n", CacheUse.FETCHED),
        ("changes detected (content changed, file is created, or file is deleted):\n", CacheUse.FETCHED),
        (PACKING, CacheUse.UNKNOWN),
        (STORE + "$ x\n" + "a line\n" * 400 + "nothing changed\n", CacheUse.UNKNOWN),
        (PACKING + "uploading main/cache-a.tgz\ncache uploaded\n", CacheUse.UNKNOWN),
    ],
)
def test_a_comparison_proves_a_fetch(log: str, use: CacheUse) -> None:
    read = read_log([log.encode()])
    assert read.cache_use is use
    assert read.fetched_unnamed is (use is CacheUse.FETCHED)
    assert read.fetched == ()


def test_a_job_that_stops_while_it_packs_is_known() -> None:
    assert read_log([(PACKING + STALLED).encode()]).stopped_storing
    assert not read_log([(STORE + "nothing changed\n" + STALLED).encode()]).stopped_storing
