"""Reports as `report_of` makes them, for the tests of what is made of them."""

from __future__ import annotations

from typing import Any

from purger.core.errors import ExitCode, PurgerError
from purger.purge.ledger import Entry, Ledger
from purger.purge.record import Record
from purger.report.build import report_of
from purger.core.selection import Selection
from purger.travis.addresses import Repository
from tests.builders import NOW, archive

Report = dict[str, Any]


def record(
    name: str = "widgets", *, gone: int = 3, left: list[Entry] | None = None, provider: str = "github"
) -> Record:
    """A repository of which so many archives are gone, and these are not."""
    ledger = Ledger(Selection(), 4)
    ledger.look([archive(f"branch-{number}", size=10**6 * (number + 1)) for number in range(gone)], NOW)
    for entry in ledger.entries:
        entry.tries = 1
    ledger.look([], NOW)
    ledger.entries += left or []
    repository = Repository(provider, "acme", name)
    made = Record(repository, f"https://app.travis-ci.com/{provider}/acme/{name}/caches", ledger, lambda _event: None)
    made.verified = not left
    made.looks, made.passes, made.requests, made.seconds = 2, 1, 12, 3.4
    return made


def refused(branch: str, name: str = "cache-a.tgz", words: str = "answered 403") -> Entry:
    """An archive whose deletion was refused."""
    return Entry(archive(branch, name), selected=True, tries=4, refusal=words)


def report(*records: Record, error: PurgerError | None = None, dry_run: bool = False) -> Report:
    """The report of these; without any, of one repository whose archives are all gone."""
    return report_of(records or [record()], error, NOW, dry_run=dry_run)


def retried(*verdicts: str | None, fetched: bool = False) -> Report:
    """The report of a retry of a job with so many attempts; the last purge found nothing."""
    fetch = {"branch": "main", "archive": "cache-a.tgz", "deleted": True}
    attempts = [
        {
            "number": number,
            "purge": {"deleted": 3 if number == 1 else 0},
            "jobs": [
                {"job": 12, "verdict": verdict, "restarted_at": "2026-03-01T12:00:00Z" if verdict else None}
                | {"fetched": [fetch] if fetched and verdict != "passed" else []}
            ],
        }
        for number, verdict in enumerate(verdicts, 1)
    ]
    return report(record(gone=0)) | {"retry": {"jobs": [12], "attempts": attempts}}


def hostile_report(text: str) -> Report:
    """A report in which this text stands wherever the site, a person or a file may have put it."""
    one = record(left=[refused(text, text, text)])
    one.warnings.append(text)
    one.error = PurgerError(text, where=text, remedy=text)
    assert one.error.exit_code is ExitCode.REMAINS
    return report(one)
