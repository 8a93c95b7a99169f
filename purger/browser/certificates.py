"""Say what is wrong with a server's certificate, and compute the pin of its public key for the browser."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from purger.browser.authority import Authority, left_out
from purger.browser.certificate_files import public_key_in
from purger.core.errors import LastingSiteError
from purger.core.hosts import host_and_port
from purger.core.text import visible

if TYPE_CHECKING:
    import ssl

    from cryptography.x509 import Certificate, Name

# OpenSSL's X509_V_ERR_…; Python has no names for them.
_DATES = {9: "is not valid yet", 10: "has expired"}
"""The faults that are a matter of dates, and how they are said."""
_WRONG_HOST = {62, 64}
_UNKNOWN_AUTHORITY = {2, 7, 18, 19, 20, 21, 24, 27}
_SELF_SIGNED, _ROOT_SHOWN = 18, 19
_NO_AUTHORITY = 79
_LONGEST_SHOWN = 120
_NAME_ANOTHER = "Name the file of the right authority's certificate: --ca-file FILE, or PURGER_CA_FILE."

_IF_NOT = (
    "If that does not help, several servers may answer under this name, each with a key of its own: install the "
    "authority's certificate where the browser looks for it (on Linux ~/.pki/nssdb)."
)


class CertificateError(LastingSiteError):
    """A server's certificate is not accepted."""


class RefusedByBrowserError(CertificateError):
    """The browser does not accept the certificate of the server of `address`, or how that encrypts.

    `code` is its word for why.
    """

    def __init__(self, address: str, code: str) -> None:
        host = host_and_port(address)[0]
        if code.startswith("ERR_SSL_"):  # it wants more than OpenSSL does, whatever keys it was told to accept
            what = f"the browser does not accept how {host} encrypts connections: {code}"
            remedy = (
                "Whoever runs the host, or a proxy that opens encrypted connections to it, has to change its "
                "certificate or its TLS settings."
            )
        else:
            what = f"the browser does not accept the certificate of {host}: {code}"
            remedy = (
                f"Run it again. {_IF_NOT} A remote browser (--connect) trusts what its own machine trusts: install "
                "the certificate there."
            )
        super().__init__(what, where=address, remedy=remedy)
        self.address = address


def changed_certificate(address: str) -> CertificateError:
    """Return the error for a server that shows another certificate than the one that was verified at the start."""
    return CertificateError(
        f"the certificate of {host_and_port(address)[0]} changed during the run",
        where=address,
        remedy=f"Run it again: the new certificate is verified at the start, as the former one was. {_IF_NOT}",
    )


def unverified_certificate(address: str) -> CertificateError:
    """Return the error for a server that answers now, but did not at the start: the browser was given no key of it."""
    return CertificateError(
        f"the certificate of {host_and_port(address)[0]} could not be verified at the start: it did not answer then",
        where=address,
        remedy="Run it again: it answers now, and its certificate is accepted.",
    )


def certificate_error(
    fault: ssl.SSLCertVerificationError,
    who: str,
    where: str,
    authority: Authority | None,
    named_by: str = "--url and --api-url",
    shown: bytes | None = None,
) -> CertificateError:
    """Return the error for a certificate that was not accepted; `who` is the host that showed it, `where` an address.

    `authority` was trusted besides the system's store; `named_by` says which options or variables name the host, and
    `shown` is its certificate (DER), where that is known.
    """
    whose, host = f"the certificate of {who}", who.rpartition(" ")[2]
    code = fault.verify_code
    leaf = next(_read([shown] if shown else []), None)
    if code in _UNKNOWN_AUTHORITY:
        what, remedy = _self_signed(whose) if code == _SELF_SIGNED else _unknown_authority(whose, code, authority, leaf)
        if leaf and not _is_for(host, leaf):  # to trust it would not help
            what, remedy = _wrong_host(f"{what}, and", host, named_by, leaf)
    elif code in _WRONG_HOST:
        what, remedy = _wrong_host(whose, host, named_by, leaf)
    elif code in _DATES:
        what, remedy = _outdated(whose, _DATES[code], authority, leaf)
    elif code == _NO_AUTHORITY and authority and not all(_is_authority(one) for one in _loaded(authority)):
        what = f"{whose} is signed with one in {_named(authority)}, which is no authority's"
        remedy = _NAME_ANOTHER
    else:
        what = f"{whose} is not accepted: {fault.verify_message}"
        remedy = "Whoever runs the host has to repair the certificate."
    return CertificateError(what, where=where, remedy=remedy)


def _self_signed(whose: str) -> tuple[str, str]:
    return (
        f"{whose} is self-signed: no authority stands behind it",
        "If you know that the host shows this very certificate, name its file: --ca-file FILE, or PURGER_CA_FILE. Else "
        "something else may answer in its place, such as the page on which a network asks people to sign in.",
    )


def _unknown_authority(whose: str, code: int, authority: Authority | None, leaf: Certificate | None) -> tuple[str, str]:
    signer = f": {name}" if leaf and (name := _name_in(leaf.issuer)) else ""
    if authority is None:
        what = f"{whose} is from an authority that this machine's store does not hold{signer}"
        remedy = "If it is your company's own, name the file of its certificate: --ca-file FILE, or PURGER_CA_FILE."
    else:
        what = f"{whose} is from an authority that neither this machine's store nor {_named(authority)} holds{signer}"
        remedy = _NAME_ANOTHER
    if others := left_out(authority, os.environ):
        remedy += f" Not read: {others}. If the authority is in one of these, name that."
    if code != _ROOT_SHOWN:
        remedy += " Or the server does not send its intermediate certificate: whoever runs it has to add that."
    return what, remedy


def _wrong_host(whose: str, host: str, named_by: str, leaf: Certificate | None) -> tuple[str, str]:
    """Say for which hosts the certificate is: that tells a wrong address from what answers in the host's place."""
    hosts = _hosts_in(leaf) if leaf else []
    if host in hosts:  # an IP address, for which a name counts for nothing
        return (
            f"{whose} has this IP address as a name alone",
            f"Whoever runs the host has to get a certificate with it as an address (subjectAltName=IP:{host}).",
        )
    remedy = (
        f"Is the address right (see {named_by})? If it is, something else may answer in its place, such as the page on "
        "which a network asks people to sign in; else whoever runs the host has to get a certificate with this name."
    )
    names = f": {visible(', '.join(hosts), _LONGEST_SHOWN)}" if hosts else ""
    return f"{whose} is for another host{names}", remedy


def _outdated(whose: str, fault: str, authority: Authority | None, leaf: Certificate | None) -> tuple[str, str]:
    """Say which certificate is outdated: the host's own, or one that it depends on."""
    now = datetime.now(UTC)
    clock = f"Check this machine's clock, which shows {now:%Y-%m-%d %H:%M} UTC. If it is right,"
    if leaf is None or not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        return f"{whose} {fault}", f"{clock} whoever runs the host has to renew the certificate."
    outdated = [one for one in _loaded(authority) if not one.not_valid_before_utc <= now <= one.not_valid_after_utc]
    if authority and any(one.subject == leaf.issuer for one in outdated):
        return (
            f"the authority's certificate in {_named(authority)}, on which {whose} depends, {fault}",
            f"{clock} name the file of a newer one: --ca-file FILE, or PURGER_CA_FILE.",
        )
    other = f", or {_named(authority)} is outdated" if authority and outdated else ""
    return (
        f"{whose} is good, but an authority's on which it depends {fault}",
        f"{clock} whoever runs the host has to renew what it shows besides its own certificate{other}.",
    )


def _named(authority: Authority) -> str:
    return f"{authority.path} ({authority.source})"


def _loaded(authority: Authority | None) -> list[Certificate]:
    return list(_read(authority.certificates if authority else ()))


def _read(certificates: Iterable[bytes]) -> Iterator[Certificate]:
    """Yield certificates (DER) that can be read; OpenSSL takes some that this library does not."""
    from cryptography.x509 import load_der_x509_certificate

    for one in certificates:
        with suppress(ValueError):
            yield load_der_x509_certificate(one)


def _name_in(name: Name) -> str:
    """Return the name of a subject or an issuer, safe to show; empty where it has none."""
    from cryptography.x509.oid import NameOID

    parts = (
        part.value
        for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for part in name.get_attributes_for_oid(kind)
    )
    return visible(str(next(parts, "")), _LONGEST_SHOWN)


def _hosts_in(certificate: Certificate) -> list[str]:
    """Return the hosts that a certificate is for: OpenSSL takes the name of its subject where it has no others."""
    from cryptography.x509 import DNSName, ExtensionNotFound, IPAddress, SubjectAlternativeName

    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except (ExtensionNotFound, ValueError):
        return [_name_in(certificate.subject)]
    return [*names.get_values_for_type(DNSName), *map(str, names.get_values_for_type(IPAddress))]


def _is_for(host: str, certificate: Certificate) -> bool:
    names = {name.lower() for name in _hosts_in(certificate)}
    return host in names or f"*.{host.partition('.')[2]}" in names


def _is_authority(certificate: Certificate) -> bool:
    from cryptography.x509 import BasicConstraints, ExtensionNotFound

    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except (ExtensionNotFound, ValueError):
        return False


def unverified() -> ssl.SSLContext:
    """Return a context that accepts every certificate: to look at one, never to send anything."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def pin_of(certificate: bytes) -> str:
    """Return the pin of a certificate (DER): the base64 of the SHA-256 of its public key, as Chromium takes it."""
    return b64encode(sha256(public_key_in(certificate)).digest()).decode("ascii")
