"""What a purge deleted, as its report tells, and what a job fetched of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from purger.core.errors import InputError
from purger.report.former import former_report, time_of
from purger.travis.job_log import FetchVerdict, JobLog, When, compare


@dataclass(frozen=True, slots=True)
class Purged:
    """The archives of one or more purges, each as the report's JSON has it, and when the purges began and ended."""

    caches: tuple[Mapping[str, Any], ...]
    started_at: datetime
    finished_at: datetime

    @classmethod
    def of(cls, repositories: Iterable[Mapping[str, Any]], started_at: datetime, finished_at: datetime) -> Purged:
        """What these repositories of a report tell."""
        caches = tuple(
            {name: cache[name] for name in ("branch", "name", "outcome")} | {"deleted_at": cache.get("gone_at")}
            for repository in repositories
            for cache in repository["caches"]
        )
        return cls(caches, started_at, finished_at)

    @classmethod
    def read(cls, path: Path, slug: str | None = None) -> Purged:
        """What a report's file tells, of the repository with this slug only, where one is given.

        A report of `purger retry` tells of all its purges. Raises InputError for a file that is no report, and for
        one that does not tell of this repository.
        """
        with former_report(path, "the report") as report:
            attempts = (report.get("retry") or {}).get("attempts", [])
            all_of_them = [*(one["purge"] for one in attempts if one["purge"]), *report["repositories"]]
            theirs = [one for one in all_of_them if slug is None or str(one["repository"]).lower() == slug.lower()]
            purged = cls.of(theirs, time_of(report["started_at"]), time_of(report["finished_at"]))
        if not theirs:
            raise InputError(
                f"the report tells nothing of {slug or 'any repository'}",
                where=str(path),
                remedy="Give the report of the purge that was to help this job.",
            )
        return purged

    def verdicts(self, log: JobLog) -> tuple[FetchVerdict, ...]:
        """Of each archive that the job fetched: whether the purge deleted it, and which came first."""
        return tuple(self._dated(verdict) for verdict in compare(log, self.caches))

    def _dated(self, verdict: FetchVerdict) -> FetchVerdict:
        # Of an archive that came back, the report does not say when it was gone, but when the purge was.
        if not verdict.deleted or verdict.when != "unknown" or verdict.fetch.at is None:
            return verdict
        when: When = "unknown"
        if verdict.fetch.at < self.started_at:
            when = "before"
        elif verdict.fetch.at > self.finished_at:
            when = "after"
        return replace(verdict, when=when)
