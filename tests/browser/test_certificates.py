"""A certificate that is not accepted is one of four sentences, each with its remedy; a pin is Chromium's."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
from trustme import CA

from purger.browser.certificates import CertificateError, RefusedByBrowserError, certificate_error, pin_of
from purger.browser.connections import Connections
from purger.browser.network import DIRECT
from purger.core.errors import ExitCode
from tests.support.https_servers import FAULTS, HOST, context_of, hello, trusting
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


def test_another_fault_is_told_in_the_words_of_openssl() -> None:
    fault = ssl.SSLCertVerificationError()
    fault.verify_code, fault.verify_message = 23, "certificate revoked"
    error = certificate_error(fault, HOST, f"https://{HOST}", None)
    assert error.what == f"the certificate of {HOST} is not accepted: certificate revoked"


def test_what_the_browser_refuses_names_the_host_and_its_code() -> None:
    error = RefusedByBrowserError("https://app.localhost:8443", "ERR_CERT_AUTHORITY_INVALID")
    assert error.what == "the browser does not accept the certificate of app.localhost: ERR_CERT_AUTHORITY_INVALID"
    assert "remote browser" in (error.remedy or "")


def test_a_pin_is_the_hash_of_the_public_key_as_openssl_computes_it(openssl: None, tmp_path: Path) -> None:
    pem = tmp_path / "leaf.pem"
    CA().issue_cert(HOST).cert_chain_pems[0].write_to_path(pem)
    recipe = (
        f"openssl x509 -in {pem} -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | "
        "openssl base64"
    )
    expected = subprocess.run(["sh", "-c", recipe], capture_output=True, text=True, check=True).stdout.strip()
    assert pin_of(ssl.PEM_cert_to_DER_cert(pem.read_text())) == expected
