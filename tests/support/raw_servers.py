"""A server that answers with exactly the bytes that a test gives it, over TCP or TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\n"


@dataclass
class Connection:
    """One connection of a client: `number` counts them from 1, `requests` those that it sent."""

    number: int
    writer: asyncio.StreamWriter
    requests: int = 0

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def respond(self, body: bytes, *headers: str, status: str = "200 OK") -> None:
        """Send a whole response."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        await self.send("\r\n".join(lines).encode() + body)

    def reset(self) -> None:
        """Break the connection."""
        self.writer.transport.abort()

    def close(self) -> None:
        """End the connection as a server does that has been idle for long."""
        self.writer.close()


Answer = Callable[[Connection, str], Awaitable[None]]
"""Answers one request, whose head is given as text."""


@dataclass
class RawServer:
    """A running server: where it is, and the heads of the requests that it received."""

    port: int
    scheme: str
    heads: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def count(self, method: str) -> int:
        return sum(head.startswith(f"{method} ") for head in self.heads)


@asynccontextmanager
async def raw_server(answer: Answer, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[RawServer]:
    """Serve for a `with` block. A client that goes away is no fault of the server's."""
    running: RawServer

    tasks: set[asyncio.Task[object]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            tasks.add(task)
        running.connections += 1
        connection = Connection(running.connections, writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                running.heads.append(head)
                connection.requests += 1
                await answer(connection, head)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    running = RawServer(server.sockets[0].getsockname()[1], "https" if tls else "http")
    try:
        yield running
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
