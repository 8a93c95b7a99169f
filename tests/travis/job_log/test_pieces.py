"""Where a text is cut does not change what it becomes."""

from __future__ import annotations

import re

import pytest

from purger.travis.job_log.pieces import Converter, before

UNFINISHED = before(re.compile(rb"a{1,2}\Z"), 2)


def converted(*pieces: bytes) -> bytes:
    converter = Converter(lambda text: text.replace(b"aab", b"!"), UNFINISHED)
    return b"".join([*map(converter.feed, pieces), converter.finish()])


@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_what_the_next_piece_may_continue_is_held_back(size: int) -> None:
    text = b"x aab aa aab a"
    assert converted(*(text[at : at + size] for at in range(0, len(text), size))) == b"x ! aa ! a"


@pytest.mark.parametrize(("text", "end"), [(b"", 0), (b"b", 1), (b"baa", 1), (b"aaaa", 2), (b"aab", 3)])
def test_only_the_last_bytes_can_be_unfinished(text: bytes, end: int) -> None:
    assert UNFINISHED(text) == end
