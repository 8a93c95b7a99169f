"""Compare what a job fetched with the caches that one or more purges deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from purger.core.errors import InputError
from purger.report.former import read_report, refuse_another_site, refuse_blanked_names
from purger.report.model import CacheReport, RepositoryReport
from purger.travis.addresses import Site
from purger.travis.job_log import FetchVerdict, JobLog, PurgedCache, When, compare

_MOST_NAMES = 3
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PurgedCaches:
    """The caches of one or more purges, and when the first purge began and the last one ended.

    `caches` has those of each repository by its name. They may be of several where that of a job is not known.
    """

    caches: Mapping[str, Sequence[PurgedCache]]
    started_at: datetime
    finished_at: datetime

    @classmethod
    def of(cls, repositories: Iterable[RepositoryReport], started_at: datetime, finished_at: datetime) -> PurgedCaches:
        """Take the caches from these repositories of a report."""
        purged: dict[str, list[PurgedCache]] = {}
        for number, repository in enumerate(repositories):
            purged.setdefault(repository.name, []).extend(
                _purged_cache(cache, number, started_at) for cache in repository.caches
            )
        return cls(purged, started_at, finished_at)

    @classmethod
    def read(
        cls,
        path: Path,
        slug: str | None = None,
        provider: str | None = None,
        site: Site | None = None,
        *,
        or_all: bool = False,
    ) -> PurgedCaches:
        """Read the caches of all purges from a report's file; of one repository only, as far as it is named.

        With `or_all` a report without this repository counts as a whole. Raises InputError for a file that is not a
        report, for one that lacks a name, for one of another site than the given one, and for one without this
        repository.
        """
        report = read_report(path, "the report")
        refuse_blanked_names(report, "the report", remedy="Leave --report out.", where=str(path))
        if site is not None:
            remedy = "Give that site's --url, or the report of a purge on the job's site."
            refuse_another_site(report.purges, site, where=str(path), remedy=remedy)
        namesakes = [purge for purge in report.purges if slug is None or purge.repository.lower() == slug.lower()]
        theirs = [purge for purge in namesakes if provider in {None, purge.provider}]
        theirs = theirs or (report.purges if or_all else [])
        if not theirs:
            but = f", but of {namesakes[0].name}" if namesakes else ""
            named = f"{provider}/{slug}" if namesakes else slug or "any repository"
            raise InputError(
                f"the report tells nothing of {named}{but}",
                where=str(path),
                remedy="Give the report of the purge that was to help this job.",
            )
        return cls.of(theirs, report.started_by_the_site, report.finished_by_the_site)

    def verdicts(self, log: JobLog) -> tuple[FetchVerdict, ...]:
        """Return for each archive that the job fetched whether a purge deleted it, and which came first."""
        compared = [compare(log, caches) for caches in self.caches.values()]
        by_fetch = [dict(zip(self.caches, verdicts, strict=True)) for verdicts in zip(*compared, strict=True)]
        return tuple(self._dated(_of_all(verdicts)) for verdicts in by_fetch)

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


def _purged_cache(cache: CacheReport, purge: int, started_at: datetime) -> PurgedCache:
    row = cache.row or cache.branch
    return PurgedCache(
        row,
        cache.name,
        cache.outcome,
        cache.gone_at,
        full_branch=cache.branch if cache.in_full or cache.branch != row else None,
        purge=purge,
        is_later=cache.last_modified >= started_at,
    )


def _of_all(verdicts: Mapping[str, FetchVerdict]) -> FetchVerdict:
    """Return what the verdicts on one fetch mean together, each by the name of a repository that the job may be of.

    The same keys in several are usual: the hash in one is of the job's configuration.
    """
    seen = {name: one for name, one in verdicts.items() if one.outcome is not None or one.deleted is None}
    gone, left = ([name for name, one in seen.items() if one.deleted is deleted] for deleted in (True, False))
    if gone and left:
        fetch = seen[gone[0]].fetch
        doubt = f"deleted in {_names(gone)}, and is still there in {_names(left)}"
        return FetchVerdict(fetch, None, None, None, "unknown", doubt)
    unclear = [one for one in seen.values() if one.deleted is None]
    return max(unclear or seen.values() or verdicts.values(), key=lambda one: one.deleted_at or _NEVER)


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
