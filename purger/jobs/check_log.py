"""Reads a job's log, wherever it is, and judges it: did the job start clean, or fetch what a purge had deleted?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from purger.core.errors import ExitCode, InputError
from purger.travis.job_log import Fetch, FetchVerdict, JobLog, Source, read_log
from purger.travis.job_log.reader import CHUNK_BYTES
from purger.jobs.purged_caches import Purged
from purger.secrets.token import Token
from purger.travis.addresses import Site

if TYPE_CHECKING:
    from purger.travis.api import Api
    from purger.travis.jobs import JobFacts

STDIN = "-"
_WHOLE_LOG = "Give the whole log, or the job itself: its number or the URL of its page."


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """A log and what it means.

    `name` is what people call the log; `job` is known where the API told of it. `verdicts` say of each fetched archive
    whether the purge of a report had deleted it; None without a report.
    """

    name: str
    log: JobLog
    job: JobFacts | None = None
    verdicts: tuple[FetchVerdict, ...] | None = None

    @property
    def exit_code(self) -> ExitCode:
        """REMAINS where a cache was fetched or, with a report, one that the purge had deleted."""
        bad = bool(self.log.fetched) if self.verdicts is None else any(verdict.deleted for verdict in self.verdicts)
        return ExitCode.REMAINS if bad else ExitCode.OK


def check_log(source: str, site: Site, token: Callable[[], Token], report: Path | None = None) -> CheckedLog:
    """Read the log that `source` means (a file, `-` for stdin, a job's number or URL) and judge it.

    `token` is only called for a job. `report` is the JSON of the purge to compare with. Raises InputError where there
    is no such log, it is not one, or it ends too early to tell; AccessError and SiteError where the API does not
    give it.
    """
    job_id = _job_meant(source, site)
    if job_id is None:
        name = "stdin" if source == STDIN else source
        checked = CheckedLog(name, with_sources_by_order(_read_file(source, name)))
    else:
        checked = _read_job(site, token(), job_id)
    _require_an_answer(checked)
    if report is None:
        return checked
    slug = checked.job.repository_slug if checked.job else None
    return replace(checked, verdicts=Purged.read(report, slug).verdicts(checked.log))


def _job_meant(source: str, site: Site) -> int | None:
    """The number of the job, where the source is none of the files that are there."""
    if source == STDIN or ("://" not in source and _exists(source)):
        return None
    if "://" in source or source.strip().isdecimal():
        from purger.travis.jobs import parse_job

        return parse_job(source, site)
    raise InputError(
        f"there is no such log: no file is called {source!r}, and it is no job's number or URL",
        remedy="Give a file, - for stdin, a job's number, or the URL of its page.",
    )


def _exists(source: str) -> bool:
    try:
        return Path(source).exists()
    except (OSError, ValueError):
        return False


def _read_file(source: str, name: str) -> JobLog:
    with _opened(source) as file:
        first = file.read(CHUNK_BYTES)
        log = read_log(_chunks(first, file))
    if not first:
        raise InputError("this is empty: there is no log in it", where=name, remedy=_WHOLE_LOG)
    if not log.is_log:
        raise InputError("this is not a log of a Travis CI job", where=name, remedy=_WHOLE_LOG)
    return log


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    try:
        if source == STDIN:
            yield sys.stdin.buffer
        else:
            with Path(source).open("rb") as file:
                yield file
    except OSError as error:
        raise InputError(
            f"there is no log that can be read: {error.strerror or error}", where=source, remedy="Give a file."
        ) from None


def _chunks(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = file.read(CHUNK_BYTES)


def _read_job(site: Site, token: Token, job_id: int) -> CheckedLog:
    from purger.browser.start import driver
    from purger.cli.signals import run_to_the_end
    from purger.travis.rate_limit import Budget
    from purger.travis.api import Api

    found: list[CheckedLog] = []

    async def read() -> None:
        async with driver() as playwright, Api.open(playwright, site, token, Budget(0)) as api:
            found.append(await _of_job(api, job_id))

    if (stopped := run_to_the_end(read(), None)) is not None:
        raise stopped
    return found[0]


async def _of_job(api: Api, job_id: int) -> CheckedLog:
    from purger.travis.jobs import Jobs

    jobs = Jobs(api)
    job = await jobs.facts(job_id)
    log = read_log([await jobs.log(job_id)])
    if log.asked:
        branches = await jobs.branches(job)
        log = log.with_sources(own=branches.own, target=branches.target, default=branches.default)
    return CheckedLog(f"job {job_id}", log, job)


def _require_an_answer(checked: CheckedLog) -> None:
    """Raise InputError where nothing can be said. A whole log without a word of caches says: none was fetched."""
    log, job = checked.log, checked.job
    if not log.is_log:
        raise InputError(f"what the API gives of {checked.name} is not a log", remedy="Look at the job's page.")
    if log.started_clean is None and log.truncated:
        if job and job.is_running:
            raise InputError(
                f"{checked.name} still runs, and its log does not tell yet", remedy="Wait a little, then look again."
            )
        raise InputError(
            "the log ends before it tells whether a cache was fetched", where=checked.name, remedy=_WHOLE_LOG
        )


def with_sources_by_order(log: JobLog) -> JobLog:
    """The log with its fetches told apart by the order in which a job asks, for want of anything better.

    It is: its own branch, the pull request's target, the default branch (docs/TRAVIS.md, section 5).
    """
    branches = list(dict.fromkeys(fetch.branch for fetch in log.asked))
    of_pull_request = len(branches) > 2 or (branches and branches[0].startswith("PR."))
    order: tuple[Source, ...] = ("own", "target", "default") if of_pull_request else ("own", "default")
    sources = dict(zip(branches, order, strict=False))

    def told(fetch: Fetch) -> Fetch:
        return replace(fetch, source=sources.get(fetch.branch, "unknown"))

    return replace(log, asked=tuple(map(told, log.asked)), fetched=tuple(map(told, log.fetched)))
