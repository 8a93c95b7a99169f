"""Two names of one machine share no connection, so that each name's certificate is verified."""

from __future__ import annotations

from pathlib import Path

import pytest
from trustme import CA

from purger.browser.certificates import CertificateError
from purger.browser.connections import Connections
from tests.support.https_servers import HOST, context_of, hello, trusting
from tests.support.raw_servers import raw_server


async def test_a_connection_to_one_name_is_not_used_for_another(tmp_path: Path) -> None:
    authority = CA()
    async with (
        raw_server(hello, context_of(authority)) as server,
        Connections(trusting(authority, tmp_path)) as connections,
    ):
        async with connections.exchange("GET", f"https://{HOST}:{server.port}", timeout_s=5) as response:
            assert await response.aread() == b"hello"
        with pytest.raises(CertificateError, match=r"^the certificate of api\.localhost is for another host"):
            async with connections.exchange("GET", f"https://api.localhost:{server.port}", timeout_s=5):
                pytest.fail("it was accepted")


async def test_the_server_is_told_the_name_that_the_address_has(tmp_path: Path) -> None:
    """`app.localhost` is this machine, and still the name in the handshake and in the header `Host`."""
    authority, names = CA(), []
    context = context_of(authority)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    async with (
        raw_server(hello, context) as server,
        Connections(trusting(authority, tmp_path)) as connections,
        connections.exchange("GET", f"https://{HOST}:{server.port}", timeout_s=5) as response,
    ):
        assert response.status_code == 200
    assert names == [HOST]
    assert f"host: {HOST}:{server.port}\r\n" in server.heads[0].lower()
