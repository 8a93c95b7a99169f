"""Lead a browser through the user's proxy to the site's hosts, and nowhere else.

Chromium's host rules do not hold for what it asks a proxy for: the page's third parties, and services of its maker,
would pass. It also asks people for a proxy's password, and knows none for SOCKS. So the browser is given this gate as
its proxy, which listens on loopback, knows the hosts, and signs in to the user's proxy.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from loguru import logger

from purger.browser.loopback import LoopbackServer, pump, refuse
from purger.browser.network import Network
from purger.browser.proxies import Proxy
from purger.browser.tunnel import open_tunnel
from purger.core.errors import PurgerError

_REQUEST = re.compile(rb"CONNECT ([^\s:]+|\[[^\s\]]+\]):(\d{1,5}) HTTP/1\.1\r\n", re.IGNORECASE)


class Gate(LoopbackServer):
    """A proxy that connects to some places (host and port) alone, each by the user's proxy for it."""

    def __init__(self, places: Mapping[tuple[str, int], Proxy], network: Network) -> None:
        super().__init__()
        self._places = places
        self._network = network

    @property
    def address(self) -> str:
        """The address that the browser is given."""
        return f"http://{self.place}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect the browser to the place that it asks for."""
        asked = _REQUEST.match(await reader.readuntil(b"\r\n\r\n"))
        place = (asked[1].decode().strip("[]").lower().rstrip("."), int(asked[2])) if asked else ("", 0)
        proxy = self._places.get(place)
        if proxy is None:
            return await refuse(writer, "403 Forbidden")
        try:
            tunnel = await open_tunnel(proxy, *place, self._network)
        except PurgerError as error:
            logger.debug("{}", error)
            return await refuse(writer, "502 Bad Gateway")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return await pump((reader, writer), tunnel)
