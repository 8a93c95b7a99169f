"""The retry policies: when each stops, how long it waits, and that they are declared in one place."""

from __future__ import annotations

import dataclasses
from itertools import islice
from pathlib import Path

import pytest
from tenacity import RetryCallState, Retrying

import purger
from purger.core.retry_policies import DEFAULT_POLICIES, PageWaits, Pauses, RetryPolicies, RetryPolicy
from tests.support.retry_policies import FAST


def after(attempts: int) -> RetryCallState:
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    return state


def test_pauses_grow_to_the_longest_and_begin_anew() -> None:
    pauses = Pauses(first_s=1.0, factor=3.0, longest_s=20.0)
    assert list(islice(pauses, 5)) == [1.0, 3.0, 9.0, 20.0, 20.0]
    assert next(iter(pauses)) == 1.0
    assert [round(pause_s, 2) for pause_s in islice(DEFAULT_POLICIES.polling, 9)] == [
        0.5, 0.85, 1.44, 2.46, 4.18, 7.1, 12.07, 20.0, 20.0,
    ]  # fmt: skip
    assert list(islice(DEFAULT_POLICIES.rate_limit, 6)) == [2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize(
    ("name", "last", "longest_s"),
    [("api_busy", 4, 10), ("rate_limited", 8, 10), ("page_load", 3, 5), ("rows_refused", None, 8)],
)
def test_when_each_stops_and_how_long_it_waits(name: str, last: int | None, longest_s: float) -> None:
    policy: RetryPolicy = getattr(DEFAULT_POLICIES, name)
    stops = [number for number in range(1, 100) if policy.stop(after(number))]
    assert stops[:1] == ([] if last is None else [last])
    assert all(0 <= policy.wait(after(number)) <= longest_s for number in range(1, 100))
    assert max(policy.wait(after(20)) for _ in range(100)) > longest_s / 2


def test_the_connection_to_a_browser_is_tried_for_a_while() -> None:
    state = after(5)
    state.outcome_timestamp = state.start_time + 14
    assert not DEFAULT_POLICIES.reconnect.stop(state)
    state.outcome_timestamp = state.start_time + 15
    assert DEFAULT_POLICIES.reconnect.stop(state)
    assert [DEFAULT_POLICIES.reconnect.wait(after(number)) for number in (1, 2, 3, 4, 5)] == [0.5, 1, 2, 3, 3]


@pytest.mark.parametrize("one", [DEFAULT_POLICIES, PageWaits(), Pauses(first_s=1, factor=1, longest_s=1)])
def test_nothing_changes_them(one: RetryPolicies) -> None:
    name = dataclasses.fields(one)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, name, getattr(one, name))


def test_the_fast_ones_give_up_as_the_real_ones_do() -> None:
    for name in ("api_busy", "rate_limited", "page_load", "rows_refused"):
        fast, real = getattr(FAST, name), getattr(DEFAULT_POLICIES, name)
        for number in range(1, 20):
            assert fast.stop(after(number)) == real.stop(after(number))


def test_no_other_module_declares_one() -> None:
    root = Path(purger.__file__).parent
    declaring = {path.name for path in root.rglob("*.py") if "stop_after_" in path.read_text()}
    assert declaring == {"retry_policies.py"}
