"""What the cache tool writes to a log: the archives that it looked for, fetched and stored, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from purger.travis.job_log import read_log
from tests.travis.job_log.corpus import read


def test_a_fetch_has_the_time_of_the_block_around_it() -> None:
    (fetch,) = read("new_own.log").fetched
    assert fetch.at == datetime(2020, 12, 6, 1, 53, 20, 325612, UTC)


@pytest.mark.parametrize("name", ["glued_markers.txt", "quoted.md", "lost_escape.txt", "api_parts.json"])
def test_copied_logs_keep_their_times(name: str) -> None:
    assert {fetch.at for fetch in read(name).asked} == {datetime(2020, 12, 6, 1, 53, 20, 325612, UTC)}


def test_an_upload_has_the_time_of_the_block_around_it() -> None:
    (stored,) = read("new_target.log").stored
    assert stored.at is not None
    assert stored.at > datetime(2020, 12, 6, 1, 53, 20, tzinfo=UTC)


def test_a_fetch_in_a_cut_log_has_the_time_of_the_previous_block() -> None:
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
def test_a_fetch_has_the_time_of_the_nearest_marker(log: bytes, at: datetime | None) -> None:
    (fetch,) = read_log([log]).fetched
    assert fetch.at == at


DONE = b"Done. Your build exited with 1.\n"
WORKER = b"Worker information\n"


@pytest.mark.parametrize("between", [DONE, DONE + WORKER, b'The command "x" exited with 1.\n' + WORKER])
def test_no_block_of_another_job_dates_a_fetch(between: bytes) -> None:
    dated = FETCH + BLOCK % (b"0a", T0, T0 + 10**9)
    assert [fetch.at for fetch in read_log([dated + between + FETCH]).asked] == [AT, None]
    assert [fetch.at for fetch in read_log([FETCH + between + dated]).asked] == [None, AT]


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
def test_fetches_of_the_cache_tool_are_recognised(log: str, asked: int, fetched: int) -> None:
    log_read = read_log([log.encode()])
    assert (len(log_read.asked), len(log_read.fetched)) == (asked, fetched)


def test_the_name_of_a_branch_is_printable() -> None:
    (fetch,) = read_log([b"fetching ma\xc2\x9bin/cache-a.tgz\nfound cache"]).fetched
    assert fetch.branch == "main"


@pytest.mark.parametrize(
    "workspace",
    [
        "fetching 12/a.tgz\ncould not download workspace",
        "attempting to download workspace archive\nfetching 12/a.tgz\nrunning `casher fetch x` took longer than 180 s",
    ],
)
def test_a_workspace_does_not_change_a_clean_start(workspace: str) -> None:
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
        ("failed to upload cache", [False]),
        ("uploading main/cache-a.tgz\nso I think cache uploaded", [None]),
        ("x travis_time:end:0a:start=1,finish=2,duration=3,event=cacheuploading main/cache-a.tgz", [None]),
    ],
)
def test_uploads_of_the_cache_tool_are_recognised(log: str, stored: list[bool | None]) -> None:
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
def test_an_unchanged_cache_is_recognised(log: str, *, nothing_changed: bool) -> None:
    assert read_log([log.encode()]).nothing_changed is nothing_changed
