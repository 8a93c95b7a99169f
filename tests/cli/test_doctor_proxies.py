"""The doctor says which proxy leads to what, and finds out whether it does."""

from __future__ import annotations

import pytest

from purger.browser.network import Network
from purger.browser.proxies import Proxies
from purger.cli.doctor_proxies import proxy_fault, ways_described
from purger.core.errors import InputError
from purger.travis.addresses import Site
from tests.support.forward_proxies import StartProxy

SITE = Site.at("https://app.travis.test", "https://api.travis.test")


@pytest.mark.parametrize(
    ("environ", "remote", "described"),
    [
        ({}, None, "the front end and the API directly: no proxy is set"),
        (
            {"HTTPS_PROXY": "http://al:geheim@proxy.test:3128"},
            None,
            "the front end and the API by http://proxy.test:3128 (HTTPS_PROXY)",
        ),
        (
            {"all_proxy": "socks5://proxy.test", "no_proxy": "api.travis.test"},
            None,
            "the front end by socks5://proxy.test:1080 (all_proxy); the API directly: no_proxy names it",
        ),
        (
            {"HTTPS_PROXY": "http://proxy.test:3128"},
            "http://127.0.0.1:9222",
            "the front end and the API by http://proxy.test:3128 (HTTPS_PROXY); "
            "the remote browser directly: it is this machine",
        ),
        (
            {"HTTPS_PROXY": "http://proxy.test:3128", "NO_PROXY": "*.travis.test"},
            "wss://browsers.test/?token=geheim",
            "the front end and the API directly: NO_PROXY names it; "
            "the remote browser by http://proxy.test:3128 (HTTPS_PROXY)",
        ),
    ],
)
def test_each_part_is_said_to_be_reached_in_some_way(
    environ: dict[str, str], remote: str | None, described: str
) -> None:
    assert ways_described(Network(Proxies.of(None, environ)), SITE, remote) == described


async def test_the_proxy_is_asked_for_both_hosts(start_socks: StartProxy) -> None:
    proxy = start_socks("app.travis.test")
    fault = await proxy_fault(Network(Proxies.of(proxy.address, {})), SITE)
    assert fault is not None
    assert proxy.asked() == ["app.travis.test:443", "api.travis.test:443"]
    assert "(--proxy) can't reach api.travis.test: host unreachable" in str(fault)


async def test_without_a_proxy_nothing_is_asked() -> None:
    assert await proxy_fault(Network(), SITE) is None


async def test_a_malformed_address_is_a_fault() -> None:
    fault = await proxy_fault(Network(Proxies.of(None, {"HTTPS_PROXY": "http://al:ge/heim@proxy"})), SITE)
    assert isinstance(fault, InputError)
    assert "heim" not in f"{fault} {fault.remedy}"
