"""Compare what a job fetched with the caches that one or more purges deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from purger.core.errors import InputError
from purger.report.former import read_report, refuse_another_site
from purger.report.model import RepositoryReport
from purger.travis.addresses import Site
from purger.travis.job_log import FetchVerdict, JobLog, PurgedCache, When, compare

_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class PurgedCaches:
    """The caches of one or more purges, and when the first purge began and the last one ended.

    `doubts` has the keys, as a log shows them, of caches that are gone from one repository and not from another, each
    with a clause that says so: where the repository is not known, nothing is known of them.
    """

    caches: tuple[PurgedCache, ...]
    started_at: datetime
    finished_at: datetime
    doubts: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, repositories: Iterable[RepositoryReport], started_at: datetime, finished_at: datetime) -> PurgedCaches:
        """Take the caches from these repositories of a report."""
        purged: dict[str, list[PurgedCache]] = {}
        for repository in repositories:
            purged.setdefault(repository.name, []).extend(
                PurgedCache(cache.row or cache.branch, cache.name, cache.outcome, cache.gone_at)
                for cache in repository.caches
            )
        caches = tuple(one for several in purged.values() for one in several)
        return cls(caches, started_at, finished_at, _doubts(purged))

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
        report, for one of another site than the given one, and for one without this repository.
        """
        report = read_report(path, "the report")
        purges = [attempt.purge for attempt in report.attempts if attempt.purge] + report.repositories
        if site is not None:
            remedy = "Give that site's --url, or the report of a purge on the job's site."
            refuse_another_site(purges, site, where=str(path), remedy=remedy)
        namesakes = [purge for purge in purges if slug is None or purge.repository.lower() == slug.lower()]
        theirs = [purge for purge in namesakes if provider in {None, purge.provider}]
        theirs = theirs or (purges if or_all else [])
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
        return tuple(self._doubted(verdict) or self._dated(verdict) for verdict in compare(log, self.caches))

    def _doubted(self, verdict: FetchVerdict) -> FetchVerdict | None:
        fetch = verdict.fetch
        doubt = self.doubts.get(PurgedCache(fetch.branch, fetch.archive, "").key)
        return None if doubt is None else FetchVerdict(fetch, None, None, None, "unknown", doubt)

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


def _doubts(repositories: Mapping[str, Sequence[PurgedCache]]) -> dict[tuple[str, str], str]:
    """Return the keys of caches that are gone from one repository, and are not from another, and say so of each.

    Such keys are usual: the hash in one is of the job's configuration.
    """
    ends: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for name, caches in repositories.items():
        gone = {one.key for one in caches if one.was_gone}
        for key in {one.key for one in caches}:
            ends.setdefault(key, ([], []))[key in gone].append(name)
    return {
        key: f"deleted in {_names(gone)}, and is still there in {_names(left)}"
        for key, (left, gone) in ends.items()
        if left and gone
    }


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
