"""The API's client sends its requests through tunnels: names are left to the proxy, connections are used again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from purger.browser.authority import Authority
from purger.browser.certificates import CertificateError
from purger.browser.connections import Connections, NoAgreementError
from purger.browser.network import Network
from purger.browser.proxied import _Tunnels
from purger.browser.proxies import Proxies
from purger.browser.reach import reach_of
from purger.core.errors import NoAnswerError
from purger.standin import StandIn
from purger.standin.certificates import Certificate
from tests.support.forward_proxies import Scripted, StartProxy, encrypted
from tests.support.networks import HOSTS


@pytest.fixture(scope="module")
def far_site() -> Iterator[StandIn]:
    with StandIn(costs=False, tls=True, hosts=HOSTS) as site:
        yield site


def network_by(proxy: str, site: StandIn, *, trusts: bool = True) -> Network:
    authority = Authority.read(site.authority_file, "--ca-file") if trusts else None
    return Network(Proxies.of(proxy, {}), authority)


async def status_of(connections: Connections, address: str) -> int:
    async with connections.exchange("GET", address, timeout_s=20) as response:
        await response.aread()
        return response.status_code


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_names_are_left_to_the_proxy_and_connections_are_used_again(
    far_site: StandIn, start_proxy: StartProxy, start_socks: StartProxy, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    proxy = {"http": start_proxy, "socks5": start_socks}[kind](*HOSTS, password=True)
    look_up = socket.getaddrinfo
    names: list[Any] = []

    def spy(host: Any, *more: Any, **named: Any) -> Any:
        names.append(host)
        return look_up(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", spy)
    async with Connections(network_by(proxy.address_with_password, far_site)) as connections:
        for _ in range(3):
            assert await status_of(connections, f"{far_site.api_url}/user") == 404
        assert await status_of(connections, far_site.url) == 200
    assert sorted(proxy.asked()) == sorted(
        address.removeprefix("https://") for address in (far_site.url, far_site.api_url)
    )
    assert not set(HOSTS) & set(map(str, names))


async def test_a_certificate_is_verified_through_the_proxy(far_site: StandIn, start_socks: StartProxy) -> None:
    async with Connections(network_by(start_socks(*HOSTS).address, far_site, trusts=False)) as connections:
        with pytest.raises(CertificateError, match=r"certificate of api\.travis\.test is from an authority"):
            await status_of(connections, far_site.api_url)


async def test_a_server_is_asked_for_each_kind_of_key_through_an_encrypted_proxy(
    far_site: StandIn, start_proxy: StartProxy
) -> None:
    with encrypted(start_proxy(*HOSTS)) as proxy:
        async with Connections(network_by(proxy.address, far_site)) as connections:
            reach = await reach_of(connections, [far_site.url, far_site.api_url])
    assert len(reach.pins) == 3, "one of each origin, and the proxy's"


@pytest.mark.parametrize("fault", ["expired", "other_authority"])
async def test_a_certificate_is_verified_through_an_encrypted_proxy(
    start_proxy: StartProxy, fault: Certificate
) -> None:
    """Until Python 3.12.1, asyncio has an error of its own where the one within the other can't be encrypted."""
    with StandIn(costs=False, tls=True, hosts=HOSTS) as site, encrypted(start_proxy(*HOSTS)) as proxy:
        site.use_certificate(fault)
        async with Connections(network_by(proxy.address, site)) as connections:
            with pytest.raises(CertificateError, match=r"api\.travis\.test (has expired|is from an auth)"):
                await status_of(connections, site.api_url)


@pytest.mark.parametrize("first", [b"", b"\x15\x03\x03\x00\x02\x02\x28"], ids=["nothing", "handshake failure"])
async def test_a_server_that_ends_the_handshake_behind_an_encrypted_proxy_is_told(
    far_site: StandIn, start_proxy: StartProxy, first: bytes
) -> None:
    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(first)

    with Scripted(end) as server, encrypted(start_proxy("curt.test")) as proxy:
        async with Connections(network_by(proxy.address, far_site)) as connections:
            with pytest.raises(NoAgreementError if first else NoAnswerError):
                await status_of(connections, f"https://curt.test:{server.port}/")


async def test_a_connection_that_the_server_closed_is_seen_to_be(far_site: StandIn, start_socks: StartProxy) -> None:
    async def close_after_a_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n")

    with Scripted(close_after_a_line) as server:
        network = network_by(start_socks("plain.test").address, far_site)
        proxy = network.proxies.for_address("https://plain.test")
        assert proxy is not None
        tunnel = await _Tunnels(proxy, network).connect_tcp("plain.test", server.port)
        assert not tunnel.get_extra_info("is_readable")
        await tunnel.write(b"bye\n")
        assert await tunnel.read(100) == b""
        assert tunnel.get_extra_info("is_readable")
        await tunnel.aclose()


@pytest.mark.parametrize("answer", [None, b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"])
async def test_what_fails_behind_the_proxy_is_not_said_of_it(
    far_site: StandIn, start_socks: StartProxy, answer: bytes | None
) -> None:
    async def misbehave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await asyncio.Event().wait()
        writer.write(answer or b"")

    with Scripted(misbehave) as server:
        async with Connections(network_by(start_socks("plain.test").address, far_site)) as connections:
            with pytest.raises(NoAnswerError) as caught:
                async with connections.exchange("GET", f"http://plain.test:{server.port}/", timeout_s=1) as response:
                    await response.aread()
    assert "proxy" not in str(caught.value)


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_handshake_that_is_never_answered_is_given_up(
    far_site: StandIn, start_proxy: StartProxy, start_socks: StartProxy, kind: str
) -> None:
    async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    proxy = {"http": start_proxy, "socks5": start_socks}[kind]("mute.test")
    with Scripted(say_nothing) as server:
        async with Connections(network_by(proxy.address, far_site)) as connections:
            with pytest.raises(NoAnswerError):
                async with connections.exchange("GET", f"https://mute.test:{server.port}/", timeout_s=1):
                    pytest.fail("nobody answered")
