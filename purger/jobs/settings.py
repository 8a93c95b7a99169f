"""The settings of `purger retry` besides those of its purges."""

from __future__ import annotations

from dataclasses import dataclass

from purger.core.options import PACE, check_ranges, number, wait


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySettings:
    """How often to purge and restart, and how long to wait. Times are in seconds; `wait_s` doubles each time.

    Raises InputError for a value that makes no sense.
    """

    wait_s: float = wait(
        "--wait",
        default="60s",
        panel=PACE,
        help="How long to wait after the first purge before the restart; twice as long after each further one. "
        "Where nothing was deleted, there is no wait.",
    )
    retry_attempts: int = number(
        "--retry-attempts",
        default=3,
        at_least=1,
        panel=PACE,
        help="How often to purge and restart while a job fetches a deleted cache.",
    )
    start_timeout_s: float = wait(
        "--start-timeout",
        default="30m",
        panel=PACE,
        help="How long restarted jobs may wait for their start while none of them runs.",
    )
    job_timeout_s: float = wait("--job-timeout", default="3h", panel=PACE, help="How long a restarted job may run.")

    def __post_init__(self) -> None:
        check_ranges(self)
