"""One cache through the run: the outcome and the reason that follow from its state."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from purger.core.cache import Cache, Method, Outcome
from purger.core.decision import Kept
from purger.purge.entry import (
    ACCEPTED_ONLY,
    BRANCH_UNKNOWN,
    FULL_NAME_UNKNOWN,
    GONE_BEFORE,
    ICON_DELETES_NOTHING,
    NAME_UNKNOWN,
    NOT_APPLIED,
    NOT_ATTEMPTED,
    NOT_RECHECKED,
    NOT_SELECTED,
    RUNNING_JOB,
    Entry,
    State,
)
from tests.support.builders import cache, entry


@pytest.mark.parametrize(
    ("made", "outcome", "reason"),
    [
        (entry(cache()), Outcome.REMAINING, NOT_ATTEMPTED),
        (entry(cache(), attempts=1), Outcome.REMAINING, NOT_RECHECKED),
        (entry(cache(), State.ACCEPTED, attempts=1), Outcome.REMAINING, ACCEPTED_ONLY),
        (replace(entry(cache(), State.ACCEPTED, attempts=1), rechecks=1), Outcome.REMAINING, NOT_APPLIED),
        (entry(cache(), State.REFUSED, "answered 500", attempts=1), Outcome.FAILED, "answered 500"),
        (entry(cache(), State.REJECTED, "answered 403", attempts=1), Outcome.FAILED, "answered 403"),
        (entry(cache(), State.UNDELETABLE, "its name is shared"), Outcome.SKIPPED, "its name is shared"),
        (entry(cache(), State.GONE, attempts=1), Outcome.DELETED, None),
        (entry(cache(), State.GONE), Outcome.DELETED, GONE_BEFORE),
        (entry(cache(), selected=False), Outcome.SKIPPED, NOT_SELECTED),
        (entry(cache(), State.GONE, selected=False), Outcome.DELETED, GONE_BEFORE),
        (entry(cache(), attempts=1, recreated=1), Outcome.RECREATED, RUNNING_JOB),
        (entry(cache(), State.REFUSED, "answered 500", recreated=1), Outcome.RECREATED, RUNNING_JOB),
        (entry(cache(), State.UNDELETABLE, "shared", recreated=1), Outcome.SKIPPED, "shared"),
        (
            replace(entry(cache(), attempts=1), exhausted=frozenset({Method.ICON})),
            Outcome.REMAINING,
            ICON_DELETES_NOTHING,
        ),
    ],
)
def test_each_state_has_its_outcome_and_reason(made: Entry, outcome: Outcome, reason: str | None) -> None:
    assert (made.outcome, made.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        (cache("PR.7"), FULL_NAME_UNKNOWN),
        (replace(cache("cache-a--b", "c.tgz"), may_be_nested=True), BRANCH_UNKNOWN),
        (replace(cache("cache-a--b", "c.tgz", full="main"), may_be_nested=True), NAME_UNKNOWN),
    ],
)
def test_what_nobody_can_decide_says_what_is_not_known(of: Cache, reason: str) -> None:
    assert replace(entry(of, selected=False), undecided=True).reason == reason


def test_what_may_be_below_a_branch_names_that_branch() -> None:
    below = replace(cache("part", "c.tgz"), may_be_nested=True, below="release/1.x")
    reason = replace(entry(below, selected=False), undecided=True).reason
    assert reason is not None
    assert "it is of release/1.x, or of a branch below it" in reason


@pytest.mark.parametrize("kept", Kept)
def test_what_a_policy_keeps_says_which_one(kept: Kept) -> None:
    made = replace(entry(cache(), selected=False), kept=kept)
    assert (made.outcome, made.reason) == (Outcome.SKIPPED, kept.of_one)


@pytest.mark.parametrize("state", State)
def test_a_cache_is_listed_in_every_state_but_gone(state: State) -> None:
    assert entry(cache(), state).listed is (state is not State.GONE)


def test_an_attempt_that_the_rate_limit_refused_does_not_count() -> None:
    made = replace(entry(cache(), attempts=3), rate_limited=2)
    assert made.attempts == 1
    assert replace(made, rate_limited=3).reason == NOT_ATTEMPTED


def test_the_bytes_of_former_versions_count_and_those_of_a_listed_one_do_not() -> None:
    listed = replace(entry(cache(size=10), recreated=1), bytes_of_former_versions=7)
    assert listed.bytes_deleted == 7
    assert replace(listed, state=State.GONE).bytes_deleted == 17


def test_an_entry_does_not_change_and_is_equal_to_itself_alone() -> None:
    one, other = entry(cache()), entry(cache())
    assert one != other
    with pytest.raises(FrozenInstanceError):
        one.state = State.GONE  # type: ignore[misc]
