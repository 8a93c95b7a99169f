"""Whole commands on a stand-in with TLS: a company's authority, certificates with faults, and one that changes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from purger.browser.authority import VARIABLES, Authority
from purger.browser.certificates import CertificateError
from purger.browser.network import DIRECT, Network
from purger.standin import StandIn
from purger.standin.certificates import Certificate
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.auth.manual_sign_in import ManualSignIn
from tests.support.browser import Purger, once

pytestmark = pytest.mark.browser

SAID: dict[Certificate, str] = {
    "wrong_host": "is for another host",
    "expired": "has expired",
    "not_yet_valid": "is not valid yet",
    "other_authority": "is from an authority that neither this machine's store nor",
}


@pytest.fixture
def site() -> Iterator[StandIn]:
    with StandIn(costs=False, tls=True, http2=True) as stand_in:
        yield stand_in


@pytest.fixture(autouse=True)
def _no_other_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("variable", ["PURGER_CA_FILE", *VARIABLES])
def test_each_variable_names_the_authority(
    purger: Purger, site: StandIn, repository: Repository, variable: str
) -> None:
    repository.fill(3)
    ended = purger("list", "acme/widgets", **{"PURGER_CA_FILE": "", variable: str(site.authority_file)})
    assert (ended.code, ended.repository["selected"]) == (0, 3), ended.err


def test_an_authority_that_nothing_names_is_an_error_with_the_option_as_its_remedy(
    purger: Purger, repository: Repository
) -> None:
    ended = purger("list", "acme/widgets", PURGER_CA_FILE="")
    assert ended.code == 4
    assert "the certificate of api.localhost is from an authority that this machine's store does not hold" in ended.out
    assert ended.err.count("--ca-file FILE") == 1, "it is said once"


@pytest.mark.parametrize("kind", SAID)
def test_each_fault_of_the_apis_certificate_is_said_by_list(
    purger: Purger, site: StandIn, repository: Repository, kind: Certificate
) -> None:
    site.use_certificate(kind)
    ended = purger("list", "acme/widgets", "--ca-file", str(site.authority_file))
    assert ended.code == 4
    assert f"the certificate of api.localhost {SAID[kind]}" in ended.report["error"]["message"]
    assert not site.requests, "the token was not sent"


def test_a_purge_works_by_an_authority_of_a_company(purger: Purger, site: StandIn, repository: Repository) -> None:
    """The browser knows nothing of the authority: it accepts the two keys that were verified for it."""
    repository.fill(30)
    ended = purger("purge", "acme/widgets", "--yes", "--ca-file", str(site.authority_file))
    assert (ended.code, len(repository.caches)) == (0, 0), ended.err


def test_a_fault_of_the_front_ends_certificate_ends_a_purge_before_anything_is_deleted(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    repository.fill(3)
    site.use_certificate("expired", ["web"])
    ended = purger("purge", "acme/widgets", "--yes", "--ca-file", str(site.authority_file))
    assert (ended.code, len(repository.caches)) == (4, 3)
    assert ended.report["error"]["message"] == "the certificate of app.localhost has expired"
    assert "this machine's clock" in ended.report["error"]["remedy"]
    assert not [request for request in site.requests if request.origin == "web"], "no browser asked for the page"


@pytest.mark.parametrize(
    ("kind", "origins", "said"),
    [
        # Who meets its change first is named: the page as it is loaded again, or a deletion on a new connection.
        ("new_key", ["web", "api"], r"the certificate of (app|api)\.localhost changed during the run"),
        ("new_key", ["api"], r"the certificate of api\.localhost changed during the run"),
        ("expired", ["web"], r"the certificate of app\.localhost has expired"),
    ],
)
def test_a_key_that_changes_in_the_middle_is_an_error_with_a_report(
    purger: Purger, site: StandIn, repository: Repository, kind: Certificate, origins: list[str], said: str
) -> None:
    repository.fill(40)
    site.faults.delete_latency_s = 1.0

    def change() -> None:
        site.use_certificate(kind, origins)  # type: ignore[arg-type]
        site.faults.delete_latency_s = 0.0

    with once(lambda: len(repository.caches) < 40, change):
        ended = purger("purge", "acme/widgets", "--yes", "--batch-size", "10", "--ca-file", str(site.authority_file))
    assert ended.code == 4, ended.err
    assert re.fullmatch(said, ended.repository["error"]["message"])
    assert len(ended.repository["caches"]) == 40
    assert "the page is loaded again" not in ended.err


def test_doctor_says_the_same_in_advance(purger: Purger, site: StandIn, repository: Repository) -> None:
    site.use_certificate("not_yet_valid", ["web"])
    ended = purger("doctor", "acme/widgets", "--ca-file", str(site.authority_file))
    checks = {check["check"]: check for check in ended.report["checks"]}
    assert (ended.code, checks["site"]["exit_code"]) == (4, 4)
    assert "the certificate of app.localhost is not valid yet" in checks["site"]["text"]
    assert "this machine's clock" in checks["site"]["remedy"]
    assert {name for name, check in checks.items() if check["state"] == "failed"} == {"site"}


@pytest.mark.parametrize("kind", SAID)
async def test_a_sign_in_by_hand_says_the_same_before_a_window_opens(
    site: StandIn, kind: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("purger.travis.auth.manual_sign_in.driver", lambda: pytest.fail("a browser is started"))
    site.use_certificate(kind)
    network = Network(authority=Authority.read(site.authority_file, "--ca-file"))
    sign_in = ManualSignIn(Site.at(site.url, site.api_url), network, None, timeout_s=60, notify=lambda _text: None)
    with pytest.raises(CertificateError, match=f"^the certificate of app.localhost {SAID[kind]}"):
        await sign_in.run()


async def test_a_sign_in_without_the_authority_names_the_option(site: StandIn) -> None:
    sign_in = ManualSignIn(Site.at(site.url, site.api_url), DIRECT, None, timeout_s=60, notify=lambda _text: None)
    with pytest.raises(CertificateError, match="that this machine's store does not hold") as caught:
        await sign_in.run()
    assert "--ca-file" in (caught.value.remedy or "")


def test_a_file_that_names_no_authority_ends_before_anything_is_asked(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    ended = purger("purge", "acme/widgets", "--yes", PURGER_CA_FILE="", SSL_CERT_FILE=os.devnull)
    assert ended.code == 2
    assert "SSL_CERT_FILE" in ended.report["error"]["message"]
    assert not site.requests
