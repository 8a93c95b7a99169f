"""Notice that the browser does not accept a certificate, or does not get through its proxy: the page is never told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress

from playwright.async_api import Page, Request

from purger.browser.certificates import RefusedByBrowserError
from purger.browser.proxy_errors import NotLetThroughError
from purger.core.hosts import origin_of

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


class RefusedCertificates:
    """Watches a page's requests to the site's origins for refused certificates, and for a proxy that refuses."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._origins = {origin_of(address) for address in addresses}
        self._refused: Refused | None = None
        self._news = asyncio.Event()

    def watch(self, page: Page) -> None:
        """Watch this page, too."""
        page.on("requestfailed", self._on_failed)

    def _on_failed(self, request: Request) -> None:
        refused = refused_by_browser(request.failure or "", request.url)
        if refused and origin_of(request.url) in self._origins:
            self._refused = refused
            self._news.set()

    def forget(self) -> None:
        """Forget what was refused before: the next load shows whether it still is."""
        self._refused = None
        self._news.clear()

    async def check(self) -> None:
        """Raise the error where a certificate or the proxy refused, or does so within a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(NEWS_S):
                await self._news.wait()
        if self._refused is not None:
            raise self._refused
