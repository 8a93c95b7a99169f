"""A tunnel leads through real proxies to hosts that only these can resolve."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from purger.browser.network import Network
from purger.browser.proxies import Proxies, Proxy
from purger.browser.tunnel import open_tunnel
from purger.core.errors import SiteError
from tests.support.forward_proxies import PASSWORD, ForwardProxy, Scripted, StartProxy

HOST = "api.travis.test"


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1000):
            writer.write(piece)

    with Scripted(answer) as server:
        yield server.port


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The names that were looked up in this process."""
    names: list[Any] = []
    look_up = socket.getaddrinfo

    def spy(host: Any, *more: Any, **named: Any) -> Any:
        names.append(host)
        return look_up(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", spy)
    return names


async def sent_back(proxy: Proxy, port: int, data: bytes) -> bytes:
    reader, writer = await open_tunnel(proxy, HOST, port, Network())
    try:
        writer.write(data)
        return await reader.readexactly(len(data))
    finally:
        writer.close()


def the_proxy(address: str) -> Proxy:
    found = Proxies.of(address, {}).for_address("https://api.travis.test")
    assert found is not None
    return found


@pytest.mark.parametrize("password", [False, True], ids=["open", "password"])
async def test_a_tunnel_through_an_http_proxy(
    start_proxy: StartProxy, echo: int, looked_up: list[Any], password: bool
) -> None:
    proxy = start_proxy(HOST, password=password)
    address = proxy.address_with_password if password else proxy.address
    data = bytes(range(256)) * 4000
    assert await sent_back(the_proxy(address), echo, data) == data
    assert proxy.asked() == [f"{HOST}:{echo}"]
    assert HOST not in looked_up


@pytest.mark.parametrize("password", [False, True], ids=["open", "password"])
async def test_a_tunnel_through_a_socks5_proxy(
    start_socks: StartProxy, echo: int, looked_up: list[Any], password: bool
) -> None:
    proxy = start_socks(HOST, password=password)
    address = proxy.address_with_password if password else proxy.address
    data = bytes(range(256)) * 4000
    assert await sent_back(the_proxy(address), echo, data) == data
    assert proxy.asked() == [f"{HOST}:{echo}"]
    assert HOST not in looked_up


async def test_a_password_is_not_sent_to_a_socks5_proxy_that_wants_none(start_socks: StartProxy, echo: int) -> None:
    assert await sent_back(the_proxy(start_socks(HOST).address_with_password), echo, b"x") == b"x"


NOT_UTF_8 = b"p\xe4ssw\xf6rt".decode("utf-8", "surrogateescape")
"""A password in Latin-1, as the system hands it over."""


@pytest.mark.parametrize(("scheme", "answers"), [("http", []), ("socks5", [b"\x05\x02", b"\x01\x01"])])
async def test_a_password_is_sent_in_the_bytes_that_were_given(scheme: str, answers: list[bytes]) -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in [*answers, b""]:
            heard.append(await reader.read(65536))
            writer.write(piece)

    with Scripted(answer) as server, pytest.raises(SiteError):
        await open_tunnel(the_proxy(f"{scheme}://u:{NOT_UTF_8}@127.0.0.1:{server.port}"), HOST, 443, Network())
    sent = b"".join(heard)
    basic = re.search(rb"Basic (\S+)", sent)
    assert b"p\xe4ssw\xf6rt" in (base64.b64decode(basic[1]) if basic else sent)


def test_the_password_of_these_tests_is_one_that_is_encoded_in_addresses() -> None:
    assert PASSWORD not in ForwardProxy(1).address_with_password
    assert the_proxy(ForwardProxy(1).address_with_password).password == PASSWORD
