"""Notice that the browser does not accept a certificate of the site's, which the page itself is never told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress

from playwright.async_api import Page, Request

from purger.browser.certificates import RefusedByBrowserError
from purger.travis.addresses import origin_of

_CODE = re.compile(r"\bERR_CERT_\w+")
NEWS_S = 1.0
"""How long the news of a failed request may take to arrive after the page itself knows that it failed."""


class RefusedCertificates:
    """Watches a page's requests to the site's origins for certificates that the browser refuses."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._origins = {origin_of(address) for address in addresses}
        self._refused: RefusedByBrowserError | None = None
        self._news = asyncio.Event()

    def watch(self, page: Page) -> None:
        """Watch this page, too."""
        page.on("requestfailed", self._on_failed)

    def _on_failed(self, request: Request) -> None:
        code = _CODE.search(request.failure or "")
        if code and origin_of(request.url) in self._origins:
            self._refused = RefusedByBrowserError(origin_of(request.url), code[0])
            self._news.set()

    def forget(self) -> None:
        """Forget what was refused before: the next load shows whether it still is."""
        self._refused = None
        self._news.clear()

    async def check(self) -> None:
        """Raise RefusedByBrowserError where a certificate was refused, or is within a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(NEWS_S):
                await self._news.wait()
        if self._refused is not None:
            raise self._refused
