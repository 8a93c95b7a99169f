"""A transfer is named by the last two parts of its key, and dated by the block around it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from purger.travis.job_log import CacheUse, read_log
from purger.travis.job_log.transfers import BlockTimes, Transfer
from tests.travis.job_log.corpus import HASH

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "branch", "archive"),
    [
        ("main/cache-a.tgz", "main", "cache-a.tgz"),
        ("my branch/cache-a.tgz", "my branch", "cache-a.tgz"),
        ("main/cache-linux--env-A B=1.tgz", "main", "cache-linux--env-A B=1.tgz"),
        ("cache--linux--gemfile-gemfiles/six.gemfile.tgz", "", "cache--linux--gemfile-gemfiles/six.gemfile.tgz"),
        ("cache-linux--node-lts/*.tgz", "", "cache-linux--node-lts/*.tgz"),
        ("cache-busting/cache-a.tgz", "cache-busting", "cache-a.tgz"),
        ("a–b/cache—linux-0–rvm-2.7.tgz", "a–b", "cache--linux-0--rvm-2.7.tgz"),
        ("cache-linux—node-lts/*.tgz", "", "cache-linux--node-lts/*.tgz"),
    ],
)
@pytest.mark.parametrize("start", ["", "attempting to download cache archive\n"])
def test_the_name_is_the_end_of_the_key(start: str, shown: str, branch: str, archive: str) -> None:
    (fetch,) = read_log([f"{start}fetching {shown}\nfound cache\n".encode()]).fetched
    assert (fetch.branch, fetch.archive) == (branch, archive)


@pytest.mark.parametrize(
    "shown",
    ["main/cache-linux-e3b0…--rvm.tgz", "main/cache-e3b0...--rvm.tgz", "main/cache-<hash>.tgz", "[branch]/cache-a.tgz",
     "main/cache-linux-***-rvm.tgz"],
)  # fmt: skip
@pytest.mark.parametrize("start", ["", "attempting to download cache archive\n"])
def test_a_name_that_somebody_shortened_is_not_known(start: str, shown: str) -> None:
    log = read_log([f"{start}fetching {shown}\nfound cache\nadding /x to cache\nuploading {shown}\n".encode()])
    assert (log.fetched, log.fetched_unnamed, log.stored) == ((), True, ())
    asked = f"{start}fetching fix/cache-a.tgz\nfetching {shown}\n"
    log = read_log([f"{asked}found cache\n".encode()])
    assert (log.fetched, log.fetched_unnamed) == ((), True)
    assert read_log([f"{asked}could not download cache\n".encode()]).cache_use is CacheUse.STARTED_CLEAN


@pytest.mark.parametrize(
    "shown",
    [r"main/cache\-linux\-\-rvm.tgz", r"feature\_x/cache-linux--rvm.tgz", "main/cache-linux-0–rvm-2é.tgz",
     f"main/cache-linux-{HASH}-- rvm.tgz",
     *(f"main/cache-linux-{HASH[:40]}{mark}{HASH[40:]}--rvm.tgz" for mark in ("=", "+", " ", "\\", "↪ ", "0"))],
)  # fmt: skip
def test_a_name_in_which_a_sign_was_left_on_the_way_is_not_known(shown: str) -> None:
    start = "attempting to download cache archive\nfetching fix/cache-a.tgz\n"
    log = read_log([f"{start}fetching {shown}\nfound cache\nadding /x to cache\nuploading {shown}\n".encode()])
    assert (log.fetched, log.fetched_unnamed) == ((), True)
    assert [(stored.branch, stored.archive) for stored in log.stored] == [(None, None)]


def test_a_transfer_has_the_start_of_its_block() -> None:
    times, transfer = BlockTimes(), Transfer("main", "cache-a.tgz", 0, is_sure=True)
    times.block_started("0a")
    assert times.add(transfer) is transfer
    times.block_ended("0a", AT, AT + timedelta(seconds=1))
    assert transfer.at == AT


def test_the_end_of_a_job_dates_what_is_undated_and_nothing_after_it() -> None:
    times, first, second = BlockTimes(), *(Transfer("main", "cache-a.tgz", 0, is_sure=True) for _ in range(2))
    times.block_ended("0a", AT, AT + timedelta(seconds=1))
    times.add(first)
    times.finish()
    times.add(second)
    times.finish()
    assert (first.at, second.at) == (AT + timedelta(seconds=1), None)


def test_a_cache_is_known_by_its_name() -> None:
    assert Transfer("main", None, 0, is_sure=True).is_cache_by_name()
    assert Transfer("main", "cache-a.tgz", 0, is_sure=True).is_cache_by_name()
    assert not Transfer("main", "binaries.tgz", 0, is_sure=True).is_cache_by_name()
