"""The request budget: the rate, pauses after a refusal, and the limit of POSTs."""

from __future__ import annotations

import pytest

from purger.core.retry_policies import Pauses
from purger.travis.rate_limit import Budget


class Time:
    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[str] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def budget(self, max_rate: int) -> Budget:
        return Budget(
            max_rate,
            on_wait=lambda seconds, why: self.waits.append(f"{seconds:g} {why}"),
            clock=self.clock,
            sleep=self.sleep,
        )


@pytest.fixture
def time() -> Time:
    return Time()


async def test_never_more_than_the_rate_in_any_minute(time: Time) -> None:
    budget = time.budget(10)
    sent: list[float] = []
    for _ in range(35):
        await budget.take(1)
        sent.append(time.now)
        time.now += 0.5
    assert all(later - earlier >= 60 for earlier, later in zip(sent, sent[10:], strict=False))
    assert time.waits[0] == "55 10 requests a minute"


async def test_more_at_once_than_a_minute_allows_waits_for_the_next_one(time: Time) -> None:
    await time.budget(10).take(25)
    assert time.now == 1120


async def test_one_request_a_minute_is_a_limit_too(time: Time) -> None:
    await time.budget(1).take(3)
    assert time.now == 1120


@pytest.mark.parametrize("start", [0.0, 1000.0])
async def test_without_a_limit_nothing_waits(time: Time, start: float) -> None:
    time.now = start
    await time.budget(0).take(10_000)
    assert time.now == start


async def test_waits_longer_than_a_second_are_told_and_why(time: Time) -> None:
    budget = time.budget(0)
    for pause_s in (0.5, 1.0, 1.5):
        budget.refused(pause_s)
        await budget.take(1)
    assert time.waits == ["1.5 the site asked for fewer requests"]


async def test_after_the_pause_it_is_the_rate_that_is_waited_for(time: Time) -> None:
    budget = time.budget(1)
    await budget.take(1)
    budget.refused(7.0)
    time.now += 7
    await budget.take(1)
    assert time.waits == ["53 1 requests a minute"]


async def test_all_pause_after_a_refusal_longer_each_time(time: Time) -> None:
    budget = time.budget(0)
    pauses = []
    for _ in range(6):
        budget.refused(None)
        budget.refused(None)
        before = time.now
        await budget.take(1)
        pauses.append(time.now - before)
    assert pauses == [2, 4, 8, 16, 30, 30]
    assert "fewer requests" in time.waits[0]


async def test_a_success_makes_the_next_pause_short_again(time: Time) -> None:
    budget = time.budget(0)
    budget.refused(None)
    budget.went_well()
    await budget.take(1)
    budget.went_well()
    budget.refused(None)
    before = time.now
    await budget.take(1)
    assert time.now - before == 2


@pytest.mark.parametrize(("retry_after_s", "waited"), [(7.0, 7.0), (3600.0, 60.0)])
async def test_what_the_site_says_counts_within_reason(time: Time, retry_after_s: float, waited: float) -> None:
    budget = time.budget(0)
    budget.refused(retry_after_s)
    await budget.take(1)
    assert time.now - 1000 == waited


async def test_a_batch_takes_what_is_free(time: Time) -> None:
    budget = time.budget(10)
    assert await budget.take_some(7) == 7
    assert await budget.take_some(7) == 3
    assert time.now == 1000
    assert await budget.take_some(7) == 7
    assert time.now == 1060
    assert await time.budget(0).take_some(500) == 500


@pytest.mark.parametrize("max_rate", [0, 1500])
async def test_posts_stay_far_below_what_bans_a_token(time: Time, max_rate: int) -> None:
    budget = time.budget(max_rate)
    sent: list[float] = []
    for number in range(130):
        await budget.take_post()
        sent.append(time.now)
        time.now += 0.1 if number % 3 else 0.0
    assert all(later - earlier >= 30 for earlier, later in zip(sent, sent[40:], strict=False))
    assert "40 restarts in 30 s" in time.waits[0]


async def test_of_more_limits_than_one_it_is_the_longest_that_is_named(time: Time) -> None:
    budget = time.budget(40)
    for _ in range(41):
        await budget.take_post()
    assert time.waits == ["60 40 requests a minute"]
    budget.refused(7.0)
    for _ in range(40):
        await budget.take_post()
    assert time.waits[1:] == ["7 the site asked for fewer requests", "53 40 requests a minute"]


async def test_posts_count_as_requests_and_others_not_as_posts(time: Time) -> None:
    budget = time.budget(5)
    await budget.take_post()
    await budget.take(4)
    assert time.now == 1000
    await budget.take_post()
    assert time.now == 1060
    assert time.waits == ["60 5 requests a minute"]
    free = time.budget(0)
    await free.take(1000)
    await free.take_post()
    assert time.now == 1060


async def test_pauses_can_be_set(time: Time) -> None:
    budget = Budget(2, clock=time.clock, sleep=time.sleep, pauses=Pauses(first_s=0.5, factor=3.0, longest_s=1.0))
    waited = []
    for retry_after_s in (None, 100.0, None):
        budget.refused(retry_after_s)
        before = time.now
        await budget.take(1)
        waited.append(time.now - before)
    assert waited == [0.5, 60.0, 1.0]
