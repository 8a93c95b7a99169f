"""Statements are found wherever chunks end, and lines are cleaned as a terminal shows them."""

from __future__ import annotations

import pytest

from purger.travis.job_log import read_log
from purger.travis.job_log.scan import Rule, Scanner, Statement, clean_lines
from tests.travis.job_log.corpus import read


def test_the_failing_lines_are_clean_and_at_most_twenty() -> None:
    log = b"$ make\n" + b"".join(b"\x1b[31mline %d\x1b[0m\r\n" % n for n in range(50))
    lines = read_log(
        [
            log + b"10%\r20%\r\x1b[K100%\r\ntravis_time:end:0a:start=1,finish=2,duration=1\r\x1b[0K\r\n"
            b'\x1b[31;1mThe command "make" exited with 2.\x1b[0m\r\n'
        ]
    ).last_failing_lines
    assert lines == (*(f"line {n}" for n in range(31, 50)), "100%")


def test_indentation_within_the_failing_lines_is_kept() -> None:
    lines = read("quoted.md").last_failing_lines
    assert "    def test_sum():" in lines
    assert lines == read("new_clean.log").last_failing_lines


def test_output_with_single_quoted_lines_is_kept() -> None:
    log = b'$ a\nplain\n> quoted\nThe command "a" exited with 1.\n'
    assert read_log([log]).last_failing_lines == ("$ a", "plain", "> quoted")


def test_the_failing_lines_contain_no_control_characters() -> None:
    log = b'$ a\n\x1b]0;title\x07\x9b31m\x1b\x07bell\x08\xff\nThe command "a" exited with 1.\n'
    assert all(line.isprintable() for line in read_log([log]).last_failing_lines)


LOG = b"\rbefore\nfetch\ring one\r\n> fetching two\nsaid fetching three\n"


def statements(*chunks: bytes) -> list[tuple[str, int, bool, str]]:
    """The statements of `fetching` in these chunks: name, offset, whether it begins a line, and its line."""
    found: list[tuple[str, int, bool, str]] = []

    def on_fetching(statement: Statement) -> None:
        found.append((statement.group(1), statement.start, statement.begins(), statement.line()))

    scanner = Scanner([Rule(b"fetching ", rb"fetching (\w+)", on_fetching)])
    for chunk in chunks:
        scanner.feed(chunk, final=False)
        scanner.forget()
    scanner.feed(b"", final=True)
    return found


def test_statements_are_found_at_their_offsets_whatever_returns_are_in_them() -> None:
    assert [one[:3] for one in statements(LOG)] == [("one", 7, True), ("two", 22, True), ("three", 40, False)]
    assert [one[3] for one in statements(LOG)][1:] == ["fetching two", "said fetching three"]


def test_statements_are_the_same_wherever_the_chunks_end() -> None:
    filler = b"an ordinary line\n" * 1000
    whole = statements(filler + LOG + filler + LOG)
    assert [one[0] for one in whole] == ["one", "two", "three"] * 2
    text = filler + LOG + filler + LOG
    for size in (1, 7, 1000, 4096):
        assert statements(*(text[at : at + size] for at in range(0, len(text), size))) == whole


@pytest.mark.parametrize("end", [b"", b"\n", b"\nnext\n"])
def test_a_long_line_is_cut_around_the_statement(end: bytes) -> None:
    ((_, _, _, line),) = statements(b"a " * 2000 + b"fetching one" + b" b" * 2000 + end)
    assert line == "… " + "a " * 125 + "fetching one" + " b" * 117 + " …"
    ((_, _, _, line),) = statements(b"a" * 2000 + b" fetching one " + b"b" * 2000 + end)
    assert line == "… fetching one …", "parts of words are not shown"


def test_the_kept_text_does_not_grow_with_the_log() -> None:
    scanner = Scanner([Rule(b"fetching ", rb"fetching (\w+)", lambda _statement: None)])
    for _ in range(500):
        scanner.feed(b"an ordinary line\n" * 100, final=False)
        scanner.forget()
    assert scanner.kept_bytes < 100_000


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"", []),
        (b" \n\t\n", []),
        (b"> a\n>   b\n", ["a", "  b"]),
        (b"a\n> b\nc\n", ["a", "> b", "c"]),
        (b"a\n>b\n", ["a", "b"]),
        (b"10%\r20%\r100%\n", ["100%"]),
        (b"    a\n      b\n", ["a", "  b"]),
        (b"travis_fold:start:git.1\r$ git\n", ["$ git"]),
        (b"a\x07\xc2\x9b\xe2\x80\xaeb\n", ["ab"]),
    ],
)
def test_lines_are_cleaned_as_a_terminal_shows_them(raw: bytes, lines: list[str]) -> None:
    assert clean_lines(raw) == lines


MARKER = b"travis_time:end:0a1b2c3d:start=1583000000000000000,finish=1583000004000000000,duration=4000000000"


@pytest.mark.parametrize("rest", [b"", b",event=script", b",event=", b",stage=script", b",stage=", b",event=a,stage=b"])
@pytest.mark.parametrize("cut", [0, 13, 50, 60, len(MARKER) - 19])
def test_no_rest_of_a_time_marker_is_shown(cut: int, rest: bytes) -> None:
    marker = MARKER + rest + b"\r"
    assert clean_lines(b"before\n" + marker + b"after\n") == ["before", "after"]
    if cut > 30:
        assert clean_lines(marker[cut:] + b"after\n") == ["after"]
    assert clean_lines(b"before\n" + marker[: max(cut, 13)]) == ["before"]


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"My build fails:\n```\nbusy\n```\nPlease help\n", ["busy"]),
        (b"> My build fails:\n> ```text\n> busy\n", ["busy"]),
        (b'My build fails:\n"\nbusy\n"\n', ["busy"]),
        (b"$ make\n```\ncode\n```\nmore\n", ["$ make", "```", "code", "```", "more"]),
        (b"busy\n```\n", ["busy"]),
    ],
)
def test_what_is_around_a_pasted_log_is_no_output(raw: bytes, lines: list[str]) -> None:
    assert clean_lines(raw) == lines
