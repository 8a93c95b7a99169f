"""Count the requests of each token: a rate limit in fixed windows, and a ban after too many POSTs."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from purger.standin.faults import Faults

Verdict = Literal["fine", "too many", "banned"]


@dataclass(slots=True)
class _Usage:
    window_start: float = float("-inf")
    requests: int = 0
    posts: deque[float] = field(default_factory=deque)
    banned_until: float = float("-inf")


class Limits:
    """Counts each token's requests, including refused ones (docs/TRAVIS.md section 4)."""

    def __init__(self) -> None:
        self._usages: dict[str, _Usage] = {}

    def spend(self, token: str, method: str, now: float, faults: Faults, *, requests: int = 1) -> Verdict:
        """Count requests of a token at `now` (monotonic seconds); return whether they are allowed."""
        usage = self._usages.setdefault(token, _Usage())
        if now - usage.window_start >= faults.rate_limit_window_s:
            usage.window_start, usage.requests = now, 0
        usage.requests += requests
        if method == "POST":
            usage.posts.append(now)
            while usage.posts[0] <= now - faults.post_window_s:
                usage.posts.popleft()
            if faults.post_limit is not None and len(usage.posts) >= faults.post_limit:
                usage.banned_until = now + faults.post_ban_s
        if faults.post_limit is not None and now < usage.banned_until:
            return "banned"
        if faults.rate_limit_per_minute is not None and usage.requests > faults.rate_limit_per_minute:
            return "too many"
        return "fine"
