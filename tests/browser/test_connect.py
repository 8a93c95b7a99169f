"""A purge in a remote browser, and the error for one that cannot be used."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
import threading
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest.mock import AsyncMock
from urllib.parse import urlsplit

import pytest
import trustme
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright

from purger.browser.connect import connect
from purger.browser.connections import Connections
from purger.browser.driver import driver
from purger.browser.loopback import pump
from purger.browser.network import DIRECT, NetworkSettings
from purger.core.errors import BrowserError
from purger.standin import StandIn
from tests.support.browser import FOR_EVER, Purger, fill, left
from tests.support.forward_proxies import Scripted
from tests.support.https_servers import HOST, context_of, trusting
from tests.support.ports import free_port
from tests.support.raw_servers import Connection, raw_server
from tests.support.remote_browsers import StartRemote

pytestmark = pytest.mark.browser
NOT_AS = "it does not answer as a "
NO_DRIVER = cast(Playwright, None)
"""For a connection that fails before it needs one."""


def test_a_purge_in_a_chromium_with_remote_debugging(
    purger: Purger, site: StandIn, tmp_path: Path, start_cdp: StartRemote
) -> None:
    fill(site, "a", caches=20)
    site.faults.third_party_scripts = [f"{site.third_party_url}/analytics.js"]
    port = free_port()
    browser = start_cdp(tmp_path, port)
    ended = purger("purge", "acme/a", "--yes", "--connect", f"http://127.0.0.1:{port}")
    assert ended.code == 0, ended.err
    assert left(site) == {"acme/a": 0}
    assert site.count("GET", "/analytics.js") == 0
    assert browser.poll() is None, "it is not ours to end"


def test_a_purge_in_a_playwright_server(
    purger: Purger, site: StandIn, tmp_path: Path, start_server: StartRemote
) -> None:
    fill(site, "a", caches=20)
    site.faults.third_party_scripts = [f"{site.third_party_url}/analytics.js"]
    port = free_port()
    server = start_server(tmp_path, port)
    ended = purger("purge", "acme/a", "--yes", "--connect", f"ws://127.0.0.1:{port}/secret-path")
    assert ended.code == 0, ended.err
    assert left(site) == {"acme/a": 0}
    assert site.count("GET", "/analytics.js") == 0
    assert "secret-path" not in ended.err + ended.out
    assert server.poll() is None, "it is not ours to end"


def test_a_playwright_server_of_another_version_is_an_error(purger: Purger, site: StandIn) -> None:
    fill(site, "a")
    words = (
        "Playwright version mismatch: server version v1.2, client version v1.65, at /s3cretpath?token=abcdef123456 "
        f"Basic {base64.b64encode(b'al@ice:ge/heim').decode()} ge/heim ge%2Fheim"
    )
    answer = f"HTTP/1.1 428 Precondition Required\r\nContent-Length: {len(words)}\r\nConnection: close\r\n\r\n{words}"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer.encode())

        refusing = threading.Thread(target=refuse, daemon=True)
        refusing.start()
        ended = purger(
            "purge",
            "acme/a",
            "--yes",
            "--connect",
            f"ws://al%40ice:ge%2Fheim@127.0.0.1:{server.getsockname()[1]}/s3cretpath?token=abcdef123456",
        )
    assert ended.code == 5, ended.err
    assert "version mismatch" in ended.err
    assert "s3cret" not in ended.err
    assert "abcdef123456" not in ended.err
    assert "heim" not in ended.err
    assert base64.b64encode(b"al@ice:ge/heim").decode()[:12] not in ended.err
    assert "Start a server of the same version there" in ended.err
    assert left(site) == {"acme/a": 4}


@pytest.mark.parametrize(
    ("scheme", "why"), [("ws", "ECONNREFUSED"), ("http", "ECONNREFUSED"), ("wss", "connection refused")]
)
def test_a_remote_browser_that_is_not_there_is_an_error(purger: Purger, site: StandIn, scheme: str, why: str) -> None:
    fill(site, "a")
    ended = purger("purge", "acme/a", "--yes", "--connect", f"{scheme}://127.0.0.1:{free_port()}/?token=geheim")
    assert ended.code == 5
    assert "The remote browser can't be used" in ended.err
    assert why in ended.err
    assert "run-server" in ended.err
    assert "geheim" not in ended.err + ended.out
    assert left(site) == {"acme/a": 4}


async def _encrypted(port: int, context: ssl.SSLContext) -> asyncio.Server:
    """Serve what listens on a port of this machine over TLS."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = await asyncio.open_connection("127.0.0.1", port)
        await pump((reader, writer), inner)

    return await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)


async def test_an_encrypted_remote_browser_is_trusted_by_the_named_authority(
    start_cdp: StartRemote, tmp_path: Path
) -> None:
    authority, context, port = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), free_port()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    start_cdp(tmp_path / "browser", port)
    async with (
        Connections(DIRECT) as connections,
        connections.exchange("GET", f"http://127.0.0.1:{port}/json/version", timeout_s=FOR_EVER) as response,
    ):
        path = urlsplit(json.loads(await response.aread())["webSocketDebuggerUrl"]).path
    async with await _encrypted(port, context) as server, driver() as playwright, AsyncExitStack() as stack:
        address = f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}{path}"
        with pytest.raises(BrowserError, match=r"the certificate of 127\.0\.0\.1 is from an authority"):
            await connect(playwright, address, DIRECT, stack)
        network = NetworkSettings(ca_file=tmp_path / "authority.pem").network({})
        # Asked for it, the browser names an unencrypted address.
        for given in (address, address.replace("wss", "https").removesuffix(path)):
            browser = await connect(playwright, given, network, stack)
            assert browser.is_connected()
            await browser.close()


@pytest.mark.parametrize(
    "named", ["ws://h.test:99999999/x", "ws://a..b/x", "/devtools/x", "wss://h.test:notaport/x", "http://h.test/x", 1]
)
async def test_an_endpoint_that_names_no_websocket_is_an_error(named: object, tmp_path: Path) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(json.dumps({"webSocketDebuggerUrl": named}).encode())

    authority = trustme.CA()
    async with raw_server(answer, context_of(authority)) as server, AsyncExitStack() as stack:
        with pytest.raises(BrowserError, match="it answered 200, and not as a CDP endpoint does"):
            await connect(NO_DRIVER, f"https://{HOST}:{server.port}", trusting(authority, tmp_path), stack)


@pytest.mark.parametrize("address", ["http://{}", "ws://{}/devtools/browser/1"])
async def test_user_and_password_reach_the_remote_browser_and_nothing_that_it_names(address: str) -> None:
    async def answer(connection: Connection, head: str) -> None:
        named = {"webSocketDebuggerUrl": "ws://elsewhere.test/devtools/browser/1"}
        await connection.respond(json.dumps(named).encode() if "/json/version" in head else b"")

    async def driven(endpoint: str, headers: dict[str, str], **_options: object) -> None:
        async with Connections(DIRECT) as connections:
            assert "heim" not in endpoint  # the driver would send it as it is encoded
            web = urlsplit(endpoint)._replace(scheme="http").geturl()
            async with connections.exchange("GET", web, headers, timeout_s=FOR_EVER) as response:
                assert response.status_code == 200

    playwright = cast(Playwright, SimpleNamespace(chromium=SimpleNamespace(connect_over_cdp=driven)))
    async with raw_server(answer) as server, AsyncExitStack() as stack:
        await connect(playwright, address.format(f"al%40ice:ge%2Fheim@127.0.0.1:{server.port}"), DIRECT, stack)
    assert server.heads[-1].startswith("GET /devtools/browser/1 ")
    for head in server.heads:
        assert f"Authorization: Basic {base64.b64encode(b'al@ice:ge/heim').decode()}\r\n" in head


@pytest.mark.parametrize(
    ("address", "said", "is_refused_name"),
    [
        ("http://chrome:9222", "Unexpected status 500 when connecting to http://chrome:9222/json/version/.", True),
        ("ws://chrome:9222/x", "WebSocket error: 500 Host header is specified and is not an IP address", True),
        ("http://10.0.0.7:9222", "Unexpected status 500 when connecting to http://10.0.0.7:9222/json/version/.", False),
        ("http://localhost:9222", "Unexpected status 500 when connecting to http://localhost:9222/.", False),
        ("http://chrome:9222", "Unexpected status 404 when connecting to http://chrome:9222/json/version/.", False),
    ],
)
async def test_a_chromium_that_is_named_instead_of_numbered_has_a_remedy_of_its_own(
    address: str, said: str, is_refused_name: bool
) -> None:
    async def refuse(*_arguments: object, **_options: object) -> None:
        raise PlaywrightError(
            f"BrowserType.connect_over_cdp: {said}\nCall log:\n  - <ws preparing> retrieving {address}"
        )

    driver = cast(Playwright, SimpleNamespace(chromium=SimpleNamespace(connect=refuse, connect_over_cdp=refuse)))
    with pytest.raises(BrowserError, match=r"can't be used: \w+ \w+") as caught:
        await connect(driver, address, DIRECT, AsyncExitStack())
    assert "Call log" not in caught.value.what
    assert "BrowserType" not in caught.value.what
    assert ("refuses names: give its http:// address with the IP" in (caught.value.remedy or "")) == is_refused_name


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("ws://10.0.0.7:3000/", "connect"),
        ("ws://10.0.0.7:3000/devtools", "connect"),
        ("ws://10.0.0.7:9222/devtools/browser/0107492c-4a30-4b78-afeb-7ab47ed3e275", "connect_over_cdp"),
        ("ws://10.0.0.7/chrome/devtools/browser/0107492c", "connect_over_cdp"),
        ("http://10.0.0.7:9222", "connect_over_cdp"),
    ],
)
async def test_the_address_that_a_chromium_prints_is_one_of_a_cdp_endpoint(address: str, way: str) -> None:
    ways = SimpleNamespace(connect=AsyncMock(), connect_over_cdp=AsyncMock())
    await connect(cast(Playwright, SimpleNamespace(chromium=ways)), address, DIRECT, AsyncExitStack())
    assert [name for name, called in vars(ways).items() if called.await_count] == [way]


@pytest.mark.parametrize(
    ("said", "shown", "remedy"),
    [
        ("Executable doesn't exist at /x/y\n╔═══╗\n║ Run this ║\n╚═══╝", "/x/y Run this", "chromium-headless-shell"),
        ("WebSocket error: 404 Not Found", "404 Not Found", "Start a server of the same version there"),
        ("WebSocket error: 401 Unauthorized", "401 Unauthorized", "wants a user name and a password"),
        ("WebSocket error: / 200 OK <!doctype html> <html>", f"{NOT_AS}Playwright server does", "Start a server"),
        ("WebSocket error: / 502 Bad Gateway <html>", "502 Bad Gateway <html>", "Start a server"),
        ("IndexError: string index out of range", f"{NOT_AS}Playwright server does", "Start a server"),
    ],
)
async def test_what_a_remote_browser_lacks_has_a_remedy(said: str, shown: str, remedy: str) -> None:
    with pytest.raises(BrowserError, match=rf"{shown} \(ws:") as caught:
        await connect(_refusing(f"BrowserType.connect: {said}"), "ws://127.0.0.1:9/", DIRECT, AsyncExitStack())
    assert remedy in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("Unexpected token 'R', \"Running\" is not valid JSON", "It is a Playwright server, whose address"),
        ("Unexpected token '<', \"<html><hea\"... is not valid JSON", "Start a server"),
        ("Unexpected end of JSON input", "Start a server"),
        ("Parse Error: Expected HTTP/, RTSP/ or ICE/", "Start a server"),
        ("Maximum call stack size exceeded", "Start a server"),
    ],
)
async def test_what_is_no_cdp_endpoint_is_said_to_be_none(said: str, remedy: str) -> None:
    with pytest.raises(BrowserError, match=rf"used: {NOT_AS}CDP endpoint does \(http:") as caught:
        await connect(_refusing(f"BrowserType.x: {said}"), "http://127.0.0.1:9", DIRECT, AsyncExitStack())
    assert remedy in (caught.value.remedy or "")


async def test_an_address_of_an_encrypted_browser_that_is_not_has_a_remedy() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Scripted(answer) as server, pytest.raises(BrowserError, match="be encrypted: wrong version number") as caught:
        await connect(NO_DRIVER, f"https://127.0.0.1:{server.port}", DIRECT, AsyncExitStack())
    assert "not encrypted begins with http:// or ws://" in (caught.value.remedy or "")


def _refusing(message: str) -> Playwright:
    async def refuse(*_arguments: object, **_options: object) -> None:
        raise PlaywrightError(message)

    return cast(Playwright, SimpleNamespace(chromium=SimpleNamespace(connect=refuse, connect_over_cdp=refuse)))
