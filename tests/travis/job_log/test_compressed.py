"""A log in a gzip file is read like the log."""

from __future__ import annotations

import gzip
import zlib

import pytest

from purger.travis.job_log import read_log
from purger.travis.job_log.compressed import decompressed
from tests.travis.job_log.corpus import CORPUS, LOGS, summary

LOG = (LOGS / "new_default.log").read_bytes()


def test_a_compressed_log_is_read_like_the_log() -> None:
    assert summary(read_log([gzip.compress(LOG)])) == CORPUS["new_default.log"]
    assert summary(read_log([gzip.compress(LOG.decode().encode("utf-16"))])) == CORPUS["new_default.log"]


@pytest.mark.parametrize("size", [2, 100, 1 << 20])
def test_it_may_come_in_pieces_and_be_several_files_that_were_joined(size: int) -> None:
    whole = gzip.compress(LOG) + gzip.compress(LOG)
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert b"".join(decompressed(pieces, 64)) == LOG * 2


def test_no_chunk_is_larger_than_asked_for() -> None:
    chunks = list(decompressed([gzip.compress(b"a" * 1_000_000)], 1000))
    assert sum(map(len, chunks)) == 1_000_000
    assert max(map(len, chunks)) == 1000


@pytest.mark.parametrize("rest", [b"", b"no gzip"])
def test_what_is_cut_or_broken_ends_there(rest: bytes) -> None:
    whole = gzip.compress(LOG)
    read = b"".join(decompressed([whole[: len(whole) // 2] + rest], 1000))
    assert read
    assert LOG.startswith(read[: len(LOG) // 4])
    assert read_log([whole[: len(whole) // 2]]).truncated
    assert b"".join(decompressed([whole, rest], 1000)) == LOG


def test_other_files_stay_as_they_are() -> None:
    assert list(decompressed([LOG, zlib.compress(LOG)], 10)) == [LOG, zlib.compress(LOG)]
    assert list(decompressed([b""], 10)) == [b""]
