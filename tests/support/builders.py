"""Small builders that the pure tests share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from purger.core.cache import Cache, Method, Outcome
from purger.core.selection import Selection
from purger.purge.entry import Entry, State
from purger.purge.ledger import Ledger

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def cache(
    branch: str = "main", name: str = "cache-a.tgz", *, age_s: float = 3600, size: int = 10, full: str | None = None
) -> Cache:
    return Cache(name, branch, size, NOW - timedelta(seconds=age_s), full)


def nested(name: str = "rails_6.gemfile.tgz", *, full: str | None = None) -> Cache:
    """A cache whose file name holds a slash, as the list shows it."""
    front = "cache-linux-0123--gemfile-gemfiles"
    return Cache(name, front, 10, cache().last_modified, full, f"{front}/{name}", may_be_nested=True)


def entry(
    of: Cache,
    state: State = State.LISTED,
    detail: str | None = None,
    *,
    selected: bool = True,
    attempts: int = 0,
    method: Method | None = None,
    recreated: int = 0,
) -> Entry:
    """An entry as the ledger would have it after so many attempts; `detail` is why it was refused or given up."""
    gone_at = NOW if state is State.GONE else None
    return Entry(of, selected, state, detail, method=method, started=attempts, recreated=recreated, gone_at=gone_at)


def ledger_with(*entries: Entry, selection: Selection | None = None, attempts: int = 4) -> Ledger:
    """A ledger of these entries."""
    ledger = Ledger(selection or Selection(), attempts)
    for one in entries:
        ledger.add(one)
    return ledger


def outcome(ledger: Ledger) -> tuple[Outcome, str | None]:
    """Return what became of the only cache, and why."""
    (entry,) = ledger.entries
    return entry.outcome, entry.reason


def ledger_of(*caches: Cache, selection: Selection | None = None, attempts: int = 4) -> Ledger:
    """Return a ledger after one load of these caches."""
    ledger = Ledger(selection or Selection(), attempts)
    ledger.record_load(caches, NOW)
    return ledger


def attempt(ledger: Ledger, times: int = 1) -> None:
    """Attempt all by their icons."""
    for _ in range(times):
        ledger.count_attempt(ledger.entries, Method.ICON)
