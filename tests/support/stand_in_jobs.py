"""Attempts of jobs that the stand-in runs to their end in no time."""

from __future__ import annotations

from functools import partial
from typing import Any

from purger.standin import Attempt
from purger.standin.job_logs import Outcome


def quick(outcome: Outcome, **more: Any) -> Attempt:
    """An attempt that takes less than half a second."""
    return Attempt(outcome, **({"duration_s": 0.3, "queue_s": 0.1} | more))


failed, passed, canceled = partial(quick, "failed"), partial(quick, "passed"), partial(quick, "canceled")
