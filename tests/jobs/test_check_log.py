"""Checking a log: from a file, from stdin, against a report, and with a read that never ends."""

from __future__ import annotations

import asyncio
import bz2
import io
import lzma
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import pytest

from purger.core.errors import ExitCode, InputError
from purger.jobs.check_log import check_log
from purger.report.json_document import to_json
from purger.secrets.token import Token
from purger.travis.addresses import Site
from tests.report.samples import record, report
from tests.travis.job_log.corpus import LOGS, NEWER


def no_token() -> NoReturn:
    raise AssertionError("a token is needed only for a job")


async def test_a_file_is_read_without_a_token() -> None:
    checked = await check_log(str(LOGS / "new_own.log"), Site(), no_token)
    assert (checked.exit_code, checked.job, checked.verdicts) == (ExitCode.REMAINS, None, None)
    assert [fetch.source for fetch in checked.log.fetched] == ["own"]
    clean = await check_log(str(LOGS / "new_clean.log"), Site(), no_token)
    assert (clean.exit_code, clean.report().ok) == (ExitCode.OK, True)


async def test_a_number_is_a_job_where_a_folder_is_called_like_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("123").mkdir()
    with pytest.raises(AssertionError, match="a token is needed"):
        await check_log("123", Site(), no_token)
    Path("124").write_bytes((LOGS / "new_own.log").read_bytes())
    assert (await check_log("124", Site(), no_token)).job is None


async def test_a_file_is_compared_with_a_report(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(to_json(report(record())))
    checked = await check_log(str(LOGS / "new_own.log"), Site(), no_token, path)
    assert checked.exit_code is ExitCode.OK, "what the job fetched was not deleted"
    (fetch,) = checked.report().fetched
    assert (fetch.archive, fetch.deleted, fetch.outcome) == (NEWER, False, None)


async def test_beside_a_fetch_that_was_not_deleted_one_without_a_name_leaves_it_open(tmp_path: Path) -> None:
    report_path, log_path = tmp_path / "report.json", tmp_path / "job.log"
    report_path.write_text(to_json(report(record())))
    log = (LOGS / "new_own.log").read_bytes()
    for answer in (b"[...]\nfound cache\n", b"could not download cache\n"):
        log_path.write_bytes(log + b"attempting to download cache archive\nfetching PR.1/cache-1.tgz\n" + answer)
        checked = await check_log(str(log_path), Site(), no_token, report_path)
        assert [fetch.archive for fetch in checked.log.fetched] == [NEWER]
        assert checked.exit_code is (ExitCode.UNKNOWN if answer.startswith(b"[") else ExitCode.OK)


async def test_of_a_name_that_somebody_shortened_it_is_not_known_whether_it_was_deleted(tmp_path: Path) -> None:
    report_path, log_path = tmp_path / "report.json", tmp_path / "job.log"
    report_path.write_text(to_json(report(record())))
    log_path.write_bytes(b"attempting to download cache archive\nfetching main/cache-e3b0...-3.8.tgz\nfound cache\n")
    assert (await check_log(str(log_path), Site(), no_token, report_path)).exit_code is ExitCode.UNKNOWN


@pytest.mark.parametrize("host", ["github.com", "[secure]@github.com", "***:***@github.com"])
async def test_a_report_without_the_repository_of_the_log_is_bad_input(tmp_path: Path, host: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(to_json(report(record())))
    log = tmp_path / "log.txt"
    log.write_bytes((LOGS / "new_own.log").read_bytes().replace(b"example.invalid", host.encode()))
    with pytest.raises(InputError, match="the report tells nothing of owner/name"):
        await check_log(str(log), Site(), no_token, path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\x14\0", "a ZIP archive or a document of an office program"),
        (bz2.compress(b"found cache\n"), "a bzip2 file"),
        (lzma.compress(b"found cache\n"), "an xz file"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n", "a picture"),
    ],
)
async def test_a_file_that_is_no_text_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "job.log"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"this is {kind}, and no text") as caught:
        await check_log(str(path), Site(), no_token)
    assert "unpack it" in (caught.value.remedy or "")


async def test_of_a_log_that_somebody_removed_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    path.write_text("Log removed by Jane Doe at 2020-01-01 12:00:00 UTC\n")
    with pytest.raises(InputError, match="this says that somebody removed the log"):
        await check_log(str(path), Site(), no_token)


async def test_a_number_within_a_repository_is_told_from_a_jobs_own() -> None:
    with pytest.raises(InputError) as caught:
        await check_log("#12.1", Site(), no_token)
    assert "the number in it; what pages show as #12.3 is another one" in (caught.value.remedy or "")


async def test_errors_of_the_read_are_raised() -> None:
    with pytest.raises(InputError, match="this is empty"):
        await check_log(str(LOGS / "empty.txt"), Site(), no_token)
    with pytest.raises(InputError, match="no such log"):
        await check_log("missing.log", Site(), no_token)


async def test_stdin_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((LOGS / "new_own.log").read_bytes())))
    assert (await check_log("-", Site(), no_token)).name == "stdin"


@dataclass
class Stdin:
    """A stdin that is this file."""

    buffer: BinaryIO


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stdin on which nothing ever comes."""
    reader, writer = os.pipe()
    before = set(threading.enumerate())
    with os.fdopen(writer, "wb"):
        monkeypatch.setattr(sys, "stdin", Stdin(os.fdopen(reader, "rb", closefd=False)))
        yield
    for reading in set(threading.enumerate()) - before:
        reading.join()  # it sees the end of the pipe
    os.close(reader)


async def test_a_pipe_on_which_nothing_has_come_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece is written only when the one before was read, so that a read in between finds the pipe empty."""
    log = (LOGS / "new_own.log").read_bytes()
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with os.fdopen(reader, "rb") as stdin, os.fdopen(writer, "wb", buffering=0) as pipe:
        pieces, waits = [log[:200], log[200:]], list[int]()

        def wait(files: list[BinaryIO], *_: object) -> None:
            waits.append(len(files))
            if pieces:
                pipe.write(pieces.pop(0))
            else:
                pipe.close()

        monkeypatch.setattr("purger.jobs.check_log.select.select", wait)
        monkeypatch.setattr(sys, "stdin", Stdin(stdin))
        checked = await check_log("-", Site(), no_token)
    assert waits == [1, 1, 1], "for each piece, and for the end"
    assert [fetch.archive for fetch in checked.log.fetched] == [NEWER]


@pytest.mark.usefixtures("silent")
async def test_a_read_that_never_ends_can_be_cancelled() -> None:
    """What did not end with the time would not end at all: the pipe is open until the test is over."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await check_log("-", Site(), no_token)


async def test_a_job_is_read_only_with_a_token() -> None:
    def refuse() -> Token:
        raise InputError("no token", remedy="Give one.")

    for job in ("123", "app.travis-ci.com/github/owner/name/jobs/123"):
        with pytest.raises(InputError, match="no token"):
            await check_log(job, Site(), refuse)
