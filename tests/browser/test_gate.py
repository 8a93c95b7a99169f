"""The gate leads to the site's hosts through their proxy, and to nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from purger.browser.gate import Gate
from purger.browser.network import Network
from purger.browser.proxies import Proxy
from tests.support.forward_proxies import ForwardProxy, Scripted, StartProxy

HOST = "api.travis.test"


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(1000):
        writer.write(piece)


@contextlib.asynccontextmanager
async def gate_to(proxy: ForwardProxy, port: int) -> AsyncIterator[Gate]:
    upstream = Proxy.at(proxy.address_with_password, "--proxy")
    gate = Gate({(HOST, port): upstream, ("fd00::1", 443): upstream}, Network())
    async with gate.open():
        yield gate


@contextlib.asynccontextmanager
async def asked(gate: Gate, request: bytes) -> AsyncIterator[tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect to the gate and send a request; yield the first line of the answer, and the connection."""
    host, _, port = gate.address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        yield (await reader.readuntil(b"\r\n")).strip() if request else b"", reader, writer
    finally:
        writer.close()


async def test_bytes_are_carried_both_ways_through_a_proxy_with_a_password(start_proxy: StartProxy) -> None:
    proxy = start_proxy(HOST, password=True)
    data = bytes(range(256)) * 4000
    with Scripted(echo) as server:
        request = b"CONNECT API.travis.test:%d HTTP/1.1\r\n\r\n" % server.port
        async with gate_to(proxy, server.port) as gate, asked(gate, request) as (status, reader, writer):
            assert status == b"HTTP/1.1 200 Connection established"
            await reader.readuntil(b"\r\n")
            writer.write(data)
            assert await reader.readexactly(len(data)) == data
    assert proxy.asked() == [f"{HOST}:{server.port}"]


@pytest.mark.parametrize(
    "request_line",
    [
        b"CONNECT js.stripe.test:443 HTTP/1.1",
        b"CONNECT api.travis.test:444 HTTP/1.1",
        b"CONNECT api.travis.test.evil.test:443 HTTP/1.1",
        b"CONNECT 127.0.0.1:443 HTTP/1.1",
        b"GET http://api.travis.test/ HTTP/1.1",
        b"GET / HTTP/1.1",
        b"\x16\x03\x01\x00",
    ],
)
async def test_all_else_is_refused_without_asking_the_proxy(start_socks: StartProxy, request_line: bytes) -> None:
    proxy = start_socks(HOST)
    request = request_line + b"\r\nHost: api.travis.test:443\r\n\r\n"
    async with gate_to(proxy, 443) as gate, asked(gate, request) as (status, reader, _):
        assert status == b"HTTP/1.1 403 Forbidden"
        assert b"Connection: close" in await reader.read()
    assert proxy.asked() == []


async def test_an_ipv6_address_is_in_brackets_to_the_gate_alone(start_socks: StartProxy) -> None:
    proxy = start_socks(HOST)
    async with gate_to(proxy, 443) as gate, asked(gate, b"CONNECT [fd00::1]:443 HTTP/1.1\r\n\r\n") as (status, _, _):
        assert status == b"HTTP/1.1 502 Bad Gateway"
    assert proxy.asked() == ["an IP address of kind 4:443"]


async def test_a_proxy_that_refuses_is_a_bad_gateway(start_socks: StartProxy) -> None:
    request = b"CONNECT api.travis.test:443 HTTP/1.1\r\n\r\n"
    async with gate_to(start_socks("other.test"), 443) as gate, asked(gate, request) as (status, reader, _):
        assert status == b"HTTP/1.1 502 Bad Gateway"
        assert b"Connection: close" in await reader.read()


async def test_at_the_end_all_connections_are_closed(start_socks: StartProxy) -> None:
    async with contextlib.AsyncExitStack() as stack:
        server = stack.enter_context(Scripted(echo))
        request = b"CONNECT api.travis.test:%d HTTP/1.1\r\n\r\n" % server.port
        async with gate_to(start_socks(HOST), server.port) as gate:
            _, idle, _ = await stack.enter_async_context(asked(gate, request))
            await idle.readuntil(b"\r\n")
            _, silent, _ = await stack.enter_async_context(asked(gate, b""))
        assert await idle.read() == b""
        assert await silent.read() == b""
        with pytest.raises(ConnectionRefusedError):
            async with asked(gate, b""):
                pass
