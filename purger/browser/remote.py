"""Open contexts of a remote browser that reach only the site, although purger can't set the browser's switches."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from loguru import logger
from playwright.async_api import Browser, BrowserContext, Route
from playwright.async_api import Error as PlaywrightError

from purger.browser.reach import Reach
from purger.browser.start import close_context, new_context, proxy_except
from purger.core.hosts import origin_of

PROBING_S = 10.0
_NOWHERE = "http://127.0.0.1:0"
"""The address of a proxy that can't exist: no server has this port."""
_THIRD_PARTY = "http://third-party.invalid/"
_NOT_REACHED = re.compile(
    r"ERR_(?:NAME_|CONNECTION_|ADDRESS_|TIMED_OUT|INTERNET_|NETWORK_|PROXY_|TUNNEL_|SOCKS_)|Timeout \d"
)


class RemoteContexts:
    """Opens the contexts of one remote browser.

    A context has a proxy of its own, that of the site's hosts excepted: one that does not exist. So Chromium itself
    keeps everything else out, and nothing is slowed down. Where that does not work (the browser knows no such
    contexts, or reaches the site by a proxy itself), Playwright's routing does it: each request takes the way through
    the driver, and what it does not see passes: workers that pages share, WebSockets and what is loaded in advance.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._is_by_proxy: bool | None = None

    async def open(self, browser: Browser) -> BrowserContext:
        """Open a context. Raises Playwright's error where the browser opens none."""
        if self._is_by_proxy is not False:
            if (context := await self._by_proxy(browser)) is not None:
                return context
            logger.debug(
                "The remote browser has a proxy of its own, or no others: third parties are kept out by routing."
            )
        context = await new_context(browser)
        await keep_third_parties_out(context, self._reach)
        return context

    async def _by_proxy(self, browser: Browser) -> BrowserContext | None:
        proxy = proxy_except(self._reach.places, _NOWHERE)
        try:
            if self._is_by_proxy is None:
                probing = await new_context(browser, proxy)
                try:
                    self._is_by_proxy = await self._is_right(probing)
                finally:
                    await close_context(probing)
            return await new_context(browser, proxy) if self._is_by_proxy else None
        except PlaywrightError:
            if not browser.is_connected():
                raise
            self._is_by_proxy = False
            return None

    async def _is_right(self, context: BrowserContext) -> bool:
        """Return whether the context reaches the site and nothing else."""
        if "ERR_PROXY_CONNECTION_FAILED" not in await _fault_of(context, _THIRD_PARTY):
            return False
        origins = dict.fromkeys(map(origin_of, self._reach.addresses))
        faults = [await _fault_of(context, f"{origin}/favicon.ico") for origin in origins]
        return not any(_NOT_REACHED.search(fault) for fault in faults)


async def _fault_of(context: BrowserContext, address: str) -> str:
    """Return why an address can't be opened; empty where it can.

    Each has a page of its own, which is left open: one that failed twice can't be closed any more.
    """
    page = await context.new_page()
    try:
        await page.goto(address, wait_until="commit", timeout=PROBING_S * 1000)
    except PlaywrightError as error:
        return error.message
    return ""


async def keep_third_parties_out(context: BrowserContext, reach: Reach) -> None:
    """Let a context reach the site's hosts only, by Playwright's routing."""

    async def stop_others(route: Route) -> None:
        if urlsplit(route.request.url).hostname in reach.hosts:
            await route.continue_()
        else:
            await route.abort()

    await context.route(lambda address: not address.startswith(("data:", "blob:")), stop_others)
