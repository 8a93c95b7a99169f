"""Certificates made for one test: authorities and hosts with the dates, keys and flags that it asks for."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    CertificateBuilder,
    DNSName,
    IPAddress,
    Name,
    NameAttribute,
    SubjectAlternativeName,
    random_serial_number,
)
from cryptography.x509.oid import NameOID

from purger.core.hosts import ip_of

GOOD, EXPIRED, NOT_YET = (-30, 30), (-30, -1), (1, 30)
"""From which day to which one, counted from now, a certificate is valid."""


@dataclass(frozen=True)
class Made:
    """A certificate and its key."""

    certificate: Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def context(self, *besides: Made) -> ssl.SSLContext:
        """Return the context of a server that shows this certificate, and others besides it."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "chain.pem"
            path.write_bytes(key + b"".join(one.pem for one in (self, *besides)))
            context.load_cert_chain(path)
        return context


def made(
    name: str,
    issuer: Made | None = None,
    days: tuple[int, int] = GOOD,
    *,
    is_authority: bool = True,
    names_host: bool = True,
) -> Made:
    """Make a certificate; without an issuer it is signed with its own key. That of a host is no authority's.

    Old ones have the name of their host in the subject alone (`names_host`).
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = Name([NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    shown_by = IPAddress(ip) if (ip := ip_of(name)) else DNSName(name)
    builder = (
        CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if names_host:
        builder = builder.add_extension(SubjectAlternativeName([shown_by]), critical=False)
    return Made(builder.sign(issuer.key if issuer else key, SHA256()), key)
