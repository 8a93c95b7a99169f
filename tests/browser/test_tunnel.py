"""A tunnel leads through real proxies to hosts that only these can resolve."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from trustme import CA

from purger.browser import tunnel
from purger.browser.certificates import CertificateError
from purger.browser.network import Network
from purger.browser.proxies import Proxies, Proxy
from purger.browser.tunnel import open_tunnel
from purger.core.errors import InputError, NoAnswerError, SiteError
from tests.support.forward_proxies import PASSWORD, ForwardProxy, Scripted, StartProxy
from tests.support.https_servers import context_of, hello, trusting
from tests.support.ports import free_port
from tests.support.raw_servers import raw_server
from tests.support.silent_addresses import SILENT

HOST = "api.travis.test"
OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


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


async def test_a_user_name_may_be_empty() -> None:
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OPEN)

    with Scripted(answer) as server:
        _, writer = await open_tunnel(the_proxy(f"http://:geheim@{server.place}"), HOST, 443, Network())
        writer.close()
    assert b"Proxy-Authorization: Basic OmdlaGVpbQ==\r\n" in heads[0]


async def test_what_only_announces_the_answer_is_skipped(start_scripted: Any) -> None:
    announced = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    proxy = start_scripted([announced, OPEN + b"hi"])
    reader, writer = await open_tunnel(the_proxy(proxy.address), HOST, 443, Network())
    assert await reader.readexactly(2) == b"hi"
    writer.close()


async def test_lines_may_end_without_a_carriage_return(start_scripted: Any) -> None:
    proxy = start_scripted([OPEN.replace(b"\r", b"").replace(b"\n\n", b"\nProxy-Agent: x\n\n") + b"\nhi"])
    reader, writer = await open_tunnel(the_proxy(proxy.address), HOST, 443, Network())
    assert await reader.readexactly(3) == b"\nhi"
    writer.close()


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.test", ""])
async def test_what_is_no_host_is_refused_before_a_connection(host: str) -> None:
    with pytest.raises(InputError, match=r"^this is no host"):
        await open_tunnel(the_proxy(f"http://127.0.0.1:{free_port()}"), host, 443, Network())


async def test_the_certificate_of_a_proxy_for_another_host_names_who_named_the_proxy(tmp_path: Path) -> None:
    authority = CA()
    async with raw_server(hello, context_of(authority, "wrong host")) as server:
        proxy = Proxy("https", "127.0.0.1", server.port, "ALL_PROXY")
        with pytest.raises(CertificateError, match=r"the proxy 127.0.0.1 is for another host") as caught:
            await open_tunnel(proxy, HOST, 443, trusting(authority, tmp_path))
    assert "see ALL_PROXY)" in (caught.value.remedy or "")


@pytest.mark.usefixtures("two_addresses")
async def test_a_silent_address_of_the_proxy_does_not_keep_the_others_waiting(
    start_scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunnel, "OPENING_S", 10.0)
    proxy = start_scripted([OPEN + b"hi"])
    reader, writer = await open_tunnel(the_proxy(f"http://two.test:{proxy.port}"), HOST, 443, Network())
    assert await reader.readexactly(2) == b"hi"
    writer.close()


@pytest.mark.usefixtures("two_addresses")
async def test_where_all_addresses_of_the_proxy_fail_each_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_loop: object, _socket: object, address: tuple[str, int]) -> None:
        raise OSError(101 if address[0] == SILENT else 111, f"Connect call failed {address}")

    monkeypatch.setattr(BaseSelectorEventLoop, "sock_connect", fail)
    with pytest.raises(NoAnswerError, match=r"can't be reached: network is unreachable; connection refused"):
        await open_tunnel(the_proxy("http://two.test:3128"), HOST, 443, Network())


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
