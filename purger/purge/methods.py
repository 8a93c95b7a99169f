"""Choose the method that is attempted next for a cache: icon, button, or exact API calls. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from purger.core.cache import Method
from purger.purge.entry import Entry, State
from purger.purge.transitions import change

RECHECKS_OF_ACCEPTED = 7
"""So many loads, which take a quarter of a minute, show an accepted cache before another method is attempted."""


class Refusal(Enum):
    """Why an attempt failed. TRANSIENT may pass, RATE_LIMITED passes and costs no attempt, FINAL will not pass."""

    TRANSIENT = "transient"
    RATE_LIMITED = "rate limited"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Methods:
    """The methods that are left for each cache.

    A method is exhausted after `attempts` refusals in a row without any progress in the repository, where it deletes
    nothing, or where what it deleted stays listed. The button deletes `everything`, so a filter excludes it.
    """

    everything: bool
    attempts: int

    def next_of(self, entry: Entry) -> Method | None:
        """Return the method to attempt next. None is left where all are exhausted."""
        methods = (Method.ICON, Method.BUTTON, Method.API) if self.everything else (Method.ICON, Method.API)
        return next((method for method in methods if method not in entry.exhausted), None)

    def may_attempt(self, entry: Entry) -> bool:
        """Whether another attempt makes sense."""
        return (
            entry.state in {State.LISTED, State.REFUSED}
            and entry.recreated < self.attempts
            and self.next_of(entry) is not None
        )

    def exhaust(self, entries: Iterable[Entry]) -> None:
        """Record that the method of the last attempt can't delete these."""
        for entry in entries:
            if entry.method is not None:
                change(entry, exhausted=entry.exhausted | {entry.method}, failures=0, limits=0)

    def count_refusal(self, entry: Entry, refusal: Refusal, progress: int) -> None:
        """Record a refusal. `progress` is the ledger's count: whatever rises it gives new attempts."""
        if entry.at_progress != progress:
            change(entry, failures=0, limits=0, at_progress=progress)
        if refusal is Refusal.RATE_LIMITED:
            change(entry, rate_limited=entry.rate_limited + 1, limits=entry.limits + 1)
        else:
            change(entry, failures=entry.failures + 1)
        if entry.failures >= self.attempts or entry.limits >= 2 * self.attempts:
            self.exhaust([entry])

    def count_recheck(self, entry: Entry) -> None:
        """Let what was accepted and stays listed be attempted by another method: the deletion may have been lost."""
        if entry.state is not State.ACCEPTED:
            return
        change(entry, rechecks=entry.rechecks + 1)
        if entry.rechecks >= RECHECKS_OF_ACCEPTED and entry.method is not None:
            other = replace(entry, exhausted=entry.exhausted | {entry.method})
            if self.next_of(other) is not None:
                change(entry, state=State.LISTED, exhausted=other.exhausted, rechecks=0)
