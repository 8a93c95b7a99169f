"""Lead a browser through the user's proxy to the site's hosts, and nowhere else.

Chromium's host rules do not hold for what it asks a proxy for: the page's third parties, and services of its maker,
would pass. It also asks people for a proxy's password, and knows none for SOCKS. So the browser is given this gate as
its proxy, which listens on loopback, knows the hosts, and signs in to the user's proxy.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from loguru import logger

from purger.browser.proxies import Proxy
from purger.browser.tunnel import Stream, open_tunnel
from purger.core.errors import PurgerError

_PIECE_BYTES = 65536
_REQUEST = re.compile(rb"CONNECT ([^\s:]+|\[[^\s\]]+\]):(\d{1,5}) HTTP/1\.1\r\n", re.IGNORECASE)

Places = Mapping[tuple[str, int], Proxy]
"""The proxy of each host and port that may be reached through the gate."""


class Gate:
    """Takes connections from the browser until it is closed; `address` is where."""

    def __init__(self, places: Places, trusting: Callable[[], ssl.SSLContext]) -> None:
        self.address = ""
        self._places = places
        self._trusting = trusting
        self._connections: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen, on a port that is free, for a `with` block; all connections are closed at its end."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            self.address = "http://{}:{}".format(*server.sockets[0].getsockname())
            yield
        finally:
            server.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = _REQUEST.match(await reader.readuntil(b"\r\n\r\n"))
        place = (asked[1].decode().strip("[]").lower().rstrip("."), int(asked[2])) if asked else ("", 0)
        proxy = self._places.get(place)
        if proxy is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        try:
            tunnel = await open_tunnel(proxy, *place, self._trusting)
        except PurgerError as error:
            logger.debug("{}", error)
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await pump((reader, writer), tunnel)


async def pump(one: Stream, other: Stream) -> None:
    """Carry bytes between two connections, both ways, until either ends or breaks; then close the other one."""
    ways = [asyncio.create_task(_carry(one[0], other[1])), asyncio.create_task(_carry(other[0], one[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        other[1].close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE_BYTES):
        writer.write(piece)
        await writer.drain()
