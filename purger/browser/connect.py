"""Connect to a remote browser, and block third parties in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Playwright, Route
from playwright.async_api import Error as PlaywrightError

from purger.core.errors import BrowserError

CONNECTING_S = 30.0


async def connect(playwright: Playwright, address: str) -> Browser:
    """Connect to a remote browser: `ws://` is a Playwright server, any other address a CDP endpoint.

    Raises BrowserError with the remedy if it does not answer, refuses, or has another version.
    """
    try:
        if address.startswith("ws://"):
            return await playwright.chromium.connect(address, timeout=CONNECTING_S * 1000)
        return await playwright.chromium.connect_over_cdp(address, timeout=CONNECTING_S * 1000)
    except PlaywrightError as error:
        # Of an address of a browser the path may be a secret, too.
        reason = re.sub(r"\b[a-z]+://\S*", "", " ".join(error.message.replace(address, "").split()))[:300]
        shown = "{0.scheme}://{0.hostname}:{0.port}".format(urlsplit(address))
        raise BrowserError(
            f"the remote browser can't be used: {reason}",
            where=shown,
            remedy=(
                f"Start a server of the same version there (playwright {_playwright_version()} run-server), or a "
                "Chromium with --remote-debugging-port and give its http:// address."
            ),
        ) from None


def _playwright_version() -> str:
    from importlib.metadata import version

    return version("playwright")


async def keep_third_parties_out(context: BrowserContext, hosts: Sequence[str]) -> None:
    """Let a context of a remote browser reach only these hosts.

    purger can't set the switches of a remote browser, so it uses Playwright's routing, which is slower.
    """

    async def stop_others(route: Route) -> None:
        if urlsplit(route.request.url).hostname in hosts:
            await route.continue_()
        else:
            await route.abort()

    await context.route(lambda address: not address.startswith(("data:", "blob:")), stop_others)
