"""Each log of the corpus is read correctly, in every form in which users have it."""

import json
from collections.abc import Callable, Iterator

import pytest

from purger.travis.job_log import JobLog, LogReader, LogSink, read_log
from tests.travis.job_log.corpus import CORPUS, LOGS, NO_LOGS, OWN, Expected, read, summary


@pytest.mark.parametrize(("name", "expected"), CORPUS.items(), ids=list(CORPUS))
def test_each_log_of_the_corpus_is_read(name: str, expected: Expected) -> None:
    log = read(name)
    assert log.is_log
    assert summary(log) == expected


@pytest.mark.parametrize("name", NO_LOGS)
def test_other_files_are_not_logs(name: str) -> None:
    assert read(name) == JobLog(is_log=False)


def test_the_corpus_is_complete() -> None:
    assert {path.name for path in LOGS.iterdir()} == {*CORPUS, *NO_LOGS}


def quoted(log: bytes) -> bytes:
    return b"".join(b"> " + line + b"\n" for line in log.split(b"\n"))


def without_codes(log: bytes) -> bytes:
    for code in (b"\x1b[0K", b"\x1b[K", b"\x1b[0m", *(b"\x1b[%d;1m" % color for color in (31, 32, 33))):
        log = log.replace(code, b"")
    return log


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "quoted": quoted,
    "quoted twice": lambda log: quoted(quoted(log)),
    "indented": lambda log: b"\t    " + log.replace(b"\n", b"\n\t    "),
    "blank lines": lambda log: log.replace(b"\n", b"\n\n  \n"),
    "no codes": without_codes,
    "no escape characters": lambda log: log.replace(b"\x1b", b""),
    "caret codes": lambda log: log.replace(b"\x1b", b"^["),
    "Unix line ends": lambda log: log.replace(b"\r\n", b"\n"),
    "old Macintosh line ends in front": lambda log: log.replace(b"\r\n", b"\r\r\n"),
    "a JSON string": lambda log: json.dumps(log.decode("utf-8", "replace")).encode(),
    "a JSON string with raw characters": lambda log: json.dumps(
        log.decode("utf-8", "replace"), ensure_ascii=False
    ).encode(),
    "the inside of a string": lambda log: json.dumps(log.decode("utf-8", "replace")).encode()[1:-1],
    "parts": lambda log: json.dumps(
        {
            "@type": "log",
            "content": "",
            "log_parts": [
                {"number": at, "content": log.decode("utf-8", "replace")[at : at + 97], "final": False}
                for at in range(0, len(log), 97)
            ],
        },
        indent=1,
    ).encode(),
    "UTF-16": lambda log: log.decode("utf-8", "replace").encode("utf-16"),
    "a JSON string in UTF-16": lambda log: json.dumps(log.decode("utf-8", "replace")).encode("utf-16"),
}
# The forms are built from these logs; logs without line ends and JSON documents cannot be quoted.
RAW = [name for name in CORPUS if name.endswith(".log")]


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_a_log_does_not_matter(form: str) -> None:
    for name in RAW:
        log = FORMS[form]((LOGS / name).read_bytes())
        assert summary(read_log([log])) == CORPUS[name], name


def test_the_failing_lines_begin_with_their_command() -> None:
    lines = read("new_default.log").last_failing_lines
    assert lines[0] == '$ pytest tests "-k not slow"'
    assert ">       assert 1 + 1 == 3" in lines


def test_a_command_that_passes_later_does_not_hide_the_one_that_failed() -> None:
    log = b'$ a\noops\nThe command "a" exited with 1.\n$ b\nfine\nThe command "b" exited with 0.\n'
    assert read_log([log]).last_failing_lines == ("$ a", "oops")


def test_a_command_of_several_lines_is_recognised() -> None:
    log = b'$ a\n$ if x; then\n  y\nfi\noops\nThe command "if x; then\n  y\nfi\n" exited with 1.\n'
    assert read_log([log]).last_failing_lines == ("$ if x; then", "  y", "fi", "oops")


def test_a_command_with_quotes_that_runs_twice_shows_its_last_run() -> None:
    log = b'$ say "a"\nfirst\n$ say "a"\nsecond\nThe command "say "a"" exited with 1.\n'
    assert read_log([log]).last_failing_lines == ('$ say "a"', "second")


def test_a_command_without_its_echo_shows_its_block() -> None:
    log = b'earlier\ntravis_time:start:0a1b2c3d\r\x1b[0Koops\nThe command "a" exited with 1.\n'
    assert read_log([log]).last_failing_lines == ("oops",)


def test_a_job_that_ran_out_of_time_shows_what_it_was_doing() -> None:
    log = read_log(
        [b"$ make\nstill busy\n\n\nThe job exceeded the maximum time limit for jobs, and has been terminated.\n\n"]
    )
    assert log.last_failing_lines == ("$ make", "still busy")
    assert not log.truncated


@pytest.mark.parametrize(
    "line",
    [
        "The support for this has been terminated.",
        'he said "Your build has been stopped"',
        "Your build has been stopped. is what we print",
        "No output has been received in the last 10m0s, says the text under test",
        'No output has been received in the last 10m0s." is what it says',
        "see The build has been terminated",
        "Done: Job Cancelled by someone",
        'expected "Done. Your build exited with 1." in the output',
        "Done. Your build exited with 1. is what it prints",
        "Your build exited with 1.",
        'see: The command "x" exited with 1.',
        "echo No output has been received in the last 10m",
        "it exited with 1",
        'The command "x" was killed and exited with 1',
    ],
)
def test_similar_sentences_do_not_end_the_job(line: str) -> None:
    assert read_log([b"travis_fold:start:a\n" + line.encode()]).truncated


@pytest.mark.parametrize(
    "end",
    [
        "Your build has been stopped.",
        "Your build has been stopped",
        "Done: Job Cancelled",
        "Done. Your build exited with 1.",
        "Done. Your build exited with 1",
        'Done. Your build exited with 1."',
        "Done. Your build exited with 1.travis_fold:end:after_failure",
        "No output has been received in the last 10m0s",
        "No output has been received in the last 10 minutes, this potentially indicates a stalled build",
        "No output has been received in the last 10m0s The build has been terminated",
        "The build has been terminated",
    ],
)
@pytest.mark.parametrize("before", ["", "\n", "> ", 'The command "x" exited with 1. '])
def test_each_sentence_at_its_end_ends_the_job(end: str, before: str) -> None:
    assert not read_log([f"travis_fold:start:a\n{before}{end}\n".encode()]).truncated


@pytest.mark.parametrize(
    "line",
    [
        'docs/faq.md: it ends with: The command "npm test" exited with 1.',
        "expected 'The command \"npm test\" exited with 1.' in the output",
    ],
)
def test_what_a_command_prints_about_another_is_its_output(line: str) -> None:
    passed = f'$ make\n{line}\nThe command "make" exited with 0.\n'
    assert read_log([passed.encode()]).last_failing_lines == ()
    failed = '$ a\noops\nThe command "a" exited with 1.\n'
    assert read_log([(failed + passed).encode()]).last_failing_lines == ("$ a", "oops")
    assert read_log([passed.replace("0.", "1.").encode()]).last_failing_lines == ("$ make", line)


def test_a_command_that_holds_the_sentence_is_recognised() -> None:
    log = '$ echo The command "a"\noops\nThe command "echo The command "a"" exited with 1.\n'
    assert read_log([log.encode()]).last_failing_lines == ('$ echo The command "a"', "oops")


@pytest.mark.parametrize(
    "log",
    [
        "travis_time:start:0a",
        "travis_time:end:0a:start=1,finish=2,duration=1",
        'The command "a" exited with 0.',
        "Setting up build cache",
        "Setting up build cache\nattempting to download workspace archive",
        "attempting to download cache archive",
        "uploading main/cache-a.tgz",
        "uploading 12/cache-a.tgz\nworkspace uploaded",
    ],
)
def test_a_single_marker_or_statement_makes_a_log(log: str) -> None:
    assert read_log([log.encode()]).is_log


def test_a_workspace_alone_does_not_make_a_log() -> None:
    assert not read_log([b"attempting to download workspace archive"]).is_log


# --- size


def endless(piece: bytes, size: int) -> Iterator[bytes]:
    yield (LOGS / "new_default.log").read_bytes().partition(b"$ flake8")[0]
    for _ in range(size // len(piece)):
        yield piece
    yield b'\r\n$ pytest\r\nlast words\r\nThe command "pytest" exited with 1.\r\nDone. Your build exited with 1.\r\n'


@pytest.mark.parametrize(
    "piece",
    [
        b"an ordinary line of output with a cache in it\r\n" * 1000,
        b"\rDownloading [#########          ] 17% of many megabytes" * 1000,
        b"\r" * 65536,
        b"x" * 65536,
        b"\n" * 65536,
        b"\x1b" * 65536,
        b"\x1b[31" * 16384,
        bytes(range(256)) * 256,
        b"fetching " * 8192,
        b"fetching main/cache-a.tgz\r\nfound cache\r\n" * 100,
    ],
    ids=["lines", "progress", "returns", "one line", "blank", "escapes", "codes", "binary", "words", "fetches"],
)
def test_memory_stays_constant(piece: bytes) -> None:
    reader = LogReader()
    most = 0
    for chunk in endless(piece, 2_000_000):
        reader.feed(chunk)
        most = max(most, reader.kept_bytes)
    log = reader.finish()
    assert most < 1_000_000
    assert len(log.asked) <= 1000
    assert log.asked[1].found
    assert log.last_failing_lines == ("$ pytest", "last words")
    assert not log.truncated


@pytest.mark.parametrize("start", [b'"', b'{"content": "', b'{"content": null, "log_parts": [{"content": "'])
@pytest.mark.parametrize("piece", [b"line\\r\\n" * 100, b"\\" * 1000, b'","x":{"content":"y' * 50, b"[" * 1000])
def test_memory_stays_constant_in_json(start: bytes, piece: bytes) -> None:
    reader = LogReader()
    most = 0
    for chunk in [start, *[piece] * 2000]:
        reader.feed(chunk)
        most = max(most, reader.kept_bytes)
    reader.finish()
    assert most < 1_000_000


def test_a_source_may_be_one_huge_piece() -> None:
    log = (LOGS / "new_own.log").read_bytes()
    assert summary(read_log([log + b"x" * 1_000_000])) == OWN


def test_a_log_of_just_the_largest_size_is_whole() -> None:
    log = b"fetching main/cache-a.tgz\nfound cache\n"
    for more in (b"", b"x"):
        sink = LogSink(len(log))
        assert sink.feed(log + more) is not bool(more)
        assert sink.finish().too_long is bool(more)


def clone_of(*lines: str) -> str | None:
    return read_log([("Worker information\n" + "".join(f"{line}\n" for line in lines)).encode()]).clone


@pytest.mark.parametrize(
    ("line", "clone"),
    [
        ("$ git clone --depth=50 https://github.com/acme/a.git acme/a", "https://github.com/acme/a.git"),
        ("$ git clone --depth=50 --branch=x/y https://github.com/acme/a acme/a", "https://github.com/acme/a"),
        ("$ git clone git@gitlab.com:group/sub/a.git group/sub/a", "git@gitlab.com:group/sub/a.git"),
        ("2.11s$ git clone https://github.com/acme/a.git acme/a", "https://github.com/acme/a.git"),
        ("$ git clone --depth=50 --branch=x \nhttps://github.com/acme/a.git acme/a", "https://github.com/acme/a.git"),
        ("> $ git clone --depth=50\n> https://github.com/acme/a.git\n> acme/a", "https://github.com/acme/a.git"),
        ("$ git clone \N{EN DASH}depth=50 https://github.com/acme/a.git acme/a", "https://github.com/acme/a.git"),
        *(
            (f"$ git clone --depth=50 {link} acme/a", "https://github.com/acme/a.git")
            for link in (
                "<https://github.com/acme/a.git>",
                "https://github.com/acme/a.git<https://github.com/acme/a.git>",
                "https://github.com/acme/a.git\n<https://github.com/acme/a.git>",
                "[https://github.com/acme/a.git](https://github.com/acme/a.git)",
                "[https://github.com/acme/a.git|https://github.com/acme/a.git]",
                "[https://github.com/acme/a.git]",
            )
        ),
        ("$ git clone https://[secure]@github.com/acme/a acme/a", "https://[secure]@github.com/acme/a"),
        ("$ git clone https://github.com/acme/Cloning\nCloning into 'Cloning'...", None),
        ("$ git clone https://github.com/acme/dep.git", None),
        ("$ git clone https://github.com/acme/dep.git vendor/dep", None),
        ("$ git clone https://github.com/acme/dep.git dep", None),
        ("a test printed $ git clone https://github.com/acme/dep.git acme/dep", None),
    ],
)
def test_the_address_of_the_jobs_own_clone_is_read(line: str, clone: str | None) -> None:
    assert clone_of(line) == clone


def test_the_jobs_own_clone_is_read_behind_a_persons_commands() -> None:
    log = "$ travis logs 12.1\nWorker information\n$ git clone https://github.com/acme/a.git acme/a\n"
    assert read_log([log.encode()]).clone == "https://github.com/acme/a.git"


def test_of_several_clones_none_is_the_jobs_own() -> None:
    first, second = (f"$ git clone https://github.com/acme/{name}.git acme/{name}" for name in "ab")
    assert clone_of(first, first) == "https://github.com/acme/a.git", "the same job, copied twice"
    assert clone_of(first, second) is None
