"""Codes, returns, quoting and cuts that are added to a log do not change the result."""

import itertools
import json
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from purger.travis.job_log import CacheUse, JobLog, LogReader, read_log
from tests.travis.job_log.corpus import CORPUS, LOGS, summary

RAW = sorted(name for name in CORPUS if name.endswith(".log") and name not in {"rubbish.log", "cut_in_fetching.log"})
SMALL = settings(max_examples=60, deadline=None)
LOG = st.sampled_from(RAW).map(lambda name: (LOGS / name).read_bytes())
# Without codes and returns of its own: pieces must not be inserted into a code.
BARE = LOG.map(lambda log: without_codes(log))
CODES = st.sampled_from(
    [
        b"\x1b[0m",
        b"\x1b[32;1m",
        b"\x1b[0K",
        b"\x1b[K",
        b"\x1b[2J",
        b"\x1b[?25l",
        b"\x1b[38;5;196m",
        b"\x1b(B",
        b"\x1b]0;title\x07",
        b"\x1b]8;;x\x1b\\",
    ]
)


def without_codes(log: bytes) -> bytes:
    for code in (b"\x1b[0K", b"\x1b[K", b"\x1b[0m", *(b"\x1b[%d;1m" % color for color in (31, 32, 33)), b"\x1b[31m"):
        log = log.replace(code, b"")
    return log.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def found(log: JobLog) -> tuple[object, ...]:
    """Return all results except for the failing lines, which a carriage return may change."""
    return (
        log.is_log,
        log.asked,
        log.fetched,
        log.stored,
        log.nothing_changed,
        log.started_clean,
        log.symptoms,
        log.truncated,
        bool(log.last_failing_lines),
    )


def with_pieces(data: st.DataObject, log: bytes, pieces: st.SearchStrategy[bytes]) -> bytes:
    places = data.draw(st.lists(st.integers(0, len(log)), max_size=30))
    # Statements are a small part of a log, so some places are chosen at them.
    for word in (
        b"attempting",
        b"fetching",
        b"found cache",
        b"could not",
        b"uploading",
        b"exited with",
        b"travis_time:end",
        b"Conflict",
    ):
        at = log.find(word)
        if at >= 0:
            places.append(at + data.draw(st.integers(0, 40)))
    for place in sorted(places, reverse=True):
        log = log[:place] + data.draw(pieces) + log[place:]
    return log


@SMALL
@given(st.data(), BARE)
def test_escape_codes_anywhere_do_not_change_the_result(data: st.DataObject, log: bytes) -> None:
    log_read = read_log([with_pieces(data, log, CODES)])
    assert log_read == read_log([log])


@SMALL
@given(st.data(), BARE)
def test_carriage_returns_anywhere_do_not_change_the_result(data: st.DataObject, log: bytes) -> None:
    log_read = read_log([with_pieces(data, log, st.sampled_from([b"\r", b"\r\r", b"\x1b[0K\r", b"\r\x1b[0K"]))])
    assert found(log_read) == found(read_log([log]))


@SMALL
@given(st.data(), BARE)
def test_zero_bytes_anywhere_do_not_change_the_result(data: st.DataObject, log: bytes) -> None:
    assert read_log([with_pieces(data, log, st.sampled_from([b"\0", b"\0\0\0"]))]) == read_log([log])


@SMALL
@given(LOG, st.sampled_from([b"> ", b">", b">> ", b"> > ", b"&gt; "]), st.sampled_from([b"", b" ", b"    ", b"\t"]))
def test_quoting_and_indentation_do_not_change_the_result(log: bytes, mark: bytes, indentation: bytes) -> None:
    quoted = b"".join(indentation + mark + line + b"\n" for line in log.split(b"\n"))
    assert read_log([quoted]) == read_log([log])


@SMALL
@given(LOG, st.integers(1, 40))
def test_indentation_alone_does_not_change_the_result(log: bytes, width: int) -> None:
    indented = b"".join(b" " * width + line + b"\n" for line in log.split(b"\n"))
    assert read_log([indented]) == read_log([log])


@SMALL
@given(st.data(), LOG)
def test_blank_lines_anywhere_do_not_change_the_result(data: st.DataObject, log: bytes) -> None:
    lines = log.split(b"\n")
    for at in sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=20)), reverse=True):
        lines.insert(at, data.draw(st.sampled_from([b"", b"  ", b"\r", b">", b"> "])))
    assert summary(read_log([b"\n".join(lines)])) == summary(read_log([log]))


@SMALL
@given(st.data(), LOG, st.sampled_from(["raw", "string", "object"]))
def test_chunk_boundaries_do_not_change_the_result(data: st.DataObject, log: bytes, form: str) -> None:
    text = log.decode("utf-8", "replace") + "😀é\\ " * 20
    # Longer than the head that decides the form, so that the boundaries are also behind it.
    text = "padding \\n\r\n" * 7000 + text
    whole = {
        "raw": text,
        "string": json.dumps(text),
        "object": json.dumps({"content": None, "log_parts": [{"content": text[:70000]}, {"content": text[70000:]}]}),
    }[form].encode()
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=30))), len(whole)]
    chunks = [whole[start:end] for start, end in itertools.pairwise(cuts)]
    assert read_in(chunks) == read_in([whole])


def read_in(chunks: list[bytes]) -> JobLog:
    """Read the chunks as they are; `read_log` would combine small ones."""
    reader = LogReader()
    for chunk in chunks:
        reader.feed(chunk)
    return reader.finish()


@SMALL
@given(LOG)
def test_a_log_can_be_fed_byte_by_byte(log: bytes) -> None:
    assert read_log(log[at : at + 1] for at in range(len(log))) == read_log([log])


WORDS = st.sampled_from(
    [
        b"fetching ",
        b"main/cache-a.tgz",
        b"found cache",
        b"found workspace",
        b"could not download cache",
        b"uploading ",
        b"cache uploaded",
        b"failed to upload cache",
        b"attempting to download cache archive",
        b"\n",
        b"\r",
        b"> ",
        b"\x1b[",
        b"travis_time:start:0a",
        b"travis_time:end:0a:start=1,finish=2,duration=3",
        b'The command "x" exited with 1.',
        b"$ ",
        b"Ensure test image",
        b"pkg_resources.VersionConflict: ",
        b"{",
        b'"content":"',
        b"\\",
        b'"',
        b"\0",
        b"\\u001b",
        b"\\ud83d",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.binary(max_size=40) | WORDS, max_size=60))
def test_any_bytes_have_a_consistent_result(pieces: list[bytes]) -> None:
    log = read_log(pieces)
    assert log == read_log([b"".join(pieces)])
    assert set(log.fetched) <= set(log.asked)
    assert all(fetch.found for fetch in log.fetched)
    assert log.started_clean is not True or not log.fetched
    assert len(log.last_failing_lines) <= 20
    texts = [
        *log.last_failing_lines,
        *(symptom.line for symptom in log.symptoms),
        *(fetch.branch for fetch in log.asked),
    ]
    assert not [char for char in "".join(texts) if unicodedata.category(char) == "Cc" and char != "\t"]


@SMALL
@given(LOG, st.data())
def test_a_log_may_be_cut_anywhere(log: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(log)))
    end = data.draw(st.integers(start, len(log)))
    cut, whole = read_log([log[start:end]]), read_log([log])
    assert {(f.branch, f.archive) for f in cut.fetched} <= {(f.branch, f.archive) for f in whole.fetched}
    assert not (cut.started_clean and whole.fetched)
    assert cut.cache_use in {whole.cache_use, CacheUse.UNKNOWN}, "a cut makes no verdict, it only takes one away"


EVIDENCE = {
    CacheUse.STARTED_CLEAN: (b"could not download cache",),
    CacheUse.NO_CACHE: (b"Worker information", b"git clone ", b"exited with "),
}


@SMALL
@given(LOG, st.data())
def test_no_cache_is_acquitted_without_the_evidence(log: bytes, data: st.DataObject) -> None:
    """The log ends anywhere, most often just before, in or after what would be the evidence."""
    places = [0, len(log)]
    for words in (*EVIDENCE[CacheUse.STARTED_CLEAN], *EVIDENCE[CacheUse.NO_CACHE], b"Setting up build cache"):
        at = log.find(words)
        if at >= 0:
            places += [at, at + len(words) // 2, at + len(words)]
    end = data.draw(st.sampled_from(places) | st.integers(0, len(log)))
    cut = log[:end]
    for use, evidence in EVIDENCE.items():
        if read_log([cut]).cache_use is use:
            assert all(word in cut for word in evidence)


@SMALL
@given(LOG, st.data())
def test_removed_lines_make_no_verdict_more_certain(log: bytes, data: st.DataObject) -> None:
    """Lines that are not the cache tool's own may be missing anywhere: that is how people shorten logs.

    The limit: a whole cache part that was cut out of the middle leaves a log that looks like one without caches.
    """
    lines = log.split(b"\n")
    plain = [number for number, line in enumerate(lines) if b"cache" not in line and b"fetching" not in line]
    gone = set(data.draw(st.lists(st.sampled_from(plain), max_size=20)))
    shorter = read_log([b"\n".join(line for number, line in enumerate(lines) if number not in gone)])
    assert shorter.cache_use in {read_log([log]).cache_use, CacheUse.UNKNOWN}
