"""Notice why requests of a page fail: a certificate or a proxy that refuses, or another host that the page leads to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress

from playwright.async_api import Page, Request

from purger.browser.certificates import RefusedByBrowserError
from purger.browser.proxy_errors import NotLetThroughError
from purger.core.errors import SiteError
from purger.core.hosts import origin_of
from purger.travis.refusals import leads_elsewhere

_CODE = re.compile(r"\bERR_(?:CERT|SSL(?!_PROTOCOL_ERROR)|PROXY|TUNNEL|SOCKS|HTTPS_PROXY|HTTP2_PROXY)_\w+")
"""A handshake that only breaks (ERR_SSL_PROTOCOL_ERROR) may succeed the next time."""
NEWS_S = 0.25
"""How long the news of a failed request may take to arrive after the page itself knows that it failed."""


Refused = RefusedByBrowserError | NotLetThroughError


def refused_by_browser(message: str, address: str) -> Refused | None:
    """Return the error for a message of Chromium's that concerns encryption or a proxy, or None for another."""
    code = _CODE.search(message)
    if code is None:
        return None
    return (RefusedByBrowserError if code[0].startswith(("ERR_CERT_", "ERR_SSL_")) else NotLetThroughError)(
        origin_of(address), code[0]
    )


class FailedRequests:
    """Watches a page's requests that fail: at the site's origins, for refused certificates and a proxy that refuses.

    An attempt of the page itself to go to another origin, which the browser can't reach, counts, too.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        self._origins = dict.fromkeys(origin_of(address) for address in addresses)
        self._refused: SiteError | None = None
        self._news = asyncio.Event()

    def watch(self, page: Page) -> None:
        """Watch this page, too."""
        page.on("requestfailed", self._on_failed)

    def _on_failed(self, request: Request) -> None:
        refused: SiteError | None = refused_by_browser(request.failure or "", request.url)
        if origin_of(request.url) not in self._origins:
            refused = leads_elsewhere(request.url, next(iter(self._origins))) if _is_own_way(request) else None
        if refused:
            self._refused = refused
            self._news.set()

    def forget(self) -> None:
        """Forget what was refused before: the next load shows whether it still is."""
        self._refused = None
        self._news.clear()

    async def check(self) -> None:
        """Raise the error for what was noticed since `forget`, or is within a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(NEWS_S):
                await self._news.wait()
        if self._refused is not None:
            raise self._refused


def _is_own_way(request: Request) -> bool:
    """Whether the page itself goes there: not one of its frames, and not by a redirect of the front end's."""
    return request.is_navigation_request() and request.redirected_from is None and request.frame.parent_frame is None
