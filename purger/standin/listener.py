"""Accept an origin's connections, encrypt them, and hand each to the version of HTTP that was agreed on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from weakref import WeakSet

from aiohttp import web
from multidict import CIMultiDict

from purger.standin.calls import Call, NoResponse, Respond

GRACE_S = 0.2
"""How long pending calls may take when the stand-in stops."""
_LONGEST_LINE = 65536

Protocols = Callable[[], asyncio.Protocol]


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Reset a connection (RST), unless it is gone already."""
    if isinstance(transport, asyncio.WriteTransport):
        if (connected := transport.get_extra_info("socket")) is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        _break_off(transport)


def _break_off(transport: asyncio.WriteTransport) -> None:
    with contextlib.suppress(AttributeError):  # of asyncio, where an encrypted one was closed twice
        transport.abort()


class Listener:
    """Serves one origin on a bound socket.

    `context` encrypts new connections; it may be replaced at any time. `http2` makes the protocol of a connection
    whose client chose HTTP/2, which the context has to offer.
    """

    def __init__(
        self,
        respond: Respond,
        listening: socket.socket,
        *,
        context: ssl.SSLContext | None = None,
        http2: Protocols | None = None,
    ) -> None:
        self.context = context
        self._respond = respond
        self._http2 = http2
        self._socket = listening
        self._socket.setblocking(False)  # noqa: FBT003 - its only parameter
        self._transports: WeakSet[asyncio.WriteTransport] = WeakSet()
        self._arrivals: set[asyncio.Task[None]] = set()
        self._waiting: dict[asyncio.Task[None], socket.socket] = {}
        """The connections of arrivals that have not begun: if they are cancelled, nobody else closes these."""

    async def start(self) -> None:
        """Begin to accept connections."""
        server = web.Server(self._over_http1, access_log=None, max_line_size=_LONGEST_LINE)
        self._http1 = web.ServerRunner(server, shutdown_timeout=GRACE_S)
        await self._http1.setup()
        # A task that waits for connections would lose one that comes while it is cancelled.
        asyncio.get_running_loop().add_reader(self._socket, self._accept, server)

    async def stop(self) -> None:
        """Stop accepting; close all connections, after a grace for pending calls over HTTP/1.1."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        for arrival in self._arrivals:
            arrival.cancel()
        await asyncio.gather(*self._arrivals, return_exceptions=True)
        for connection in self._waiting.values():
            connection.close()
        await self._http1.cleanup()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Close all connections; calls that are pending on them get no response."""
        for transport in list(self._transports):
            _break_off(transport)

    def _accept(self, server: web.Server) -> None:
        with contextlib.suppress(OSError):  # it is gone already
            connection, _ = self._socket.accept()
            connection.setblocking(False)  # noqa: FBT003 - its only parameter
            arrival = asyncio.create_task(self._arrive(connection, server))
            self._waiting[arrival] = connection
            self._arrivals.add(arrival)
            arrival.add_done_callback(self._arrivals.discard)

    async def _arrive(self, connection: socket.socket, server: web.Server) -> None:
        """Start to serve a connection, after its handshake if it is encrypted."""
        loop = asyncio.get_running_loop()
        if arrival := asyncio.current_task():
            del self._waiting[arrival]
        context = self.context
        http2 = self._http2
        protocols: Protocols = server if context is None or http2 is None else lambda: _Agreed(server, http2)
        # A client that rejects the certificate or goes away during the handshake is no failure of the stand-in.
        with contextlib.suppress(OSError):
            transport, _ = await loop.connect_accepted_socket(protocols, connection, ssl=context)
            assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - for the type checker
            self._transports.add(transport)
            if self.context is not context:
                _break_off(transport)

    async def _over_http1(self, request: web.BaseRequest) -> web.StreamResponse:
        call = _Http1Call(request, await request.read())
        # aiohttp finds that the connection is gone, and sends nothing.
        return await self._respond(call) or web.Response()


class _Agreed(asyncio.Protocol):
    """Hands a new connection to the version of HTTP that its handshake agreed on (ALPN)."""

    def __init__(self, http1: Protocols, http2: Protocols) -> None:
        self._http1 = http1
        self._http2 = http2

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Choose the protocol, before any data is read."""
        chosen = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        protocol = (self._http2 if chosen == "h2" else self._http1)()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)


class _Http1Call(Call):
    version = "1.1"

    def __init__(self, request: web.BaseRequest, body: bytes) -> None:
        super().__init__(request.method, request.raw_path, CIMultiDict(request.headers), body)
        self._request = request

    @property
    def is_gone(self) -> bool:
        transport = self._request.transport
        return transport is None or transport.is_closing()

    def end(self, how: NoResponse) -> None:
        """Reset the connection: it carries one call at a time, so there is no stream that could end alone."""
        if how != "hang":
            reset(self._request.transport)
