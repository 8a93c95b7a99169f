"""Declare how often each kind of fault is retried, and how long the pauses and patience are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tenacity import (
    AsyncRetrying,
    stop_after_attempt,
    stop_after_delay,
    stop_never,
    wait_exponential,
    wait_random_exponential,
)
from tenacity.retry import RetryBaseT
from tenacity.stop import StopBaseT
from tenacity.wait import WaitBaseT


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How one kind of fault is retried: when to stop, and how long to wait before each further attempt."""

    stop: StopBaseT
    wait: WaitBaseT

    def again(self, retry: RetryBaseT, **more: Any) -> AsyncRetrying:
        """Return what calls a function again for such a fault; the error of the last attempt is raised as it is."""
        return AsyncRetrying(retry=retry, stop=self.stop, wait=self.wait, reraise=True, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Pauses in seconds that grow by a factor up to the longest one: `next(iter(pauses))` is the first."""

    first_s: float
    factor: float
    longest_s: float

    def __iter__(self) -> Iterator[float]:
        seconds = self.first_s
        while True:
            yield seconds
            seconds = min(self.factor * seconds, self.longest_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWaits:
    """How long the cache page may take for what it does by itself, in seconds.

    render_grace_s: how long the page may stand still with its list fetched and not shown. It computes while it
        renders, so standing still means that it has given up: that is what a lost race on its permissions looks like.
    crash_grace_s: how long a load may take beyond its time limit before the page counts as hanging.
    patience_s: how long the page may keep responses to itself while others are missing.
    button_silence_s: how long the button's one request may take; it deletes cache by cache, and the site itself
        gives up sooner than this.
    """

    render_grace_s: float = 5.0
    crash_grace_s: float = 5.0
    patience_s: float = 5.0
    button_silence_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicies:
    """All retry policies of a run, one field a kind of fault. The defaults are made for the real site.

    api_busy: an API call got 5xx, no JSON or no response; each attempt may take `call_timeout_s`; that for a
        job's log may take `log_timeout_s`, and be silent for `call_timeout_s`.
    rate_limited: an API call got 429. With `rate_limit` this outlasts the minute that the site counts in.
    rate_limit: the pause that all requests take together after a 429 without `Retry-After`.
    page_load: the page shows no list.
    failed_passes: how many passes may fail with the page before the repository is given up.
    rows_refused: the deletion of rows was refused; the ledger decides when a cache has had its attempts.
    refused_pass: a pass ended with refusals: the pause before the next one.
    polling: something that takes its time: the pauses between rechecks, or between questions for a job's state.
    job_log_s: a job's log is not there or not whole: the pauses before each request for it.
    reconnect: the connection to a remote browser was lost; whoever runs it is often starting it anew.
    """

    api_busy: RetryPolicy = RetryPolicy(stop=stop_after_attempt(4), wait=wait_random_exponential(0.5, max=10))
    call_timeout_s: float = 30.0
    log_timeout_s: float = 600.0
    rate_limited: RetryPolicy = RetryPolicy(stop=stop_after_attempt(8), wait=wait_random_exponential(0.5, max=10))
    rate_limit: Pauses = Pauses(first_s=2.0, factor=2.0, longest_s=30.0)
    page_load: RetryPolicy = RetryPolicy(stop=stop_after_attempt(3), wait=wait_random_exponential(1, max=5))
    failed_passes: int = 3
    rows_refused: RetryPolicy = RetryPolicy(stop=stop_never, wait=wait_random_exponential(0.5, max=8))
    refused_pass: Pauses = Pauses(first_s=0.5, factor=1.7, longest_s=8.0)
    polling: Pauses = Pauses(first_s=0.5, factor=1.7, longest_s=20.0)
    job_log_s: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0)
    reconnect: RetryPolicy = RetryPolicy(stop=stop_after_delay(15), wait=wait_exponential(0.5, max=3))
    page: PageWaits = PageWaits()


DEFAULT_POLICIES = RetryPolicies()
