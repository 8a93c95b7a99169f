"""Compare what a job fetched with the caches that one or more purges deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from purger.core.errors import InputError
from purger.report.former import read_report
from purger.report.model import RepositoryReport
from purger.travis.job_log import FetchVerdict, JobLog, PurgedCache, When, compare


@dataclass(frozen=True, slots=True)
class PurgedCaches:
    """The caches of one or more purges, and when the first purge began and the last one ended."""

    caches: tuple[PurgedCache, ...]
    started_at: datetime
    finished_at: datetime

    @classmethod
    def of(cls, repositories: Iterable[RepositoryReport], started_at: datetime, finished_at: datetime) -> PurgedCaches:
        """Take the caches from these repositories of a report."""
        purged: dict[str, list[PurgedCache]] = {}
        for repository in repositories:
            purged.setdefault(repository.repository, []).extend(
                PurgedCache(cache.row or cache.branch, cache.name, cache.outcome, cache.gone_at)
                for cache in repository.caches
            )
        doubtful = _with_different_ends(purged.values())
        caches = (one for several in purged.values() for one in several if one.key not in doubtful)
        return cls(tuple(caches), started_at, finished_at)

    @classmethod
    def read(cls, path: Path, slug: str | None = None) -> PurgedCaches:
        """Read the caches of all purges from a report's file; of one repository only, where its slug is given.

        Raises InputError for a file that is not a report, and for a report without this repository.
        """
        report = read_report(path, "the report")
        purges = [attempt.purge for attempt in report.attempts if attempt.purge] + report.repositories
        theirs = [purge for purge in purges if slug is None or purge.repository.lower() == slug.lower()]
        if not theirs:
            raise InputError(
                f"the report tells nothing of {slug or 'any repository'}",
                where=str(path),
                remedy="Give the report of the purge that was to help this job.",
            )
        return cls.of(theirs, report.started_by_the_site, report.finished_by_the_site)

    def verdicts(self, log: JobLog) -> tuple[FetchVerdict, ...]:
        """Return for each archive that the job fetched whether a purge deleted it, and which came first."""
        return tuple(self._dated(verdict) for verdict in compare(log, self.caches))

    def _dated(self, verdict: FetchVerdict) -> FetchVerdict:
        # A report does not say when a recreated cache was deleted, only when the purge was.
        if not verdict.deleted or verdict.when != "unknown" or verdict.fetch.at is None:
            return verdict
        when: When = "unknown"
        if verdict.fetch.at < self.started_at:
            when = "before"
        elif verdict.fetch.at > self.finished_at:
            when = "after"
        return replace(verdict, when=when)


def _with_different_ends(repositories: Iterable[Sequence[PurgedCache]]) -> set[tuple[str, str]]:
    """Return the keys, as a log shows them, of caches that are gone from one repository, and are not from another.

    Such names are usual: the hash in one is of the job's configuration. A log does not say of which repository it is.
    """
    ends: dict[tuple[str, str], set[bool]] = {}
    for caches in repositories:
        gone = {one.key for one in caches if one.was_gone}
        for key in {one.key for one in caches}:
            ends.setdefault(key, set()).add(key in gone)
    return {key for key, ended in ends.items() if len(ended) > 1}
