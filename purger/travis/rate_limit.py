"""The request budget that every page and call of a run shares, and the pause that all take together."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence

from purger.core.retry_policies import DEFAULT_POLICIES, Pauses

WINDOW_S = 60.0
POST_WINDOW_S = 30.0
REQUESTS_A_LOAD = 5
"""What one load of the page takes from the request budget: four API calls with the single key, and one to spare."""
MOST_POSTS = 40
"""The site bans a token for an hour at its 50th POST within 30 s (docs/TRAVIS.md, section 4): keep well below."""


class _Window:
    """At most `most` requests in any `seconds`, which slide; 0 means no limit. `name` says it to people."""

    def __init__(self, most: int, seconds: float, name: str) -> None:
        self.most = most
        self.name = name
        self._seconds = seconds
        self._spent: deque[float] = deque()

    @property
    def free(self) -> int | None:
        """How many more may be sent, as `wait_s` saw it last; None where there is no limit."""
        return self.most - len(self._spent) if self.most else None

    def spend(self, requests: int, now: float) -> None:
        """Count requests as sent."""
        if self.most:
            self._spent.extend([now] * requests)

    def wait_s(self, now: float) -> float:
        """How long until one more may be sent."""
        while self._spent and self._spent[0] <= now - self._seconds:
            self._spent.popleft()
        return self._spent[0] + self._seconds - now if 0 < self.most <= len(self._spent) else 0.0


class Budget:
    """At most `max_rate` requests in any 60 s, whoever asks; 0 means no limit. POSTs have a small window besides.

    The site counts in fixed minutes and refuses the 2,001st request of one (docs/TRAVIS.md, section 4); a window that
    slides keeps below that wherever its minutes begin. `on_wait` gets waits longer than a second: the seconds,
    and why. `pauses` are those after a 429 that does not say how long to wait.
    """

    def __init__(
        self,
        max_rate: int,
        *,
        on_wait: Callable[[float, str], None] = lambda _seconds, _why: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pauses: Pauses = DEFAULT_POLICIES.rate_limit,
    ) -> None:
        self._requests = _Window(max_rate, WINDOW_S, f"{max_rate:,} requests a minute")
        self._posts = _Window(MOST_POSTS, POST_WINDOW_S, f"{MOST_POSTS} restarts in {POST_WINDOW_S:.0f} s")
        self._pauses = pauses
        self._on_wait = on_wait
        self._clock = clock
        self._sleep = sleep
        self._paused_until = 0.0
        self._growing: Iterator[float] = iter(pauses)
        self._turn = asyncio.Lock()

    async def take(self, requests: int) -> None:
        """Wait until the run may send this many more requests, and count them as sent."""
        async with self._turn:
            for _ in range(requests):
                await self._wait_for_one(self._requests)
                self._requests.spend(1, self._clock())

    async def take_post(self) -> None:
        """Wait until the run may send one more POST, and count it as sent."""
        async with self._turn:
            await self._wait_for_one(self._requests, self._posts)
            for window in (self._requests, self._posts):
                window.spend(1, self._clock())

    async def take_some(self, most: int) -> int:
        """Wait until at least one more request may be sent; return how many, up to `most`, counted as sent."""
        async with self._turn:
            await self._wait_for_one(self._requests)
            free = self._requests.free
            taken = most if free is None else min(most, free)
            self._requests.spend(taken, self._clock())
            return taken

    async def _wait_for_one(self, *windows: _Window) -> None:
        while (longest := self._longest_wait(windows))[0] > 0:
            wait_s, why = longest
            if wait_s > 1:
                self._on_wait(wait_s, why)
            await self._sleep(wait_s)

    def _longest_wait(self, windows: Sequence[_Window]) -> tuple[float, str]:
        """Return how many seconds to wait until one more may be sent, and what asks for the longest wait."""
        now = self._clock()
        waits = [(window.wait_s(now), window.name) for window in windows]
        return max([(self._paused_until - now, "the site asked for fewer requests"), *waits])

    def refused(self, retry_after_s: float | None) -> None:
        """The site answered 429: everyone pauses, for as long as it says, but at most for one window of requests.

        Where it says nothing, the pauses are those of `pauses`, and each is longer.
        """
        now = self._clock()
        if now < self._paused_until:
            return
        pause_s = next(self._growing)
        self._paused_until = now + (pause_s if retry_after_s is None else min(retry_after_s, WINDOW_S))

    def went_well(self) -> None:
        """The site answered again: the next pause is a short one."""
        if self._clock() >= self._paused_until:
            self._growing = iter(self._pauses)
