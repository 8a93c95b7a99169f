"""A purge in the networks that people are in: it deletes everything, or ends with the sentence that names the cause."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from purger.standin import StandIn
from tests.support.browser import left
from tests.support.forward_proxies import StartProxy
from tests.support.networks import (
    ENCRYPTED,
    HOSTS,
    LOCAL_HOSTS,
    PROXIES,
    RunInNetwork,
    Way,
    secrets_of,
    watched_in_network,
)
from tests.support.secret_forms import find_secret

pytestmark = pytest.mark.browser

TRUSTS = ("file", "unknown", "public")
"""Whom the user trusts: the site's authority by its file, nobody who knows the site, or the system's store has it."""


@pytest.fixture
def http2(request: pytest.FixtureRequest) -> bool:
    return bool(getattr(request, "param", True))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try each way with each trust, in turn over HTTP/1.1 and HTTP/2; with `--every-network` over both."""
    if "trust" not in metafunc.fixturenames:
        return
    cells = [(way, trust, http2) for way in PROXIES for trust in TRUSTS for http2 in (False, True)]
    every = metafunc.config.getoption("every_network")
    if not every:
        cells = [cell for number, cell in enumerate(cells) if number % 4 in {0, 3}]
    cells += [(ENCRYPTED, "file", http2) for http2 in ((False, True) if every else (True,))]
    ids = [f"{way}-{trust}-http{2 if http2 else 1}" for way, trust, http2 in cells]
    metafunc.parametrize(("way", "trust", "http2"), cells, indirect=["way", "http2"], ids=ids)


@pytest.fixture
def far_site(way: Way, http2: bool) -> Iterator[StandIn]:
    """The stand-in over TLS, at names that the proxy alone resolves; without a proxy, at names of this machine."""
    with StandIn(costs=False, tls=True, http2=http2, hosts=HOSTS if way.proxy else LOCAL_HOSTS) as site:
        site.add_repository("acme/widgets").fill(12)
        site.faults.third_party_scripts = [f"{site.third_party_url}/analytics.js", "https://js.stripe.test/v3/"]
        yield site


def trusting(site: StandIn, trust: str, folder: Path) -> dict[str, str]:
    """The variables by which a user trusts the site's authority."""
    authority = site.authority_file
    if trust == "file":
        return {"PURGER_CA_FILE": str(authority)}
    store = folder / "store"
    store.mkdir()
    if trust == "public":
        # As OpenSSL looks it up: by the hash of the authority's name.
        (store / f"{_name_hash(authority)}.0").write_bytes(Path(authority).read_bytes())
    return {"SSL_CERT_DIR": str(store)}


def _name_hash(certificate: Path) -> str:
    command = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(certificate)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_purge_deletes_everything_or_names_the_cause(
    far_site: StandIn, way: Way, trust: str, in_network: RunInNetwork, tmp_path: Path, openssl: None
) -> None:
    trusted = trusting(far_site, trust, tmp_path)
    run = watched_in_network if way.has_password and trust == "file" else in_network
    trace = "on" if way.has_password else "off"  # it costs as much as the rest of a purge
    done = run(
        far_site,
        tmp_path / "run",
        *("purge", "acme/widgets", "--yes", "--artifacts", "kept", "--trace", trace, "-vv", *way.arguments),
        **trusted,
        **way.variables,
    )
    if trust == "unknown":
        assert done.ended.code == 4, done.ended.err
        assert "is from an authority that this machine's store does not hold" in done.ended.err
        assert "--ca-file" in done.ended.err
        assert left(far_site) == {"acme/widgets": 12}
    else:
        assert done.ended.code == 0, done.ended.err
        assert left(far_site) == {"acme/widgets": 0}
        assert done.ended.repository["verified"]
        assert (done.folder / "kept").exists()
        assert any(path.name.endswith("trace.zip") for path in done.folder.rglob("*")) == (trace == "on")
    if way.proxy:
        # Nothing but the site's two hosts, and both halves. Their names mean nothing to this machine.
        assert way.proxy.hosts() <= set(HOSTS)
        assert trust == "unknown" or way.proxy.hosts() == set(HOSTS)
    assert far_site.count("GET", "/analytics.js") == 0
    for what, data in done.written():
        assert find_secret(data, secrets_of(far_site)) is None, what


@pytest.mark.parametrize("way", ["password"], indirect=True)
@pytest.mark.parametrize("kind", ["wrong", "none"])
def test_a_proxy_that_refuses_is_named(
    far_site: StandIn, way: Way, kind: str, in_network: RunInNetwork, tmp_path: Path
) -> None:
    assert way.proxy is not None
    address = way.proxy.address if kind == "none" else way.proxy.address_with_password.replace("-42@", "-43@")
    for command in (["purge", "acme/widgets", "--yes"], ["list", "acme/widgets"], ["doctor", "acme/widgets"]):
        done = in_network(
            far_site, tmp_path / command[0], *command, PURGER_CA_FILE=str(far_site.authority_file), HTTPS_PROXY=address
        )
        assert done.ended.code == 4, done.ended.err
        said = "wants a user name and a password" if kind == "none" else "refuses the user name or the password"
        assert f"he proxy {way.proxy.address} (HTTPS_PROXY) {said}" in done.ended.err
        assert "heim" not in done.ended.err + done.ended.out
    assert left(far_site) == {"acme/widgets": 12}


@pytest.mark.parametrize("way", ["variable"], indirect=True)
@pytest.mark.parametrize("http2", [True], indirect=True)
def test_a_socks5_proxy_with_a_password(
    far_site: StandIn, way: Way, start_socks: StartProxy, in_network: RunInNetwork, tmp_path: Path, http2: bool
) -> None:
    proxy = start_socks(*HOSTS, password=True)
    done = in_network(
        far_site,
        tmp_path / "run",
        *("purge", "acme/widgets", "--yes"),
        PURGER_CA_FILE=str(far_site.authority_file),
        PURGER_PROXY=proxy.address_with_password,
        **way.variables,
    )
    assert done.ended.code == 0, done.ended.err
    assert left(far_site) == {"acme/widgets": 0}
    assert proxy.hosts() == set(HOSTS)
    assert way.proxy is not None
    assert way.proxy.hosts() == set()
    for what, data in done.written():
        assert find_secret(data, secrets_of(far_site)) is None, what


@pytest.mark.parametrize("way", ["direct"], indirect=True)
@pytest.mark.parametrize("http2", [True], indirect=True)
@pytest.mark.parametrize("named_by", ["this machine", "NO_PROXY"])
def test_what_is_reached_directly_does_not_go_by_the_proxy(
    far_site: StandIn,
    way: Way,
    start_proxy: StartProxy,
    in_network: RunInNetwork,
    tmp_path: Path,
    http2: bool,
    named_by: str,
) -> None:
    proxy = start_proxy(*LOCAL_HOSTS)
    variables = {"HTTPS_PROXY": proxy.address, "HTTP_PROXY": proxy.address, "ALL_PROXY": proxy.address}
    if named_by == "NO_PROXY":
        variables["NO_PROXY"] = "*"
    done = in_network(
        far_site,
        tmp_path / "run",
        *("purge", "acme/widgets", "--yes"),
        PURGER_CA_FILE=str(far_site.authority_file),
        **variables,
    )
    assert done.ended.code == 0, done.ended.err
    assert left(far_site) == {"acme/widgets": 0}
    assert proxy.hosts() == set()


@pytest.mark.parametrize("way", ["password"], indirect=True)
@pytest.mark.parametrize("http2", [True], indirect=True)
def test_where_third_parties_are_allowed_the_browser_signs_in_to_the_proxy_itself(
    far_site: StandIn, way: Way, tmp_path: Path, http2: bool
) -> None:
    """As in the window of `purger login`. What this machine serves, it reaches directly."""
    assert way.proxy is not None
    done = watched_in_network(
        far_site,
        tmp_path / "run",
        *("purge", "acme/widgets", "--yes", "--allow-third-party", "--artifacts", "kept", "--trace", "on"),
        PURGER_CA_FILE=str(far_site.authority_file),
        **way.variables,
    )
    assert done.ended.code == 0, done.ended.err
    assert left(far_site) == {"acme/widgets": 0}
    assert way.proxy.hosts() >= {*HOSTS, "js.stripe.test"}
    for what, data in done.written():
        assert find_secret(data, secrets_of(far_site)) is None, what


@pytest.mark.parametrize("way", ["variable"], indirect=True)
@pytest.mark.parametrize("http2", [True], indirect=True)
def test_the_doctor_says_which_proxy_is_used(
    far_site: StandIn, way: Way, in_network: RunInNetwork, tmp_path: Path, http2: bool
) -> None:
    assert way.proxy is not None
    done = in_network(
        far_site,
        tmp_path / "run",
        *("doctor", "acme/widgets"),
        PURGER_CA_FILE=str(far_site.authority_file),
        **way.variables,
    )
    assert done.ended.code == 0, done.ended.err
    (check,) = [check for check in done.ended.report["checks"] if check["check"] == "proxy"]
    assert check["text"] == f"the front end and the API by {way.proxy.address} (HTTPS_PROXY)"
