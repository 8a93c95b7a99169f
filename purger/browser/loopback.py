"""Listen on loopback for connections of the browser or its driver, and carry bytes between two connections."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_PIECE_BYTES = 65536
_CLOSING_S = 1.0
_TURNS = 4
"""Turns of asyncio's loop until a connection that it has just accepted is served, or one it has closed is gone."""

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class LoopbackServer:
    """Takes connections on a port that is free; what it does with each, a subclass says."""

    def __init__(self) -> None:
        self.place = ""
        """The host and port where it listens."""
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, which is closed afterwards."""
        raise NotImplementedError

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen for a `with` block; all connections are closed at its end."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            self.place = "{}:{}".format(*server.sockets[0].getsockname())
            yield
        finally:
            # Until 3.12, a server that is closed while it accepts a connection loses it: so it first stops accepting.
            for listener in server.sockets:
                asyncio.get_running_loop().remove_reader(listener.fileno())
            await _let_the_loop_turn()
            server.close()
            connections = dict(self._connections)
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections, return_exceptions=True)
            for writer in connections.values():
                break_off(writer)  # a task that is cancelled before its first step closes nothing
            await _let_the_loop_turn()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections[connection] = writer
        connection.add_done_callback(self._connections.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self.answer(reader, writer)
        finally:
            await close(writer)


async def _let_the_loop_turn() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def break_off(writer: asyncio.StreamWriter) -> None:
    """End a connection at once, without a farewell; one that has ended already is left alone."""
    with contextlib.suppress(AttributeError):  # of asyncio, where an encrypted one was closed twice
        writer.transport.abort()


async def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, once what was written is sent; one that does not get rid of it in time is broken off."""
    writer.close()
    try:
        async with asyncio.timeout(_CLOSING_S):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        break_off(writer)
    except asyncio.CancelledError:
        break_off(writer)
        raise


async def encrypt(writer: asyncio.StreamWriter, context: ssl.SSLContext, host: str | None) -> None:
    """Encrypt a connection to the host. Where that fails or is cancelled, the connection is broken off.

    The end of that is not waited for: asyncio tells nobody of the end of a connection in the middle of a handshake.
    """
    try:
        await writer.start_tls(context, server_hostname=host)
    except TypeError as error:
        # In Python 3.11, and 3.12 up to 3.12.1, asyncio fails itself where a handshake within an encrypted connection
        # fails, and tells nobody but by the context of its error why.
        break_off(writer)
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise
    except BaseException:
        break_off(writer)
        raise


async def refuse(writer: asyncio.StreamWriter, status: str) -> None:
    """Answer a request with a status (`403 Forbidden`) and nothing else."""
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()


async def pump(one: Stream, other: Stream) -> None:
    """Carry bytes between two connections, both ways, until either ends or breaks; then close the other one."""
    ways = [asyncio.create_task(_carry(one[0], other[1])), asyncio.create_task(_carry(other[0], one[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        other[1].close()  # first of all: what is awaited here may be cancelled
        await asyncio.gather(*ways, return_exceptions=True)
        await close(other[1])


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE_BYTES):
        writer.write(piece)
        await writer.drain()
