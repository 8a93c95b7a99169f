"""Count the ages of caches from the site's clock, and warn where this machine's clock differs."""

from __future__ import annotations

from datetime import datetime, timedelta

from purger.core.units import age_text
from purger.purge.record import Record

MOST_DIFFERENCE = timedelta(minutes=5)
NO_SITE_CLOCK = (
    "the API's responses have no date, so ages are counted from this machine's clock: check that it is right"
)


def count_ages_from_site(record: Record, offset: timedelta | None, site_now: datetime) -> None:
    """Bring the record's selection to the site's clock before anything is decided.

    `offset` is the site's time less this machine's, None where no response had a date; `site_now` the site's time.
    """
    selection = record.ledger.selection
    if offset is None:
        if (selection.older_than_s, selection.newer_than_s) != (None, None):
            record.warn(NO_SITE_CLOCK)
        return
    record.ledger.selection = selection.at_site_time(offset, site_now)
    if abs(offset) > MOST_DIFFERENCE:
        side = "behind" if offset > timedelta() else "ahead of"
        record.warn(
            f"this machine's clock is {age_text(abs(offset).total_seconds())} {side} the site's: "
            "ages are counted from the site's clock"
        )
