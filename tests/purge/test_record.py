"""The record of one repository's purge: when it is ok, and warnings that are kept once."""

from __future__ import annotations

import pytest

from purger.core import events
from purger.core.errors import SiteError
from purger.purge.entry import State
from purger.purge.record import Record
from tests.support.browser import WIDGETS
from tests.support.builders import cache, entry, ledger_with


def record_of(state: State, observed: list[events.Event] | None = None) -> Record:
    ledger = ledger_with(entry(cache(), state, attempts=1))
    observe = (lambda _event: None) if observed is None else observed.append
    return Record(WIDGETS, "https://app.travis-ci.com/github/acme/widgets/caches", ledger, observe)


@pytest.mark.parametrize(
    ("state", "verified", "has_error", "ok"),
    [
        (State.GONE, True, False, True),
        (State.GONE, False, False, False),
        (State.GONE, True, True, False),
        (State.ACCEPTED, True, False, False),
        (State.LISTED, True, False, False),
    ],
)
def test_a_purge_is_ok_where_all_is_gone_verified_and_without_error(
    state: State, verified: bool, has_error: bool, ok: bool
) -> None:
    record = record_of(state)
    record.verified = verified
    record.error = SiteError("the site is gone") if has_error else None
    assert record.ok is ok


def test_a_warning_is_kept_and_observed_once() -> None:
    observed: list[events.Event] = []
    record = record_of(State.GONE, observed)
    for text in ("Something is odd.", "Something else.", "Something is odd."):
        record.warn(text)
    assert record.warnings == ["Something is odd.", "Something else."]
    assert observed == [events.Warned("acme/widgets", text) for text in record.warnings]


def test_the_seconds_are_those_until_the_clock_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("purger.purge.record.time.monotonic", lambda: now[0])
    record = record_of(State.GONE)
    record._started = 100.0
    now[0] = 107.5
    assert record.seconds == 0
    record.stop_clock()
    assert record.seconds == 7.5
