"""The browser of a whole run: started when it is needed, and started anew when it died."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from loguru import logger
from playwright.async_api import Browser, BrowserContext, Playwright
from playwright.async_api import Error as PlaywrightError
from tenacity import AsyncRetrying, retry_if_exception_type

from purger.browser.causes import known_cause
from purger.browser.connect import connect, keep_third_parties_out
from purger.browser.driver import CLOSING_S, driver_error, driver_is_gone
from purger.browser.find import Candidate
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch_first, new_context
from purger.core.errors import BrowserError
from purger.core.retry_policies import DEFAULT_POLICIES, RetryPolicies

RESTARTS = 2
CONTEXT_S = 30.0


class BrowserSupervisor:
    """One browser at a time for a whole run: started when it is needed, and started anew when it died.

    `get` raises BrowserError when none can be had or too many died. `taken` is which one was started last.
    """

    def __init__(
        self,
        playwright: Playwright,
        settings: BrowserSettings,
        hosts: Sequence[str],
        policies: RetryPolicies = DEFAULT_POLICIES,
    ) -> None:
        self._playwright = playwright
        self._settings = settings
        self._hosts = hosts
        self._reconnect = policies.reconnect
        self._starting: asyncio.Task[Browser] | None = None
        self._restarts = 0
        self._dead: Browser | None = None
        self.taken: Candidate | None = None

    def start_early(self) -> None:
        """Start in the background, so that it is ready by the time a page is wanted."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())

    async def _start(self) -> Browser:
        settings = self._settings
        if not settings.connect:
            browser, self.taken = await launch_first(self._playwright, settings, self._hosts)
            return browser
        if not self._restarts:
            return await connect(self._playwright, settings.connect)
        # A remote browser that was lost is often being started anew by whoever runs it.
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(BrowserError),
            stop=self._reconnect.stop,
            wait=self._reconnect.wait,
            reraise=True,
        ):
            with attempt:
                return await connect(self._playwright, settings.connect)
        raise AssertionError("unreachable: the last attempt raises")

    async def get(self) -> Browser:
        """The running browser; a new one if the last one is gone."""
        self.start_early()
        assert self._starting is not None  # noqa: S101 - for the type checker
        browser = await asyncio.shield(self._starting)
        if browser.is_connected() and browser is not self._dead:
            return browser
        self._restarts += 1
        if self._restarts > RESTARTS:
            raise BrowserError(
                "the browser kept crashing", remedy="Is there memory enough? Try another with --browser."
            )
        logger.warning(
            "The browser is gone: {}.", "connecting again" if self._settings.connect else "a new one is started"
        )
        self._starting = None
        return await self.get()

    async def context(self) -> BrowserContext:
        """A fresh context of the running browser, in which third parties are kept out as the settings say.

        A browser that opens none counts as gone. Raises BrowserError as `get` does.
        """
        while True:
            browser = await self.get()
            try:
                async with asyncio.timeout(CONTEXT_S):
                    context = await new_context(browser)
                    if self._settings.connect and not self._settings.allow_third_party:
                        await keep_third_parties_out(context, self._hosts)
                    return context
            except (PlaywrightError, TimeoutError) as error:
                if isinstance(error, PlaywrightError) and driver_is_gone(error):
                    raise driver_error() from None
                if isinstance(error, PlaywrightError) and (cause := known_cause(error.message.partition("\n")[0])):
                    name = self.taken or "the remote browser"
                    raise BrowserError(f"{name} does not work: {cause.what}", remedy=cause.remedy) from None
                # One that died a moment ago may still seem to be connected.
                self._dead = browser

    async def close(self) -> None:
        """Close the browser, or what is starting of it; a browser that does not react is left to its driver."""
        if self._starting is None:
            return
        if not self._starting.done():
            self._starting.cancel()
        with contextlib.suppress(PlaywrightError, BrowserError, TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(CLOSING_S):
                await (await self._starting).close()
