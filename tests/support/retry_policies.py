"""Retry policies whose waits, made for the real site, are shortened so that a test takes a second."""

from __future__ import annotations

from dataclasses import replace

from tenacity import stop_after_attempt, stop_after_delay, stop_never, wait_exponential, wait_random_exponential

from purger.core.retry_policies import PageWaits, Pauses, RetryPolicies, RetryPolicy

QUICK = RetryPolicies(
    api_busy=RetryPolicy(stop=stop_after_attempt(4), wait=wait_random_exponential(0.05, max=1)),
    rate_limited=RetryPolicy(stop=stop_after_attempt(8), wait=wait_random_exponential(0.05, max=1)),
    rate_limit=Pauses(first_s=0.1, factor=2.0, longest_s=0.8),
    page_load=RetryPolicy(stop=stop_after_attempt(3), wait=wait_random_exponential(0.1, max=0.5)),
    rows_refused=RetryPolicy(stop=stop_never, wait=wait_random_exponential(0.05, max=0.8)),
    refused_pass=Pauses(first_s=0.05, factor=1.7, longest_s=0.8),
    job_log_s=(0.0, 0.01),
    reconnect=RetryPolicy(stop=stop_after_delay(15), wait=wait_exponential(0.05, max=0.3)),
)
"""Short pauses, and the real patience with what is expected to come, also on a busy machine.

Rechecks keep their pauses: what was accepted and is still listed after some of them is attempted again.
"""

FAST = replace(
    QUICK,
    call_timeout_s=1.0,
    reconnect=RetryPolicy(stop=stop_after_delay(1.5), wait=wait_exponential(0.05, max=0.3)),
    page=PageWaits(render_grace_s=1.5, crash_grace_s=1.0, patience_s=1.0, button_silence_s=1.0),
)
"""Little patience besides, for what never comes."""
