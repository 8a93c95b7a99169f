"""What other tools write before each line of a log, and characters that look like others, do not change the result."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from purger.travis.job_log import JobLog, read_log
from purger.travis.job_log.pasted_text import HEAD_BYTES, PastedText
from tests.travis.job_log.corpus import CORPUS, HASH, LOGS, NEW, summary

Prefix = Callable[[int], str]
LONG = {name: (LOGS / name).read_bytes() for name in CORPUS if name.endswith(".log")}
SHORT = b"attempting to download cache archive\nfetching main/cache-1.tgz\nfound cache\nadding /x to cache\n"


def undone(whole: bytes, size: int) -> bytes:
    """The text that is read, in chunks of this size."""
    text = PastedText()
    pieces = [text.feed(whole[at : at + size]) for at in range(0, len(whole), size)]
    return b"".join([*pieces, text.finish()])


def clock(number: int) -> str:
    return f"10:{number // 60 % 60:02}:{number % 60:02}"


PREFIXES: dict[str, Prefix] = {
    "grep -n": lambda n: f"{n}:",
    "grep -nC": lambda n: f"{n}:" if n % 3 else f"{n}-",
    "grep -Hn": lambda n: f"logs/job-1.txt:{n}:",
    "grep -H": lambda _: "job.log:",
    "a drive": lambda n: f"C:\\logs\\job.log:{n}:",
    "cat -n": lambda n: f"{n:6}\t",
    "an editor": lambda n: f"{n:4} ",
    "a list": lambda n: f"{n}. ",
    "parentheses": lambda n: f"{n}) ",
    "a code host": lambda n: f"L{n}: ",
    "a table": lambda n: f"{n:4} | ",
    "bat": lambda n: f"{n:4} │ ",
    "quoted": lambda n: f"> {n}: ",
    "a quote with numbers": lambda n: f"{n}: > ",
    "date and time": lambda n: f"2020-03-01 {clock(n)} ",
    "milliseconds": lambda n: f"2020-03-01 {clock(n)},123 - ",
    "a date without a year": lambda n: f"03-01 {clock(n)}.123  1234  1234 I build: ",
    "brackets": lambda n: f"[2020-03-01T{clock(n)}.123Z] ",
    "an offset": lambda n: f"2020-03-01T{clock(n)}+01:00 ",
    "a clock": lambda n: f"[{clock(n)}] ",
    "a bare clock": lambda n: f"{clock(n)} ",
    "a chat": lambda n: f"{clock(n)} AM ",
    "another order": lambda n: f"3/1/2020 {clock(n)} AM ",
    "ts": lambda n: f"Mar  1 {clock(n)} ",
    "a journal": lambda n: f"Mar  1 {clock(n)} host1 job[12]: ",
    "a kernel": lambda n: f"[{n:5}.{n:06}] ",
    "seconds since 1970": lambda n: f"{1583000000 + n} ",
    "one level": lambda _: "INFO ",
    "a star": lambda _: "* ",
    "another CI": lambda n: f"2020-03-01T{clock(n)}.123456Z 01O ",
    "a web server": lambda n: f"[01/Mar/2020:{clock(n)} +0000] - ",
    "a sheet": lambda n: f'{n},"job","',
    "a line of JSON": lambda n: f'{{"time": "{clock(n)}", "line": "',
    "levels behind a program": lambda n: f"build: {('INFO', 'WARNING')[n % 2]}: ",
    "grep -HnC behind a mark": lambda n: f"-> f-{n}-" if n % 3 else f"-> f:{n}:",
    "a table behind a file": lambda n: f"job.log: {n:4} | ",
    "a container": lambda _: "job-1  | ",
    "a container in colour": lambda _: "\x1b[36mjob.1 |\x1b[0m ",
    "a container with times": lambda n: f"job-1  | 2020-03-01T{clock(n)}.123456789Z ",
    "a pod": lambda _: "[pod/job-1/main] ",
    "a level": lambda _: "[INFO] ",
    "a logger": lambda n: f"2020-03-01 {clock(n)},123 INFO build: ",
    "a comment": lambda _: "# ",
    "a quoted comment": lambda _: "> # ",
    "another comment": lambda _: "// ",
    "an added line": lambda _: "+",
    "a removed line": lambda _: "-",
    "levels": lambda n: f"[{('INFO', 'WARN')[n % 2]}] ",
    "levels with times": lambda n: f"2020-03-01 {clock(n)} {('INFO', 'WARNING')[n % 2]} build: ",
    "processes": lambda n: f"web.{n % 2} | ",
    "grep -HnC": lambda n: f"f-{n}-" if n % 3 else f"f:{n}:",
    "a builder": lambda n: f"#12 {n / 10:.3f} ",
    "a pod's file": lambda n: f"2020-03-01T{clock(n)}.123456789Z stdout F ",
    "a long date": lambda n: f"Sun Mar  1 {clock(n)} ",
    "a chat with names": lambda n: f"{clock(n)} <octavia> ",
    "steps": lambda n: f"[{n}/300] ",
    "an id": lambda n: f"0x{n * 7919:08x} ",
    "tabs": lambda n: f"build\tUNKNOWN STEP\t2020-03-01T{clock(n)}.1234567Z ",
}


def prefixed(log: bytes, prefix: Prefix) -> bytes:
    return b"\n".join(prefix(number).encode() + line for number, line in enumerate(log.split(b"\n"), 1))


def found(log: JobLog) -> tuple[object, ...]:
    return summary(log), log.cache_use, log.unknown, log.is_log


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=list(PREFIXES))
def test_a_prefix_of_each_line_does_not_change_the_result(prefix: Prefix) -> None:
    for log in (SHORT, *LONG.values()):
        assert found(read_log([prefixed(log, prefix)])) == found(read_log([log])), log[:80]


def test_behind_a_prefix_the_log_may_be_quoted_and_what_somebody_wrote_before_it_not() -> None:
    log = prefixed(b"it fails\n" * 3, lambda _: "job.log: ") + prefixed(SHORT * 3, lambda _: "job.log: > ")
    assert found(read_log([log])) == found(read_log([SHORT * 3]))


@pytest.mark.parametrize(
    "prose", ["Hi, this is my log:\n\n", "It fails.\nSee here:\n", "Hi,\nit fails.\nSince today.\nWhy?\nHere:\n"]
)
def test_what_somebody_wrote_before_the_log_has_no_prefix(prose: str) -> None:
    for prefix, log in itertools.product(
        map(PREFIXES.__getitem__, ("grep -n", "grep -H", "a container")), LONG.values()
    ):
        if log.count(b"\n") > 10 * prose.count("\n"):
            assert found(read_log([prose.encode() + prefixed(log, prefix)])) == found(read_log([log]))


@pytest.mark.parametrize(
    ("written", "pasted", "is_undone"),
    [
        (0, 1, False),
        (0, 2, True),
        (1, 1, False),
        (1, 2, True),
        (2, 8, True),
        (3, 7, False),
        (5, 60, True),
        (6, 60, False),
    ],
)
def test_nearly_every_line_has_to_have_the_prefix(written: int, pasted: int, is_undone: bool) -> None:
    prose, lines = b"it fails\n" * written, b"Setting up build cache\n" * pasted
    whole = prose + b"".join(b"%d: %b" % (number, line) for number, line in enumerate(lines.splitlines(keepends=True)))
    assert undone(whole, len(whole)) == (prose + lines if is_undone else whole)


def test_two_sentences_of_the_cache_tool_show_a_log() -> None:
    text = PastedText()
    assert text.feed(b"1: it fails\n2: found cache\n3: store build cache\n") == b""
    assert text.finish() == b"it fails\nfound cache\nstore build cache\n"


@pytest.mark.parametrize(("prefix", "is_undone"), [(b"1: 2: 3: 4: ", True), (b"1: 2: 3: 4: 5: ", False)])
def test_only_a_few_prefixes_may_follow_each_other(prefix: bytes, is_undone: bool) -> None:
    whole = b"".join(prefix + line for line in SHORT.splitlines(keepends=True))
    assert undone(whole, len(whole)) == (SHORT if is_undone else whole)


@pytest.mark.parametrize("size", [1, 7, 300, 70_000])
def test_a_prefix_may_be_cut_anywhere(size: int) -> None:
    bare = SHORT + b"an ordinary line\n\n" * 3000 + b"x" * 2000 + b"\n" + SHORT
    whole = prefixed(bare, PREFIXES["a logger"])
    assert undone(whole, size) == bare


def test_where_the_text_is_cut_does_not_change_the_decision() -> None:
    """The share of lines with the prefix is at its limit, and the last of them ends where the deciding bytes do."""
    line = b"1: Setting up build cache"
    body = b"it fails\n" * 2 + (line.ljust(8000, b".") + b"\n") * 7
    whole = body + line.ljust(HEAD_BYTES - len(body) - 5, b".") + b"\nit fails\n"
    assert len({undone(whole, size) for size in (HEAD_BYTES - 1, HEAD_BYTES, len(whole))}) == 1


@pytest.mark.parametrize("rest", ["", "a", "ab", "3: a"])
def test_within_a_long_line_nothing_is_a_prefix(rest: str) -> None:
    text = PastedText()
    text.feed(b"1: Worker information\n" * HEAD_BYTES)
    assert text.feed(b"2: " + b"x" * 1000) == b"x" * 1000
    assert text.feed(f"{rest}\n4: b\n".encode()) + text.finish() == f"{rest}\nb\n".encode()


def test_no_more_than_the_beginning_waits_for_the_decision() -> None:
    text = PastedText()
    assert text.feed(b"a\n" * (HEAD_BYTES // 2 - 1)) == b""
    assert text.feed(b"a\n") == b"a\n" * (HEAD_BYTES // 2)
    assert text.kept_bytes == 0


def test_complete_lines_do_not_wait_for_the_next() -> None:
    text = PastedText()
    text.feed(b"a\n" * HEAD_BYTES)
    assert text.feed(b"b\nc\nd") == b"b\nc\n"
    assert (text.feed(b"e"), text.kept_bytes) == (b"", 2)


@pytest.mark.parametrize(
    "log",
    [
        "pkg_resources.ContextualVersionConflict: (a)\npkg_resources.ContextualVersionConflict: (b)\n",
        "pip: ContextualVersionConflict: a\npip: ContextualVersionConflict: b\n",
        "2020-03-01 10:00:00 found a cache\n2020-03-01 10:00:01 it is old\n",
        "travis_fold:start:a\ntravis_fold:end:a\n",
        "12: a\n13: b\n",
        "a: found cache\nb: found cache\nc: found cache\nd: found cache\n",
        "remote: found cache",
        "app_1 | starting app\napp_1 | found cache\napp_1 | listening\napp_1 | done\n",
        "[INFO] a\n[INFO] found cache\n",
        "INFO: request\n" * 8 + "INFO: could not download cache\nINFO: adding /index.html to cache\n",
        "app_1 | request\napp_1 | attempting to download cache\napp_1 | adding /index.html to cache\n",
        "10:00:00 a\n10:00:01 could not download cache\n",
        "10:00:00 app: a\n" * 50 + '10:01:00 found cache\nThe command "make" exited with 1.\n',
    ],
)
def test_what_is_no_prefix_of_a_log_is_kept(log: str) -> None:
    text = PastedText()
    assert text.feed(log.encode()) + text.finish() == log.encode()


def test_what_the_jobs_own_commands_write_before_each_line_is_kept() -> None:
    head = (LOGS / "no_cache.log").read_bytes().partition(b"travis_fold:start:git")[0]
    own = prefixed(SHORT * 400, PREFIXES["date and time"])
    text = PastedText()
    assert text.feed(head + own) + text.finish() == head + own


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
def test_other_line_ends_are_line_ends(end: str) -> None:
    for log in LONG.values():
        lines = log.replace(b"\r\n", b"\n")
        assert found(read_log([lines.replace(b"\n", end.encode())])) == found(read_log([lines]))


@pytest.mark.parametrize("blank", ["\xa0", "\u2003", "\u202f", "\u3000"])
def test_other_blanks_are_blanks(blank: str) -> None:
    for log in LONG.values():
        assert found(read_log([log.replace(b" ", blank.encode())])) == found(read_log([log]))


def test_quotation_marks_of_a_word_processor_are_those_of_the_log() -> None:
    log = '$ a\nno\nThe command "a" exited with 1.\n$ b "x"\noops\nThe command "b "x"" exited with 1.\n'
    opened = log.replace(' "', " \u201c").replace('"', "\u201d")
    assert read_log([opened.encode()]).last_failing_lines == ('$ b "x"', "oops")


@pytest.mark.parametrize("hyphen", ["\u2010", "\u2011"])
def test_other_hyphens_are_hyphens(hyphen: str) -> None:
    assert found(read_log([SHORT.decode().replace("-", hyphen).encode()])) == found(read_log([SHORT]))


@pytest.mark.parametrize("sign", ["\xad", "\u200b", "\u200d", "\u2060", "\ufeff", "\u202a", "\ufe0f"])
def test_invisible_characters_are_passed_over(sign: str) -> None:
    hidden = SHORT.decode().replace("cache", f"ca{sign}che").encode()
    assert found(read_log([sign.encode() + hidden])) == found(read_log([SHORT]))


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("character", ["ü", "✓", "…", "日", "😀"])
def test_other_characters_are_kept_wherever_they_are_cut(character: str, size: int) -> None:
    whole = (f"a{character}\xa0" * (HEAD_BYTES // 3)).encode()
    text = PastedText()
    pieces = [text.feed(whole[at : at + size]) for at in range(0, len(whole), size)]
    assert b"".join([*pieces, text.finish()]) == (f"a{character} " * (HEAD_BYTES // 3)).encode()
    assert text.kept_bytes == 0


@pytest.mark.parametrize("cut", [b"\xc2", b"\xe2\x80"])
def test_a_character_that_never_ends_is_kept_in_its_place(cut: bytes) -> None:
    text = PastedText()
    assert text.feed(b"a" + cut) + text.feed(b"b") + text.finish() == b"a" + cut + b"b"


def test_a_character_that_is_cut_at_the_end_is_kept() -> None:
    text = PastedText()
    assert text.feed(b"a\xe2\x80") == b""
    assert text.kept_bytes == 3
    assert text.finish() == b"a\xe2\x80"


@pytest.mark.parametrize("size", [1, 700, HEAD_BYTES, 10 * HEAD_BYTES])
@pytest.mark.parametrize("prefix", [b"", b"12: "])
def test_carriage_returns_alone_end_lines(size: int, prefix: bytes) -> None:
    lines = [prefix + line for line in [*SHORT.splitlines(), *[b"an ordinary line"] * (HEAD_BYTES // 8)]]
    text = PastedText()
    whole = b"\r".join(lines)
    pieces = [text.feed(whole[at : at + size]) for at in range(0, len(whole), size)]
    assert b"".join([*pieces, text.finish()]) == b"\n".join(line.removeprefix(prefix) for line in lines)


@pytest.mark.parametrize(
    ("whole", "read"),
    [
        (b"10%\r20%\r\n", b"10%\r20%\r\n"),
        (b"10%\r20%", b"10%\r20%"),
        (b"10%\r20%\r30%", b"10%\n20%\n30%"),
    ],
)
def test_carriage_returns_in_a_log_with_line_ends_or_one_alone_overwrite_lines(whole: bytes, read: bytes) -> None:
    assert undone(whole, len(whole)) == read


def test_a_hyphen_behind_the_number_of_a_line_begins_what_a_terminal_wrapped() -> None:
    start = f"fetching main/cache-linux-focal-{HASH}-"
    lines = ["Setting up build cache", "attempting to download cache archive", start, "-python-3.8.tgz", "found cache"]
    log = read_log([prefixed("\n".join(lines).encode(), PREFIXES["an editor"])])
    assert [fetch.archive for fetch in log.fetched] == [NEW]
