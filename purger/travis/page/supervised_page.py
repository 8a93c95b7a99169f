"""One browser page that may crash, hang or misbehave: open it, notice its end, and turn faults into our errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from loguru import logger
from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from purger.browser.causes import known_cause
from purger.browser.driver import driver_error, driver_is_gone, first_line
from purger.browser.machine import limits_fault
from purger.browser.settings import CLOSING_S
from purger.core.errors import BrowserError, BrowserLostError, SiteError
from purger.travis.page.guard import PageGuard

OPENING_S = 30.0
"""How long a browser may take to open an empty page; where it gets no process for one, it never does."""


class SupervisedPage:
    """The page of one context; `url` is where it is used, for errors. `guard` notes what else the page attempts.

    With `log_console` what the page writes to its console is logged at the level TRACE. `watch` gets each new page.
    """

    def __init__(
        self,
        context: BrowserContext,
        url: str,
        *,
        log_console: bool,
        watch: Callable[[Page], None] = lambda _page: None,
    ) -> None:
        self.guard = PageGuard()
        self._watch = watch
        self._url = url
        self._context = context
        self._log_console = log_console
        self._page: Page | None = None
        self._crashed = False
        self._keeps_nothing: Page | None = None

    @property
    def current(self) -> Page:
        """The page that was opened last. Raises BrowserLostError where it was closed."""
        if self._page is None:
            raise BrowserLostError("the page was closed", where=self._url)
        return self._page

    async def open(self) -> Page:
        """Return the page; a new one where there is none or the last one died.

        Raises BrowserLostError, and BrowserError for a browser that no new one would replace.
        """
        if self._page is not None and not self.is_lost(self._page):
            return self._page
        try:
            async with asyncio.timeout(OPENING_S):
                page = await self.guard.open_page(self._context)
        except PlaywrightError as error:
            raise lost_browser(error, self._url) from None
        except TimeoutError:
            if fault := limits_fault():
                raise fault.error() from None
            raise BrowserLostError(f"the browser opens no page within {OPENING_S:g} s", where=self._url) from None
        self._crashed = False
        page.on("crash", self._on_crash)
        self._watch(page)
        if self._log_console:
            page.on("console", lambda message: logger.trace("console: {}: {}", message.type, message.text))
        self._page = page
        return page

    async def keep_nothing(self, page: Page) -> None:
        """Let the page fetch everything anew from now on: what the browser kept of an earlier load proves nothing."""
        if self._keeps_nothing is not page:
            session = await page.context.new_cdp_session(page)
            await session.send("Network.enable")
            await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
            self._keeps_nothing = page

    def _on_crash(self, _page: Page) -> None:
        self._crashed = True

    def is_lost(self, page: Page) -> bool:
        """Whether the page or its browser died."""
        browser = self._context.browser
        return self._crashed or page.is_closed() or (browser is not None and not browser.is_connected())

    @asynccontextmanager
    async def alive(self, page: Page, timeout_s: float | None) -> AsyncIterator[None]:
        """Turn what Playwright raises in the block into our errors; close a page that takes longer.

        Raises SiteError for a page that hangs or fails, BrowserLostError for one that died, BrowserError where
        Playwright's own process died.
        """
        try:
            async with asyncio.timeout(timeout_s):
                yield
        except TimeoutError:
            await self.close()
            raise SiteError(
                "the page hangs: its own script does not end", where=self._url, remedy="Try again later."
            ) from None
        except PlaywrightError as error:
            if driver_is_gone():
                raise driver_error(self._url) from None
            if self.is_lost(page):
                await self.close()
                raise BrowserLostError(f"the page died: {first_line(error)}", where=self._url) from None
            raise SiteError(f"the page failed: {first_line(error)}", where=self._url) from None

    async def pause(self) -> None:
        """Open Playwright's inspector and wait until a person continues."""
        if self._page is not None and not self.is_lost(self._page):
            async with self.alive(self._page, None):
                await self._page.pause()

    async def wait_until_closed(self) -> None:
        """Wait for as long as a person leaves the page open."""
        while self._page is not None and not self.is_lost(self._page):
            with suppress(PlaywrightTimeoutError):
                await self._page.wait_for_event("close", timeout=1000)
            # No event says that Playwright's own process died; only a call shows it.
            if not await _responds(self._page):
                return

    async def close(self) -> None:
        """Close the page. A dead one is no fault, and one that hangs is closed with its context."""
        page, self._page = self._page, None
        if page is not None:
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(CLOSING_S):
                    await page.close()


async def _responds(page: Page) -> bool:
    try:
        async with asyncio.timeout(1):
            await page.title()
    except PlaywrightError:
        return False
    except TimeoutError:
        pass  # it is busy, and open
    return True


def lost_browser(error: PlaywrightError, url: str) -> BrowserError:
    """Return the error for a browser that opens nothing: BrowserLostError where a new one may do so."""
    if driver_is_gone():
        return driver_error(url)
    if cause := known_cause(first_line(error)) or limits_fault():
        return cause.error()
    return BrowserLostError(f"the browser is gone: {first_line(error)}", where=url)
