"""Clocks that a test sets, so that nothing has to be waited for and a busy machine changes nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest

from purger.standin.faults import Faults
from purger.standin.limits import Limits, Verdict


class Ahead:
    """The machine's clock, which a test puts forward; stands in for the module `time`."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead_s

    def time(self) -> float:
        return time.time() + self._ahead_s

    def skip(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self._ahead_s += seconds


class Virtual:
    """A clock for both sides of a rate limit, request budget and stand-in, that the budget's pauses alone move.

    `posts` are the times at which POSTs reached the stand-in.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.posts: list[float] = []
        spend = Limits.spend

        def spend_now(limits: Limits, token: str, method: str, _: float, faults: Faults, **more: Any) -> Verdict:
            if method == "POST":
                self.posts.append(self.now)
            return spend(limits, token, method, self.now, faults, **more)

        monkeypatch.setattr(Limits, "spend", spend_now)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
