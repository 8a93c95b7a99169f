"""The server's own clock: what is due on it is applied in order of time, before anyone looks."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

Action = Callable[[float], None]


class Clock:
    """Monotonic seconds, the dates that belong to them, and actions that wait for their time.

    Nothing runs in the background: every look at the state goes through `settled`, which first applies what fell
    due, so that the state is what a busy server's would be, even when no request ever came.
    """

    def __init__(self) -> None:
        """Start now, with nothing due."""
        self._lock = threading.RLock()
        self._due: list[tuple[float, int, Action]] = []
        self._order = itertools.count()
        self._is_applying = False
        self._offset_s = time.time() - time.monotonic()

    @contextmanager
    def settled(self) -> Iterator[float]:
        """Hold the state's one lock, with everything applied that is due; gives the time in monotonic seconds."""
        with self._lock:
            now = time.monotonic()
            if not self._is_applying:  # an action that looks at the state sees what was before it
                self._is_applying = True
                try:
                    while self._due and self._due[0][0] <= now:
                        at, _, action = heapq.heappop(self._due)
                        action(at)
                finally:
                    self._is_applying = False
            yield now

    def plan(self, at: float, action: Action) -> None:
        """Have `action(at)` called once `at` (monotonic seconds) has come. Only inside `settled`."""
        heapq.heappush(self._due, (at, next(self._order), action))

    def date(self, at: float) -> datetime:
        """The UTC date of a monotonic time, in whole seconds as the object store keeps it."""
        return datetime.fromtimestamp(at + self._offset_s, UTC).replace(microsecond=0)

    def since_1970_ns(self, at: float) -> int:
        """Nanoseconds since 1970 at a monotonic time."""
        return int((at + self._offset_s) * 1e9)
