"""Start and stop Playwright's driver process, and detect that it died."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright, async_playwright

from purger.core.errors import BrowserError
from purger.secrets import child_environment

CLOSING_S = 1.5


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Start Playwright for a `with` block, without secrets in the environment of its driver and the browser.

    Raises BrowserError if the driver does not start.
    """
    child_environment.forget_secrets()
    manager = async_playwright()
    try:
        playwright = await manager.start()
    except BaseException as error:
        # The rest of the process is cleaned up after the event loop closed, and would print an error.
        sys.unraisablehook = lambda _complaint: None
        if not isinstance(error, Exception):
            raise
        raise BrowserError(
            f"Playwright's driver does not start: {str(error) or type(error).__name__}",
            remedy="Install it again (pip install --force-reinstall playwright); is NODE_OPTIONS set?",
        ) from None
    try:
        yield playwright
    finally:
        with contextlib.suppress(TimeoutError, PlaywrightError):
            async with asyncio.timeout(CLOSING_S):
                await playwright.stop()


def driver_is_gone(error: PlaywrightError) -> bool:
    """Return whether Playwright's driver process died. Only the error's message shows it."""
    return "Connection closed while reading from the driver" in error.message


def driver_error(where: str | None = None) -> BrowserError:
    """Return the error for a driver process that died; `where` is the URL that it was working on."""
    return BrowserError("Playwright's driver died", where=where, remedy="Run it again.")
