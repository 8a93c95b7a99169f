"""Run purger's command line in this process; at the end write what it took to stderr, as one line of JSON.

`peak_mib` is the most memory of this process, its children not counted. `blocked_ms` is the longest time for which the
event loop did nothing but one thing: a task that wants to run every few milliseconds notes how late it is, less the
time that the system let other processes run instead.
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

BEAT_S = 0.005


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


class Heartbeat:
    """Notes the longest time for which the event loop was blocked."""

    def __init__(self) -> None:
        self.blocked_s = 0.0

    async def beat(self) -> None:
        """Beat until cancelled."""
        while True:
            started, waited = time.perf_counter(), waited_s()
            await asyncio.sleep(BEAT_S)
            late_s = time.perf_counter() - started - BEAT_S - (waited_s() - waited)
            self.blocked_s = max(self.blocked_s, late_s)

    async def beside(self, job: Coroutine[Any, Any, Any]) -> Any:
        """Beat while the job runs; return its value."""
        beating = asyncio.create_task(self.beat())
        try:
            return await job
        finally:
            beating.cancel()


def measure() -> None:
    """Run the command line, and write the figures when the process ends."""
    heartbeat = Heartbeat()

    def run_beside(job: Coroutine[Any, Any, Any], timeout_s: float | None) -> Any:
        return signals.run_to_the_end(heartbeat.beside(job), timeout_s)

    vars(frame)["run_to_the_end"] = run_beside

    def write() -> None:
        figures = {"peak_mib": peak_mib(), "blocked_ms": heartbeat.blocked_s * 1000}
        sys.stderr.write(f"\n{json.dumps(figures)}\n")

    atexit.register(write)
    main()


if __name__ == "__main__":
    measure()
