"""TLS servers with certificates of a throw-away authority: good ones, and each kind that has to be refused."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trustme import CA

from purger.browser.authority import Authority
from purger.browser.network import Network
from tests.support.raw_servers import Connection

HOST = "app.localhost"
DAY = timedelta(days=1)
FAULTS = {
    "other authority": "is from an authority that neither this machine's store nor .*ca.pem",
    "wrong host": "is for another host",
    "expired": "has expired",
    "not yet valid": "is not valid yet",
}
"""What is wrong with a certificate, and what is said about it."""


async def hello(connection: Connection, _head: str) -> None:
    """Answer any request."""
    await connection.respond(b"hello")


def context_of(authority: CA, kind: str = "good") -> ssl.SSLContext:
    """Return the TLS context of a server whose certificate is of this kind."""
    now = datetime.now(UTC)
    start = now + DAY if kind == "not yet valid" else now - 3 * DAY
    end = now - DAY if kind == "expired" else now + 3 * DAY
    issuer = CA() if kind == "other authority" else authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    name = "elsewhere.localhost" if kind == "wrong host" else HOST
    issuer.issue_cert(name, not_before=start, not_after=end).configure_cert(context)
    return context


def trusting(authority: CA, folder: Path) -> Network:
    """Return a network that trusts the authority, too."""
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return Network(authority=Authority.read(path, "--ca-file"))
