"""The browser of a whole run: started when it is needed, and started anew when it died."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import TYPE_CHECKING

from loguru import logger
from tenacity import retry_if_exception_type

from purger.browser.causes import known_cause
from purger.browser.machine import limits_fault
from purger.browser.reach import Reach
from purger.browser.settings import CLOSING_S, BrowserSettings
from purger.core.errors import BrowserError, BrowserLostError, PurgerError
from purger.core.retry_policies import DEFAULT_POLICIES, RetryPolicies

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright

    from purger.browser.find import Candidate
    from purger.browser.gate import Gate
    from purger.browser.remote import RemoteContexts

# What imports Playwright is imported where a browser is started: that takes longer than the API to answer.
RESTARTS = 2
CONTEXT_S = 30.0
StartDriver = Callable[[], AbstractAsyncContextManager["Playwright"]]


class BrowserSupervisor:
    """One browser at a time for a whole run: started when it is needed, and started anew when it died.

    `find_reach` is called once, before the first browser starts; `start_driver` once, meanwhile. `get` raises their
    errors, and BrowserError when no browser can be had or too many died. `taken` is which one was started last.
    """

    def __init__(
        self,
        settings: BrowserSettings,
        find_reach: Callable[[], Awaitable[Reach]],
        policies: RetryPolicies = DEFAULT_POLICIES,
        start_driver: StartDriver | None = None,
    ) -> None:
        self._settings = settings
        self._find_reach = find_reach
        self._start_driver = start_driver
        self._reconnect = policies.reconnect
        self._stack = contextlib.AsyncExitStack()
        self._playwright: Playwright | None = None
        self._gate: Gate | None = None
        self._remote: RemoteContexts | None = None
        self._reach: asyncio.Future[Reach] | None = None
        self._starting: asyncio.Task[Browser] | None = None
        self._restarts = 0
        self._dead: Browser | None = None
        self.taken: Candidate | None = None

    def start_early(self) -> asyncio.Task[Browser]:
        """Start in the background, so that it is ready by the time a page is wanted; return the task that starts it."""
        self._starting = self._starting or asyncio.create_task(self._start())
        return self._starting

    async def reach(self) -> Reach:
        """Return what the browser may reach, as soon as that is known."""
        if self._reach is None:
            self._reach = asyncio.ensure_future(self._find_reach())
        return await asyncio.shield(self._reach)

    async def _start(self) -> Browser:
        # The import of Playwright takes so long that signals and other tasks would wait for it.
        await asyncio.to_thread(import_module, "playwright.async_api")
        from purger.browser.connect import connect
        from purger.browser.remote import RemoteContexts
        from purger.browser.start import launch_first

        settings = self._settings
        meanwhile = asyncio.ensure_future(self.reach())
        try:
            playwright = await self.driver()
            reach = await meanwhile
        finally:
            meanwhile.cancel()
        if not settings.connect:
            browser, self.taken = await launch_first(playwright, settings, reach, await self._gate_to(reach))
            return browser
        self._remote = None if settings.allow_third_party else RemoteContexts(reach)
        if not self._restarts:
            return await connect(playwright, settings.connect, reach.network, self._stack)
        # A remote browser that was lost is often being started anew by whoever runs it.
        again = self._reconnect.again(retry_if_exception_type(BrowserError))
        return await again(connect, playwright, settings.connect, reach.network, self._stack)

    async def _gate_to(self, reach: Reach) -> str | None:
        """Return the address of the gate to what is reached by a proxy, where there is that."""
        if self._settings.allow_third_party or not reach.proxied:
            return None
        if self._gate is None:
            from purger.browser.gate import Gate

            gate = Gate(reach.proxied, reach.network)
            await self._stack.enter_async_context(gate.open())
            self._gate = gate
        return self._gate.address

    async def driver(self) -> Playwright:
        """Return Playwright, whose driver is started where that was not done yet."""
        if self._playwright is None:
            from purger.browser.driver import driver

            self._playwright = await self._stack.enter_async_context((self._start_driver or driver)())
        return self._playwright

    async def get(self) -> Browser:
        """The running browser; a new one if the last one is gone."""
        starting = self.start_early()
        browser = await asyncio.shield(starting)
        if browser.is_connected() and browser is not self._dead:
            return browser
        if self._starting is not starting:  # another one who waited for it has started the next one
            return await self.get()
        self._restarts += 1
        if self._restarts > RESTARTS:
            why, remedy = "", BrowserLostError.REMEDY
            if not self._settings.connect and (fault := limits_fault()):
                why, remedy = f": {fault.what}", fault.remedy
            raise BrowserError(f"the browser kept crashing{why}", remedy=remedy)
        logger.warning(
            "The browser is gone: {}.", "connecting again" if self._settings.connect else "a new one is started"
        )
        self._starting = None
        return await self.get()

    async def context(self) -> BrowserContext:
        """A fresh context of the running browser, in which third parties are kept out as the settings say.

        A browser that opens none counts as gone. Raises BrowserError as `get` does.
        """
        await self.get()
        # These import Playwright: the start of the browser did that, in a thread that may be late.
        from playwright.async_api import Error as PlaywrightError

        from purger.browser.driver import driver_error, driver_is_gone, first_line
        from purger.browser.start import new_context

        while True:
            browser = await self.get()
            try:
                async with asyncio.timeout(CONTEXT_S):
                    return await (self._remote.open(browser) if self._remote else new_context(browser))
            except (PlaywrightError, TimeoutError) as error:
                if driver_is_gone():
                    raise driver_error() from None
                if isinstance(error, PlaywrightError) and (cause := known_cause(first_line(error))):
                    name = self.taken or "the remote browser"
                    raise BrowserError(f"{name} does not work: {cause.what}", remedy=cause.remedy) from None
                # One that died a moment ago may still seem to be connected.
                self._dead = browser

    async def close(self) -> None:
        """Close the browser, or what is starting of it, and the driver.

        A browser that does not react is left to its driver.
        """
        if self._reach is not None:
            self._reach.cancel()
        if self._starting is None:
            return
        from playwright.async_api import Error as PlaywrightError

        if not self._starting.done():
            self._starting.cancel()
        with contextlib.suppress(PlaywrightError, PurgerError, TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(CLOSING_S):
                await (await self._starting).close()
        await self._stack.aclose()
