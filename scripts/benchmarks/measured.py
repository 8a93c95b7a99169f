"""Run purger's command line in this process; at the end write what it took to stderr, as one line of JSON.

`peak_mib` is the most memory of this process, its children not counted. `blocked_ms` is the longest time between two of
the event loop's looks at what has happened, less the time that the system let other processes run instead.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import re
import resource
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from purger.__main__ import main
from purger.cli import frame, signals


def waited_s() -> float:
    """Return for how long this thread was ready and another one had its processor; 0 where the system does not say."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def peak_mib() -> float:
    """Return the most memory that this process had; getrusage would count what its parent had when it started it."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return int(found[1]) / 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


class Turns:
    """Notes the longest turn of the event loop: what it runs between two of its waits."""

    def __init__(self) -> None:
        self.blocked_s = 0.0

    async def noted(self, job: Coroutine[Any, Any, Any]) -> Any:
        """Note each turn while the job runs; return its value."""
        selector = vars(asyncio.get_running_loop())["_selector"]
        wait = selector.select
        started, waited = time.perf_counter(), waited_s()

        def note_and_wait(timeout_s: float | None = None) -> Any:
            nonlocal started, waited
            self.blocked_s = max(self.blocked_s, time.perf_counter() - started - (waited_s() - waited))
            happened = wait(timeout_s)
            started, waited = time.perf_counter(), waited_s()
            return happened

        selector.select = note_and_wait
        return await job


def measure() -> None:
    """Run the command line, and write the figures when the process ends."""
    turns = Turns()

    def run_noted(job: Coroutine[Any, Any, Any], timeout_s: float | None) -> Any:
        return signals.run_to_the_end(turns.noted(job), timeout_s)

    vars(frame)["run_to_the_end"] = run_noted

    def write() -> None:
        figures = {"peak_mib": peak_mib(), "blocked_ms": turns.blocked_s * 1000}
        sys.stderr.write(f"\n{json.dumps(figures)}\n")

    atexit.register(write)
    main()


if __name__ == "__main__":
    measure()
