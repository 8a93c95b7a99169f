"""Records with a known result, and the reports of them, for the tests of builders and renderers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import msgspec

from purger.core.cache import Cache, Kind, Method, Outcome
from purger.core.decision import Kept
from purger.core.errors import ExitCode, PurgerError
from purger.core.selection import Selection
from purger.purge.ledger import Ledger
from purger.purge.record import Record
from purger.report.build import run_report
from purger.report.html import html_chunks
from purger.report.model import (
    AttemptReport,
    CacheReport,
    FetchReport,
    JobReport,
    KeptReport,
    Report,
    RepositoryReport,
    RetryReport,
    TimelineEntry,
    Verdict,
)
from purger.travis.addresses import Provider, Repository
from tests.support.builders import NOW, cache
from tests.support.reports import assert_valid, value_of


@dataclass
class SampleEntry:
    """An entry of a ledger as a report reads it, with any outcome."""

    cache: Cache
    outcome: Outcome = Outcome.REMAINING
    reason: str | None = None
    selected: bool = True
    attempts: int = 0
    method: Method | None = None
    recreated: int = 0
    gone_at: datetime | None = None
    bytes_deleted: int = 0
    kept: Kept | None = None
    undecided: bool = False

    @property
    def listed(self) -> bool:
        return self.outcome is not Outcome.DELETED


@dataclass
class SampleLedger:
    """A ledger as a report reads it."""

    entries: list[SampleEntry]
    selection: Selection = field(default_factory=Selection)
    undecided: tuple[SampleEntry, ...] = ()

    @property
    def selected(self) -> list[SampleEntry]:
        return [entry for entry in self.entries if entry.selected]

    @property
    def left(self) -> list[SampleEntry]:
        return [entry for entry in self.selected if entry.outcome is not Outcome.DELETED]

    @property
    def ok(self) -> bool:
        return not self.left


def deleted(branch: str, size: int, *, attempts: int = 1, how: Method | None = None) -> SampleEntry:
    """A cache that is gone."""
    return SampleEntry(
        cache(branch, size=size), Outcome.DELETED, attempts=attempts, method=how, gone_at=NOW, bytes_deleted=size
    )


def refused(branch: str, name: str = "cache-a.tgz", words: str = "answered 403") -> SampleEntry:
    """A cache whose deletion was refused."""
    return SampleEntry(cache(branch, name), Outcome.FAILED, words, attempts=4)


def recreated(branch: str) -> SampleEntry:
    """A cache that was deleted and is listed again."""
    return SampleEntry(cache(branch), Outcome.RECREATED, "uploaded again", attempts=2, recreated=1)


def skipped(branch: str) -> SampleEntry:
    """A cache that the filters leave alone."""
    return SampleEntry(cache(branch, size=1), Outcome.SKIPPED, "not selected", selected=False)


def record_of(
    entries: list[SampleEntry], name: str = "widgets", *, provider: Provider = "github", settled_s: float | None = None
) -> Record:
    """A record of a repository with these entries; it is verified where nothing selected is left."""
    ledger = SampleLedger(entries)
    made = Record(
        Repository(provider, "acme", name),
        f"https://app.travis-ci.com/{provider}/acme/{name}/caches",
        cast(Ledger, ledger),
        lambda _event: None,
        settled_s=settled_s,
    )
    made.verified = ledger.ok
    made.loads, made.passes, made.requests, made.seconds = 2, 1, 12, 3.4
    return made


def record(
    name: str = "widgets",
    *,
    gone: int = 3,
    left: list[SampleEntry] | None = None,
    provider: Provider = "github",
    settled_s: float | None = None,
    warnings: Sequence[str] = (),
) -> Record:
    """A record of a repository of which so many caches are gone, and these are not."""
    entries = [deleted(f"branch-{number}", 10**6 * (number + 1)) for number in range(gone)]
    made = record_of([*entries, *(left or [])], name, provider=provider, settled_s=settled_s)
    made.warnings += warnings
    return made


def report(*records: Record, error: PurgerError | None = None, dry_run: bool = False) -> Report:
    """The report of these; without any, of one repository whose caches are all gone."""
    made = run_report(records or [record()], error, NOW, dry_run=dry_run)
    assert_valid(value_of(made))
    return made


def html_of(made: Report, timeline: Sequence[TimelineEntry], pictures: Mapping[str, Path]) -> str:
    """The HTML of a report as one text."""
    return "".join(html_chunks(made, timeline, pictures))


def job_report(job: int, verdict: str | None, *fetched: FetchReport, restarted: bool = True) -> JobReport:
    """The report of a restarted job."""
    return JobReport(
        job=job,
        url=f"https://app.travis-ci.com/github/acme/widgets/jobs/{job}",
        restarted_at=NOW if restarted else None,
        state=None,
        started_at=None,
        finished_at=None,
        verdict=Verdict(verdict) if verdict else None,
        error=None,
        started_clean=not fetched,
        asked=list(fetched),
        fetched=list(fetched),
        stored=[],
        nothing_changed=False,
        symptoms=[],
        last_failing_lines=[],
        truncated=False,
    )


FETCH = FetchReport(branch="main", archive="cache-a.tgz", at=None, found=True, source="own", deleted=True)


def retried(*verdicts: str | None, fetched: bool = False, more_jobs: tuple[JobReport, ...] = ()) -> Report:
    """The report of a retry with one attempt a verdict; only the first purge found something to delete."""
    attempts = [
        AttemptReport(
            number=number,
            purge=report(record(gone=3 if number == 1 else 0, warnings=["odd"])).repositories[0],
            wait_s=60.0,
            verdict=Verdict(verdict) if verdict else None,
            jobs=[
                job_report(12, verdict, *([FETCH] if fetched and verdict != "passed" else []), restarted=bool(verdict)),
                *more_jobs,
            ],
        )
        for number, verdict in enumerate(verdicts, 1)
    ]
    retry = RetryReport(jobs=[12], attempts=attempts)
    return msgspec.structs.replace(report(record(gone=0)), retry=retry)


def hostile_report(*texts: str) -> Report:
    """A report with each text, in a repository of its own, wherever the site, a person or a file may have put it."""
    records = []
    for number, text in enumerate(texts):
        one = record(f"widgets{number or ''}", left=[refused(text, text, text)])
        one.warnings.append(text)
        one.error = PurgerError(text, where=text, remedy=text)
        assert one.error.exit_code is ExitCode.REMAINS
        records.append(one)
    return msgspec.structs.replace(report(*records), warnings=list(texts))


def cache_report(branch: str, size_bytes: int = 10, outcome: str = "deleted", **changes: Any) -> CacheReport:
    """The report of one cache."""
    values: dict[str, Any] = {
        "name": "cache-a.tgz",
        "kind": Kind.of(branch),
        "last_modified": NOW,
        "selected": True,
        "attempts": 1,
        "how": None,
        "reason": None,
        "recreated_times": 0,
        "gone_at": None,
    }
    return CacheReport(branch=branch, size_bytes=size_bytes, outcome=Outcome(outcome), **(values | changes))


def repository_of(*caches: CacheReport, slug: str = "acme/widgets", **changes: Any) -> RepositoryReport:
    """The report of a repository with these caches, whatever they add up to."""
    return msgspec.structs.replace(
        report(record(gone=0)).repositories[0], repository=slug, caches=list(caches), **changes
    )


def with_kept() -> Report:
    """A report of a dry run in which policies keep something."""
    kept = [
        KeptReport(kept=Kept.NEWEST, reason=Kept.NEWEST.of_many, caches=12, size_bytes=14 * 10**8),
        KeptReport(kept=Kept.EXCLUDED, reason=Kept.EXCLUDED.of_one, caches=1, size_bytes=10),
    ]
    repository = repository_of(cache_report("main", outcome="remaining"), kept=kept, decided=True)
    return msgspec.structs.replace(report(record()), dry_run=True, repositories=[repository])


CHOSEN = Selection(
    branches=("main", "x*"), match="py", kind=Kind.PUSH, older_than_s=60.0, larger_than_bytes=5, as_of=NOW
)


def unfinished(**selection: Any) -> dict[str, Any]:
    made: dict[str, Any] = value_of(
        run_report([record("done"), record("left", left=[refused("main")])], None, NOW, selection=CHOSEN)
    )
    made["selection"] |= selection
    return made
