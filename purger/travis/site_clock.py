"""Compare the site's clock with this machine's, by the `Date` header of the API's responses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from purger.core.units import LONGEST_S

MOST_OFFSET = timedelta(seconds=LONGEST_S)
"""A date that is further away is none."""


def _machine_now() -> datetime:
    return datetime.now(UTC)


class SiteClock:
    """How far the site's clock is ahead of this machine's, as the first response with a date shows.

    The first one decides for the whole run, so that all repositories are judged by the same time.
    """

    def __init__(self, machine_now: Callable[[], datetime] = _machine_now) -> None:
        self._machine_now = machine_now
        self.offset: timedelta | None = None
        """The site's time less this machine's; None before a response with a date."""

    def compare(self, date: str | None) -> None:
        """Compare a `Date` header that arrived just now. One that is missing or not a date is passed over."""
        if self.offset is not None or not date:
            return
        try:
            shown = parsedate_to_datetime(date)
            there = (shown if shown.tzinfo else shown.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            return
        offset = there - self._machine_now()
        if abs(offset) <= MOST_OFFSET:
            self.offset = offset

    def now(self) -> datetime:
        """Return the site's time, as far as it is known; else this machine's."""
        return self._machine_now() + (self.offset or timedelta())
