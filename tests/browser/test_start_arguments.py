"""The switches of a browser that purger starts: only the site's hosts can be resolved, and only their proxy is used."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright

from purger.browser.network import Network
from purger.browser.proxies import Proxies
from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch, launch_arguments, proxy_settings
from purger.core.errors import BrowserError, InputError

SITE = ("https://app.travis-ci.com", "https://api.travis-ci.com")
GATE = "http://127.0.0.1:4711"


def reach(given: str | None = None, addresses: tuple[str, ...] = SITE, **environ: str) -> Reach:
    return Reach(addresses=addresses, network=Network(Proxies.of(given, environ)))


def rules(arguments: list[str]) -> list[str]:
    return [one.partition("=")[2] for one in arguments if one.startswith("--host-resolver-rules=")]


def test_no_host_but_those_of_the_site_can_be_resolved() -> None:
    arguments = launch_arguments(reach(), None, allow_third_party=False)
    assert rules(arguments) == ["MAP * ~NOTFOUND, EXCLUDE app.travis-ci.com, EXCLUDE api.travis-ci.com"]
    assert "--no-proxy-server" in arguments
    assert proxy_settings(reach(), None, allow_third_party=False) is None


def test_third_parties_are_resolved_where_they_are_allowed() -> None:
    arguments = launch_arguments(reach(), None, allow_third_party=True)
    assert rules(arguments) == []
    assert set(arguments) < set(launch_arguments(reach(), None, allow_third_party=False))
    assert proxy_settings(reach(), None, allow_third_party=True) is None


def test_behind_a_proxy_nothing_but_the_gate_can_be_resolved() -> None:
    proxied = reach("http://proxy.corp.test:3128")
    arguments = launch_arguments(proxied, GATE, allow_third_party=False)
    assert rules(arguments) == ["MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    assert "--no-proxy-server" not in arguments
    assert proxy_settings(proxied, GATE, allow_third_party=False) == {"server": GATE, "bypass": "<-loopback>"}


def test_what_is_reached_directly_does_not_go_by_the_gate() -> None:
    some = reach("http://proxy.corp.test:3128", no_proxy="api.travis-ci.com")
    assert rules(launch_arguments(some, GATE, allow_third_party=False)) == [
        "MAP * ~NOTFOUND, EXCLUDE api.travis-ci.com, EXCLUDE 127.0.0.1"
    ]
    settings = proxy_settings(some, GATE, allow_third_party=False)
    assert settings == {"server": GATE, "bypass": "<-loopback>,api.travis-ci.com:443"}


def test_an_ipv6_address_is_in_brackets_among_the_rules_of_the_proxy_alone() -> None:
    some = reach("http://proxy.corp.test:3128", ("https://app.travis-ci.com", "http://[::1]:8080"))
    assert "EXCLUDE ::1" in rules(launch_arguments(some, GATE, allow_third_party=False))[0].split(", ")
    settings = proxy_settings(some, GATE, allow_third_party=False)
    assert settings == {"server": GATE, "bypass": "<-loopback>,[::1]:8080"}


def test_third_parties_go_by_the_users_own_proxy() -> None:
    some = reach(HTTPS_PROXY="http://al%40ice:geheim@proxy.corp.test:3128", NO_PROXY="*.corp.test, 10.0.0.0/8")
    settings = proxy_settings(some, None, allow_third_party=True)
    assert settings == {
        "server": "http://proxy.corp.test:3128",
        "bypass": "localhost,corp.test,*.corp.test,10.0.0.0/8",
        "username": "al@ice",
        "password": "geheim",
    }
    assert rules(launch_arguments(some, None, allow_third_party=True)) == []


@pytest.mark.parametrize("user_info", ["alice:geheim", "alice", ":geheim"])
def test_a_browser_can_not_sign_in_to_a_socks5_proxy_by_itself(user_info: str) -> None:
    some = reach(f"socks5://{user_info}@proxy.corp.test")
    with pytest.raises(InputError, match=r"can't give a user name or a password to a SOCKS5 proxy \(--proxy\)"):
        proxy_settings(some, None, allow_third_party=True)
    assert proxy_settings(some, GATE, allow_third_party=False) == {"server": GATE, "bypass": "<-loopback>"}


@pytest.mark.parametrize(
    ("words", "is_tried_without"),
    [
        ("[FATAL:content/browser/zygote_host/zygote_host_impl_linux.cc:128] No usable sandbox!", True),
        ("Failed to move to new namespace: PID namespaces supported, but failed: errno = EPERM", True),
        ("[1:1:1128/0032:FATAL:credentials.cc(127)] Check failed: . : Operation not permitted (1)", True),
        ("Segmentation fault", False),
        ("error while loading shared libraries: libsandbox.so: cannot open shared object file", False),
    ],
)
async def test_a_browser_whose_sandbox_the_system_forbids_is_started_without(
    words: str, is_tried_without: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    async def launch_it(*, chromium_sandbox: bool, **_options: object) -> object:
        asked.append(chromium_sandbox)
        raise PlaywrightError(f"BrowserType.launch: closed\n<launching> /x --a\n[pid=7][err] {words}")

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    driver = SimpleNamespace(chromium=SimpleNamespace(launch=launch_it, executable_path="/x"))
    with pytest.raises(BrowserError, match="does not start"):
        await launch(cast(Playwright, driver), BrowserSettings(browser="/bin/true"), Reach())
    assert asked == ([True, False] if is_tried_without else [True])
