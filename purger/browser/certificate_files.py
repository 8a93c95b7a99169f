"""Find the certificates in the content of a file, in every form that they come in, and the public key in one."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from purger.core.text import decoded

_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 #]{1,40})-----")
_CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7", "CMS"})
_OTHER_LABELS = {
    "PRIVATE KEY": "a private key",
    "PUBLIC KEY": "a public key",
    "CERTIFICATE REQUEST": "a request for a certificate",
    "X509 CRL": "a list of revoked certificates",
}
"""How the labels of other things end, and what they are."""
PKCS12 = "a PKCS#12 file"
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""How the content of a PKCS#7 file begins: the identifier of signed data."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a file: its certificates (DER), how many damaged ones it has besides them, and what else it is."""

    certificates: tuple[bytes, ...] = ()
    damaged: int = 0
    kind: str | None = None
    """What the file is, if it has no certificate and that is clear: `a private key`."""


def found_in(content: bytes) -> Found:
    """Return what is in the content of a file: PEM in any encoding and layout, bare base64, DER, or PKCS#7."""
    if _is_der(content):
        return _of_elements(_elements(content))
    text = _text_of(content)
    begins = list(_BEGIN.finditer(text))
    if not begins:
        bare = _bytes_of(text)
        return _of_elements(_elements(bare)) if _is_der(bare) else Found()
    elements: list[bytes] = []
    broken = 0
    for begin in begins:
        if begin[1] not in _CERTIFICATE_LABELS:
            continue
        body = re.compile(rf"([^-]*)-----END {begin[1]}-----").match(text, begin.end())
        # The trust that follows a certificate with such a label is for OpenSSL's own tools.
        element = next(_elements(_bytes_of(body[1])), None) if body else None
        if element is not None:
            elements.append(element)
        elif body or not text[text.rfind("\n", 0, begin.start()) + 1 : begin.start()].strip():
            broken += 1  # anything else is a comment that speaks of one
    found = _of_elements(elements)
    labels = [begin[1] for begin in begins if not broken]
    kinds = (what for label in labels for end, what in _OTHER_LABELS.items() if label.endswith(end))
    return Found(found.certificates, found.damaged + broken, found.kind or next(kinds, None))


def public_key_in(certificate: bytes) -> bytes:
    """Return the public key (SubjectPublicKeyInfo) of a certificate (DER), byte by byte as it is there.

    A library would refuse some certificates that OpenSSL and Chromium take.
    """
    content = next(_elements(_content_of(certificate)), b"")
    parts = _parts(_content_of(content))
    # Its version and number are none. The algorithm, the issuer, the dates and the subject are before the key.
    sequences = (part for part in parts if _is_sequence(part))
    return next(islice(sequences, 4, None), b"")


def _of_elements(elements: Iterable[bytes]) -> Found:
    """Return what pieces of DER are."""
    pieces: dict[bytes, None] = {}
    kinds: list[str] = []
    for element in elements:
        inner = _content_of(element)
        if inner.startswith(_SIGNED_DATA):
            pieces |= dict.fromkeys(_in_pkcs7(element))
        elif kind := _kind_of(inner):
            kinds.append(kind)
        else:
            pieces[element] = None
    good = _readable(tuple(pieces))
    others = [_rarer_kind_of(piece) for piece in pieces.keys() - set(good)]
    kinds += filter(None, others)
    return Found(good, others.count(None), next(iter(kinds), None))


def _readable(certificates: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return those that are certificates: usually all, which are tried together."""
    import ssl

    def is_loaded(some: tuple[bytes, ...]) -> bool:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cadata=b"".join(some))
        except ssl.SSLError:
            return False
        return context.cert_store_stats()["x509"] == len(some)

    if not certificates or is_loaded(certificates):
        return certificates
    return tuple(one for one in certificates if is_loaded((one,)))


def _in_pkcs7(content: bytes) -> list[bytes]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

    try:
        return [one.public_bytes(Encoding.DER) for one in load_der_pkcs7_certificates(content)]
    except (ValueError, UnsupportedAlgorithm):
        return [content]  # which counts as a damaged one


def _kind_of(inner: bytes) -> str | None:
    """Return what DER is that begins with a version, as certificates do not: a key, or a PKCS#12 file."""
    if inner.startswith(b"\x02\x01\x03"):
        return PKCS12
    return "a private key" if inner.startswith((b"\x02\x01\x00", b"\x02\x01\x01")) else None


def _rarer_kind_of(content: bytes) -> str | None:
    """Return what DER is that begins as a certificate does, and is none."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from cryptography.x509 import load_der_x509_crl, load_der_x509_csr

    for load, kind in (
        (load_der_x509_csr, _OTHER_LABELS["CERTIFICATE REQUEST"]),
        (load_der_x509_crl, _OTHER_LABELS["X509 CRL"]),
        (load_der_public_key, _OTHER_LABELS["PUBLIC KEY"]),
    ):
        try:
            load(content)
        except Exception:  # noqa: BLE001, S112 - whatever it dislikes, it is no such thing
            continue
        return kind
    return None


def _is_der(content: bytes) -> bool:
    """Return whether the content is nothing but whole sequences; a text may begin as one does, with a `0`."""
    length = sum(map(len, _elements(content)))
    return length > 0 and not content[length:].strip()


def _elements(content: bytes) -> Iterator[bytes]:
    """Yield the sequences that the content begins with (DER), as far as they are whole."""
    return takewhile(_is_sequence, _parts(content))


def _is_sequence(element: bytes) -> bool:
    return element.startswith(b"\x30")


def _parts(content: bytes) -> Iterator[bytes]:
    """Yield the elements that the content begins with (DER), of any kind, as far as they are whole."""
    while len(content) > 1:
        head = _head_of(content)
        length = content[1] if head == 2 else int.from_bytes(content[2:head], "big")
        if content[1] == 0x80 or head > 6 or head + length > len(content):
            return
        yield content[: head + length]
        content = content[head + length :]


def _content_of(element: bytes) -> bytes:
    return element[_head_of(element) :] if len(element) > 1 else b""


def _head_of(element: bytes) -> int:
    """Return the length of an element's tag and length."""
    return 2 + (element[1] & 0x7F if element[1] & 0x80 else 0)


def _bytes_of(text: str) -> bytes:
    """Return what is written in base64, with any white space in it; nothing for other text."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return b""


def _text_of(content: bytes) -> str:
    """Return a file's text, in which line ends may be written as `\\n`, as variables of CI systems have them."""
    if content[:2].count(0) == 1:
        text = content.decode("utf-16-le" if content[1] == 0 else "utf-16-be", "replace")
    else:
        try:
            text = decoded(content)
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    return text.replace("\\r", "\n").replace("\\n", "\n")
