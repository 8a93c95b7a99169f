"""A certificate that is not accepted is one of four sentences, each with its remedy; a pin is Chromium's."""

from __future__ import annotations

import re
import ssl
import subprocess
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, load_der_x509_certificate
from cryptography.x509.oid import NameOID
from trustme import CA

from purger.browser.authority import Authority
from purger.browser.certificates import (
    CertificateError,
    RefusedByBrowserError,
    certificate_error,
    changed_certificate,
    pin_of,
)
from purger.browser.connections import Connections
from purger.browser.network import DIRECT, Network
from purger.browser.proxies import Proxy
from purger.browser.tunnel import open_tunnel
from purger.core.errors import ExitCode
from tests.support.https_servers import FAULTS, HOST, context_of, hello, trusting
from tests.support.made_certificates import EXPIRED, GOOD, NOT_YET, Made, made
from tests.support.raw_servers import raw_server

REMEDIES = {
    "other authority": "--ca-file",
    "wrong host": "--api-url",
    "expired": "Check this machine's clock, which shows 20",
    "not yet valid": "Check this machine's clock, which shows 20",
}


@pytest.mark.parametrize("kind", FAULTS)
async def test_each_fault_of_a_certificate_has_its_sentence_and_its_remedy(tmp_path: Path, kind: str) -> None:
    authority = CA()
    async with (
        raw_server(hello, context_of(authority, kind)) as server,
        Connections(trusting(authority, tmp_path)) as connections,
    ):
        with pytest.raises(CertificateError, match=f"^the certificate of {HOST} {FAULTS[kind]}") as caught:
            async with connections.exchange("GET", f"https://{HOST}:{server.port}/secret/path", timeout_s=5):
                pytest.fail("it was accepted")
    assert REMEDIES[kind] in (caught.value.remedy or "")
    assert caught.value.where == f"https://{HOST}:{server.port}"
    assert caught.value.exit_code == ExitCode.SITE
    assert server.heads == [], "the request was not sent"


async def test_an_authority_that_nothing_names_has_the_option_as_its_remedy() -> None:
    async with raw_server(hello, context_of(CA())) as server, Connections(DIRECT) as connections:
        with pytest.raises(CertificateError, match=r"authority that this machine's store does not hold") as caught:
            await connections.certificate(f"https://{HOST}:{server.port}", timeout_s=5)
    assert "--ca-file FILE, or PURGER_CA_FILE" in (caught.value.remedy or "")


SIGNED = made("My Authority")
SHOWN = {
    "self-signed": made(HOST, is_authority=False),
    "self-signed, as of an authority": made(HOST),
    "self-signed, for another host": made("portal.localhost", is_authority=False),
    "signed": made(HOST, SIGNED, is_authority=False),
    "signed, for another host": made("portal.localhost", SIGNED, is_authority=False),
    "signed, for all hosts": made("*.localhost", SIGNED, is_authority=False),
}


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("is_named", [False, True])
async def test_what_nobody_known_signed_is_told_from_what_is_self_signed_and_from_another_hosts(
    kind: str, is_named: bool, tmp_path: Path
) -> None:
    network = trusting(CA(), tmp_path) if is_named else DIRECT
    async with raw_server(hello, SHOWN[kind].context()) as server, Connections(network) as connections:
        with pytest.raises(CertificateError) as caught:
            await connections.certificate(f"https://{HOST}:{server.port}", timeout_s=5)
    what, remedy = caught.value.what, caught.value.remedy or ""
    assert ("is self-signed" in what) == kind.startswith("self")
    assert ("is from an authority that" in what) == kind.startswith("signed")
    assert ("and is for another host: portal.localhost" in what) == ("another" in kind)
    assert ("--ca-file" in remedy) == ("another" not in kind)


@pytest.mark.parametrize("besides", [(), (SIGNED,)])
async def test_a_server_that_shows_its_root_lacks_no_intermediate_certificate(besides: tuple[Made, ...]) -> None:
    context = SHOWN["signed"].context(*besides)
    async with raw_server(hello, context) as server, Connections(DIRECT) as connections:
        with pytest.raises(CertificateError) as caught:
            await connections.certificate(f"https://{HOST}:{server.port}", timeout_s=5)
    assert ("intermediate" in (caught.value.remedy or "")) == (not besides)


@pytest.mark.parametrize("variable", ["NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"])
async def test_what_variables_name_besides_the_one_that_counts_is_said(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = trusting(CA(), tmp_path).authority
    monkeypatch.setenv("SSL_CERT_FILE", str(used and used.path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(used and used.path))
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, "/etc/company.pem")
    fault = ssl.SSLCertVerificationError()
    fault.verify_code = 20
    remedy = certificate_error(fault, HOST, f"https://{HOST}", used).remedy or ""
    assert f"Not read: /etc/company.pem ({variable}). " in remedy


def test_another_fault_is_told_in_the_words_of_openssl() -> None:
    fault = ssl.SSLCertVerificationError()
    fault.verify_code, fault.verify_message = 23, "certificate revoked"
    error = certificate_error(fault, HOST, f"https://{HOST}", None)
    assert error.what == f"the certificate of {HOST} is not accepted: certificate revoked"


def test_what_the_browser_refuses_names_the_host_and_its_code() -> None:
    error = RefusedByBrowserError("https://app.localhost:8443", "ERR_CERT_AUTHORITY_INVALID")
    assert error.what == "the browser does not accept the certificate of app.localhost: ERR_CERT_AUTHORITY_INVALID"
    assert "remote browser" in (error.remedy or "")
    for remedy in (error.remedy, changed_certificate(error.address).remedy):
        assert "If that does not help, several servers may answer under this name" in (remedy or "")


def test_encryption_that_the_browser_refuses_is_no_matter_of_trust() -> None:
    error = RefusedByBrowserError("https://app.localhost:8443", "ERR_SSL_KEY_USAGE_INCOMPATIBLE")
    assert error.what == (
        "the browser does not accept how app.localhost encrypts connections: ERR_SSL_KEY_USAGE_INCOMPATIBLE"
    )
    assert "has to change its certificate or its TLS settings" in (error.remedy or "")
    assert "install" not in (error.remedy or "")


def test_a_pin_is_the_hash_of_the_public_key_as_openssl_computes_it(openssl: None, tmp_path: Path) -> None:
    pem = tmp_path / "leaf.pem"
    CA().issue_cert(HOST).cert_chain_pems[0].write_to_path(pem)
    recipe = (
        f"openssl x509 -in {pem} -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | "
        "openssl base64"
    )
    expected = subprocess.run(["sh", "-c", recipe], capture_output=True, text=True, check=True).stdout.strip()
    assert pin_of(ssl.PEM_cert_to_DER_cert(pem.read_text())) == expected


KEYS: list[CertificateIssuerPrivateKeyTypes] = [
    rsa.generate_private_key(65537, 2048),
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
    ed25519.Ed25519PrivateKey.generate(),
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: type(key).__name__)
def test_a_pin_is_that_of_the_key_whatever_its_kind(key: CertificateIssuerPrivateKeyTypes) -> None:
    public_key = key.public_key()
    name = Name([NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    builder = CertificateBuilder(name, name, public_key, 1, now, now + timedelta(days=1))
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    certificate = builder.sign(key, algorithm).public_bytes(Encoding.DER)
    expected = sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    assert pin_of(certificate) == b64encode(expected).decode()


def test_a_certificate_that_openssl_takes_and_a_library_does_not_has_a_pin() -> None:
    whole = made("Our CA").certificate.public_bytes(Encoding.DER)
    odd = whole.replace(b"\x01\x01\xff", b"\x01\x01\x01")  # a "true" of the older rules
    with pytest.raises(ValueError, match="parsing"):
        load_der_x509_certificate(odd).extensions  # noqa: B018
    assert odd != whole
    assert pin_of(odd) == pin_of(whole)


def host(issuer: Made, days: tuple[int, int] = GOOD) -> Made:
    return made(HOST, issuer, days, is_authority=False)


async def fault_of(context: ssl.SSLContext, named: list[Made], folder: Path, where: str = HOST) -> CertificateError:
    """Return the error for a server with this context, to a client that trusts the certificates in `ca.pem`, too."""
    path = folder / "ca.pem"
    path.write_bytes(b"".join(one.pem for one in named))
    network = Network(authority=Authority.read(path, "--ca-file"))
    async with raw_server(hello, context) as server, Connections(network) as connections:
        with pytest.raises(CertificateError) as caught:
            await connections.certificate(f"https://{where}:{server.port}", timeout_s=5)
    assert server.heads == [], "no request was sent"
    return caught.value


DATES = [(EXPIRED, "has expired"), (NOT_YET, "is not valid yet")]


@pytest.mark.parametrize(("days", "said"), DATES)
async def test_an_outdated_certificate_of_the_named_authority_is_not_blamed_on_the_host(
    tmp_path: Path, days: tuple[int, int], said: str
) -> None:
    authority = made("Our CA", days=days)
    fault = await fault_of(host(authority).context(), [made("Another", days=days), authority], tmp_path)
    named = f"{tmp_path / 'ca.pem'} (--ca-file)"
    assert fault.what == f"the authority's certificate in {named}, on which the certificate of {HOST} depends, {said}"
    assert "name the file of a newer one: --ca-file FILE" in (fault.remedy or "")
    assert "whoever runs" not in (fault.remedy or "")


@pytest.mark.parametrize(("days", "said"), DATES)
async def test_an_outdated_certificate_between_the_host_and_its_authority_is_not_the_hosts_own(
    tmp_path: Path, days: tuple[int, int], said: str
) -> None:
    root = made("Our CA")
    between = made("Between", root, days)
    fault = await fault_of(host(between).context(between), [root], tmp_path)
    assert fault.what == f"the certificate of {HOST} is good, but an authority's on which it depends {said}"
    assert (fault.remedy or "").endswith("has to renew what it shows besides its own certificate.")
    outdated_root = made("Our CA", days=days)
    between = made("Between", outdated_root)
    fault = await fault_of(host(between).context(between), [outdated_root], tmp_path)
    assert fault.what == f"the certificate of {HOST} is good, but an authority's on which it depends {said}"
    assert (fault.remedy or "").endswith(f"or {tmp_path / 'ca.pem'} (--ca-file) is outdated.")


@pytest.mark.parametrize(("days", "said"), DATES)
async def test_an_outdated_certificate_of_the_host_is_its_own_even_if_another_one_is_too(
    tmp_path: Path, days: tuple[int, int], said: str
) -> None:
    authority = made("Our CA")
    fault = await fault_of(host(authority, days).context(), [authority, made("Another", days=days)], tmp_path)
    assert fault.what == f"the certificate of {HOST} {said}"
    assert "whoever runs the host has to renew the certificate" in (fault.remedy or "")


async def test_an_authority_that_has_a_new_key_is_another_one(tmp_path: Path) -> None:
    fault = await fault_of(host(made("Our CA")).context(), [made("Our CA")], tmp_path)
    assert "is from an authority that neither this machine's store nor " in fault.what


async def test_what_is_named_and_is_no_authority_is_not_blamed_on_the_host(tmp_path: Path) -> None:
    named = made("Our CA", is_authority=False)
    fault = await fault_of(host(named).context(), [named], tmp_path)
    assert fault.what == (
        f"the certificate of {HOST} is signed with one in {tmp_path / 'ca.pem'} (--ca-file), which is no authority's"
    )
    assert "Name the file of the right authority's certificate" in (fault.remedy or "")


async def test_an_authority_of_the_server_that_is_none_is_the_servers_fault(tmp_path: Path) -> None:
    root = made("Our CA")
    between = made("Between", root, is_authority=False)
    fault = await fault_of(host(between).context(between), [root], tmp_path)
    assert "is not accepted: invalid CA certificate" in fault.what


async def test_a_server_that_does_not_send_its_intermediate_certificate_may_be_at_fault(tmp_path: Path) -> None:
    root = made("Our CA")
    fault = await fault_of(host(made("Between", root)).context(), [root], tmp_path)
    assert "is from an authority that neither" in fault.what
    assert "Or the server does not send its intermediate certificate" in (fault.remedy or "")


async def test_what_signed_a_certificate_of_no_known_authority_is_named(tmp_path: Path) -> None:
    context = host(made("Box \x1b[31mthat opens connections")).context()
    fault = await fault_of(context, [made("Our CA")], tmp_path)
    assert re.search(r" holds: Box .\[31mthat opens connections\Z", fault.what)
    assert "\x1b" not in fault.what
    async with raw_server(hello, context) as server, Connections(DIRECT) as connections:
        with pytest.raises(CertificateError, match=r"this machine's store does not hold: Box ") as caught:
            await connections.certificate(f"https://{HOST}:{server.port}", timeout_s=5)
    assert "Or the server does not send its intermediate certificate" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("name", "names_host"), [("portal.hotel.test", True), ("192.0.2.7", True), ("portal.hotel.test", False)]
)
async def test_the_hosts_that_a_certificate_is_for_are_named(tmp_path: Path, name: str, names_host: bool) -> None:
    root = made("Our CA")
    shown = made(name, root, is_authority=False, names_host=names_host)
    fault = await fault_of(shown.context(), [root], tmp_path)
    assert fault.what == f"the certificate of {HOST} is for another host: {name}"
    assert "something else may answer in its place" in (fault.remedy or "")


async def test_an_ip_address_that_a_certificate_has_as_a_name_is_told(tmp_path: Path) -> None:
    """A frequent mistake of those who make their own: the certificate is for `CN=10.0.0.5`."""
    root = made("Our CA")
    context = made("127.0.0.1", root, is_authority=False, names_host=False).context()
    fault = await fault_of(context, [root], tmp_path, "127.0.0.1")
    assert fault.what == "the certificate of 127.0.0.1 has this IP address as a name alone"
    assert "(subjectAltName=IP:127.0.0.1)" in (fault.remedy or "")


async def test_the_outdated_authority_of_a_proxy_is_told_apart_too(tmp_path: Path) -> None:
    authority = made("Our CA", days=EXPIRED)
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.pem)
    network = Network(authority=Authority.read(path, "--ca-file"))
    async with raw_server(hello, made("127.0.0.1", authority, is_authority=False).context()) as server:
        with pytest.raises(CertificateError, match=r"^the authority's certificate in .* has expired") as caught:
            await open_tunnel(Proxy("https", "127.0.0.1", server.port, "ALL_PROXY"), HOST, 443, network)
    assert caught.value.where == f"https://127.0.0.1:{server.port}"
    assert server.heads == []
