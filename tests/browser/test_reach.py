"""What a browser may reach is found out before it starts: the site's verified keys are its pins."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest
from trustme import CA, KeyType

from purger.browser.certificates import CertificateError, RefusedByBrowserError, pin_of
from purger.browser.connections import Connections
from purger.browser.network import DIRECT
from purger.browser.reach import reach_of
from tests.support.https_servers import FAULTS, HOST, context_of, hello, trusting
from tests.support.raw_servers import raw_server
from tests.support.retry_policies import QUICK


async def test_the_pins_are_those_of_the_certificates_that_were_shown(tmp_path: Path) -> None:
    authority = CA()
    async with (
        raw_server(hello, context_of(authority)) as web,
        raw_server(hello, context_of(authority)) as api,
        Connections(trusting(authority, tmp_path)) as connections,
    ):
        addresses = [f"https://{HOST}:{server.port}" for server in (web, api)]
        reach = await reach_of(connections, [*addresses, f"{addresses[1]}/api"])
        shown = [await connections.certificate(address, timeout_s=5) for address in addresses]
    assert reach.pins == tuple(pin_of(certificate) for certificate in shown if certificate)
    assert len(set(reach.pins)) == 2
    assert (web.heads, api.heads) == ([], []), "a handshake is enough"
    assert (web.connections, api.connections) == (2, 2), "one, and one for the kind of its key"


async def test_the_certificate_of_a_call_that_was_made_anyway_is_not_asked_for_again(tmp_path: Path) -> None:
    authority = CA()
    async with (
        raw_server(hello, context_of(authority)) as api,
        Connections(trusting(authority, tmp_path)) as connections,
    ):
        address = f"https://{HOST}:{api.port}"
        async with connections.exchange("GET", f"{address}/user", timeout_s=5) as response:
            await response.aread()
        assert len((await reach_of(connections, [address])).pins) == 1
    assert api.connections == 2, "besides, one for the kind of its key"


async def test_every_kind_of_key_that_a_server_has_is_pinned(tmp_path: Path) -> None:
    authority = CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaves = [authority.issue_cert(HOST, key_type=kind) for kind in (KeyType.RSA, KeyType.ECDSA)]
    for leaf in leaves:
        leaf.configure_cert(context)
    expected = [pin_of(ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())) for leaf in leaves]
    async with raw_server(hello, context) as server, Connections(trusting(authority, tmp_path)) as connections:
        reach = await reach_of(connections, [f"https://{HOST}:{server.port}"])
    assert sorted(reach.pins) == sorted(expected)
    assert server.heads == []


@pytest.mark.parametrize("kind", FAULTS)
async def test_no_key_is_pinned_whose_certificate_is_not_accepted(tmp_path: Path, kind: str) -> None:
    authority = CA()
    async with (
        raw_server(hello, context_of(authority)) as web,
        raw_server(hello, context_of(authority, kind)) as api,
        Connections(trusting(authority, tmp_path)) as connections,
    ):
        with pytest.raises(CertificateError, match=FAULTS[kind]):
            await reach_of(connections, [f"https://{HOST}:{server.port}" for server in (web, api)])


async def test_what_is_not_encrypted_or_does_not_answer_has_no_pin() -> None:
    async with raw_server(hello) as web, Connections(DIRECT) as connections:
        reach = await reach_of(connections, [web.url, "https://127.0.0.1:9"], QUICK.api_busy)
    assert reach.pins == ()
    assert reach.hosts == ("127.0.0.1",)
    assert web.connections == 0


async def test_a_server_that_encrypts_as_browsers_alone_do_is_left_to_the_browser() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")  # an alert: handshake failure
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, Connections(DIRECT) as connections:
        address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert (await reach_of(connections, [address])).pins == ()


async def test_a_connection_that_breaks_once_costs_no_pin(tmp_path: Path) -> None:
    authority = CA()
    context, attempts = context_of(authority), 0

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            await writer.start_tls(context)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, Connections(trusting(authority, tmp_path)) as connections:
        address = f"https://{HOST}:{server.sockets[0].getsockname()[1]}"
        reach = await reach_of(connections, [address], QUICK.api_busy)
    assert len(reach.pins) == 1


async def test_a_server_that_answered_too_late_for_a_pin_did_not_change(tmp_path: Path) -> None:
    authority = CA()
    async with (
        raw_server(hello, context_of(authority)) as server,
        Connections(trusting(authority, tmp_path)) as connections,
    ):
        address = f"https://{HOST}:{server.port}"
        found = await connections.why_refused(RefusedByBrowserError(address, "ERR_CERT_AUTHORITY_INVALID"))
    assert found.what == f"the certificate of {HOST} could not be verified at the start: it did not answer then"
    assert "Run it again" in (found.remedy or "")


@pytest.mark.parametrize("kind", ["good", *FAULTS])
async def test_a_key_that_changed_is_told_from_one_that_is_no_longer_accepted(tmp_path: Path, kind: str) -> None:
    authority = CA()
    network = trusting(authority, tmp_path)
    async with Connections(network) as connections:
        async with raw_server(hello, context_of(authority)) as server:
            address = f"https://{HOST}:{server.port}"
            await reach_of(connections, [address])
            refused = RefusedByBrowserError(address, "ERR_CERT_AUTHORITY_INVALID")
            assert await connections.why_refused(refused) is refused, "it is the same one"
        assert await connections.why_refused(refused) is refused, "nothing answers"
        async with raw_server(hello, context_of(authority, kind), port=server.port):
            found = await connections.why_refused(refused)
    expected = "changed during the run" if kind == "good" else FAULTS[kind]
    with pytest.raises(CertificateError, match=f"^the certificate of {HOST} {expected}"):
        raise found
