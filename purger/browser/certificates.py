"""Say what is wrong with a server's certificate, and compute the pin of its public key for the browser."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from purger.core.errors import LastingSiteError
from purger.core.hosts import host_and_port

if TYPE_CHECKING:
    import ssl

    from purger.browser.authority import Authority

# OpenSSL's X509_V_ERR_…; Python has no names for them.
_NOT_YET_VALID = {9}
_EXPIRED = {10}
_WRONG_HOST = {62, 64}
_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21, 24, 27}


class CertificateError(LastingSiteError):
    """A server's certificate is not accepted."""


class RefusedByBrowserError(CertificateError):
    """The browser does not accept the certificate of the server of `address`; `code` is its word for why."""

    def __init__(self, address: str, code: str) -> None:
        super().__init__(
            f"the browser does not accept the certificate of {host_and_port(address)[0]}: {code}",
            where=address,
            remedy="Run it again. A remote browser (--connect) trusts what its own machine trusts: install the "
            "authority's certificate there.",
        )
        self.address = address


def changed_certificate(address: str) -> CertificateError:
    """Return the error for a server that shows another certificate than the one that was verified at the start."""
    return CertificateError(
        f"the certificate of {host_and_port(address)[0]} changed during the run",
        where=address,
        remedy="Run it again: the new certificate is verified at the start, as the former one was.",
    )


def certificate_error(
    fault: ssl.SSLCertVerificationError,
    who: str,
    where: str,
    authority: Authority | None,
    named_by: str = "--url and --api-url",
) -> CertificateError:
    """Return the error for a certificate that was not accepted; `who` is the host that showed it, `where` an address.

    `authority` was trusted besides the system's store; `named_by` says which options or variables name the host.
    """
    whose = f"the certificate of {who}"
    code = fault.verify_code
    if code in _UNKNOWN_AUTHORITY:
        what, remedy = _unknown_authority(whose, authority)
    elif code in _WRONG_HOST:
        what = f"{whose} is for another host"
        remedy = (
            f"Is the address right (see {named_by})? If it is, whoever runs the host has to get a certificate with "
            "this name."
        )
    elif code in _EXPIRED | _NOT_YET_VALID:
        what = f"{whose} {'has expired' if code in _EXPIRED else 'is not valid yet'}"
        remedy = (
            f"Check this machine's clock, which shows {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. If it is right, whoever "
            "runs the host has to renew the certificate."
        )
    else:
        what = f"{whose} is not accepted: {fault.verify_message}"
        remedy = "Whoever runs the host has to repair the certificate."
    return CertificateError(what, where=where, remedy=remedy)


def _unknown_authority(whose: str, authority: Authority | None) -> tuple[str, str]:
    if authority is None:
        return (
            f"{whose} is from an authority that this machine's store does not hold",
            "If it is your company's own, name the file of its certificate: --ca-file FILE, or PURGER_CA_FILE.",
        )
    named = f"{authority.path} ({authority.source})"
    return (
        f"{whose} is from an authority that neither this machine's store nor {named} holds",
        "Name the file of the right authority's certificate: --ca-file FILE, or PURGER_CA_FILE.",
    )


def pin_of(certificate: bytes) -> str:
    """Return the pin of a certificate (DER): the base64 of the SHA-256 of its public key, as Chromium takes it."""
    from cryptography.hazmat.primitives.hashes import SHA256, Hash
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_der_x509_certificate

    key = load_der_x509_certificate(certificate).public_key()
    digest = Hash(SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return b64encode(digest.finalize()).decode("ascii")
