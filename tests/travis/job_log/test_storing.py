"""The end of a job: what it stored, why it did not, and what proves that it had fetched a cache."""

from __future__ import annotations

import pytest

from purger.travis.job_log import CacheUse, read_log

STORE = "store build cache\n"
PACKING = STORE + "changes detected, packing new archive\n"
CHANGED = "changes detected (content changed, file is created, or file is deleted):\n"
OF_WORKSPACE = "attempting to download workspace\nfetching x/workspace-a.tgz\nfound workspace\n"
STALLED = "No output has been received in the last 10m0s\nThe build has been terminated\n"


FAILED, NO_ADDRESS = "the upload failed", "the address of the store was not configured"
CRASHED, ABORTED = "the cache tool crashed", "packing and uploading took too long and was aborted"
MISSING = "a path or a list that it needs was missing"
STOPPED = "the job was stopped while it packed or uploaded"


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (PACKING + "failed to upload cache\n", FAILED),
        (PACKING + "uploading /\n", NO_ADDRESS),
        (STORE + "uploading /\n", NO_ADDRESS),
        ("changes detected, packing new archive\nuploading /\n", NO_ADDRESS),
        (STORE + "/x/bin/casher:9:in `push': no\n", CRASHED),
        (PACKING + "/x/bin/casher: line 9: no\n", CRASHED),
        (PACKING + "running `casher push x` took longer than 180 seconds\n", ABORTED),
        ("running `casher push x` took longer than 180 seconds\n", ABORTED),
        (PACKING + "uploading archive\nrunning casher push took longer than 180 seconds\n", ABORTED),
        ("running casher push https://x took longer than 180 seconds and has been aborted.\n", ABORTED),
        (STORE + "PATHS does not exist; unable to upload cache\n", MISSING),
        (STORE + "Unable to determine file changes. cache will not be uploaded\n", MISSING),
        (PACKING + STALLED, STOPPED),
        (STORE + "x\n" * 2000 + "packing new archive\n" + STALLED, STOPPED),
    ],
)
def test_what_was_not_stored_has_its_reason(log: str, reason: str) -> None:
    (stored,) = read_log([log.encode()]).stored
    assert (stored.succeeded, stored.reason) == (False, reason)


@pytest.mark.parametrize(
    "log",
    [
        PACKING + "uploading main/cache-a.tgz\ncache uploaded\n",
        PACKING + "uploading main/cache-a.tgz\ncache uploaded\n" + STALLED,
        "y packing new archive uploading main/cache-a.tgz cache uploaded\n",
    ],
    ids=["lines", "stalled later", "no line ends"],
)
def test_what_was_stored_was_not_stopped(log: str) -> None:
    read = read_log([log.encode()])
    assert [(stored.archive, stored.succeeded) for stored in read.stored] == [("cache-a.tgz", True)]
    assert not read.stopped_storing


@pytest.mark.parametrize("log", ["uploading /\n", "x\n" * 2000 + STORE + "x\n" * 2000 + "uploading /\n"])
def test_the_root_is_only_uploaded_to_where_the_tool_stores(log: str) -> None:
    assert read_log([log.encode()]).stored == ()


@pytest.mark.parametrize(
    ("log", "use"),
    [
        (STORE + "nothing changed\n", CacheUse.FETCHED),
        ("nothing changed, not updating cache\n", CacheUse.FETCHED),
        ("x\n" * 2000 + STORE + "nothing changed\n", CacheUse.FETCHED),
        (STORE + "change detected: /x\n", CacheUse.FETCHED),
        ("change detected: /x\n", CacheUse.UNKNOWN),
        (STORE + "say change detected: /x\n", CacheUse.UNKNOWN),
        (OF_WORKSPACE + CHANGED, CacheUse.UNKNOWN),
        (OF_WORKSPACE + STORE + CHANGED, CacheUse.FETCHED),
        (CHANGED, CacheUse.FETCHED),
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


@pytest.mark.parametrize(("between", "succeeded"), [("[...]", None), ("<snip>", None), ("...", True), ("", True)])
def test_whether_the_old_tool_stored_an_archive_is_not_known_after_a_cut(
    between: str, *, succeeded: bool | None
) -> None:
    log = f"[...]\n{PACKING}uploading archive\n{between}\nDone. Your build exited with 0.\n"
    assert [stored.succeeded for stored in read_log([log.encode()]).stored] == [succeeded]


def test_where_it_begins_to_store_it_is_a_log() -> None:
    assert read_log([STORE.encode()]).is_log


def test_a_job_that_stops_while_it_packs_is_known() -> None:
    assert read_log([(PACKING + STALLED).encode()]).stopped_storing
    assert not read_log([(STORE + "nothing changed\n" + STALLED).encode()]).stopped_storing


CLEAN = "Setting up build cache\nattempting to download cache archive\nfetching main/x.tgz\ncould not download cache\n"
STORED = "store build cache\nuploading main/cache-1.tgz\ncache uploaded\n"
WORKSPACE = "uploading main/ws1.tgz\nworkspace uploaded\n"


@pytest.mark.parametrize(
    ("log", "use"),
    [
        (CHANGED + WORKSPACE, CacheUse.UNKNOWN),
        (CLEAN + CHANGED + WORKSPACE, CacheUse.STARTED_CLEAN),
        (CLEAN + STORED + CHANGED + WORKSPACE, CacheUse.STARTED_CLEAN),
        (CLEAN + STORED + "nothing changed\n", CacheUse.STARTED_CLEAN),
        (CHANGED + STORED, CacheUse.FETCHED),
        (CHANGED + STORED + CHANGED + WORKSPACE, CacheUse.FETCHED),
        (CHANGED + STORED + WORKSPACE, CacheUse.FETCHED),
        ("nothing changed, not updating cache\n" + WORKSPACE, CacheUse.FETCHED),
        (CHANGED, CacheUse.FETCHED),
    ],
)
def test_what_was_compared_for_a_workspace_proves_no_cache(log: str, use: CacheUse) -> None:
    assert read_log([f"travis_fold:start:x\n{log}".encode()]).cache_use is use
