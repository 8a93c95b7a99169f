"""The file of an authority: which one counts, what is read of it, and what is no certificate."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509 import Certificate, load_pem_x509_certificate
from loguru import logger
from trustme import CA

from purger.browser.authority import Authority
from purger.core.errors import InputError
from purger.secrets.files import read_whole

DAMAGED = b"-----BEGIN CERTIFICATE-----\nMIIBxTCC\n-----END CERTIFICATE-----\n"


@pytest.fixture(scope="module")
def pem() -> bytes:
    return CA().cert_pem.bytes()


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """What is warned of."""
    said: list[str] = []
    sink = logger.add(lambda message: said.append(message.record["message"]), level="WARNING")
    yield said
    logger.remove(sink)


def a_certificate() -> Certificate:
    return load_pem_x509_certificate(CA().cert_pem.bytes())


def trusted(authority: Authority) -> int:
    """How many certificates a context trusts with this authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.add_to(context)
    return len(context.get_ca_certs())


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("given", "variables", "source"),
    [
        ("a", ["PURGER_CA_FILE", "SSL_CERT_FILE"], "--ca-file"),
        ("PURGER_CA_FILE", ["PURGER_CA_FILE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"], "PURGER_CA_FILE"),
        (None, ["REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"], "SSL_CERT_FILE"),
        (None, ["REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"], "NODE_EXTRA_CA_CERTS"),
        (None, ["REQUESTS_CA_BUNDLE"], "REQUESTS_CA_BUNDLE"),
        (None, ["CURL_CA_BUNDLE"], None),
    ],
)
def test_the_option_comes_first_and_then_the_variables_in_their_order(
    tmp_path: Path, pem: bytes, given: str | None, variables: list[str], source: str | None
) -> None:
    environ = {name: str(written(tmp_path / name, pem)) for name in variables}
    path = None if given is None else written(tmp_path / given, pem)
    found = Authority.named(path, environ)
    assert (found and found.source) == source
    if found:
        assert Path(found.path).name == (given or source)


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path, pem: bytes) -> None:
    named = written(tmp_path / "ca.pem", pem)
    found = Authority.named(None, {"SSL_CERT_FILE": " ", "NODE_EXTRA_CA_CERTS": str(named)})
    assert found
    assert found.source == "NODE_EXTRA_CA_CERTS"


def test_certificates_are_read_in_every_form_that_they_come_in(tmp_path: Path, pem: bytes) -> None:
    other = CA().cert_pem.bytes()
    der = load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    windows = pem.replace(b"\n", b"\r\n")
    bundle = "Unternehmens-Stammzertifikat für älle\n".encode() + pem + "# zwei – ☃\n".encode() + other
    trusted_form = pem.replace(b"BEGIN CERTIFICATE", b"BEGIN X509 CERTIFICATE").replace(b"END C", b"END X509 C")
    for content, count in ((pem, 1), (der, 1), (windows, 1), (bundle, 2), (trusted_form, 1)):
        assert trusted(Authority.read(written(tmp_path / "ca", content), "--ca-file")) == count


def test_a_folder_stands_for_its_files(tmp_path: Path, pem: bytes) -> None:
    written(tmp_path / "a.pem", pem)
    written(tmp_path / "b.crt", CA().cert_pem.bytes())
    written(tmp_path / "README", b"no certificate")
    (tmp_path / "below").mkdir()
    assert trusted(Authority.read(tmp_path, "REQUESTS_CA_BUNDLE")) == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "can't be read: No such file or directory"),
        (b"", "is no certificate, or a damaged one"),
        (b"hello\n", "is no certificate, or a damaged one"),
        (b"-----BEGIN CERTIFICATE-----\nMIIBxTCC\n-----END CERTIFICATE-----\n", "is no certificate, or a damaged one"),
        (b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "is no certificate, but a private key"),
        (b"\x30\x82\x01\x00 not a certificate", "is no certificate, or a damaged one"),
    ],
)
def test_a_file_without_a_certificate_is_bad_input_that_names_who_named_it(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=f"^what SSL_CERT_FILE names {why}") as caught:
        Authority.named(None, {"SSL_CERT_FILE": str(path)})
    assert caught.value.where == str(path)
    assert "unset it" in (caught.value.remedy or "")


@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_damaged_certificate_besides_good_ones_is_left_out_with_a_warning(
    tmp_path: Path, pem: bytes, warnings: list[str], where: str
) -> None:
    if where == "file":
        path = written(tmp_path / "ca.pem", DAMAGED + pem + DAMAGED)
    else:
        path = tmp_path
        for name, content in (("a.pem", DAMAGED), ("b.pem", pem), ("c.pem", DAMAGED), ("d.txt", b"hello")):
            written(path / name, content)
    assert trusted(Authority.read(path, "--ca-file")) == 1
    assert warnings == [f"2 certificates in {path} (--ca-file) can't be read, and left out."]


def test_a_file_of_a_folder_that_can_not_be_read_is_left_out_with_a_warning(
    tmp_path: Path, pem: bytes, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root, each file can be read, so the refusal is made."""

    def refuse_the_key(path: Path, at_most: int) -> bytes:
        if path.name == "server.key":
            raise PermissionError(errno.EACCES, "Permission denied")
        return read_whole(path, at_most)

    monkeypatch.setattr("purger.browser.authority.read_whole", refuse_the_key)
    key = written(tmp_path / "server.key", b"")
    with pytest.raises(InputError, match="is no certificate"):
        Authority.read(tmp_path, "--ca-file")
    with pytest.raises(InputError, match="can't be read: Permission denied"):
        Authority.read(key, "--ca-file")
    written(tmp_path / "z.pem", pem)
    assert trusted(Authority.read(tmp_path, "--ca-file")) == 1
    assert warnings == [f"{key} can't be read, and is left out: permission denied."] * 2


def test_a_folder_may_hold_certificates_in_any_form_and_other_things(
    tmp_path: Path, pem: bytes, warnings: list[str]
) -> None:
    ders = [load_pem_x509_certificate(CA().cert_pem.bytes()).public_bytes(Encoding.DER) for _ in range(2)]
    for name, content in (("a.cer", ders[0]), ("b.pem", pem), ("c.der", ders[1]), ("d", pem), ("e.txt", b"0" * 99)):
        written(tmp_path / name, content)
    written(tmp_path / "key.pem", CA().private_key_pem.bytes())
    assert trusted(Authority.read(tmp_path, "SSL_CERT_FILE")) == 3
    assert warnings == []


def test_a_folder_without_any_certificate_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "README", b"hello")
    with pytest.raises(InputError, match=r"^what --ca-file names is no certificate"):
        Authority.read(tmp_path, "--ca-file")


@pytest.mark.parametrize("where", ["file", "folder"])
def test_too_much_is_not_called_damaged(
    tmp_path: Path, pem: bytes, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr("purger.browser.authority.LARGEST_BYTES", 2_000_000)
    path = written(tmp_path / "a.pem", pem + b"\n" * 1_999_000)
    if where == "folder":
        written(tmp_path / "b.pem", b"\n" * 2_000)
        path = tmp_path
        assert trusted(Authority.read(path / "a.pem", "--ca-file")) == 1
    else:
        written(path, pem + b"\n" * 2_000_000)
    with pytest.raises(InputError, match=r"^what --ca-file names is too large: more than 2 MB"):
        Authority.read(path, "--ca-file")


def test_a_pkcs12_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    content = serialize_key_and_certificates(None, None, None, [a_certificate()], NoEncryption())
    path = written(tmp_path / "ca.p12", content)
    with pytest.raises(InputError, match=r"is no certificate, but a PKCS#12 file") as caught:
        Authority.read(path, "--ca-file")
    assert "openssl pkcs12 -in FILE -cacerts -nokeys" in (caught.value.remedy or "")


def test_what_was_read_does_not_show_the_certificates() -> None:
    assert "BEGIN" not in repr(Authority("ca.pem", "--ca-file", (b"-----BEGIN",)))


@pytest.mark.parametrize("written", ["./no-such", "no-such/", "a//b", "no-such"])
def test_a_variable_is_named_however_its_path_is_written(written: str) -> None:
    with pytest.raises(InputError, match="what PURGER_CA_FILE names"):
        Authority.named(Path(written), {"PURGER_CA_FILE": written})
    with pytest.raises(InputError, match="what --ca-file names"):
        Authority.named(Path(written), {"PURGER_CA_FILE": "another"})
