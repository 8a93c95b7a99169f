"""A tunnel leads through real proxies to hosts that only these can resolve; what is wrong is said of the proxy."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from purger.browser import tunnel
from purger.browser.proxies import Proxies, Proxy
from purger.browser.proxy_errors import ProxyError
from purger.browser.tunnel import open_tunnel
from purger.core.errors import NoAnswerError, SiteError
from tests.support.forward_proxies import PASSWORD, ForwardProxy, Scripted, StartProxy
from tests.support.remote_browsers import free_port

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


def untrusting() -> ssl.SSLContext:
    raise AssertionError("there is nothing to trust")


async def sent_back(proxy: Proxy, port: int, data: bytes) -> bytes:
    reader, writer = await open_tunnel(proxy, HOST, port, untrusting)
    try:
        writer.write(data)
        return await reader.readexactly(len(data))
    finally:
        writer.close()


def the_proxy(address: str) -> Proxy:
    found = Proxies.of(address, {}).for_address("https://api.travis.test")
    assert found is not None
    return found


async def refusal(address: str, port: int = 443) -> SiteError:
    with pytest.raises(SiteError) as caught:
        await open_tunnel(the_proxy(address), HOST, port, untrusting)
    text = f"{caught.value} {caught.value.remedy}"
    assert "heim" not in text
    assert "(--proxy)" in text
    return caught.value


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


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_proxy_that_wants_a_password(start_proxy: StartProxy, start_socks: StartProxy, kind: str) -> None:
    proxy = {"http": start_proxy, "socks5": start_socks}[kind](HOST, password=True)
    error = await refusal(proxy.address)
    assert error.what == f"the proxy {proxy.address} (--proxy) wants a user name and a password"
    assert isinstance(error, ProxyError)
    wrong = proxy.address_with_password.replace("42", "43")
    assert (await refusal(wrong)).what == f"the proxy {proxy.address} (--proxy) refuses the user name or the password"


async def test_a_proxy_that_does_not_reach_the_host(start_proxy: StartProxy, start_socks: StartProxy) -> None:
    error = await refusal(start_proxy("other.test").address)
    assert error.what.endswith("(--proxy) can't reach api.travis.test: it answered 502")
    assert isinstance(error, NoAnswerError)
    error = await refusal(start_socks("other.test").address)
    assert error.what.endswith("(--proxy) can't reach api.travis.test: host unreachable")
    assert error.where == f"{HOST}:443"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "does not allow a connection to api.travis.test: it answered 403"),
        (451, "does not allow a connection to api.travis.test: it answered 451"),
        (500, "can't reach api.travis.test: it answered 500"),
        (503, "can't reach api.travis.test: it answered 503"),
        (504, "can't reach api.travis.test: it answered 504"),
        (429, "can't reach api.travis.test: it answered 429"),
        (400, "does not answer as an HTTP proxy does"),
        (404, "does not answer as an HTTP proxy does"),
        (405, "does not answer as an HTTP proxy does"),
        (302, "does not answer as an HTTP proxy does"),
    ],
)
async def test_what_an_http_proxy_answers(start_scripted: Any, status: int, said: str) -> None:
    proxy: ForwardProxy = start_scripted([b"HTTP/1.1 %d Whatever\r\nContent-Length: 0\r\n\r\n" % status])
    assert (await refusal(proxy.address)).what == f"the proxy {proxy.address} (--proxy) {said}"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (1, "can't reach api.travis.test: general failure"),
        (2, "does not allow a connection to api.travis.test: it is against its rules"),
        (5, "can't reach api.travis.test: connection refused"),
        (99, "can't reach api.travis.test: it answered 99"),
    ],
)
async def test_what_a_socks5_proxy_answers(start_socks: StartProxy, reply: int, said: str) -> None:
    proxy = start_socks(HOST, reply=reply)
    assert (await refusal(proxy.address)).what == f"the proxy {proxy.address} (--proxy) {said}"


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", b"x" * 200_000], ids=len
)
async def test_a_server_that_is_no_proxy(start_scripted: Any, scheme: str, answer: bytes) -> None:
    proxy: ForwardProxy = start_scripted([answer])
    kind = {"http": "an HTTP", "socks5": "a SOCKS5"}[scheme]
    error = await refusal(proxy.address.replace("http", scheme))
    assert error.what.endswith(f"(--proxy) does not answer as {kind} proxy does")
    assert isinstance(error, ProxyError)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_closes_the_connection(start_scripted: Any, scheme: str) -> None:
    proxy: ForwardProxy = start_scripted([])
    error = await refusal(proxy.address.replace("http", scheme))
    assert error.what.endswith("can't be reached: it closes the connection")
    assert isinstance(error, NoAnswerError)


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
async def test_a_proxy_that_never_answers(start_scripted: Any, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setattr(tunnel, "OPENING_S", 0.2)
    monkeypatch.setattr("tests.browser.test_tunnel.untrusting", ssl.create_default_context)
    proxy: ForwardProxy = start_scripted(None)
    error = await refusal(proxy.address.replace("http", scheme, 1))
    assert error.what.endswith("can't be reached: no answer in time")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_is_not_there(scheme: str) -> None:
    error = await refusal(f"{scheme}://al%40ice:ge%2Fheim-42@127.0.0.1:{free_port()}")
    assert "can't be reached: " in error.what
    assert isinstance(error, NoAnswerError)
    error = await refusal(f"{scheme}://proxy.invalid:3128")
    assert f"the proxy {scheme}://proxy.invalid:3128 (--proxy) can't be reached: " in error.what


def test_the_password_of_these_tests_is_one_that_is_encoded_in_addresses() -> None:
    assert PASSWORD not in ForwardProxy(1).address_with_password
    assert the_proxy(ForwardProxy(1).address_with_password).password == PASSWORD
