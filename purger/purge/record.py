"""The record of one repository's purge: what was seen and done, readable at any time, also after a failure."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from purger.core.errors import PurgerError
from purger.core.events import Event, Observer, Warned
from purger.purge.ledger import Ledger
from purger.travis.addresses import Repository


@dataclass(slots=True)
class Record:
    """What a report tells of one repository.

    `passes` counts loads of the page after which something was deleted, `looks` all loads, `requests` what was sent
    to the site. `surveyed` means that the API told what is there, `verified` that nothing selected was listed on two
    looks in a row, `settled_s` seconds apart, or nothing from the start.
    `observe` is told of everything that happens.
    """

    repository: Repository
    url: str
    ledger: Ledger
    observe: Observer
    passes: int = 0
    looks: int = 0
    requests: int = 0
    surveyed: bool = False
    verified: bool = False
    settled_s: float | None = None
    error: PurgerError | None = None
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    _started: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        """The repository as people write it."""
        return str(self.repository)

    @property
    def ok(self) -> bool:
        """Whether everything selected is gone, seen on a later look, or there was nothing."""
        return self.error is None and self.ledger.ok and self.verified

    def tell(self, event: Event) -> None:
        """Let the observer know."""
        self.observe(event)

    def warn(self, text: str) -> None:
        """Keep a sentence for the report, once, and let the observer know."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.observe(Warned(self.name, text))

    def stop_clock(self) -> None:
        """The repository is done, well or not."""
        self.seconds = time.monotonic() - self._started
