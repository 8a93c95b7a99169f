"""The log of a job is read as it arrives: in flat memory, up to a bound, and whole after a broken connection."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.jobs import Job
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.job_log import CacheUse
from purger.travis.job_log.reader import CHUNK_BYTES
from purger.travis.jobs import FormerLogError, Jobs, LogRemovedError, NoLogYetError, NotALogError
from tests.support.browser import PURGER, OpenApi, environment
from tests.support.raw_servers import OK, Connection, raw_server
from tests.support.stand_in_jobs import failed

LINE = "#: compiling the same file again and again, with all of its warnings shown 0123456789\n"

MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Run by a small process: what a process had at its start, as a copy of this one, counts as its own."""


@pytest.fixture
def job(site: StandIn, repository: Repository) -> Job:
    return site.add_job(repository, script=[failed(fetch="own")])


def lengthened(job: Job, monkeypatch: pytest.MonkeyPatch, added_bytes: int) -> None:
    """Let the job print so much more, between the part that fetches its cache and its end."""
    first, separator, rest = job.log().partition("travis_fold:end:cache.1")
    assert separator
    text = first + separator + "\n" + LINE * (added_bytes // len(LINE)) + rest
    monkeypatch.setattr(Job, "log", lambda _job: text)


def peak_bytes(site: StandIn, job: Job, folder: Path) -> tuple[int, int]:
    """Run `check-log` on the job; return its exit code and the most memory that it had."""
    command = [sys.executable, "-c", MEASURE, *PURGER, "check-log", str(job.id)]
    done = subprocess.run(command, env=environment(site), cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    code, peak = done.stdout.split()[-2:]
    return int(code), int(peak) * (1 if sys.platform == "darwin" else 1024)


def test_a_long_log_takes_no_more_memory_than_a_short_one(
    site: StandIn, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = peak_bytes(site, job, tmp_path)
    lengthened(job, monkeypatch, 16_000_000)
    long = peak_bytes(site, job, tmp_path)
    assert (short[0], long[0]) == (1, 1), "both tell the cache that was fetched"
    assert long[1] - short[1] < 8_000_000


async def test_a_log_beyond_the_bound_is_not_read_on_and_counts_as_cut(
    site: StandIn, job: Job, open_api: OpenApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("purger.travis.jobs.LARGEST_LOG_BYTES", 1_000_000)
    async with open_api() as api:
        whole = await Jobs(api).log(job.id)
        lengthened(job, monkeypatch, 5_000_000)
        log = await Jobs(api).log(job.id)
    assert (whole.truncated, whole.too_long) == (False, False)
    assert (log.truncated, log.too_long) == (True, True)
    assert log.fetched == whole.fetched, "it is at the beginning"


async def test_a_log_that_never_ends_is_given_up_and_proves_nothing(
    open_api: OpenApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("purger.travis.jobs.LARGEST_LOG_BYTES", 1_000_000)

    async def endless(connection: Connection, _head: str) -> None:
        await connection.send(OK + b"\r\ntravis_fold:start:script\n")
        while True:
            await connection.send(LINE.encode() * 100)

    async with raw_server(endless) as server, open_api(at=Site.at(server.url, server.url)) as api:
        log = await Jobs(api).log(1)
    assert (log.is_log, log.truncated, log.too_long) == (True, True, True)
    assert log.cache_use is CacheUse.UNKNOWN
    assert len(server.heads) == 1


async def test_a_log_that_breaks_off_is_read_again_from_its_beginning(job: Job, open_api: OpenApi) -> None:
    content = job.log().encode()

    async def answer(connection: Connection, _head: str) -> None:
        if connection.number == 1:
            await connection.send(OK + b"Content-Length: %d\r\n\r\n" % len(content) + content[:-200])
            connection.close()
        else:
            await connection.respond(content)

    async with raw_server(answer) as server, open_api(at=Site.at(server.url, server.url)) as api:
        log = await Jobs(api).log(job.id)
    assert (log.truncated, len(log.fetched)) == (False, 1)
    assert len(server.heads) == 2


@pytest.mark.parametrize("content", [b"", b" \n\n"])
async def test_a_log_that_is_empty_is_none_yet(open_api: OpenApi, content: bytes) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(content)

    async with raw_server(answer) as server, open_api(at=Site.at(server.url, server.url)) as api:
        with pytest.raises(NoLogYetError, match="job 7 has no log yet"):
            await Jobs(api).log(7)


async def test_a_log_that_somebody_removed_is_none(
    site: StandIn, job: Job, open_api: OpenApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = "Log removed by Jane Doe at 2020-01-01 12:00:00 UTC\n"
    async with open_api() as api:
        monkeypatch.setattr(Job, "log", lambda _job: says)
        with pytest.raises(LogRemovedError, match=f"somebody removed the log of job {job.id}"):
            await Jobs(api).log(job.id)
        for text in (f"{says}$ make\n", f"Worker information\n{says}", says + "x" * CHUNK_BYTES + says):
            monkeypatch.setattr(Job, "log", lambda _job, text=text: text)
            with suppress(NotALogError):
                await Jobs(api).log(job.id)


async def test_a_log_of_the_run_before_the_restart_is_not_that_of_the_new_run(job: Job, open_api: OpenApi) -> None:
    async with open_api() as api:
        (fetch,) = (await Jobs(api).log(job.id)).fetched
        assert fetch.at is not None
        second = timedelta(seconds=1)
        former = replace(await Jobs(api).facts(job.id), started_at=fetch.at - second, finished_at=fetch.at + second)
        with pytest.raises(FormerLogError, match=f"still has the log of the run of job {job.id} before the restart"):
            await Jobs(api).log(job.id, former=former)
        for other in (
            replace(former, finished_at=fetch.at),
            # A clock that is slow by much says nothing.
            replace(former, started_at=fetch.at + second, finished_at=fetch.at + 2 * second),
            replace(former, started_at=None),
            replace(former, finished_at=None),
        ):
            assert (await Jobs(api).log(job.id, former=other)).fetched == (fetch,)


async def test_a_page_in_place_of_a_log_is_named(job: Job, open_api: OpenApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "log", lambda _job: "<!DOCTYPE html><html><body>Sign in</body></html>")
    async with open_api() as api:
        with pytest.raises(NotALogError, match=f"returns for job {job.id} is not a log"):
            await Jobs(api).log(job.id)
