"""The stand-in's certificates as a client verifies them: good ones, and each kind that it has to reject."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from purger.standin import StandIn
from purger.standin.certificates import Certificate
from tests.support.http2_client import http2_client
from tests.support.tls import connected, pin, trusting

pytestmark = pytest.mark.browser

# Of OpenSSL: X509_V_ERR_CERT_NOT_YET_VALID, …_HAS_EXPIRED, …_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, …_HOSTNAME_MISMATCH.
NOT_YET_VALID, EXPIRED, UNKNOWN_ISSUER, WRONG_HOST = 9, 10, 20, 62


async def reason_to_reject(site: StandIn, url: str) -> int | None:
    """OpenSSL's number of the reason why a client that trusts the authority rejects an origin; None if it does not."""
    try:
        _, writer, _ = await connected(url, trusting(site))
    except ssl.SSLCertVerificationError as error:
        return int(error.verify_code)
    writer.close()
    await writer.wait_closed()
    return None


async def test_each_origin_has_a_name_and_a_key_of_its_own(tls_site: StandIn) -> None:
    urls = (tls_site.url, tls_site.api_url, tls_site.third_party_url)
    assert [urlsplit(url).scheme for url in urls] == ["https"] * 3
    assert [urlsplit(url).hostname for url in urls] == ["app.localhost", "api.localhost", "localhost"]
    assert len({await pin(tls_site, url) for url in urls}) == 3


async def test_the_hosts_can_be_chosen() -> None:
    with StandIn(costs=False, tls=True, hosts=("travis.example", "api.travis.example")) as site:
        assert [urlsplit(url).hostname for url in (site.url, site.api_url)] == ["travis.example", "api.travis.example"]
        assert [await reason_to_reject(site, url) for url in (site.url, site.api_url)] == [None, None]


async def test_only_the_authority_of_this_process_vouches_for_it(tls_site: StandIn) -> None:
    with StandIn(costs=False, tls=True) as other:
        assert await reason_to_reject(other, tls_site.url) is None
    with pytest.raises(ssl.SSLCertVerificationError):
        await connected(tls_site.url, ssl.create_default_context())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("wrong_host", WRONG_HOST),
        ("expired", EXPIRED),
        ("not_yet_valid", NOT_YET_VALID),
        ("other_authority", UNKNOWN_ISSUER),
        ("new_key", None),
    ],
)
async def test_another_certificate_is_served(tls_site: StandIn, kind: Certificate, reason: int | None) -> None:
    urls = (tls_site.url, tls_site.api_url)
    before = [await pin(tls_site, url) for url in urls]
    tls_site.use_certificate(kind)
    assert [await reason_to_reject(tls_site, url) for url in urls] == [reason, reason]
    tls_site.use_certificate("valid", ["web"])
    assert [await reason_to_reject(tls_site, url) for url in urls] == [None, reason]
    tls_site.use_certificate("valid")
    assert [await pin(tls_site, url) for url in urls] == before


async def test_a_new_key_is_another_one_each_time(tls_site: StandIn) -> None:
    pins = [await pin(tls_site, tls_site.url)]
    for _ in range(2):
        tls_site.use_certificate("new_key", ["web"])
        pins.append(await pin(tls_site, tls_site.url))
    assert len(set(pins)) == 3


async def test_kept_alive_connections_end_with_the_certificate(tls_site: StandIn) -> None:
    reader, writer, _ = await connected(tls_site.api_url, trusting(tls_site, "http/1.1"))
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await reader.readline() == b"HTTP/1.1 404 Not Found\r\n"
    async with http2_client(tls_site, tls_site.api_url) as api, http2_client(tls_site, tls_site.url) as web:
        tls_site.use_certificate("new_key", ["api"])
        await asyncio.wait_for(api.closed.wait(), 30)
        await asyncio.wait_for(reader.read(), 30)
        assert (await web.call("GET", "/")).status == 200
    writer.close()


async def test_no_session_is_resumed_with_another_certificate(tls_site: StandIn) -> None:
    """A resumed session would not show the new certificate at all."""
    parts = urlsplit(tls_site.url)
    context = trusting(tls_site)

    def connect(session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bool | None]:
        plain = socket.create_connection(("127.0.0.1", parts.port))
        with context.wrap_socket(plain, server_hostname=parts.hostname, session=session) as encrypted:
            encrypted.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            while encrypted.recv(65536):
                pass  # the tickets come with the response
            return encrypted.session, encrypted.session_reused

    session, _ = await asyncio.to_thread(connect, None)
    assert (await asyncio.to_thread(connect, session))[1] is True
    tls_site.use_certificate("new_key", ["web"])
    assert (await asyncio.to_thread(connect, session))[1] is False


async def test_a_client_that_gives_up_the_handshake_disturbs_nobody(tls_site: StandIn) -> None:
    parts = urlsplit(tls_site.url)
    _, silent = await asyncio.open_connection("127.0.0.1", parts.port)
    reader, plain = await asyncio.open_connection("127.0.0.1", parts.port)
    plain.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 30) == b""
    _, gone = await asyncio.open_connection("127.0.0.1", parts.port)
    gone.transport.abort()
    assert await reason_to_reject(tls_site, tls_site.url) is None
    plain.close()
    silent.close()


def test_the_authoritys_file_is_there_while_it_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with StandIn(costs=False, tls=True) as site:
        assert list(tmp_path.iterdir()) == [site.authority_file]
        assert site.authority_file.read_text().startswith("-----BEGIN CERTIFICATE-----")
        assert "PRIVATE KEY" not in site.authority_file.read_text()
        port = urlsplit(site.url).port
        assert port
        with pytest.raises(OSError, match="in use"), StandIn(costs=False, tls=True, ports=(port, 0)):
            pass
        assert list(tmp_path.iterdir()) == [site.authority_file]
    assert list(tmp_path.iterdir()) == []


def test_without_tls_there_are_no_certificates(site: StandIn) -> None:
    with pytest.raises(ValueError, match="tls=True"):
        _ = site.authority_file
    with pytest.raises(ValueError, match="tls=True"):
        site.use_certificate("expired")


async def test_the_command_serves_over_tls() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "purger.standin", "--caches", "4", "--tls",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    addresses = json.loads(await process.stdout.readline())
    authority = Path(addresses["authority_file"])
    context = ssl.create_default_context(cafile=authority)
    for url in (addresses["url"], addresses["api_url"]):
        _, writer, _ = await connected(url, context)
        writer.close()
    os.kill(process.pid, signal.SIGTERM)
    out, err = await process.communicate()
    assert (process.returncode, out, err.decode()) == (0, b"", f"To trust it, set PURGER_CA_FILE={authority}\n")
    assert not authority.exists()
