"""Keep what one repository's purge listed and did, readable at any time, also after a failure."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from purger.core.errors import PurgerError
from purger.core.events import Event, Observer, Warned
from purger.purge.completeness import CERTAIN_ONLY, LIST_IS_FULL, NO_OLDEST
from purger.purge.ledger import Ledger
from purger.purge.unmatched import Unmatched
from purger.travis.addresses import Repository


@dataclass(slots=True)
class Record:
    """What a report says of one repository.

    `passes` counts loads of the page after which something was deleted, `loads` all of them, `requests` what was sent
    to the site. `surveyed` means that the API listed the caches, `verified` that nothing selected was listed on two
    loads in a row, `settled_s` seconds apart, or nothing from the start. `complete` means that on the last load no
    list was full that could hide something selected. `unmatched` are the names of the selection that match no cache.
    `observe` is called with everything that happens. `repository_id` is the API's, once that was asked.
    """

    repository: Repository
    url: str
    ledger: Ledger
    observe: Observer
    repository_id: int | None = None
    passes: int = 0
    loads: int = 0
    requests: int = 0
    surveyed: bool = False
    verified: bool = False
    complete: bool = True
    settled_s: float | None = None
    error: PurgerError | None = None
    warnings: list[str] = field(default_factory=list)
    unmatched: list[Unmatched] = field(default_factory=list)
    seconds: float = 0.0
    _warned: set[str] = field(default_factory=set)
    _started: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        """The repository's name, as people write it."""
        return str(self.repository)

    @property
    def ok(self) -> bool:
        """Whether everything selected is gone, seen on a later load, or there was nothing."""
        return self.error is None and self.ledger.ok and self.verified

    @property
    def may_hide_matches(self) -> bool:
        """Whether the filters may select caches that a full list hides: then nobody can tell what is left."""
        return not self.complete and not self.ledger.selection.everything

    @property
    def why_incomplete(self) -> str:
        """Why there may be more that is selected than was seen, as a sentence that warns."""
        policies = self.ledger.selection.policies
        if policies.limit is not None:
            return NO_OLDEST
        return CERTAIN_ONLY if policies.are_any else LIST_IS_FULL

    def emit(self, event: Event) -> None:
        """Pass an event to the observer."""
        self.observe(event)

    def warn(self, text: str) -> None:
        """Keep a sentence for the report, once, and pass it to the observer."""
        if text not in self._warned:
            self._warned.add(text)
            self.warnings.append(text)
            self.observe(Warned(self.name, text))

    def warn_where_incomplete(self) -> bool:
        """Warn where there may be more that is selected than was seen, else take such a warning back; return which."""
        if self.may_hide_matches:
            self.warn(self.why_incomplete)
        else:
            # What a full list hid was shown when others were gone.
            self.warnings = [text for text in self.warnings if text != self.why_incomplete]
        return self.may_hide_matches

    def stop_clock(self) -> None:
        """Set the seconds that the purge took, when it has ended, well or not."""
        self.seconds = time.monotonic() - self._started
