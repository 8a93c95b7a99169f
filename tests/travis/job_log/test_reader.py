"""What is read out of each log of the corpus, in every form that people have it in."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from purger.travis.job_log import JobLog, LogReader, Source, read_log, source_of
from tests.travis.job_log.corpus import CORPUS, LOGS, NO_LOGS, OWN, Expected, summary


def read(name: str) -> JobLog:
    with (LOGS / name).open("rb") as file:
        return read_log(file)


@pytest.mark.parametrize(("name", "expected"), CORPUS.items(), ids=list(CORPUS))
def test_each_log_tells_what_it_should(name: str, expected: Expected) -> None:
    log = read(name)
    assert log.is_log
    assert summary(log) == expected


@pytest.mark.parametrize("name", NO_LOGS)
def test_what_is_not_a_log_is_said_to_be_none(name: str) -> None:
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
# Of these forms the rest is built; what has lost its line ends or is JSON already cannot be quoted.
RAW = [name for name in CORPUS if name.endswith(".log")]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", RAW)
def test_the_form_of_a_log_does_not_matter(name: str, form: str) -> None:
    log = (LOGS / name).read_bytes()
    assert summary(read_log([FORMS[form](log)])) == summary(read_log([log]))


# --- times


def test_a_fetch_has_the_time_of_the_block_around_it() -> None:
    (fetch,) = read("new_own.log").fetched
    assert fetch.at == datetime(2020, 12, 6, 1, 53, 20, 325612, UTC)


@pytest.mark.parametrize("name", ["glued_markers.txt", "quoted.md", "lost_escape.txt", "api_parts.json"])
def test_copied_logs_keep_their_times(name: str) -> None:
    assert {fetch.at for fetch in read(name).asked} == {datetime(2020, 12, 6, 1, 53, 20, 325612, UTC)}


def test_an_upload_has_its_time() -> None:
    (stored,) = read("new_target.log").stored
    assert stored.at is not None
    assert stored.at > datetime(2020, 12, 6, 1, 53, 20, tzinfo=UTC)


def test_a_cut_log_gives_the_time_of_the_block_before() -> None:
    (fetch,) = read("cut_in_fetching.log").asked
    assert fetch.at == datetime(2020, 12, 6, 1, 53, 20, 320408, UTC)


BLOCK = b"travis_time:end:%b:start=%d,finish=%d,duration=1\n"
T0 = 1_600_000_000 * 10**9
FETCH = b"fetching main/cache-a.tgz\nfound cache\n"
AT = datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("log", "at"),
    [
        (FETCH, None),
        (FETCH + BLOCK % (b"0a", T0, T0 + 10**9), AT),
        (b"travis_time:start:0b\n" + FETCH + BLOCK % (b"0b", T0, T0 + 10**9), AT),
        (b"travis_time:start:0b\n" + FETCH + BLOCK % (b"0a", T0, T0 + 10**9), AT),
        (
            BLOCK % (b"0a", T0, T0 + 10**9)
            + b"travis_time:start:0b\n"
            + FETCH
            + b"travis_time:start:0c\n"
            + BLOCK % (b"0c", T0 + 9 * 10**9, T0 + 10**10),
            AT + timedelta(seconds=1),
        ),
        (BLOCK % (b"0a", T0, T0 + 10**9) + FETCH, AT + timedelta(seconds=1)),
        (FETCH + b"travis_time:end:0a:start=1600000000,finish=1600000001,duration=1\n", None),
        (
            FETCH + BLOCK % (b"0a", 99999999999999999999, 99999999999999999999),
            datetime(5138, 11, 16, 9, 46, 39, 999999, UTC),
        ),
        (FETCH + BLOCK % (b"0a", 10**18, 10**18 + 1), datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
    ],
    ids=["none", "start lost", "around", "end lost", "next block", "before", "seconds", "far away", "long ago"],
)
def test_the_nearest_marker_gives_the_time(log: bytes, at: datetime | None) -> None:
    (fetch,) = read_log([log]).fetched
    assert fetch.at == at


# --- whose cache it was


@pytest.mark.parametrize(
    ("branch", "own", "target", "default", "source"),
    [
        ("main", "main", None, "main", "own"),
        ("main", "fix-42", None, "main", "default"),
        ("develop", "PR.12", "develop", "main", "target"),
        ("main", "PR.12", "develop", "main", "default"),
        ("main", "PR.12", "main", "main", "target"),
        ("PR.12", "PR.12", "develop", "main", "own"),
        ("PR.12", None, None, None, "own"),
        ("PR.7", None, None, None, "own"),
        ("PR.next", None, None, None, "unknown"),
        ("main", None, None, None, "unknown"),
        ("other", "fix-42", "develop", "main", "unknown"),
        ("foo", "feature/foo", None, "main", "own"),
        ("caf%C3%A9", "café", None, "main", "own"),
    ],
)
def test_whose_cache(branch: str, own: str | None, target: str | None, default: str | None, source: Source) -> None:
    assert source_of(branch, own=own, target=target, default=default) == source


def test_a_log_can_be_told_whose_caches_it_fetched() -> None:
    log = read("new_target.log").with_sources(own="PR.12", target="develop", default="main")
    assert [fetch.source for fetch in log.asked] == ["own", "own", "target"]
    assert [fetch.source for fetch in log.fetched] == ["target"]
    asked = b"".join(b"fetching %b/cache-a.tgz\n" % branch for branch in (b"fix-42", b"develop", b"main", b"other"))
    log = read_log([asked + b"found cache"]).with_sources(own="fix-42", target="develop", default="main")
    assert [fetch.source for fetch in log.asked] == ["own", "target", "default", "unknown"]


# --- details


def test_the_failing_lines_are_clean_and_few() -> None:
    log = b"$ make\n" + b"".join(b"\x1b[31mline %d\x1b[0m\r\n" % n for n in range(50))
    lines = read_log(
        [
            log + b"10%\r20%\r\x1b[K100%\r\ntravis_time:end:0a:start=1,finish=2,duration=1\r\x1b[0K\r\n"
            b'\x1b[31;1mThe command "make" exited with 2.\x1b[0m\r\n'
        ]
    ).last_failing_lines
    assert lines == (*(f"line {n}" for n in range(31, 50)), "100%")


def test_the_failing_lines_begin_with_their_command() -> None:
    lines = read("new_default.log").last_failing_lines
    assert lines[0] == '$ pytest tests "-k not slow"'
    assert ">       assert 1 + 1 == 3" in lines


def test_indentation_within_the_failing_lines_stays() -> None:
    lines = read("quoted.md").last_failing_lines
    assert "    def test_sum():" in lines
    assert lines == read("new_clean.log").last_failing_lines


def test_a_command_that_passes_later_does_not_hide_the_one_that_failed() -> None:
    log = b'$ a\noops\nThe command "a" exited with 1.\n$ b\nfine\nThe command "b" exited with 0.\n'
    assert read_log([log]).last_failing_lines == ("$ a", "oops")


def test_a_command_of_several_lines_is_understood() -> None:
    log = b'$ a\n$ if x; then\n  y\nfi\noops\nThe command "if x; then\n  y\nfi\n" exited with 1.\n'
    assert read_log([log]).last_failing_lines == ("$ if x; then", "  y", "fi", "oops")


def test_a_command_with_quotes_that_runs_twice_shows_its_last_run() -> None:
    log = b'$ say "a"\nfirst\n$ say "a"\nsecond\nThe command "say "a"" exited with 1.\n'
    assert read_log([log]).last_failing_lines == ('$ say "a"', "second")


def test_a_command_without_its_echo_shows_its_block() -> None:
    log = b'earlier\ntravis_time:start:0a1b2c3d\r\x1b[0Koops\nThe command "a" exited with 1.\n'
    assert read_log([log]).last_failing_lines == ("oops",)


def test_output_that_looks_quoted_in_part_stays() -> None:
    log = b'$ a\nplain\n> quoted\nThe command "a" exited with 1.\n'
    assert read_log([log]).last_failing_lines == ("$ a", "plain", "> quoted")


def test_nothing_can_reach_the_terminal_through_the_failing_lines() -> None:
    log = b'$ a\n\x1b]0;title\x07\x9b31m\x1b\x07bell\x08\xff\nThe command "a" exited with 1.\n'
    assert all(line.isprintable() for line in read_log([log]).last_failing_lines)


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
        "echo No output has been received in the last 10m",
        "it exited with 1",
        'The command "x" was killed and exited with 1',
    ],
)
def test_talk_of_an_end_is_no_end(line: str) -> None:
    assert read_log([b"travis_fold:start:a\n" + line.encode()]).truncated


def test_a_step_announced_between_blocks_is_over_with_its_command() -> None:
    passed = b"Ensure test image\n$ docker pull x\nfine\n$ docker tag x\n"
    assert read_log([passed + b'The command "docker tag x" failed and exited with 1 during .']).symptoms == ()


@pytest.mark.parametrize("end", ["travis_fold:end:ensure_test_image", "travis_time:end:0a:start=1,finish=2,duration=1"])
def test_a_step_is_over_with_its_fold_or_block(end: str) -> None:
    log = f'Ensure test image\n{end}\n$ make test\nno\nThe command "make test" exited with 1.'
    assert read_log([log.encode()]).symptoms == ()


@pytest.mark.parametrize(
    ("line", "is_symptom"),
    [
        ("pkg_resources.VersionConflict", True),
        ("pkg_resources.VersionConflict: (a 1)", True),
        ("pip._vendor.pkg_resources.VersionConflict: (a 1)", True),
        ("VersionConflict: (a 1)", True),
        ("VersionConflict (a 1)", False),
        ("other.VersionConflict: (a 1)", False),
        ('pkg_resources.VersionConflict("a")', False),
        ('pkg_resources.VersionConflict"', False),
        ("pkg_resources.VersionConflict'", False),
        ("raise pkg_resources.VersionConflict", False),
        ("pkg_resources.VersionConflicts", False),
    ],
)
def test_which_lines_are_conflicts(line: str, *, is_symptom: bool) -> None:
    symptoms = read_log([b"before\n" + line.encode() + b"\nafter\n"]).symptoms
    assert [(symptom.id, symptom.line) for symptom in symptoms] == [("version-conflict", line)] * is_symptom


def test_each_kind_of_symptom_is_told_once_in_the_order_of_the_log() -> None:
    conflict, missing = b"pkg_resources.VersionConflict: (a 1)\n", b"pkg_resources.DistributionNotFound: b\n"
    symptoms = read_log([missing + conflict + missing + conflict]).symptoms
    assert [symptom.id for symptom in symptoms] == ["distribution-not-found", "version-conflict"]


def test_of_an_endless_line_the_part_around_the_symptom_is_shown() -> None:
    conflict = "VersionConflict: (a 1) "
    (symptom,) = read_log([b"x" * 5000 + b" pkg_resources." + conflict.encode() + b"y" * 5000]).symptoms
    assert len(symptom.line) == 500
    before, _, after = symptom.line.partition(conflict)
    assert len(before) == 250
    assert before.strip("x") == " pkg_resources."
    assert not after.strip("y")


def test_each_symptom_says_what_to_do() -> None:
    (symptom,) = read("contextual_conflict.log").symptoms
    assert symptom.line.startswith("pkg_resources.ContextualVersionConflict: (numpy 1.16.0")
    assert "stale" in symptom.meaning
    assert "Purge" in symptom.what_to_do
    (symptom,) = read("test_image_fails.log").symptoms
    assert symptom.line == "Ensure test image"
    assert "pushed" in symptom.meaning
    assert "Push" in symptom.what_to_do
    (symptom,) = read_log([b'a\nStep "Ensure test image" failed\nb\n']).symptoms
    assert symptom.line == 'Step "Ensure test image" failed'


@pytest.mark.parametrize(
    "step",
    [
        'Step "Ensure test image" failed',
        "Ensure test image: FAILED",
        '$ make ensure-test-image\nno\nThe command "make ensure-test-image" exited with 2.',
        '$ ./ensure_test_image.sh\nno\nThe command "./ensure_test_image.sh" failed and exited with 1 during .',
        "==> Ensure test image\n$ docker pull x\nno\nDone. Your build exited with 1.",
        '== [Ensure test image] <==\n$ docker pull x\nno\nThe command "docker pull x" exited with 1.',
        "Ensure test image\n$ docker pull x\n\n"
        "No output has been received in the last 10m0s, this potentially indicates a stalled build.",
        "Ensure test image\n$ docker pull x\n\n"
        "The job exceeded the maximum time limit for jobs, and has been terminated.",
        "Ensure test image\n$ docker pull x\n\nYour build has been stopped.",
        "travis_fold:end:cache.1\r\x1b[0K\x1b[33;1mEnsure test image\x1b[0m\r\n$ docker pull x\r\nno\r\n"
        'The command "docker pull x" exited with 1.',
    ],
)
def test_a_test_image_that_is_missing(step: str) -> None:
    assert [symptom.id for symptom in read_log([step.encode()]).symptoms] == ["test-image"]


@pytest.mark.parametrize(
    "step",
    [
        '$ make ensure-test-image\nyes\nThe command "make ensure-test-image" exited with 0.',
        "$ make ensure-test-image",
        "==> Ensure test image\nup to date",
        "Ensure test image: 0 failed",
    ],
)
@pytest.mark.parametrize("then", ["", '\n$ make test\nno\nThe command "make test" exited with 1.'])
def test_a_test_image_that_is_there(step: str, then: str) -> None:
    assert read_log([(step + then).encode()]).symptoms == ()


@pytest.mark.parametrize(
    ("log", "asked", "fetched"),
    [
        ("fetching main/cache-a.tgz\nfound cache", 1, 1),
        ("fetching main/cache-a.tgz\nfound cached", 1, 0),
        ("fetching main/cache-a.tgz\n+ curl -v\nfound cache", 1, 1),
        ("fetching some/package-1.0.tgz\n+ curl -v\nfound cache", 0, 0),
        ("npm is fetching main/cache-a.tgz\n+ curl -v\nfound cache", 0, 0),
        ('grep "fetching main/cache-a.tgz" log; echo "found cache"', 0, 0),
        ("fetching main/cache-a.tgz\nfetching main/cache-b.tgz\ncould not download cache", 2, 0),
        ("fetching 1234/cache-a.tgz\nfound workspace\nfetching main/cache-b.tgz\nfound cache", 1, 1),
        ("attempting to download workspace archive\nfetching 1234/a.tgz\n", 0, 0),
        ("attempting to download cache archive\nfetching main/odd-name.tgz\n", 1, 0),
        ("found cache", 0, 0),
        ("fetching PR.1/cache-a.tgz?X-Amz-Signature=0\nfound cache", 1, 1),
        ("fetching my branch/cache-a.tgz\nfound cache", 1, 1),
        ("- fetching main/cache-a.tgz\n- found cache", 1, 1),
        ("1 minute ago: fetching a/cache-a.tgz\nfetching b/cache-b.tgz\nfound cache", 2, 1),
        ("a fetching a/cache-a.tgz b\nfetching b/cache-b.tgz\nfound cache", 1, 1),
        ("I found cache and could not download cache\nfetching b/cache-b.tgz\nfound cache", 1, 1),
        ('"fetching main/cache-a.tgz": found cache', 0, 0),
        ("fetching main/cache-a.tgz\n" + "word " * 1000 + "found cache", 1, 0),
        ("npm is fetching main/cache-a.tgz could not download cache", 1, 0),
    ],
)
def test_which_lines_are_fetches(log: str, asked: int, fetched: int) -> None:
    told = read_log([log.encode()])
    assert (len(told.asked), len(told.fetched)) == (asked, fetched)


def test_the_name_of_a_branch_is_printable() -> None:
    (fetch,) = read_log([b"fetching ma\xc2\x9bin\xff/cache-a.tgz\nfound cache"]).fetched
    assert fetch.branch == "main\N{REPLACEMENT CHARACTER}"


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
def test_one_sign_is_enough_for_a_log(log: str) -> None:
    assert read_log([log.encode()]).is_log


def test_workspaces_alone_are_no_sign() -> None:
    assert not read_log([b"attempting to download workspace archive"]).is_log


@pytest.mark.parametrize(
    "workspace",
    [
        "fetching 12/a.tgz\ncould not download workspace",
        "attempting to download workspace archive\nfetching 12/a.tgz\nrunning `casher fetch x` took longer than 180 s",
    ],
)
def test_what_becomes_of_a_workspace_does_not_change_a_clean_start(workspace: str) -> None:
    log = "attempting to download cache archive\nfetching main/cache-a.tgz\ncould not download cache\n"
    assert read_log([(log + workspace).encode()]).started_clean


@pytest.mark.parametrize(
    ("log", "stored"),
    [
        ("uploading main/cache-a.tgz\ncache uploaded", [True]),
        ("uploading main/cache-a.tgz\nfailed to upload cache", [False]),
        ("uploading main/cache-a.tgz", [None]),
        ("uploading archive", [None]),
        ("uploading archive\nDone. Your build exited with 0.", [True]),
        ("uploading main/cache-a.tgz\nrunning `casher push x` took longer than 180 seconds", [False]),
        ("changes detected, packing new archive ...uploading main/cache-a.tgz", [None]),
        ("uploading 1234/cache-a.tgz\nworkspace uploaded", []),
        ("uploading dist/package-1.0.tgz\nsomething", []),
        ("I am uploading main/cache-a.tgz\nsomething", []),
        ("uploading archive\nuploading archive\nDone. Your build exited with 0.", [None, True]),
        ("attempting to download workspace archive\nuploading archive\nDone. Your build exited with 0.", []),
        ("it is uploading main/cache-a.tgz\ncache uploaded", [True]),
        ("cache uploaded", []),
        ("failed to upload cache", []),
        ("uploading main/cache-a.tgz\nso I think cache uploaded", [None]),
        ("x travis_time:end:0a:start=1,finish=2,duration=3,event=cacheuploading main/cache-a.tgz", [None]),
    ],
)
def test_which_lines_are_uploads(log: str, stored: list[bool | None]) -> None:
    assert [each.succeeded for each in read_log([log.encode()]).stored] == stored


@pytest.mark.parametrize(
    ("log", "nothing_changed"),
    [
        ("store build cache\nnothing changed", True),
        ("nothing changed, not updating cache", True),
        ("store build cache\nnothing changed, not updating workspace", False),
        ("git says nothing changed", False),
    ],
)
def test_when_nothing_changed(log: str, *, nothing_changed: bool) -> None:
    assert read_log([log.encode()]).nothing_changed is nothing_changed


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
def test_memory_stays_flat(piece: bytes) -> None:
    reader = LogReader()
    most = 0
    for chunk in endless(piece, 20_000_000 if len(set(piece)) > 30 else 4_000_000):
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
def test_memory_stays_flat_in_json(start: bytes, piece: bytes) -> None:
    reader = LogReader()
    most = 0
    for chunk in [start, *[piece] * 4000]:
        reader.feed(chunk)
        most = max(most, reader.kept_bytes)
    reader.finish()
    assert most < 1_000_000


def test_a_source_may_be_one_huge_piece() -> None:
    log = (LOGS / "new_own.log").read_bytes()
    assert summary(read_log([log + b"x" * 1_000_000])) == OWN
