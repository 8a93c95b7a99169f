"""Asking for a cache has three outcomes: found, not there, no answer."""

from __future__ import annotations

import pytest

from purger.travis.job_log import CacheUse, Unknown, read_log

ASK = "Setting up build cache\nattempting to download cache archive\n"
ONE, TWO = "fetching fix/cache-a.tgz\n", "fetching main/cache-a.tgz\n"
ABORTED = "running `casher fetch https://x` took longer than 180 seconds and has been aborted.\n"
EXIT = 'The command "x" exited with 1.\n'
STALLED = "No output has been received in the last 10m0s\nThe build has been terminated\n"


@pytest.mark.parametrize(
    ("log", "found"),
    [
        (ASK + ONE + TWO + "found cache\n", [False, True]),
        (ASK + ONE + TWO + "could not download cache\n", [False, False]),
        (ASK + ONE + TWO, [False, None]),
        (ASK + ONE + STALLED, [None]),
        (ASK + STALLED, [None]),
        (ASK + "could not download cache\n", []),
        (ASK + ONE + ABORTED, [None]),
        (ASK + ONE + ABORTED + "could not download cache\n", [False]),
        (ASK + ONE + ASK + TWO + "found cache\n", [None, True]),
    ],
)
def test_each_request_has_its_answer(log: str, found: list[bool | None]) -> None:
    assert [fetch.found for fetch in read_log([log.encode()]).asked] == found


@pytest.mark.parametrize(
    ("log", "use", "why"),
    [
        (ASK + ONE + STALLED, CacheUse.UNKNOWN, Unknown.STALLED),
        (ASK + STALLED, CacheUse.UNKNOWN, Unknown.STALLED),
        (ASK + ONE, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (ASK + ONE + "$ make\nDone. Your build exited with 1.\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        (ASK + ONE + ABORTED, CacheUse.UNKNOWN, Unknown.ABORTED),
        (ABORTED, CacheUse.UNKNOWN, Unknown.ABORTED),
        (ASK + ONE + ABORTED + "could not download cache\n", CacheUse.STARTED_CLEAN, None),
        (ABORTED + "could not download cache\n", CacheUse.STARTED_CLEAN, None),
        (ASK + ONE + "/x/bin/casher:1:in `fetch': no\n" + STALLED, CacheUse.UNKNOWN, Unknown.CRASHED),
        (ASK + ONE + "/x/bin/casher: line 9: no\n$ make\n", CacheUse.UNKNOWN, Unknown.CRASHED),
        (ASK + ONE + ASK + TWO + "could not download cache\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        (ASK + ONE + "$ make\ncould not download cache-control-1.0.tgz\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        (ASK + ONE + "$ make\ncould not download cache\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        ("$ x\ncould not download cache manifest: 404\n" + EXIT, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        ("found cache\nadding /x to cache\n", CacheUse.FETCHED, None),
        (ASK + ONE + "could not download cache\n$ x\nfound cache\n", CacheUse.STARTED_CLEAN, None),
        ("$ cat old.log\ncould not download cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        ("$ cat old.log\nfound cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (EXIT + "found cache\n", CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        ("Setting up build cache\n$ cat old.log\nfound cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.FOLDED),
        ("$ git checkout -qf 0a1b\nfound cache\n" + EXIT, CacheUse.FETCHED, None),
        ("$ python --version\ncould not download cache\n" + EXIT, CacheUse.STARTED_CLEAN, None),
        (ASK + ONE + "[...]\n$ make\ncould not download cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.CUT_OUT),
        ("$ npm ci\n" + EXIT + "\nfound cache\nadding /x to cache\n", CacheUse.FETCHED, None),
        ("$ npm config set spin false\nfound cache\nadding /x to cache\n" + EXIT, CacheUse.FETCHED, None),
        ("Worker information\n$ git clone x\n$ x\nfound cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.FRAGMENT),
        ("$ make\n" + ASK + ONE + "could not download cache\n" + EXIT, CacheUse.STARTED_CLEAN, None),
    ],
)
def test_what_no_answer_means(log: str, use: CacheUse, why: Unknown | None) -> None:
    read = read_log([log.encode()])
    assert read.is_log
    assert (read.cache_use, read.unknown) == (use, why)


def test_unpacking_that_is_cut_off_is_told() -> None:
    log = ASK + ONE + "found cache\nrunning `casher add /x` took longer than 180 seconds and has been aborted.\n"
    read = read_log([log.encode()])
    assert (read.cache_use, read.unpacking_cut_off) == (CacheUse.FETCHED, True)
