"""Read the log of a job, from a file, stdin or the API, and judge it: did the job fetch a (deleted) cache?"""

from __future__ import annotations

import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import msgspec

from purger import __version__
from purger.browser.blocking_calls import in_daemon_thread
from purger.browser.network import Network
from purger.core.errors import ExitCode, InputError, PurgerError
from purger.core.shown_address import shown_address, without_user_info
from purger.jobs.log_phrases import WHOLE_LOG
from purger.jobs.log_report import log_report
from purger.jobs.purged_caches import PurgedCaches
from purger.report.model import CheckedJobReport, CheckedLogReport
from purger.secrets.token import Token
from purger.travis.addresses import PROVIDERS, Repository, Site, front_end_address
from purger.travis.job_log import CacheUse, FetchVerdict, JobLog, read_log, with_sources
from purger.travis.job_log.compressed import kind_of
from purger.travis.job_log.reader import AFTER_REMOVAL, CHUNK_BYTES, says_removed

if TYPE_CHECKING:
    from purger.travis.api import Api
    from purger.travis.jobs import JobFacts

STDIN = "-"


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """A log and what it means.

    `name` is what people call the log; `job` is known where the log is from the API. `verdicts` compare each fetched
    archive with the purge of a report; None without a report.
    """

    name: str
    log: JobLog
    job: JobFacts | None = None
    verdicts: tuple[FetchVerdict, ...] | None = None

    @property
    def exit_code(self) -> ExitCode:
        """REMAINS where a cache was fetched or, with a report, one that the purge had deleted.

        UNKNOWN where the log does not tell, or (with a report) does not name what was fetched, or of which repository.
        """
        log = self.log
        if self.verdicts is not None and log.cache_use is CacheUse.FETCHED:
            if any(verdict.deleted for verdict in self.verdicts):
                return ExitCode.REMAINS
            is_unknown = log.fetched_unnamed or any(verdict.deleted is None for verdict in self.verdicts)
            return ExitCode.UNKNOWN if is_unknown else ExitCode.OK
        match log.cache_use:
            case CacheUse.FETCHED:
                return ExitCode.REMAINS
            case CacheUse.UNKNOWN:
                return ExitCode.UNKNOWN
            case _:
                return ExitCode.OK

    def report(self) -> CheckedLogReport:
        """Build the report of this log."""
        job = self.job
        return CheckedLogReport(
            version=__version__,
            ok=self.exit_code is ExitCode.OK,
            exit_code=self.exit_code,
            error=None,
            source=self.name,
            job=None if job is None else CheckedJobReport(id=job.id, state=job.state, repository=job.repository_slug),
            **msgspec.structs.asdict(log_report(self.log, self.verdicts)),
        )


async def check_log(
    source: str,
    site: Site,
    token: Callable[[], Token],
    report: Path | None = None,
    network: Callable[[], Network] = Network,
) -> CheckedLog:
    """Read the log that `source` names (a file, `-` for stdin, a job's number or URL, a build's URL) and judge it.

    `network` and `token` are called only for a job. `report` is the JSON report of the purge to compare with: of the
    job's repository, or of the one that the log names. Raises InputError where there is no such log, or it is not one,
    and for the report of another site; AccessError and SiteError where the API does not give the log.
    """
    meant = _job_meant(source, site)
    if meant is not None:
        return await _read_job(network(), site, token(), meant, report)
    name = "stdin" if source == STDIN else source
    # A terminal or a pipe may block for ever.
    log = await in_daemon_thread(lambda: _read_file(source, name))
    checked = CheckedLog(name, with_sources(log))
    if report is None:
        return checked
    slug, provider = _cloned(log)
    # A host that is not known may be a mirror, where repositories have other names.
    purged = PurgedCaches.read(report, slug, provider, or_all=provider is None)
    return replace(checked, verdicts=purged.verdicts(checked.log))


def _cloned(log: JobLog) -> tuple[str | None, str | None]:
    """Return the slug and the provider of the repository that the job cloned, as far as the log names them."""
    from purger.travis.remote_addresses import provider_of, read_address, repository_path

    # What blanked a password there left what no address may hold: `https://[secure]@github.com/owner/name.git`.
    address = read_address(without_user_info(log.clone)) if log.clone else None
    if address is None:
        return None, None
    provider = provider_of(address.host)
    return repository_path(address, provider or "gitlab"), provider  # whose names may have more than two parts


class _Meant(NamedTuple):
    """The number of a job, or of a build: where it has one job, its page shows people that job's log."""

    number: int
    is_build: bool


def _job_meant(source: str, site: Site) -> _Meant | None:
    """Return which job or build is meant, or None where the source is stdin or an existing file.

    A folder that is called like a job, as where each has one, is not meant.
    """
    is_number = source.strip().isdecimal()
    if source == STDIN or ("://" not in source and _exists(source) and not (is_number and Path(source).is_dir())):
        return None
    if "://" in front_end_address(source.strip()) or is_number:
        from purger.travis.job_names import parse_build, parse_job

        build_id = parse_build(source, site)
        return _Meant(parse_job(source, site) if build_id is None else build_id, is_build=build_id is not None)
    raise InputError(
        f"there is no such log: no file is called {shown_address(source)!r}, and it is no job's number or URL",
        remedy="Give a file, - for stdin, the URL of a job's page, or the number in it; what pages show as #12.3 is "
        "another one.",
    )


def _exists(source: str) -> bool:
    try:
        return Path(source).exists()
    except (OSError, ValueError):
        return False


def _read_file(source: str, name: str) -> JobLog:
    with _opened(source) as file:
        first = _next_piece(file)
        log = read_log(_chunks(first, file))
    if not first:
        raise InputError("this is empty: there is no log in it", where=name, remedy=WHOLE_LOG)
    if says_removed(first):
        raise InputError("this says that somebody removed the log", where=name, remedy=AFTER_REMOVAL)
    if not log.is_log:
        if kind := kind_of(first):
            remedy = "Give the log as text: unpack it, or copy it from the job's page."
            raise InputError(f"this is {kind}, and no text", where=name, remedy=remedy)
        raise InputError("this is not a log of a Travis CI job", where=name, remedy=WHOLE_LOG)
    return log


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    try:
        if source == STDIN:
            # A buffered reader's lock, held by a thread that never ends, would abort the interpreter's shutdown.
            yield getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
        else:
            with Path(source).open("rb", buffering=0) as file:
                yield file
    except OSError as error:
        raise InputError(
            f"there is no log that can be read: {error.strerror or error}", where=source, remedy="Give a file."
        ) from None


def _chunks(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = _next_piece(file)


def _next_piece(file: BinaryIO) -> bytes:
    """Return the next piece of the file, or nothing at its end.

    A pipe that was made non-blocking by whoever holds its other end returns None while there is nothing to read.
    """
    read: Callable[[int], bytes | None] = file.read
    while (piece := read(CHUNK_BYTES)) is None:
        select.select([file], [], [])
    return piece


async def _read_job(network: Network, site: Site, token: Token, meant: _Meant, report: Path | None) -> CheckedLog:
    from purger.travis.api import Api
    from purger.travis.rate_limit import Budget

    async with Api.open(network, site, token, Budget(0)) as api:
        checked, job = await _of_job(api, meant)
        if report is None:
            return checked
        provider = await _provider_of(api, job)
    purged = PurgedCaches.read(report, job.repository_slug, provider, site)
    return replace(checked, verdicts=purged.verdicts(checked.log))


async def _of_job(api: Api, meant: _Meant) -> tuple[CheckedLog, JobFacts]:
    from purger.travis.jobs import JobBranches, Jobs

    jobs = Jobs(api)
    job_id = await jobs.only_job_of(meant.number) if meant.is_build else meant.number
    job = await jobs.facts(job_id)
    log = await jobs.log(job_id)
    if log.asked:
        branches = JobBranches()
        with suppress(PurgerError):  # what the log tells is true without them
            branches = await jobs.branches(job)
        log = branches.with_sources(log)
    return CheckedLog(f"job {job_id}", log, job), job


async def _provider_of(api: Api, job: JobFacts) -> str | None:
    """Return the provider of the job's repository, which only its id tells; None where no provider has it."""
    from purger.travis.refusals import NotFoundError

    owner, _, name = (job.repository_slug or "").partition("/")
    for provider in PROVIDERS if name else ():
        with suppress(NotFoundError):
            if (await api.repository(Repository(provider, owner, name))).id == job.repository_id:
                return provider
    return None
