"""Start and stop Playwright's driver process, and detect that it died."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from loguru import logger
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright, async_playwright

from purger.browser.causes import OWN_FOLDER, known_cause
from purger.browser.machine import limits_fault, own_folder
from purger.core.errors import BrowserError
from purger.secrets import child_environment

STARTING_S = 60.0
"""Playwright's driver answers within a second, and later on a busy machine. Rarely, Node never does."""
STOPPING_S = 40.0
"""The driver kills a browser that has not closed within 30 s, and deletes its temporary files.

A driver that still runs when purger ends is killed by asyncio: then a browser that hangs stays.
"""
STOPPING_AT_ONCE_S = 3.0
_BETWEEN_LOOKS_S = 0.05
KILLING_S = 10.0
"""How long the driver has to kill a browser that did not close in time, and to delete its files."""


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Start Playwright for a `with` block, without secrets in the environment of its driver and the browser.

    Raises BrowserError if the driver does not start.
    """
    with _own_folder() as variables:
        async with _driver(variables) as playwright:
            yield playwright


@asynccontextmanager
async def _driver(variables: Mapping[str, str]) -> AsyncIterator[Playwright]:
    child_environment.forget_secrets()
    try:
        with child_environment.with_a_home():
            playwright, processes = await _started(variables)
    except BaseException as error:
        # The rest of the process is cleaned up after the event loop closed, and would print an error.
        sys.unraisablehook = lambda _complaint: None
        if not isinstance(error, Exception) or isinstance(error, BrowserError):
            raise
        words = str(error) or type(error).__name__
        cause = known_cause(words) or limits_fault()
        raise BrowserError(
            f"Playwright's driver does not start: {cause.what if cause else words}",
            remedy=cause.remedy
            if cause
            else "Install it again (pip install --force-reinstall playwright); "
            "is NODE_OPTIONS or PLAYWRIGHT_NODEJS_PATH set?",
        ) from None
    _in_use.add(processes)
    try:
        yield playwright
    finally:
        _in_use.discard(processes)
        try:
            with contextlib.suppress(TimeoutError, PlaywrightError):
                async with asyncio.timeout(_longest_stop_s()):
                    await playwright.stop()
        finally:  # before Python 3.11.4 a timeout in a task that was cancelled raises CancelledError
            await processes.end_with_their_browsers()


@contextmanager
def _own_folder() -> Iterator[Mapping[str, str]]:
    """Make a folder for a driver's temporary files, yield the variable that names it, and delete it afterwards.

    A driver that is killed leaves its files, and those of a trace hold the token. Where no folder can be made, the
    driver says why.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(own_folder(OWN_FOLDER))
        except OSError:
            yield {}
        else:
            yield {"TMPDIR": str(folder)}


async def _started(variables: Mapping[str, str]) -> tuple[Playwright, _Processes]:
    """Start the driver; a second time where it does not answer. Raises BrowserError if it never does."""
    for _ in range(2):
        with _starting(
            variables=variables, kill_after_s=STARTING_S, start_new_session=_is_a_signal_ignored()
        ) as processes:
            try:
                return await async_playwright().start(), processes
            except Exception:
                if not processes.were_killed:
                    raise
        logger.debug("Playwright's driver did not answer within {:g} s.", STARTING_S)
    raise BrowserError(f"Playwright's driver does not answer within {STARTING_S:g} s", remedy="Run it again.")


@dataclass(slots=True, eq=False)
class _Processes:
    """The processes that a `with` block started, and whether they were killed for taking too long."""

    running: list[asyncio.SubprocessTransport] = field(default_factory=list)
    were_killed: bool = False

    def kill(self) -> None:
        """Kill all of them."""
        for transport in self.running:
            with contextlib.suppress(ProcessLookupError):
                transport.kill()
                self.were_killed = True

    def have_hung_up(self) -> bool:
        """Return whether one of them died: nothing can be read from it any more. That it ended is known only later."""
        pipes = [transport.get_pipe_transport(1) for transport in self.running]
        return any(pipe is not None and pipe.is_closing() for pipe in pipes)

    async def end_with_their_browsers(self) -> None:
        """End drivers that did not stop in time: at a signal they kill their browsers and delete their files.

        Killed themselves they would leave a browser, whose files hold the token that was put into its page.
        """
        staying = [transport for transport in self.running if transport.get_returncode() is None]
        for transport in staying:
            with contextlib.suppress(ProcessLookupError):
                transport.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KILLING_S):
                while any(transport.get_returncode() is None for transport in staying):  # noqa: ASYNC110 - no event
                    await asyncio.sleep(_BETWEEN_LOOKS_S)


_in_use: set[_Processes] = set()
"""The processes of the drivers that are in use; a command has one driver."""


@contextmanager
def _starting(*, variables: Mapping[str, str], kill_after_s: float, start_new_session: bool) -> Iterator[_Processes]:
    """Say how the processes of a `with` block are started, which Playwright does not let us say.

    Those that run when the block takes longer than `kill_after_s` are killed.
    """
    loop = asyncio.get_running_loop()
    start = loop.subprocess_exec
    processes = _Processes()

    async def start_and_note(*command: Any, **options: Any) -> Any:
        options |= {"env": {**(options.get("env") or os.environ), **variables}, "start_new_session": start_new_session}
        transport, protocol = await start(*command, **options)
        processes.running.append(transport)
        return transport, protocol

    loop.subprocess_exec = start_and_note  # type: ignore[method-assign]
    timer = loop.call_later(kill_after_s, processes.kill)
    try:
        yield processes
    finally:
        timer.cancel()
        loop.subprocess_exec = start  # type: ignore[method-assign]


def _is_a_signal_ignored() -> bool:
    """Return whether this process ignores a signal that ends a process group.

    Node forgets at its start that a signal is ignored: a terminal that closes after `nohup` would end a driver that is
    not in a session of its own.
    """
    numbers = (getattr(signal, name, None) for name in ("SIGHUP", "SIGINT", "SIGTERM"))
    return any(signal.getsignal(number) is signal.SIG_IGN for number in numbers if number)


def _longest_stop_s() -> float:
    """Return how long to wait for the driver's end: where the run was cancelled, somebody waits for that of purger."""
    task = asyncio.current_task()
    return STOPPING_AT_ONCE_S if task is not None and task.cancelling() else STOPPING_S


def driver_is_gone() -> bool:
    """Return whether Playwright's driver died: what Playwright raises then reads as if the page had been closed."""
    return any(processes.have_hung_up() for processes in _in_use)


def driver_error(where: str | None = None) -> BrowserError:
    """Return the error for a driver process that died; `where` is the URL that it was working on."""
    return BrowserError("Playwright's driver died", where=where, remedy="Run it again.")


def first_line(error: PlaywrightError) -> str:
    """Return the first line of Playwright's message: the rest is its log of the call."""
    return error.message.splitlines()[0].strip() if error.message else type(error).__name__
