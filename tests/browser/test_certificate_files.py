"""Certificates are found in every form that they come in, and what is none is named."""

from __future__ import annotations

import base64
import datetime
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
    pkcs12,
)
from cryptography.x509 import (
    CertificateRevocationListBuilder,
    CertificateSigningRequestBuilder,
    Name,
    load_der_x509_certificate,
)
from trustme import CA

from purger.browser.certificate_files import Found, found_in

PEM = CA().cert_pem.bytes()
OTHER = CA().cert_pem.bytes()
KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime.datetime(2026, 1, 1)


def der(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(pem.split(b"\n")[1:-2]))


DER, OTHER_DER = der(PEM), der(OTHER)
CERTIFICATES = [load_der_x509_certificate(one) for one in (DER, OTHER_DER)]
TEXT = PEM.decode()
FORMS = {
    "PEM": PEM,
    "DER": DER,
    "DER and a line end": DER + b"\n",
    "CRLF": PEM.replace(b"\n", b"\r\n"),
    "CR": PEM.replace(b"\n", b"\r"),
    "byte-order mark": b"\xef\xbb\xbf" + PEM,
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16, big": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "Latin-1": "Zertifikat für alle\n".encode("latin-1") + PEM,
    "indented": textwrap.indent(TEXT, " \t  ").encode(),
    "one line": PEM.replace(b"\n", b" "),
    "one line without spaces": PEM.replace(b"\n", b""),
    "written line ends": PEM.replace(b"\n", b"\\n"),
    "written line ends of Windows": PEM.replace(b"\n", b"\\r\\n"),
    "bare base64": base64.b64encode(DER),
    "bare base64 in lines": base64.encodebytes(DER),
    "a comment": b"# what follows -----BEGIN CERTIFICATE----- is ours\n" + PEM,
    "a comment of two": b"subject=-----BEGIN CERTIFICATE-----, issuer=-----BEGIN CERTIFICATE-----\n" + PEM,
    "a text that begins with 0": b"0 s:CN = ours\n" + PEM,
    "X509": PEM.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
    "with its key": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + PEM,
    "twice": PEM + PEM,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_is_found_in_every_form(form: str) -> None:
    found = found_in(FORMS[form])
    assert (found.certificates, found.damaged) == ((DER,), 0)


BUNDLES: dict[str, Callable[[], bytes]] = {
    "PEM": lambda: PEM + b"between\n" + OTHER,
    "DER": lambda: DER + OTHER_DER,
    "PKCS#7": lambda: pkcs7.serialize_certificates(CERTIFICATES, Encoding.DER),
    "PKCS#7 in PEM": lambda: pkcs7.serialize_certificates(CERTIFICATES, Encoding.PEM),
    "PKCS#7 as Windows writes it": lambda: pkcs7.serialize_certificates(CERTIFICATES, Encoding.PEM).replace(
        b"PKCS7", b"CERTIFICATE"
    ),
}


@pytest.mark.parametrize("form", BUNDLES)
def test_all_certificates_of_a_bundle_are_found(form: str) -> None:
    found = found_in(BUNDLES[form]())
    assert (set(found.certificates), found.damaged, found.kind) == ({DER, OTHER_DER}, 0, None)


def test_the_trust_behind_a_certificate_is_left_out(openssl: None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(PEM)
    command = ["openssl", "x509", "-in", str(path), "-trustout", "-addtrust", "serverAuth", "-setalias", "ours"]
    trusted = subprocess.run(command, capture_output=True, check=True).stdout
    assert b"BEGIN TRUSTED CERTIFICATE" in trusted
    assert len(der(trusted)) > len(DER)
    assert found_in(trusted + OTHER).certificates == (DER, OTHER_DER)


BLOCK = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "damaged",
    [
        BLOCK.format("MIIBxTCC").encode(),
        BLOCK.format("hello, world").encode(),
        BLOCK.format(base64.b64encode(b"\x30\x03abc").decode()).encode(),
        BLOCK.format(base64.b64encode(DER[:30] + b"\xff" * 20 + DER[50:]).decode()).encode(),
        PEM[: len(PEM) // 2],
    ],
    ids=["cut", "no base64", "no certificate", "wrong bytes", "without an end"],
)
def test_a_damaged_certificate_is_counted_and_the_others_are_found(damaged: bytes) -> None:
    assert found_in(damaged) == Found((), 1)
    assert found_in(damaged + b"\n" + PEM + OTHER) == Found((DER, OTHER_DER), 1)
    assert found_in(PEM + damaged) == Found((DER,), 1)


def key(form: PrivateFormat, encoding: Encoding = Encoding.PEM) -> bytes:
    return KEY.private_bytes(encoding, form, NoEncryption())


def request(encoding: Encoding) -> bytes:
    return CertificateSigningRequestBuilder().subject_name(Name([])).sign(KEY, SHA256()).public_bytes(encoding)


def revoked(encoding: Encoding) -> bytes:
    builder = CertificateRevocationListBuilder().issuer_name(CERTIFICATES[0].subject)
    return builder.last_update(NOW).next_update(NOW.replace(year=2027)).sign(KEY, SHA256()).public_bytes(encoding)


def packed() -> bytes:
    return pkcs12.serialize_key_and_certificates(b"x", None, None, CERTIFICATES, BestAvailableEncryption(b"word"))


PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBgg=\n-----END EC PARAMETERS-----\n"
OTHERS: list[tuple[bytes, str | None]] = [
    (key(PrivateFormat.PKCS8), "a private key"),
    (key(PrivateFormat.TraditionalOpenSSL), "a private key"),
    (key(PrivateFormat.PKCS8, Encoding.DER), "a private key"),
    (key(PrivateFormat.TraditionalOpenSSL, Encoding.DER), "a private key"),
    (PARAMETERS + key(PrivateFormat.PKCS8), "a private key"),
    (KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "a public key"),
    (KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), "a public key"),
    (request(Encoding.PEM), "a request for a certificate"),
    (request(Encoding.DER), "a request for a certificate"),
    (revoked(Encoding.PEM), "a list of revoked certificates"),
    (revoked(Encoding.DER), "a list of revoked certificates"),
    (packed(), "a PKCS#12 file"),
    (base64.b64encode(packed()), "a PKCS#12 file"),
    (b"", None),
    (b"hello\n", None),
    (b"0" * 203, None),
    (b"\x30", None),
    (b"\x30\x80\x00\x00", None),
    (b"\x00\xff" * 10, None),
]


@pytest.mark.parametrize(("content", "kind"), OTHERS, ids=range(len(OTHERS)))
def test_what_is_no_certificate_is_named_if_it_is_clear(content: bytes, kind: str | None) -> None:
    assert found_in(content) == Found((), 0, kind)
