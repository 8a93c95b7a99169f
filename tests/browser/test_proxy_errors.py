"""What is wrong with a proxy is said of it, with a remedy: the same by the API's client and for the browser."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from purger.browser import tunnel
from purger.browser.connections import Connections
from purger.browser.network import Network
from purger.browser.proxies import Proxies, Proxy
from purger.browser.proxy_errors import (
    NotLetThroughError,
    ProxyError,
    cannot_reach,
    forbidden,
    not_there,
    of_browser,
)
from purger.browser.tunnel import open_tunnel
from purger.core.errors import NoAnswerError, SiteError
from tests.support.forward_proxies import ForwardProxy, StartProxy
from tests.support.ports import free_port

HOST = "api.travis.test"
ADDRESS = f"https://{HOST}/user"
PATIENCE_S = 0.3

Refusal = Callable[[str], Awaitable[SiteError]]


async def by_tunnel(network: Network, proxy: Proxy) -> None:
    await open_tunnel(proxy, HOST, 443, network)


async def by_client(network: Network, proxy: Proxy) -> None:
    async with (
        Connections(network) as connections,
        connections.exchange("GET", ADDRESS, timeout_s=tunnel.OPENING_S * 10),
    ):
        pass


@pytest.fixture(params=[by_tunnel, by_client], ids=["tunnel", "client"])
def refusal(request: pytest.FixtureRequest) -> Refusal:
    """Return the error of a connection by the proxy at an address, which is checked to keep its secrets."""

    async def refused(address: str) -> SiteError:
        network = Network(Proxies.of(address, {}))
        proxy = network.proxies.for_address(ADDRESS)
        assert proxy is not None
        with pytest.raises(SiteError) as caught:
            await request.param(network, proxy)
        text = f"{caught.value} {caught.value.remedy}"
        assert "heim" not in text
        assert "(--proxy)" in text
        assert HOST in str(caught.value.where)
        return caught.value

    return refused


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_proxy_that_wants_a_password(
    refusal: Refusal, start_proxy: StartProxy, start_socks: StartProxy, kind: str
) -> None:
    proxy = {"http": start_proxy, "socks5": start_socks}[kind](HOST, password=True)
    error = await refusal(proxy.address)
    assert error.what == f"the proxy {proxy.address} (--proxy) wants a user name and a password"
    assert isinstance(error, ProxyError)
    wrong = proxy.address_with_password.replace("-42@", "-43@")
    error = await refusal(wrong)
    assert error.what == f"the proxy {proxy.address} (--proxy) refuses the user name or the password"
    assert ("Basic alone" in (error.remedy or "")) == (kind == "http")


async def test_a_socks5_proxy_that_asks_for_no_password_does_not_refuse_it(
    refusal: Refusal, start_scripted: Any
) -> None:
    proxy: ForwardProxy = start_scripted([b"\x05\xff"])
    proxy.scheme = "socks5"
    error = await refusal(proxy.address_with_password)
    assert error.what.endswith("(--proxy) accepts neither a user name with a password nor who has none")
    assert isinstance(error, ProxyError)
    assert (await refusal(proxy.address)).what.endswith("wants a user name and a password")


async def test_a_proxy_that_does_not_reach_the_host(
    refusal: Refusal, start_proxy: StartProxy, start_socks: StartProxy
) -> None:
    error = await refusal(start_proxy("other.test").address)
    assert error.what.endswith("(--proxy) can't reach api.travis.test: it answered 502")
    assert isinstance(error, NoAnswerError)
    error = await refusal(start_socks("other.test").address)
    assert error.what.endswith("(--proxy) can't reach api.travis.test: host unreachable")


@pytest.mark.parametrize(
    "error",
    [
        lambda proxy: not_there(proxy, "connection refused", HOST),
        lambda proxy: cannot_reach(proxy, HOST, "it answered 503", HOST),
        lambda proxy: forbidden(proxy, HOST, "it answered 403", HOST),
    ],
)
def test_an_exception_that_is_misread_is_named(error: Callable[[Proxy | None], SiteError]) -> None:
    variables = {"HTTPS_PROXY": "http://127.0.0.1:9", "no_proxy": f"localhost;{HOST},https://u:geheim@x.test"}
    for host, said in ((HOST, f"'localhost;{HOST}'"), ("x.test", "x.test'"), ("y.test", None)):
        remedy = error(Proxies.of(None, variables).for_address(f"https://{host}")).remedy or ""
        assert (f"{said}, counts for nothing" in remedy) is (said is not None)
        assert "geheim" not in remedy
        assert remedy == remedy.strip()


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
async def test_what_an_http_proxy_answers(refusal: Refusal, start_scripted: Any, status: int, said: str) -> None:
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
async def test_what_a_socks5_proxy_answers(refusal: Refusal, start_socks: StartProxy, reply: int, said: str) -> None:
    proxy = start_socks(HOST, reply=reply)
    assert (await refusal(proxy.address)).what == f"the proxy {proxy.address} (--proxy) {said}"


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000,
    ],
    ids=len,
)
async def test_a_server_that_is_no_proxy(refusal: Refusal, start_scripted: Any, scheme: str, answer: bytes) -> None:
    proxy: ForwardProxy = start_scripted([answer])
    kind = {"http": "an HTTP", "socks5": "a SOCKS5"}[scheme]
    error = await refusal(proxy.address.replace("http", scheme))
    assert error.what.endswith(f"(--proxy) does not answer as {kind} proxy does")
    assert isinstance(error, ProxyError)


@pytest.mark.parametrize("answer", [b"\x05\xff", b"\x00\x5b" + bytes(6), b"\x00\x00\x12\x04", b"-ERR"], ids=repr)
async def test_a_server_that_is_no_proxy_and_closes_the_connection(
    refusal: Refusal, start_scripted: Any, answer: bytes
) -> None:
    """A SOCKS proxy that is named by http://, one of HTTP/2 alone, and others, which end no line."""
    proxy: ForwardProxy = start_scripted([answer])
    assert (await refusal(proxy.address)).what.endswith("(--proxy) does not answer as an HTTP proxy does")


@pytest.mark.parametrize("header", ["Content-Type: text/html; charset=utf-8", "Content-Length: 38"])
async def test_a_server_that_answers_with_a_page(refusal: Refusal, start_scripted: Any, header: str) -> None:
    proxy: ForwardProxy = start_scripted([f"HTTP/1.1 200 OK\r\n{header}\r\n\r\n<html>".encode()])
    error = await refusal(proxy.address)
    assert error.what == f"the proxy {proxy.address} (--proxy) answers with a page, and does not connect"
    assert isinstance(error, ProxyError)


@pytest.mark.parametrize("behind", [[], [b"no TLS"]], ids=["closed", "no TLS"])
async def test_a_connection_behind_the_proxy_that_is_not_encrypted(start_scripted: Any, behind: list[bytes]) -> None:
    proxy: ForwardProxy = start_scripted([b"HTTP/1.0 200 OK\r\nProxy-Agent: x\r\nContent-Length: 0\r\n\r\n", *behind])
    network = Network(Proxies.of(proxy.address_with_password, {}))
    with pytest.raises(NoAnswerError) as caught:
        await by_client(network, Proxy("http", "127.0.0.1", proxy.port, "--proxy"))
    said = f"the proxy {proxy.address} (--proxy) connects to {HOST}, but the encryption of that connection fails: "
    assert caught.value.what.startswith(said)
    assert "heim" not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    ("scheme", "begun"), [("http", b""), ("http", b"HT"), ("http", b"HTTP/1.1 200 OK\r\nVia"), ("socks5", b"\x05")]
)
async def test_a_proxy_that_closes_the_connection(
    refusal: Refusal, start_scripted: Any, scheme: str, begun: bytes
) -> None:
    proxy: ForwardProxy = start_scripted([begun])
    error = await refusal(proxy.address.replace("http", scheme))
    assert error.what.endswith("can't be reached: it closes the connection")
    assert isinstance(error, NoAnswerError)


@pytest.mark.parametrize(
    ("location", "page"),
    [
        ("https://login.corp.test/in?secret=geheim", "https://login.corp.test"),
        ("http://u:geheim@10.0.0.1:8080/", "http://10.0.0.1:8080"),
    ],
)
@pytest.mark.parametrize("status", [302, 307])
async def test_a_proxy_that_leads_to_a_page_to_sign_in(
    refusal: Refusal, start_scripted: Any, status: int, location: str, page: str
) -> None:
    proxy: ForwardProxy = start_scripted([f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\n\r\n".encode()])
    error = await refusal(proxy.address)
    assert error.what == f"the proxy {proxy.address} (--proxy) asks people to sign in first, at {page}"
    assert isinstance(error, ProxyError)


async def test_a_network_that_wants_a_sign_in(refusal: Refusal, start_scripted: Any) -> None:
    proxy: ForwardProxy = start_scripted([b"HTTP/1.1 511 Network Authentication Required\r\n\r\n"])
    error = await refusal(proxy.address)
    assert error.what == f"the proxy {proxy.address} (--proxy) asks people to sign in first"
    assert isinstance(error, ProxyError)


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        (["NTLM"], "wants a sign-in of a kind that purger does not know: NTLM"),
        (["Negotiate, NTLM"], "wants a sign-in of a kind that purger does not know: Negotiate, NTLM"),
        (["Negotiate", "NTLM"], "wants a sign-in of a kind that purger does not know: Negotiate, NTLM"),
        (['Digest realm="a, Basic b", nonce="x\\"y", qop=auth'], "wants a sign-in of a kind .* not know: Digest"),
        (["Negotiate", 'basic realm="x"'], "wants a user name and a password"),
        (['Digest realm="x", nonce="y", Basic realm="z"'], "wants a user name and a password"),
        ([], "wants a user name and a password"),
    ],
)
async def test_a_sign_in_that_purger_does_not_know_is_named(
    refusal: Refusal, start_scripted: Any, offered: list[str], said: str
) -> None:
    headers = "".join(f"Proxy-Authenticate: {one}\r\n" for one in offered)
    proxy: ForwardProxy = start_scripted([f"HTTP/1.1 407 Whatever\r\n{headers}\r\n".encode()])
    for address in (proxy.address, proxy.address_with_password):
        expected = said if "kind" in said or "@" not in address else "refuses the user name or the password"
        error = await refusal(address)
        assert re.fullmatch(f"the proxy {proxy.address} \\(--proxy\\) {expected}", error.what)
        assert isinstance(error, ProxyError)


@pytest.mark.parametrize("answer", [b"\x15\x03\x03\x00\x02\x02\x46", b""], ids=["alert", "nothing"])
async def test_a_proxy_that_wants_an_encrypted_connection_or_socks(
    refusal: Refusal, start_scripted: Any, answer: bytes
) -> None:
    proxy: ForwardProxy = start_scripted([answer])
    assert re.search("https://.* socks5://", (await refusal(proxy.address)).remedy or "")


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
async def test_a_proxy_that_never_answers(
    refusal: Refusal, start_scripted: Any, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(tunnel, "OPENING_S", PATIENCE_S)
    proxy: ForwardProxy = start_scripted(None)
    error = await refusal(proxy.address.replace("http", scheme, 1))
    assert error.what.endswith("can't be reached: no answer in time")
    assert ("may be an http:// proxy" in (error.remedy or "")) is (scheme == "https")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_is_not_there(refusal: Refusal, scheme: str) -> None:
    error = await refusal(f"{scheme}://al%40ice:ge%2Fheim-42@127.0.0.1:{free_port()}")
    assert "can't be reached: " in error.what
    assert isinstance(error, NoAnswerError)
    error = await refusal(f"{scheme}://proxy.invalid:3128")
    assert f"the proxy {scheme}://proxy.invalid:3128 (--proxy) can't be reached: " in error.what


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ERR_PROXY_AUTH_UNSUPPORTED", "wants a user name and a password"),
        ("ERR_PROXY_CONNECTION_FAILED", "can't be reached: the browser says ERR_PROXY_CONNECTION_FAILED"),
        ("ERR_TUNNEL_CONNECTION_FAILED", "can't reach api.travis.test: the browser says ERR_TUNNEL_CONNECTION_FAILED"),
        ("ERR_SOCKS_CONNECTION_FAILED", "can't reach api.travis.test: the browser says ERR_SOCKS_CONNECTION_FAILED"),
    ],
)
def test_what_the_browser_alone_meets_is_said_of_the_proxy_too(code: str, said: str) -> None:
    proxy = Proxy.at("http://proxy.corp.test:3128", "HTTPS_PROXY")
    error = of_browser(proxy, NotLetThroughError(f"https://{HOST}", code))
    assert error.what == f"the proxy http://proxy.corp.test:3128 (HTTPS_PROXY) {said}"
    assert error.remedy


async def test_where_the_browser_does_not_get_through_the_reason_is_asked_for(start_proxy: StartProxy) -> None:
    proxy = start_proxy(HOST, password=True)
    refused = NotLetThroughError(f"https://{HOST}", "ERR_TUNNEL_CONNECTION_FAILED")
    async with Connections(Network(Proxies.of(proxy.address, {}))) as connections:
        assert "wants a user name and a password" in (await connections.why_refused(refused)).what
    async with Connections(Network()) as connections:
        assert "get through its proxy to api.travis.test: ERR_TUNNEL" in (await connections.why_refused(refused)).what
