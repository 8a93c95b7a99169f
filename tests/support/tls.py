"""What tests of a stand-in over TLS need: connections to it that verify, and the pins of its keys."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from purger.standin import StandIn


def trusting(site: StandIn, *protocols: str) -> ssl.SSLContext:
    """A context that trusts the stand-in's authority alone, and offers these protocols."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(site.authority_file)
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


async def connected(
    url: str, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, ssl.SSLObject]:
    """Connect to the origin of a stand-in, whose name only the certificate is checked for."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection("127.0.0.1", parts.port, ssl=context, server_hostname=parts.hostname)
    encrypted = writer.get_extra_info("ssl_object")
    assert isinstance(encrypted, ssl.SSLObject)
    return reader, writer, encrypted


def pin_of(certificate: bytes | None) -> str:
    """The pin of a certificate's key, as Chromium's `--ignore-certificate-errors-spki-list` takes it."""
    assert certificate is not None
    key = x509.load_der_x509_certificate(certificate).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(hashlib.sha256(spki).digest()).decode()


async def pin(site: StandIn, url: str) -> str:
    """The pin of the key that an origin serves now, verified."""
    _, writer, encrypted = await connected(url, trusting(site))
    served = pin_of(encrypted.getpeercert(binary_form=True))
    writer.close()
    await writer.wait_closed()
    return served


async def pinning(site: StandIn, urls: Sequence[str] = ()) -> str:
    """The switch by which Chromium accepts the keys of these origins, and no others; by default those of all three."""
    pins = [await pin(site, url) for url in urls or (site.url, site.api_url, site.third_party_url)]
    return f"--ignore-certificate-errors-spki-list={','.join(pins)}"
