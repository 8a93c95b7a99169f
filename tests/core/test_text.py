"""Counts with nouns, sentences, and text of others made safe to show."""

from __future__ import annotations

import codecs

import pytest

from purger.core.text import (
    beginning,
    decoded,
    hidden,
    hide_with,
    likely_meant,
    many,
    printable,
    sentence_of,
    system_words,
    visible,
)


def test_sentences_and_visible_text() -> None:
    assert (sentence_of(" x.. "), sentence_of(""), sentence_of("...a")) == ("X.", "", "...a.")
    assert [sentence_of(text) for text in ("is it?", "no!", "it is.")] == ["Is it?", "No!", "It is."]
    assert sentence_of("it is of kind X..") == "It is of kind X."
    names = ("https_proxy is odd", "acme/x: no", "x509 is odd", "report.json is odd", "h:1 is down", "a@b is odd")
    assert [sentence_of(name) for name in names] == [f"{name}." for name in names]
    assert sentence_of("the variable https_proxy is odd") == "The variable https_proxy is odd."
    assert sentence_of("error: x_y") == "Error: x_y."
    assert visible("a\nb\u202ec") == "a\ufffdb\ufffdc"
    assert [visible("abcdefgh", longest) for longest in (8, 7, 4, None)] == ["abcdefgh", "abc…fgh", "ab…h", "abcdefgh"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PURGER_BRNCH", "Is PURGER_BRANCH meant? "),
        ("PURGR_BRANCH", "Is PURGER_BRANCH meant? "),
        ("BRANCH", "Is PURGER_BRANCH meant? "),
        ("PURGER_TOKEN", "Is TRAVIS_TOKEN meant? "),
        ("PURGER_OLDER", "Is PURGER_OLDER_THAN meant? "),
        ("PURGER_PASSWORD", ""),
        ("PURGER_", ""),
    ],
)
def test_a_variable_is_likely_meant_where_more_than_its_first_word_is_alike(name: str, meant: str) -> None:
    known = ["PURGER_BRANCH", "PURGER_OLDER_THAN", "PURGER_PROXY", "PURGER_SORT", "TRAVIS_TOKEN"]
    assert likely_meant(name, known) == meant
    assert likely_meant(name, []) == ""


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (1, "cache", "1 cache"),
        (0, "cache", "0 caches"),
        (1200, "cache", "1,200 caches"),
        (2, "branch", "2 branches"),
        (2, "repository", "2 repositories"),
        (2, "address", "2 addresses"),
    ],
)
def test_a_count_has_its_noun_in_the_right_number(count: int, noun: str, text: str) -> None:
    assert many(count, noun) == text


def test_printable_text_keeps_its_lines_and_loses_terminal_codes() -> None:
    assert printable("a\x1b[31m\nb\u202e") == "a\ufffd[31m\nb\ufffd"


def test_shortened_text_is_one_line_with_both_ends() -> None:
    assert visible("a\nb", 48) == "a\ufffdb"
    assert visible("x" * 48, 48) == "x" * 48
    assert visible("abcdefgh", 5) == "ab…gh"
    assert len(visible("x" * 500, 48)) == 48


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_names_the_encoding_and_is_skipped(mark: bytes, encoding: str) -> None:
    assert decoded(mark + "aé\r\n".encode(encoding)) == "aé\r\n"


@pytest.mark.parametrize(
    "content", [b"\xff", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_LE + b"a", codecs.BOM_UTF8 + b"\xff"]
)
def test_bytes_of_no_text_are_an_error(content: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        decoded(content)


def test_bytes_of_no_text_may_be_kept_apart() -> None:
    assert (decoded(b"a\xff", errors="surrogateescape"), decoded(codecs.BOM_UTF8)) == ("a\udcff", "")
    assert decoded(codecs.BOM_UTF8 + b"a\xff", errors="surrogateescape") == "a\udcff"


def test_only_in_utf_8_may_bytes_of_no_text_be_kept_apart() -> None:
    with pytest.raises(UnicodeDecodeError):
        decoded(codecs.BOM_UTF16_LE + b"a\0\xff", errors="surrogateescape")


def test_a_file_of_nothing_but_a_byte_order_mark_is_wrong_from_its_first_byte() -> None:
    with pytest.raises(UnicodeDecodeError, match="nothing but a byte-order mark") as caught:
        decoded(codecs.BOM_UTF16_LE)
    assert (caught.value.start, caught.value.end) == (0, 2)


def test_what_the_system_says_stands_in_the_middle_of_a_sentence() -> None:
    assert system_words(ConnectionRefusedError(111, "another text")) == "connection refused"
    assert system_words(PermissionError(1, "another text")) == "operation not permitted"
    assert system_words(OSError(-2, "Name or service not known")) == "name or service not known"
    assert system_words(OSError()) == ""
    several = (
        "Multiple exceptions: [Errno 101] Connect call failed ('::1', 1), [Errno 111] Connect call failed ('a', 1)"
    )
    assert system_words(OSError(several)) == "network is unreachable; connection refused"
    assert system_words(OSError("[Errno 111] one, [Errno 111] two")) == "connection refused"


def test_a_fault_without_a_number_says_its_own_words() -> None:
    assert system_words(TimeoutError(0, "It is a pipe")) == "it is a pipe"
    assert (
        system_words(OSError("Multiple exceptions: [Errno 0] x, [Errno 2] y, [Errno 2] z"))
        == "no such file or directory"
    )


def test_what_is_shortened_or_split_is_blanked_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purger.core.text._hiders", [str, str])
    secret = "s3cret-Token.with@signs"
    name = f"{'a' * 20}{secret}{'b' * 20}"
    assert "s3cret" in visible(name, 56)
    hide_with(lambda text: text.replace(secret, "REDACTED"), str)
    assert hidden(secret) == "REDACTED"
    assert visible(name, 48) == visible(name, 56) == f"{'a' * 20}REDACTED{'b' * 20}"
    assert visible(name, 47) == f"{'a' * 20}RED…TED{'b' * 20}"
    assert [beginning(name, most) for most in (30, 65)] == [f"{'a' * 20}REDACTED{'b' * 2}", name]
    assert visible(secret, 30) == beginning(secret, 30) == beginning(secret, len(secret)) == secret, (
        "it is whole, so that it is found where it is written"
    )
