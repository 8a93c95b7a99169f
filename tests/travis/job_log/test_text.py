"""Each form of a log is converted to the same text, wherever its chunks are cut."""

import html
import json

import pytest

from purger.travis.job_log import CacheUse, read_log
from purger.travis.job_log.text import HEAD_BYTES, LogText

# Longer than the head that decides the form, so that what follows is read chunk by chunk.
HEAD = b"an ordinary line\n" * (HEAD_BYTES // 16)
TAILS = {
    "colours": b"a\x1b[31;1mred\x1b[0m b\x1b[0K\r\n",
    "a title": b"a\x1b]0;a longer title\x07b",
    "a link": b"a\x1b]8;;http://x\x1b\\b",
    "a code cut off": b"a\x1b[3",
    "codes in a row": b"\x1b[0m\x1b[0m\x1b[0m\x1b[0mx",
    "UTF-16": "zero bytes between".encode("utf-16-le"),
}


def read(*chunks: bytes) -> bytes:
    text = LogText()
    return b"".join([*map(text.feed, chunks), text.finish()])


def read_by_bytes(head: bytes, rest: bytes) -> bytes:
    return read(head, *(rest[at : at + 1] for at in range(len(rest))))


@pytest.mark.parametrize("tail", TAILS.values(), ids=list(TAILS))
def test_codes_may_be_cut_anywhere(tail: bytes) -> None:
    assert read_by_bytes(HEAD, tail) == read(HEAD + tail)


@pytest.mark.parametrize(
    ("code", "left"),
    [
        (b"\x1b[31;1m", b""),
        (b"\x1b]0;title\x07", b""),
        (b"\x1b(B", b""),
        (b"\x1b=", b""),
        (b"\0", b""),
        (b"\x1b", b"\x1b"),
        (b"\x1b[31", b"\x1b[31"),
    ],
)
def test_codes_are_removed_and_the_text_is_kept(code: bytes, left: bytes) -> None:
    assert read_by_bytes(HEAD, b"a" + code) == HEAD + b"a" + left
    assert read(b"a" + code + b"\r\n\xc3\xa9") == b"a" + left + b"\r\n\xc3\xa9"


@pytest.mark.parametrize(
    ("escaped", "decoded"),
    [
        (b"\\n", b"\n"),
        (b"\\r", b"\r"),
        (b"\\r\\n", b"\r\n"),
        (b"\\t", b"\t"),
        (b'\\"', b'"'),
        (b"\\/", b"/"),
        (b"\\\\", b"\\"),
        (b"\\\\n", b"\\n"),
        (b"\\\\\\n", b"\\\n"),
        (b"\\" * 26 + b"n", b"\\" * 13 + b"n"),
        (b"\\" * 27 + b"n", b"\\" * 13 + b"\n"),
        (b"\\u001b[0m", b""),
        (b"\\u001B[0m", b""),
        (b"\\u00e9\\u00C9", "éÉ".encode()),
        (b"\\ud83d\\ude00", "😀".encode()),
        (b"\\uD83D\\uDE00\\uD83D\\uDE00", "😀😀".encode()),
        (b"\\ud83dx", b"?x"),
    ],
)
@pytest.mark.parametrize("start", [b'"', b'{"content": "', b'{"log_parts": [{"content": "', b""])
def test_escaped_characters_are_decoded(start: bytes, escaped: bytes, decoded: bytes) -> None:
    head = start + HEAD.replace(b"\n", b"\\n")
    rest = b"a" + escaped + b"z"
    assert read(head, rest) == read_by_bytes(head, rest) == HEAD + b"a" + decoded + b"z"


@pytest.mark.parametrize("code", [b"\\x1b[0m", b"\\033[0m", b"\\e[0m", b"\\u001b[0m"])
def test_all_spellings_of_the_escape_character_are_decoded(code: bytes) -> None:
    assert read(b"a" + code + b"b\\n") == b"ab\n"


@pytest.mark.parametrize(
    "code", [r"\e[0K", r"\033[0m", r"\x1b[31;1m", r"\u001b[0K", "^[[0m", "␛[0m", "ESC[0K", "<ESC>[0K"]
)
def test_a_code_that_was_spelled_in_a_plain_text_is_passed_over(code: str) -> None:
    log = f"{code}attempting to download cache archive\n{code}fetching main/cache-1.tgz\n{code}found cache{code}\n"
    assert [fetch.archive for fetch in read_log([log.encode()]).fetched] == ["cache-1.tgz"]
    head = log.encode() * (HEAD_BYTES // len(log) + 1)
    assert read_by_bytes(head, log.encode()) == read(head + log.encode())


@pytest.mark.parametrize("escape", ["^[", "ESC"])
def test_a_log_is_read_as_a_pager_or_an_editor_shows_its_control_characters(escape: str) -> None:
    start, end = "travis_fold:start:{}\r\x1b[0K\x1b[33;1m", "\ntravis_fold:end:{}\r\x1b[0K"
    ended = "travis_time:end:0a:start=1,finish=2,duration=1\r\x1b[0K"
    log = (
        f"{start.format('worker_info')}Worker information\x1b[0m{end.format('worker_info')}\n"
        f"{start.format('cache.1')}Setting up build cache\x1b[0m\nattempting to download cache archive\n"
        f"\x1b[32;1mfetching main/cache-1.tgz\x1b[0m\n\x1b[32;1mfound cache\x1b[0m\n{end.format('cache.1')}"
        f'$ make\r\nno rule\r\n\n{ended}\x1b[31;1mThe command "make" exited with 2.\x1b[0m\r\n'
    )
    whole, shown = read_log([log.encode()]), read_log([log.replace("\r", "^M").replace("\x1b", escape).encode()])
    assert shown.last_failing_lines == ("$ make", "no rule")
    assert (shown.cache_use, shown.asked) == (whole.cache_use, whole.asked)


@pytest.mark.parametrize(
    ("before", "after", "is_escaped"),
    [
        ("", "", True),
        ("My log:\n<pre>", "</pre>", True),
        ("<details><summary>Log</summary><pre>", "</pre></details>", True),
        ("<blockquote>", "</blockquote>", True),
        ("<details>\n\n```\n", "\n```\n</details>", False),
        ("[code]", "[/code]", False),
        ("{noformat}", "{noformat}", False),
        ("{code:title=Log|borderStyle=solid}", "{code}", False),
        ("{{{", "}}}", False),
    ],
)
def test_a_log_in_what_forums_and_trackers_put_around_it_is_whole(before: str, after: str, *, is_escaped: bool) -> None:
    log = (
        "Worker information\n$ git clone --depth=50 https://github.com/a/b.git a/b\nCloning into 'a/b'...\n"
        '$ make "a"\nno <rule>\nThe command "make "a"" exited with 2.\nDone. Your build exited with 1.'
    )
    pasted = before + (html.escape(log) if is_escaped else log) + after
    assert read_log([pasted.encode()]) == read_log([log.encode()])


def test_the_codes_that_another_ci_puts_before_each_line_are_passed_over() -> None:
    lines = ["attempting to download cache archive", "fetching main/cache-1.tgz", "found cache"]
    log = "".join(f"\x1b_bk;t=160640000000{at}\x07{line}\n" for at, line in enumerate(lines))
    assert [fetch.archive for fetch in read_log([log.encode()]).fetched] == ["cache-1.tgz"]


def test_a_spelled_code_in_what_a_job_prints_begins_no_line() -> None:
    own = "$ make\n\\e[32;1mfound cache\n\\e[32;1madding /x to cache\n"
    log = "Worker information\n$ git clone x\nCloning into 'x'...\n" + own + 'The command "make" exited with 1.\n'
    assert read_log([log.encode()]).cache_use is CacheUse.NO_CACHE


def test_a_code_that_a_program_spelled_is_shown() -> None:
    log = "$ make\nassert '\\x1b[31mfoo\\x1b[0m' == 'foo'\nThe command \"make\" exited with 1.\n"
    assert read_log([log.encode()]).last_failing_lines[-1] == "assert '\\x1b[31mfoo\\x1b[0m' == 'foo'"


def test_a_string_in_a_string_is_decoded_again() -> None:
    text = 'one "quoted" line\nand \\ another\n' * 3
    once = json.dumps(text)
    for whole in (
        json.dumps(once),
        json.dumps({"content": once}),
        json.dumps(once)[1:-1],
        json.dumps(json.dumps(once)),
    ):
        assert read(whole.encode()) == text.encode()
        assert read_by_bytes(b" " * (HEAD_BYTES - 80), whole.encode()) in (text.encode(), b" " + text.encode())


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a<br>b<BR/>c<br />", "a\nb\nc\n"),
        ("a<br>\nb<br>\n", "a\nb\n"),
        ('<span class="red">a</span><br><a href="x">b</a>', "a\nb"),
        ("<div>a<br></div><p>b</p><br>", "\na\n\n\nb\n\n"),
        ("a&nbsp;&lt;b&gt; &amp;lt; &quot;c&quot;<br>", 'a <b> &lt; "c"\n'),
        ("a < b && c > d <br> <i", "a < b && c > d \n <i"),
        ('<div class="line"><a></a><span>a</span></div>\n<div><span>b</span></div>', "\na\n\nb\n"),
        ("<pre>a\n&quot;b&quot;\n</pre>", '\na\n"b"\n\n'),
    ],
)
def test_a_piece_of_a_page_has_its_lines(source: str, text: str) -> None:
    assert read(source.encode()) == text.encode()
    head = b"a line<br>" * (HEAD_BYTES // 10)
    assert read_by_bytes(head, source.encode()) == b"a line\n" * (HEAD_BYTES // 10) + text.encode()


def test_tags_in_the_lines_of_a_log_are_kept() -> None:
    log = b"a<br>b\n" + b"one\ntwo <i>\n" * 3
    assert read(log) == log
    log = b"<br>" * 60 + b"\n" + b"an ordinary line\n" * 30
    assert read(log) == log


def test_zero_bytes_of_a_string_are_removed() -> None:
    assert read(b'"a\\u0000\0b\\n"') == b"ab\n"


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"content": "a\nb"}, b"a\nb"),
        ({"log": {"body": "a\nb"}}, b"a\nb"),
        ({"content": "whole\n", "log_parts": [{"content": "part\n"}]}, b"whole\n"),
        ({"content": "", "log_parts": [{"content": "one\n"}, {"content": "two\n"}]}, b"one\ntwo\n"),
        ({"content": None, "log_parts": [{"number": 0, "content": "one\n", "final": True}]}, b"one\n"),
        ({"title": "no text", "content": "a\n", "other": "neither"}, b"a\n"),
        ([{"content": "a\n"}], b"a\n"),
        (["one\n", "two"], b"one\n\ntwo\n"),
        ("only a\nstring", b"only a\nstring"),
        ({"x": [{"z": "d"}], "content": "a\n"}, b"a\n"),
        ({'quoted " key': "no", "content": 'a "b" \\ c\n'}, b'a "b" \\ c\n'),
    ],
)
def test_the_text_of_a_document_is_found(document: object, text: bytes) -> None:
    for indent in (None, 2):
        whole = json.dumps(document, indent=indent).encode()
        assert read(whole) == text
        assert read_by_bytes(b" " * (HEAD_BYTES - 80), whole) == text


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"<!DOCTYPE html><p>a\n", b"\n\na\n"),
        (b"\xef\xbb\xbf  <html>\n", b"  \n\n"),
        (b'{"error": "not a log"}', b'{"error": "not a log"}'),
        (b'"a" is no string\n', b'"a" is no string\n'),
        (b'> "a\\nb"', b"a\nb"),
        (b'\xef\xbb\xbf{"content": "a\\nb"}', b"a\nb"),
        ('{"content": "a\\nb"}'.encode("utf-16"), b"a\nb"),
        (b"a\\nb", b"a\nb"),
        (b"a\\nb\\nc\\nd\\ne\n", b"a\\nb\\nc\\nd\\ne\n"),
        (b"a\\nb\\nc\\nd\\ne\\nf\n", b"a\nb\nc\nd\ne\nf\n"),
        (b"two\\n\nlines\\n\n", b"two\\n\nlines\\n\n"),
        (b"", b""),
    ],
)
def test_the_form_is_detected_from_the_head(head: bytes, text: bytes) -> None:
    assert read(head) == text


def test_the_head_is_full_with_its_last_byte() -> None:
    text = LogText()
    assert text.feed(b"x" * (HEAD_BYTES - 1)) == b""
    assert text.kept_bytes == HEAD_BYTES - 1
    assert text.feed(b"x") == b"x" * HEAD_BYTES
    assert text.kept_bytes == 0
    assert text.feed(b"\x1b[3") == b""
    assert text.kept_bytes == 3


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_a_mark_is_decoded_wherever_it_is_cut(encoding: str, size: int) -> None:
    whole = "\ufeff[…] ☃ 😀\n".encode(encoding)
    text = LogText()
    pieces = [text.feed(whole[at : at + size]) for at in range(0, len(whole), size)]
    assert b"".join([*pieces, text.finish()]).decode() == "[…] ☃ 😀\n"


@pytest.mark.parametrize(
    ("whole", "kept"),
    [(b"\xff", b"\xff"), (b"\xff\xfea\0b", "a\ufffd".encode()), (b"a\0", b"a")],
    ids=["half a mark", "half a character", "no mark"],
)
def test_what_is_no_whole_utf_16_is_kept_as_far_as_it_goes(whole: bytes, kept: bytes) -> None:
    text = LogText()
    assert text.feed(whole) + text.finish() == kept
