"""Let the user sign in manually: open a headed browser and wait until the token is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from playwright.async_api import Browser, BrowserContext
from playwright.async_api import Error as PlaywrightError

from purger.browser.causes import known_cause
from purger.browser.certificates import RefusedByBrowserError
from purger.browser.connections import Connections
from purger.browser.driver import driver, driver_error, driver_is_gone, first_line
from purger.browser.network import Network
from purger.browser.proxy_errors import NotLetThroughError
from purger.browser.reach import reach_of
from purger.browser.settings import BrowserSettings
from purger.browser.start import close_context, launch
from purger.core.errors import AccessError, BrowserError, StoppedError
from purger.core.units import seconds_text
from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.api import Api
from purger.travis.auth.sessions import Session
from purger.travis.auth.stored_sign_in import open_sign_in_page, token_in
from purger.travis.rate_limit import Budget

POLL_S = 0.3
PAGE_TIMEOUT_S = 60.0
_POLL_TIMEOUT_S = 5.0


class ManualSignIn:
    """A manual sign-in on a site, within `timeout_s` seconds. `notify` is called with sentences for the user."""

    def __init__(
        self, site: Site, network: Network, browser: str | None, *, timeout_s: float, notify: Callable[[str], None]
    ) -> None:
        self.site = site
        self._network = network
        self.notify = notify
        self._timeout_s = timeout_s
        # The sign-in page of the provider, such as GitHub, is a third party.
        self._browser = BrowserSettings(browser=browser, headed=True, allow_third_party=True)

    async def run(self) -> Session:
        """Open the window, wait for the sign-in, and return the session.

        Raises AccessError after the timeout or if the API rejects the token, StoppedError if the user closes the
        window, SiteError if the site does not answer, stores no token or has a certificate that is not accepted, and
        BrowserError if the browser does not start, or if it or Playwright's driver dies.
        """
        async with Connections(self._network) as connections:
            reach = await reach_of(connections, self.site.addresses)
            async with driver() as playwright:
                browser = await launch(playwright, self._browser, reach)
                try:
                    token = await self.in_browser(browser)
                except (RefusedByBrowserError, NotLetThroughError) as refused:
                    raise await connections.why_refused(refused) from None
                finally:
                    await _close(browser)
            user = await Api(connections, self.site, token, Budget(0)).user()
        return Session(token, user.login)

    async def in_browser(self, browser: Browser) -> Token:
        """Open a window in this browser and wait until the user has signed in. Raises the errors of `run`."""
        try:
            async with asyncio.timeout(self._timeout_s):
                context = await browser.new_context(accept_downloads=False, no_viewport=True)
                page = await context.new_page()
                self.notify(
                    f"Sign in to {self.site.url} in the browser window; purger detects when you are done. "
                    f"It waits {seconds_text(self._timeout_s)}; close the window to cancel."
                )
                await open_sign_in_page(page, self.site, timeout_s=min(PAGE_TIMEOUT_S, self._timeout_s))
                token = await self._until_signed_in(context)
                await close_context(context)
                return token
        except PlaywrightError as error:
            raise self._lost(error) from None
        except TimeoutError:
            raise AccessError(
                f"no sign-in within {seconds_text(self._timeout_s)}",
                where=self.site.url,
                remedy="Try again with more time: a longer --timeout.",
            ) from None

    async def _until_signed_in(self, context: BrowserContext) -> Token:
        is_open = True
        while is_open:
            is_open = bool(context.pages)
            # Only an answer proves that browser and driver live: if they die, pages are closed too, or nothing happens.
            await context.cookies(self.site.url)
            for page in context.pages:
                try:
                    async with asyncio.timeout(_POLL_TIMEOUT_S):
                        token = await token_in(page, self.site)
                except TimeoutError:
                    continue
                if token is not None:
                    return token
            await asyncio.sleep(POLL_S)
        raise StoppedError("the window was closed before the sign-in", where=self.site.url)

    def _lost(self, error: PlaywrightError) -> BrowserError:
        if driver_is_gone():
            return driver_error(self.site.url)
        if cause := known_cause(first_line(error)):
            return cause.error()
        return BrowserError(
            "the browser ended before the sign-in: it was quit, or it crashed",
            where=self.site.url,
            remedy="Run it again. If it crashes again, try another browser: --browser.",
        )


async def _close(browser: Browser) -> None:
    try:
        async with asyncio.timeout(_POLL_TIMEOUT_S):
            await browser.close()
    except (PlaywrightError, TimeoutError):
        pass
