"""One request over real connections: whatever a server does wrong is an error with a reason, in bounded time."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
from pathlib import Path

import pytest
import trustme

from purger.browser.certificates import unverified
from purger.browser.connections import Connections, NoAgreementError
from purger.browser.network import DIRECT, Network
from purger.browser.proxies import Proxies
from purger.browser.transport import Transport
from purger.core.errors import NoAnswerError, SiteError
from tests.support.ports import free_port
from tests.support.raw_servers import OK, Answer, Connection, raw_server


async def fetch(connections: Connections, address: str, method: str = "GET", timeout_s: float = 5.0) -> bytes:
    """Return the body of a response."""
    async with connections.exchange(method, address, {"X-Test": "1"}, timeout_s=timeout_s) as response:
        return b"".join([piece async for piece in response.aiter_bytes()])


def always(data: bytes) -> Answer:
    """Answer with these bytes, and end the connection."""

    async def answer(connection: Connection, _head: str) -> None:
        await connection.send(data)
        connection.close()

    return answer


async def reset_in_the_body(connection: Connection, _head: str) -> None:
    await connection.send(OK + b"Content-Length: 100\r\n\r\nten bytes.")
    connection.reset()


async def silence(_connection: Connection, _head: str) -> None:
    await asyncio.sleep(60)


async def dribble(connection: Connection, _head: str) -> None:
    await connection.send(OK + b"Content-Length: 1000000\r\n\r\n")
    for _ in range(10_000):
        await connection.send(b".")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reset_in_the_body, "connection reset by peer|the connection broke|peer closed"),
        (always(OK + b"Content-Length: 100\r\n\r\nten bytes."), "peer closed connection without sending complete"),
        (silence, "no whole answer in time"),
        (dribble, "no whole answer in time"),
        (always(b""), "server disconnected without sending a response"),
        (always(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "illegal status line"),
        (always(OK + b"Transfer-Encoding: chunked\r\n\r\nnot-a-length\r\n"), "illegal chunk header"),
        (
            always(OK + b"Content-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip"),
            "error -3 while",
        ),
        (always(OK + b"X-Large: " + b"x" * 200_000 + b"\r\n\r\n"), "receive buffer too long"),
        (always(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), "conflicting content-length"),
        (always(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3), "server disconnected"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
async def test_what_is_no_whole_response_has_a_reason(answer: Answer, reason: str) -> None:
    async with raw_server(answer) as server, Connections(DIRECT) as connections:
        with pytest.raises(NoAnswerError, match=f"(?i)^({reason})") as caught:
            await fetch(connections, f"{server.url}/x", timeout_s=0.5)
        assert caught.value.where == f"{server.url}/x"
    assert len(server.heads) == 1, "nothing is sent twice"


@pytest.mark.parametrize("sent", [b"", OK + b"Content-Length: 100\r\n\r\nten bytes."])
async def test_an_encrypted_connection_that_is_reset_was_encrypted(sent: bytes) -> None:
    async def reset(connection: Connection, _head: str) -> None:
        await connection.send(sent)
        connection.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        connection.reset()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    async with raw_server(reset, tls) as server, Connections(DIRECT, Transport(DIRECT, unverified())) as connections:
        with pytest.raises(NoAnswerError, match=r"^connection reset by peer \("):
            await fetch(connections, server.url)


async def test_hints_before_the_response_are_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with raw_server(always(early + OK + b"Content-Length: 2\r\n\r\nhi")) as server, Connections(DIRECT) as one:
        assert await fetch(one, server.url) == b"hi"


async def test_a_compressed_body_arrives_as_it_was() -> None:
    text = b"text " * 100_000
    packed = gzip.compress(text)
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    async with raw_server(always(head + packed)) as server, Connections(DIRECT) as connections:
        assert await fetch(connections, server.url) == text
    assert "accept-encoding: gzip\r\n" in server.heads[0].lower()


async def test_a_cache_in_between_is_told_to_ask_anew() -> None:
    """What it kept of the list of caches, or of a job's state, is of a moment that is over."""
    async with raw_server(always(OK + b"Content-Length: 0\r\n\r\n")) as server, Connections(DIRECT) as connections:
        await fetch(connections, server.url)
    assert "cache-control: no-cache\r\n" in server.heads[0].lower()


async def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"", "Location: /again", "Set-Cookie: session=1; Path=/", status="302 Found")

    async with raw_server(answer) as server, Connections(DIRECT) as connections:
        for _ in range(2):
            async with connections.exchange("GET", server.url, timeout_s=5) as response:
                assert response.status_code == 302
    assert len(server.heads) == 2
    assert not any("cookie" in head.lower() for head in server.heads)


async def test_connections_are_used_again_and_one_that_the_server_closed_is_not() -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"hi")
        if connection.requests == 3:
            connection.close()

    async with raw_server(answer) as server, Connections(DIRECT) as connections:
        for _ in range(3):
            assert await fetch(connections, server.url) == b"hi"
        assert server.connections == 1
        await asyncio.sleep(0)  # the end of the connection arrives
        assert await fetch(connections, server.url, "DELETE") == b"hi"
        assert (server.connections, len(server.heads)) == (2, 4)


async def test_credentials_and_proxies_of_the_environment_are_not_the_clients_business(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxies are those of the network alone; what ~/.netrc says of the host is somebody else's password."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password from-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"hi")

    async with raw_server(answer) as server, Connections(DIRECT) as connections:
        assert await fetch(connections, server.url) == b"hi"
    assert "authorization" not in server.heads[0].lower()
    assert "user-agent: purger/" in server.heads[0].lower()


async def test_a_name_below_localhost_is_this_machine() -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"hi")

    async with raw_server(answer) as server, Connections(DIRECT) as connections:
        assert await fetch(connections, f"http://api.localhost:{server.port}/x") == b"hi"
    assert f"host: api.localhost:{server.port}\r\n" in server.heads[0].lower()


async def test_a_port_where_nothing_listens_and_a_name_that_is_not_known_have_their_own_reasons() -> None:
    async with Connections(DIRECT) as connections:
        with pytest.raises(NoAnswerError, match=r"^connection refused \("):
            await fetch(connections, f"http://127.0.0.1:{free_port()}")
        with pytest.raises(NoAnswerError, match=r"(?i)^(name or service not known|temporary failure|no address)"):
            await fetch(connections, "http://no-such-host.invalid")


@pytest.mark.parametrize(
    ("alert", "kind", "said"),
    [
        (70, NoAgreementError, "agree on no way to encrypt: .*protocol version"),
        (40, NoAgreementError, "agree on no way to encrypt: .*handshake failure"),
        (116, NoAgreementError, "127.0.0.1 wants a certificate from whoever connects"),
        (80, NoAnswerError, "the connection can't be encrypted: .*internal error"),
    ],
)
async def test_a_server_that_refuses_every_encryption_is_not_asked_again(
    alert: int, kind: type[SiteError], said: str
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(bytes([0x15, 3, 3, 0, 2, 2, alert]))
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, Connections(DIRECT) as connections:
        with pytest.raises(kind, match=said):
            await fetch(connections, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({}, "no proxy is set"),
        ({"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "invalid"}, "NO_PROXY names it"),
        ({"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": ""}, "https_proxy is empty"),
    ],
)
async def test_a_host_that_is_not_reached_directly_may_need_a_proxy(variables: dict[str, str], why: str) -> None:
    async with Connections(Network(Proxies.of(None, variables))) as connections:
        with pytest.raises(NoAnswerError) as caught:
            await fetch(connections, "https://no-such-host.invalid")
    assert f"It is reached directly, since {why}: where a network's way out is a proxy" in (caught.value.remedy or "")


async def test_on_this_machine_nothing_needs_a_proxy() -> None:
    async with Connections(DIRECT) as connections:
        with pytest.raises(NoAnswerError) as caught:
            await fetch(connections, f"https://127.0.0.1:{free_port()}")
    assert caught.value.remedy is None


async def test_a_server_that_speaks_no_tls_is_told_apart() -> None:
    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, Connections(DIRECT) as connections:
        with pytest.raises(NoAnswerError, match=r"^the connection can't be encrypted: "):
            await fetch(connections, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@pytest.mark.parametrize("end", ["cancelled", "no time left"])
async def test_what_is_given_up_while_it_is_encrypted_is_closed(end: str) -> None:
    greeted, is_closed = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        greeted.set()
        while await reader.read(65536):
            pass
        is_closed.set()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    address = "https://127.0.0.1:{1}/".format(*server.sockets[0].getsockname())
    async with server, Connections(DIRECT) as connections:
        asking = asyncio.create_task(fetch(connections, address, timeout_s=1.0 if end == "no time left" else 60.0))
        await greeted.wait()
        if end == "cancelled":
            asking.cancel()
        with pytest.raises((NoAnswerError, asyncio.CancelledError)) as caught:
            await asking
        del caught, asking
        await is_closed.wait()
