"""Run a coroutine until it ends, a signal stops it, or its time is over."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from loguru import logger

from purger.browser.blocking_calls import look_up
from purger.cli import early_signals
from purger.cli.hearing import hear
from purger.core.errors import OutOfTimeError, StoppedError, TerminatedError
from purger.core.sudden_end import undo_all
from purger.core.units import seconds_text

_STOPPING = {signal.SIGINT: StoppedError, signal.SIGTERM: TerminatedError}
if hasattr(signal, "SIGHUP"):
    _STOPPING[signal.SIGHUP] = TerminatedError  # the terminal was closed
_MOST_UNDOING_S = 1.0
_T = TypeVar("_T")


def run_to_the_end(job: Coroutine[Any, Any, _T], timeout_s: float | None) -> _T:
    """Run the job and return its value.

    Raises StoppedError or TerminatedError for a signal and OutOfTimeError after `timeout_s`: the job is cancelled then
    and has to clean up. A first signal after the job is kept waiting until the process ends, since what was done is
    written meanwhile. A second signal ends the process at once, even while nobody reads what it writes. One that was
    ignored at the start stays ignored.
    """
    # A full collection blocks the event loop: meanwhile it looks at what the job made, and at nothing imported before.
    gc.freeze()
    try:
        stopping = _Stopping()
        # Before the loop is made: what an early handler raises would leave half of one behind.
        hear([number for number in _STOPPING if _is_heard(number)], stopping.stop)
        for number in early_signals.heard():
            stopping.stop(signal.Signals(number))
        return asyncio.run(_watched(job, timeout_s, stopping))
    finally:
        job.close()
        gc.unfreeze()


def _is_heard(number: signal.Signals) -> bool:
    """Whether a signal was not ignored at the start: by `nohup`, `trap ''`, or a shell for its background jobs."""
    return signal.getsignal(number) is not signal.SIG_IGN


def _end_at_once(code: int) -> None:
    """End the process, whatever it is doing."""
    undoing = threading.Thread(target=undo_all, daemon=True)
    undoing.start()
    undoing.join(_MOST_UNDOING_S)  # a terminal that is held (Ctrl-S) would not even take that the cursor is shown
    os._exit(code)


class _Stopping:
    """The signals that came, the first of which cancels a task as soon as there is one. The second ends the process."""

    def __init__(self) -> None:
        self.caught: list[signal.Signals] = []
        self._cancel: Callable[[], object] = lambda: None

    def stop(self, number: signal.Signals) -> None:
        """Take a signal; called in any thread."""
        if self.caught:
            _end_at_once(128 + number)
        self.caught.append(number)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is left to cancel
            self._cancel()

    def cancel(self, task: asyncio.Task[Any]) -> None:
        """Cancel this task at a signal, also at one that came before."""
        self._cancel = partial(task.get_loop().call_soon_threadsafe, task.cancel)
        if self.caught:
            self._cancel()


async def _watched(job: Coroutine[Any, Any, _T], timeout_s: float | None, stopping: _Stopping) -> _T:
    loop = asyncio.get_running_loop()
    # What nobody waits for any more (Playwright's own futures, when its process dies) is no message for people.
    loop.set_exception_handler(lambda _loop, context: logger.debug("{}", context.get("message")))
    loop.getaddrinfo = look_up  # type: ignore[method-assign, assignment]
    task = loop.create_task(job)
    stopping.cancel(task)
    try:
        async with asyncio.timeout(timeout_s) as limit:
            return await task
    except asyncio.CancelledError:
        if not stopping.caught:
            raise
        first = stopping.caught[0]
        raise _STOPPING[first](f"stopped by {first.name}") from None
    except TimeoutError:
        if not limit.expired():  # it is the job's own
            raise
        raise OutOfTimeError(
            f"timed out after {seconds_text(timeout_s or 0)} (--timeout)",
            remedy="Run it again: it continues with what is left.",
        ) from None
