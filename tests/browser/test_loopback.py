"""A server on loopback takes many connections at once and leaves none open."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from purger.browser.loopback import LoopbackServer, break_off, close, refuse
from purger.core.hosts import host_and_port
from purger.standin import StandIn
from tests.support.browser import eventually


class Shout(LoopbackServer):
    """Answers each line in capitals; `stop` is refused."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (line := await reader.readuntil(b"\n")) != b"stop\n":
            writer.write(line.upper())
        await refuse(writer, "403 Forbidden")


async def test_an_encrypted_connection_that_was_closed_twice_is_broken_off_without_a_fault(tls_site: StandIn) -> None:
    _, port = host_and_port(tls_site.url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    connected = writer.get_extra_info("socket")
    writer.close()
    writer.close()
    break_off(writer)
    assert writer.is_closing()
    await eventually(lambda: connected.fileno() == -1)


async def test_a_connection_that_is_being_closed_when_its_task_is_cancelled_is_broken_off() -> None:
    """The other side reads nothing, so that what was written is never sent."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0, limit=1)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        connected = writer.get_extra_info("socket")
        await eventually(lambda: bool(held))
        held[0].transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"x" * 2**25)
        closing = asyncio.create_task(close(writer))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert connected.fileno() != -1
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await eventually(lambda: connected.fileno() == -1)
        held[0].transport.abort()


async def test_connections_are_served_at_the_same_time_and_closed_at_the_end() -> None:
    server = Shout()
    async with server.open():
        host, _, port = server.place.partition(":")
        assert host == "127.0.0.1"
        streams = [await asyncio.open_connection(host, int(port)) for _ in range(5)]
        for reader, writer in reversed(streams):
            writer.write(b"a line\n")
            assert await reader.readuntil(b"\n") == b"A LINE\n"
        streams[0][1].write(b"stop\n")
        assert (await streams[0][0].read()).startswith(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n")
        streams[1][1].write(b"half a line")
        streams[1][1].write_eof()
        assert await streams[1][0].read() == b""
        streams[2][1].write(b"still\n")
        assert await streams[2][0].readuntil(b"\n") == b"STILL\n"
    for reader, writer in streams:
        assert await reader.read() == b""
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))
