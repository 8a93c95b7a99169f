"""The stand-in's clock: scheduled actions are applied in order of time, before the state is read."""

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
    """The state's lock, and actions that are scheduled on it (monotonic seconds).

    Nothing runs in the background. All access to the state is inside `settled`, which first applies the actions that
    are due. So the state changes in time, even without requests.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._due: list[tuple[float, int, Action]] = []
        self._order = itertools.count()
        self._is_applying = False
        self._offset_s = time.time() - time.monotonic()

    @contextmanager
    def settled(self) -> Iterator[float]:
        """Hold the state's lock, with all due actions applied; yield the time in monotonic seconds."""
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

    def schedule(self, at: float, action: Action) -> None:
        """Call `action(at)` at the time `at` (monotonic seconds). Only use it inside `settled`."""
        heapq.heappush(self._due, (at, next(self._order), action))

    def date(self, at: float) -> datetime:
        """Return the UTC date of a monotonic time, in whole seconds as the object store keeps it."""
        return datetime.fromtimestamp(at + self._offset_s, UTC).replace(microsecond=0)

    def since_1970_ns(self, at: float) -> int:
        """Return a monotonic time as nanoseconds since 1970."""
        return int((at + self._offset_s) * 1e9)
