"""A line is shortened between words only."""

from __future__ import annotations

import pytest

from purger.travis.job_log import read_log
from purger.travis.job_log.whole_words import first_words, window

SECRET = "abcDEF1234567890xyzQ"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("one two", "one two"),
        ("one two 3", "one …"),
        ("one\ttwo 3", "one …"),
        ("one twothree", "one …"),
        ("one  twothree", "one …"),
        ("onetwothree", "…"),
        ("       onetwo", "…"),
    ],
)
def test_the_first_words_that_fit_are_kept(text: str, words: str) -> None:
    assert first_words(text, 7) == words


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (0, 13, "one two three"),
        (-9, 99, "one two three"),
        (4, 13, "… two three"),
        (3, 13, "… two three"),
        (1, 13, "… two three"),
        (0, 7, "one two …"),
        (0, 8, "one two …"),
        (0, 9, "one two …"),
        (0, 2, " …"),
        (9, 13, "… "),
        (5, 12, "… …"),
    ],
)
def test_a_window_holds_whole_words(start: int, end: int, words: str) -> None:
    assert window(b"one two three", start, end).decode() == words
    assert window(b"one\ttwo\tthree", start, end).decode().replace("\t", " ") == words


@pytest.mark.parametrize("length", [*range(215, 260), *range(475, 505), *range(970, 1005)])
@pytest.mark.parametrize("blank", [" ", "\t"])
def test_no_part_of_a_secret_is_left_by_a_cut(length: int, blank: str) -> None:
    word = f"https://bob:{SECRET}@h.example/a"
    filler = "x" * (length - 2) + blank
    for line in (
        f"{filler}{word} rest pkg_resources.VersionConflict: (a 1)",
        f"pkg_resources.VersionConflict: (a 1) {filler}{word}{blank}rest",
        f"{word}{blank}{filler}pkg_resources.VersionConflict: (a 1)",
        f"{word}{blank}{filler}",
        f"10%\r{word}{blank}{filler}",
    ):
        log = read_log([f'$ a\n{line}\nThe command "a" exited with 1.\n'.encode()])
        for shown in (*log.last_failing_lines, *(symptom.line for symptom in log.symptoms)):
            rest = shown.replace(word, "")
            assert not any(part in rest for part in ("bob", "abc", "xyzQ", "h.example"))
            assert len(shown) <= 502


def test_output_that_is_too_long_to_keep_begins_with_a_whole_word() -> None:
    for more in range(30):
        output = f"{f'{SECRET} ' * 81}\n" * 30 + "z" * more
        log = read_log([f'travis_fold:start:a\n{output}\nThe command "a" exited with 1.\n'.encode()])
        assert {word.strip("z") for line in log.last_failing_lines for word in line.split()} <= {SECRET, "…", ""}
