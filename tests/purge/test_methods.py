"""Which method is attempted next for a cache, and when one is exhausted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from purger.core.cache import Method, Outcome
from purger.core.selection import Selection
from purger.purge.entry import Entry
from purger.purge.ledger import Ledger
from purger.purge.methods import RECHECKS_OF_ACCEPTED, Methods, Refusal
from tests.support.builders import NOW, attempt, cache, entry, ledger_of, outcome


def refuse(ledger: Ledger, method: Method, entries: Sequence[Entry] | None = None) -> None:
    """Attempt these, or all, once; the site refuses."""
    entries = ledger.entries if entries is None else entries
    ledger.count_attempt(entries, method)
    ledger.refuse(entries, "answered 500: oh", Refusal.TRANSIENT)


def test_a_refusal_with_its_reason() -> None:
    ledger = ledger_of(cache())
    (one,) = ledger.entries
    for method in (Method.ICON, Method.BUTTON, Method.API):
        for _ in range(4):
            assert ledger.methods.next_of(one) is method
            refuse(ledger, method)
    assert ledger.to_attempt == []
    assert outcome(ledger) == (Outcome.FAILED, "answered 500: oh")


def test_a_filter_excludes_the_button() -> None:
    ledger = ledger_of(cache(), selection=Selection(branches=("m*",)), attempts=1)
    (one,) = ledger.entries
    refuse(ledger, Method.ICON)
    assert ledger.methods.next_of(one) is Method.API
    refuse(ledger, Method.API)
    assert ledger.to_attempt == []


@pytest.mark.parametrize("progress", ["a response", "a load"])
def test_progress_elsewhere_gives_new_attempts(progress: str) -> None:
    ledger = ledger_of(cache("a"), cache("b"), attempts=2)
    one, _ = ledger.entries
    for _ in range(5):
        refuse(ledger, Method.ICON, [one])
        if progress == "a response":
            ledger.accept([cache("b")], Method.ICON)
        else:
            ledger.record_load([cache("a")], NOW)
            ledger.record_load([cache("a"), cache("b", age_s=1)], NOW)
    assert ledger.methods.next_of(one) is Method.ICON
    for _ in range(2):
        refuse(ledger, Method.ICON, [one])
    assert ledger.methods.next_of(one) is Method.BUTTON


def test_what_is_accepted_and_stays_listed_is_attempted_by_another_method() -> None:
    ledger = ledger_of(cache())
    (one,) = ledger.entries
    for method, following in ((Method.ICON, Method.BUTTON), (Method.BUTTON, Method.API)):
        ledger.count_attempt([one], method)
        ledger.accept([cache()], method)
        for _ in range(RECHECKS_OF_ACCEPTED - 1):
            ledger.record_load([cache()], NOW)
            assert ledger.to_attempt == []
        ledger.record_load([cache()], NOW)
        assert (ledger.to_attempt, ledger.methods.next_of(one)) == ([one], following)
    ledger.count_attempt([one], Method.API)
    ledger.accept([cache()], Method.API)
    for _ in range(2 * RECHECKS_OF_ACCEPTED):
        ledger.record_load([cache()], NOW)
    assert (ledger.to_attempt, ledger.waiting) == ([], [one]), "no method is left but to wait"


def test_the_rate_limit_takes_no_attempt_but_has_an_end() -> None:
    ledger = ledger_of(cache(), attempts=2)
    (one,) = ledger.entries
    for _ in range(4):
        assert ledger.methods.may_attempt(one)
        attempt(ledger)
        assert ledger.methods.next_of(one) is Method.ICON
        ledger.refuse([one], "answered 429", Refusal.RATE_LIMITED)
    assert one.attempts == 0
    assert ledger.methods.next_of(one) is Method.BUTTON
    assert outcome(ledger) == (Outcome.FAILED, "answered 429")
    ledger.accept([cache()], Method.BUTTON)
    assert one.attempts == 1


def test_progress_elsewhere_starts_the_count_of_rate_limits_anew() -> None:
    ledger = ledger_of(cache("a"), cache("b"), attempts=1)
    one, _ = ledger.entries

    def limit() -> None:
        ledger.count_attempt([one], Method.ICON)
        ledger.refuse([one], "answered 429", Refusal.RATE_LIMITED)

    for _ in range(3):
        limit()
        ledger.accept([cache("b")], Method.ICON)
        assert ledger.methods.next_of(one) is Method.ICON
    limit()
    assert ledger.methods.next_of(one) is Method.ICON, "the first of two since the progress"
    limit()
    assert ledger.methods.next_of(one) is Method.BUTTON


def test_a_cache_that_is_uploaded_again_as_often_as_it_may_be_attempted_is_left() -> None:
    methods = Methods(everything=True, attempts=2)
    assert methods.may_attempt(entry(cache(), recreated=1))
    assert not methods.may_attempt(entry(cache(), recreated=2))
