"""What is trusted: the system's store, and what a file names, be it the root of the chain or not."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from trustme import CA

from purger.browser.authority import Authority
from purger.browser.connections import Connections
from purger.browser.network import DIRECT, Network, NetworkSettings
from purger.core.errors import InputError
from tests.support.https_servers import HOST, hello
from tests.support.raw_servers import raw_server


def test_an_authority_is_trusted_besides_the_system(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    CA().cert_pem.write_to_path(path)
    alone = DIRECT.ssl_context()
    both = NetworkSettings(ca_file=path).network({}).ssl_context()
    assert len(both.get_ca_certs()) == len(alone.get_ca_certs()) + 1
    for context in (alone, both):
        assert context.check_hostname
        assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_variable_for_openssl_does_not_take_the_place_of_the_systems_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = DIRECT.ssl_context().cert_store_stats()
    (tmp_path / "empty.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert DIRECT.ssl_context().cert_store_stats() == usual


@pytest.mark.parametrize("named", ["root", "intermediate", "leaf"])
async def test_what_a_file_names_is_trusted_wherever_it_is_in_the_chain(tmp_path: Path, named: str) -> None:
    root = CA()
    intermediate = root.create_child_ca()
    leaf = intermediate.issue_cert(HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    path = tmp_path / "ca.pem"
    {"root": root.cert_pem, "intermediate": intermediate.cert_pem, "leaf": leaf.cert_chain_pems[0]}[
        named
    ].write_to_path(path)
    network = Network(authority=Authority.read(path, "--ca-file"))
    async with raw_server(hello, context) as server, Connections(network) as connections:
        assert await connections.certificate(f"https://{HOST}:{server.port}", timeout_s=5)


def test_a_file_that_is_none_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^what --ca-file names can't be read"):
        NetworkSettings(ca_file=tmp_path / "missing.pem").network({})
    with pytest.raises(InputError, match=r"^what PURGER_CA_FILE names can't be read"):
        NetworkSettings(ca_file=tmp_path / "missing").network({"PURGER_CA_FILE": str(tmp_path / "missing")})
