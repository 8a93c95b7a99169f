"""Runs a job until it ends, a signal stops it, or its time is over; what it did stays with the job."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Coroutine, Iterator
from typing import Any

from loguru import logger

from purger.core.errors import OutOfTimeError, PurgerError, StoppedError, TerminatedError
from purger.core.units import seconds_text

_STOPPING = {signal.SIGINT: StoppedError, signal.SIGTERM: TerminatedError}
if hasattr(signal, "SIGHUP"):
    _STOPPING[signal.SIGHUP] = TerminatedError  # the terminal was closed


def run_to_the_end(job: Coroutine[Any, Any, None], timeout_s: float | None) -> PurgerError | None:
    """Run the job; gives what stopped it: a signal or the end of its time, else None.

    The job is cancelled and has to clean up; a second signal ends the process at once.
    """
    return asyncio.run(_watched(job, timeout_s))


async def _watched(job: Coroutine[Any, Any, None], timeout_s: float | None) -> PurgerError | None:
    loop = asyncio.get_running_loop()
    # What nobody waits for any more (Playwright's own futures, when its process dies) is no message for people.
    loop.set_exception_handler(lambda _loop, context: logger.debug("{}", context.get("message")))
    task = loop.create_task(job)
    caught: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        if caught:
            os._exit(128 + number)
        caught.append(number)
        task.cancel()

    for number in _STOPPING:
        with contextlib.suppress(NotImplementedError):  # Windows' loop has none; Ctrl-C raises there
            loop.add_signal_handler(number, stop, number)
    try:
        async with asyncio.timeout(timeout_s):
            await task
    except asyncio.CancelledError:
        if not caught:
            raise
        return _STOPPING[caught[0]](f"stopped by {caught[0].name}")
    except TimeoutError:
        return out_of_time(timeout_s or 0)
    return None


def out_of_time(timeout_s: float) -> OutOfTimeError:
    """What is told when the time of the whole command is over."""
    return OutOfTimeError(
        f"the time is over: --timeout {seconds_text(timeout_s)}",
        remedy="Run it again: it goes on with what is left.",
    )


@contextlib.contextmanager
def plain_signals(timeout_s: float | None, started: float) -> Iterator[None]:
    """While a question waits for its answer, Ctrl-C, SIGTERM and the end of the time interrupt it: the loop can't.

    The time counts from `started`, on the monotonic clock.
    """

    def ring(_number: int, _frame: object) -> None:
        raise out_of_time(timeout_s or 0)

    def interrupt(number: int, _frame: object) -> None:
        raise _STOPPING[signal.Signals(number)](f"stopped by {signal.Signals(number).name}")

    before = {number: signal.signal(number, interrupt) for number in _STOPPING}
    timed = timeout_s is not None and hasattr(signal, "SIGALRM")
    if timed:
        left_s = (timeout_s or 0) - (time.monotonic() - started)
        before[signal.SIGALRM] = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, max(0.001, left_s))
    try:
        yield
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
