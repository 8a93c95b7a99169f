"""A remote browser that only the proxy reaches; one on this machine is reached without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.standin import StandIn
from tests.support.browser import Purger, fill, left
from tests.support.forward_proxies import StartProxy
from tests.support.ports import free_port
from tests.support.remote_browsers import StartRemote

pytestmark = pytest.mark.browser
BROWSER = "10.99.99.99"
"""Chromium answers to IP addresses and `localhost` alone; this one leads nowhere but by the proxy."""


@pytest.mark.parametrize("kind", ["cdp", "server"])
def test_a_remote_browser_is_reached_by_the_proxy(
    purger: Purger,
    site: StandIn,
    tmp_path: Path,
    start_cdp: StartRemote,
    start_server: StartRemote,
    start_proxy: StartProxy,
    kind: str,
) -> None:
    fill(site, "a", caches=20)
    port = free_port()
    if kind == "cdp":
        start_cdp(tmp_path / "remote", port)
    else:
        start_server(tmp_path / "remote", port, "0.0.0.0")  # bound to loopback, it answers to no other name
    proxy = start_proxy(BROWSER, password=True)
    address = f"http://{BROWSER}:{port}" if kind == "cdp" else f"ws://{BROWSER}:{port}/secret-path"
    ended = purger("purge", "acme/a", "--yes", "--connect", address, HTTP_PROXY=proxy.address_with_password)
    assert ended.code == 0, ended.err
    assert left(site) == {"acme/a": 0}
    assert proxy.hosts() == {BROWSER}
    assert "secret-path" not in ended.err + ended.out


def test_a_remote_browser_on_this_machine_is_reached_without_the_proxy(
    purger: Purger, site: StandIn, tmp_path: Path, start_cdp: StartRemote, start_proxy: StartProxy
) -> None:
    fill(site, "a", caches=4)
    port = free_port()
    start_cdp(tmp_path / "remote", port)
    proxy = start_proxy()
    variables = {"HTTP_PROXY": proxy.address, "http_proxy": proxy.address, "npm_config_http_proxy": proxy.address}
    ended = purger("purge", "acme/a", "--yes", "--connect", f"http://127.0.0.1:{port}", **variables)
    assert ended.code == 0, ended.err
    assert proxy.asked() == []


def test_a_proxy_that_does_not_lead_to_the_remote_browser_is_named(
    purger: Purger, site: StandIn, start_proxy: StartProxy
) -> None:
    fill(site, "a", caches=4)
    proxy = start_proxy()
    for address in (f"http://{BROWSER}:9222", f"ws://{BROWSER}:9222/?token=geheim", f"wss://{BROWSER}/?token=geheim"):
        ended = purger("purge", "acme/a", "--yes", "--connect", address, PURGER_PROXY=proxy.address)
        assert ended.code == 5
        said = f"The remote browser can't be used: the proxy {proxy.address} (PURGER_PROXY) can't reach {BROWSER}"
        assert said in ended.err
        assert "geheim" not in ended.err + ended.out
    assert left(site) == {"acme/a": 4}
