"""The driver reaches a remote browser by the user's proxy, and nobody else does by the driver's relay."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from purger.browser.network import Network
from purger.browser.proxies import Proxies
from purger.browser.relay import Relay
from purger.core.errors import InputError, SiteError
from tests.support.forward_proxies import Scripted, StartProxy

BROWSER = "browser.corp.test"


async def tell_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with the head of the request, and then send back all bytes."""
    writer.write(await reader.readuntil(b"\r\n\r\n"))
    while piece := await reader.read(1000):
        writer.write(piece)


@contextlib.asynccontextmanager
async def relayed(endpoint: str, proxy: str) -> AsyncIterator[Relay]:
    relay = Relay(endpoint, Network(Proxies.of(proxy, {})))
    async with relay.open():
        yield relay


async def ask(relay: Relay, headers: dict[str, str], more: bytes = b"") -> bytes:
    """Send a request, and what comes after it; return the whole answer so far."""
    host, _, port = relay.place.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = ["GET /devtools/x?token=geheim HTTP/1.1", f"Host: {relay.place}", "Upgrade: websocket"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + more)
        answer = await reader.readuntil(b"\r\n\r\n")
        return answer + (await reader.readexactly(len(more)) if more else b"")
    finally:
        writer.close()


@pytest.mark.parametrize("password", [False, True], ids=["open", "password"])
async def test_the_request_arrives_by_the_proxy_as_if_there_were_no_relay(
    start_proxy: StartProxy, password: bool
) -> None:
    proxy = start_proxy(BROWSER, password=password)
    data = bytes(range(256)) * 400
    with Scripted(tell_the_head) as server:
        place = f"{BROWSER}:{server.port}"
        address = proxy.address_with_password if password else proxy.address
        async with relayed(f"ws://{place}/devtools/x?token=geheim", address) as relay:
            assert relay.address == f"ws://{relay.place}/devtools/x?token=geheim"
            answer = await ask(relay, relay.headers, data)
    assert answer == (
        f"GET /devtools/x?token=geheim HTTP/1.1\r\nHost: {place}\r\nUpgrade: websocket\r\n\r\n".encode() + data
    )
    assert proxy.asked() == [place]


@pytest.mark.usefixtures("two_addresses")
async def test_a_silent_address_of_the_browser_does_not_keep_the_others_waiting() -> None:
    with Scripted(tell_the_head) as server:
        async with relayed(f"ws://two.test:{server.port}/", "") as relay, asyncio.timeout(10):
            assert (await ask(relay, relay.headers)).startswith(b"GET /devtools/x")


@pytest.mark.parametrize("headers", [{}, {"X-Purger-Relay": ""}, {"X-Purger-Relay": "0" * 32}])
async def test_a_request_without_the_secret_is_refused(start_socks: StartProxy, headers: dict[str, str]) -> None:
    proxy = start_socks(BROWSER)
    async with relayed(f"ws://{BROWSER}:9222/", proxy.address) as relay:
        assert (await ask(relay, headers)).startswith(b"HTTP/1.1 403 ")
    assert proxy.asked() == []


async def test_what_is_wrong_with_the_proxy_is_kept(start_proxy: StartProxy) -> None:
    proxy = start_proxy(BROWSER, password=True)
    async with relayed(f"wss://{BROWSER}/", proxy.address) as relay:
        assert relay.fault is None
        assert (await ask(relay, relay.headers)).startswith(b"HTTP/1.1 502 ")
        assert isinstance(relay.fault, SiteError)
        assert relay.fault.what.endswith("(--proxy) wants a user name and a password")


@pytest.mark.parametrize(
    ("user_info", "credentials"),
    [("al%40ice:ge%2Fheim:42", b"al@ice:ge/heim:42"), ("alice", b"alice:"), (":geheim%ff", b":geheim\xff")],
)
async def test_user_and_password_of_the_remote_browser_are_passed_on(user_info: str, credentials: bytes) -> None:
    with Scripted(tell_the_head) as server:
        async with relayed(f"ws://{user_info}@127.0.0.1:{server.port}/devtools/x?token=geheim", "") as relay:
            assert relay.address == f"ws://{relay.place}/devtools/x?token=geheim"
            lines = (await ask(relay, relay.headers)).split(b"\r\n")
    assert f"Host: 127.0.0.1:{server.port}".encode() in lines
    assert b"Authorization: Basic " + base64.b64encode(credentials) in lines


async def test_a_proxy_behind_which_the_connection_breaks_is_named(start_socks: StartProxy) -> None:
    async def close(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        pass

    proxy = start_socks(BROWSER)
    with Scripted(close) as server:
        async with relayed(f"wss://{BROWSER}:{server.port}/", proxy.address) as relay:
            assert (await ask(relay, relay.headers)).startswith(b"HTTP/1.1 502 ")
    assert relay.fault is not None
    assert relay.fault.what.startswith(f"the proxy {proxy.address} (--proxy) connects to {BROWSER}, but the encryption")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the connection can't be encrypted: wrong version number"),
        (b"", "the connection broke"),
    ],
)
async def test_a_browser_whose_connection_is_not_encrypted_is_told(said: bytes, reason: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(said)

    with Scripted(answer) as server:
        async with relayed(f"wss://127.0.0.1:{server.port}/", "") as relay:
            assert (await ask(relay, relay.headers)).startswith(b"HTTP/1.1 502 ")
    assert relay.fault is not None
    assert relay.fault.what == reason


def test_a_malformed_address_of_the_proxy_is_told_before_the_driver_connects() -> None:
    with pytest.raises(InputError, match="HTTPS_PROXY is not the address of a proxy"):
        Relay(f"wss://{BROWSER}/", Network(Proxies.of(None, {"HTTPS_PROXY": "http://"})))


async def test_the_connection_is_encrypted_where_the_address_says_so(start_socks: StartProxy, tmp_path: Path) -> None:
    """A certificate that nobody knows is not accepted."""
    import ssl

    import trustme

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(BROWSER).configure_cert(context)
    async with contextlib.AsyncExitStack() as stack:
        server = await asyncio.start_server(tell_the_head, "127.0.0.1", 0, ssl=context)
        await stack.enter_async_context(server)
        port: Any = server.sockets[0].getsockname()[1]
        async with relayed(f"wss://{BROWSER}:{port}/", start_socks(BROWSER).address) as relay:
            assert (await ask(relay, relay.headers)).startswith(b"HTTP/1.1 502 ")
            assert relay.fault is not None
            assert "certificate of browser.corp.test is from an authority" in relay.fault.what
