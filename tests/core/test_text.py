"""Counts with nouns, sentences, and text of others made safe to show."""

from __future__ import annotations

import pytest

from purger.core.text import LONGEST_BRANCH, many, printable, sentence_of, shorten, visible


def test_sentences_and_visible_text() -> None:
    assert (sentence_of(" x.. "), sentence_of(""), sentence_of("...a")) == ("X.", "", "...a.")
    assert visible("a\nb\u202ec") == "a\ufffdb\ufffdc"
    assert [visible("abcdefgh", longest) for longest in (8, 7, 4, None)] == ["abcdefgh", "abc…fgh", "ab…h", "abcdefgh"]


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (1, "cache", "1 cache"),
        (0, "cache", "0 caches"),
        (1200, "cache", "1,200 caches"),
        (2, "branch", "2 branches"),
        (2, "repository", "2 repositories"),
    ],
)
def test_a_count_has_its_noun_in_the_right_number(count: int, noun: str, text: str) -> None:
    assert many(count, noun) == text


def test_printable_text_keeps_its_lines_and_loses_terminal_codes() -> None:
    assert printable("a\x1b[31m\nb\u202e") == "a\ufffd[31m\nb\ufffd"


def test_shortened_text_is_one_line_with_both_ends() -> None:
    assert shorten("a\nb") == "a\ufffdb"
    assert shorten("x" * LONGEST_BRANCH) == "x" * LONGEST_BRANCH
    assert shorten("abcdefgh", 5) == "ab…gh"
    assert len(shorten("x" * 500)) == LONGEST_BRANCH
