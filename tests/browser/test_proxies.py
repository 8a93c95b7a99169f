"""The proxy of an address is that of `--proxy` or of the variables, as curl chooses it."""

from __future__ import annotations

import base64
import socket
from typing import Any

import pytest

from purger.browser.proxies import Proxies, Proxy, basic
from purger.core.errors import InputError
from purger.secrets.redaction import redact

FRONT_END = "https://app.travis-ci.com/github/o/n/caches"
PROXY = "http://proxy.corp.test:3128"
OTHER = "http://other.corp.test:8080"


@pytest.fixture(autouse=True)
def no_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any, **more: Any) -> Any:
        raise AssertionError(f"looked up: {given}")

    for function in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "getfqdn", "gethostbyaddr"):
        monkeypatch.setattr(socket, function, refuse)


def chosen(address: str = FRONT_END, given: str | None = None, **environ: str) -> tuple[str, str] | None:
    """The address of the proxy, and what named it."""
    proxy = Proxies.of(given, environ).for_address(address)
    return (proxy.address, proxy.source) if proxy else None


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("address", [FRONT_END, "wss://browsers.test/"])
def test_the_variables_are_read_in_either_case(name: str, address: str) -> None:
    assert chosen(address, **{name: PROXY}) == (PROXY, name)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("address", ["http://browsers.test:9222", "ws://browsers.test/"])
def test_plain_addresses_have_their_own_variable(name: str, address: str) -> None:
    assert chosen(address, **{name: PROXY}) == (PROXY, name)


def test_the_variable_of_one_scheme_is_not_for_the_other() -> None:
    assert chosen("http://a.test", HTTPS_PROXY=PROXY) is None
    assert chosen("https://a.test", HTTP_PROXY=PROXY) is None


def test_the_variable_of_the_scheme_comes_before_that_of_all() -> None:
    assert chosen(HTTPS_PROXY=PROXY, all_proxy=OTHER) == (PROXY, "HTTPS_PROXY")


def test_the_lower_case_wins_even_if_it_is_empty() -> None:
    assert chosen(https_proxy=PROXY, HTTPS_PROXY=OTHER) == (PROXY, "https_proxy")
    assert chosen(https_proxy="", HTTPS_PROXY=OTHER) is None
    assert chosen(https_proxy="", ALL_PROXY=OTHER) is None
    assert Proxies.of(None, {"https_proxy": " "}).why_direct(FRONT_END) == "https_proxy is empty"
    assert chosen(HTTPS_PROXY=PROXY, no_proxy="", NO_PROXY="*") == (PROXY, "HTTPS_PROXY")


def test_an_empty_upper_case_is_as_if_it_were_not_set() -> None:
    assert chosen(HTTPS_PROXY="", ALL_PROXY=OTHER) == (OTHER, "ALL_PROXY")


def test_a_request_to_a_cgi_script_can_not_choose_the_proxy() -> None:
    assert chosen("http://a.test", HTTP_PROXY=PROXY, REQUEST_METHOD="GET") is None
    assert chosen("http://a.test", HTTP_PROXY=PROXY, REQUEST_METHOD="GET", ALL_PROXY=OTHER) == (OTHER, "ALL_PROXY")
    assert chosen("http://a.test", http_proxy=PROXY, REQUEST_METHOD="GET") == (PROXY, "http_proxy")
    assert chosen(HTTPS_PROXY=PROXY, REQUEST_METHOD="GET") == (PROXY, "HTTPS_PROXY")


def test_the_option_is_for_everything() -> None:
    for address in (FRONT_END, "ws://browsers.test:1", "http://browsers.test:9222"):
        assert chosen(address, PROXY, HTTPS_PROXY=OTHER, HTTP_PROXY=OTHER) == (PROXY, "--proxy")


def test_the_options_own_variable_is_named_as_the_source() -> None:
    assert chosen(given=PROXY, PURGER_PROXY=PROXY) == (PROXY, "PURGER_PROXY")
    assert chosen(given=PROXY, PURGER_PROXY=OTHER) == (PROXY, "--proxy")


def test_an_empty_option_means_no_proxy() -> None:
    assert chosen(given="", HTTPS_PROXY=PROXY) is None
    assert Proxies.of("", {"HTTPS_PROXY": PROXY}).why_direct(FRONT_END) == "--proxy is empty"


@pytest.mark.parametrize("given", [None, PROXY])
def test_no_proxy_is_for_the_option_too(given: str | None) -> None:
    proxies = Proxies.of(given, {"HTTPS_PROXY": PROXY, "NO_PROXY": "travis-ci.com"})
    assert proxies.for_address(FRONT_END) is None
    assert proxies.why_direct(FRONT_END) == "NO_PROXY names it"
    assert proxies.for_address("https://other.test") is not None


@pytest.mark.parametrize("host", ["localhost", "app.localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
def test_this_machine_is_reached_directly(scheme: str, host: str) -> None:
    proxies = Proxies.of(PROXY, {})
    assert proxies.for_address(f"{scheme}://{host}:9222") is None
    assert proxies.why_direct(f"{scheme}://{host}:9222") == "it is this machine"


def test_without_a_proxy_everything_is_reached_directly() -> None:
    assert Proxies().for_address(FRONT_END) is None
    assert Proxies.of(None, {}).why_direct(FRONT_END) == "no proxy is set"


@pytest.mark.parametrize(
    ("name", "address", "why"),
    [
        ("HTTP_PROXY", "https://x.test", "HTTP_PROXY is for http:// addresses alone"),
        ("https_proxy", "http://x.test", "https_proxy is for https:// addresses alone"),
    ],
)
def test_a_variable_of_the_other_scheme_is_not_passed_over_in_silence(name: str, address: str, why: str) -> None:
    assert Proxies.of(None, {name: PROXY}).why_direct(address) == why
    assert Proxies.of(None, {name: ""}).why_direct(address) == "no proxy is set"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("proxy.corp.test:3128", "http://proxy.corp.test:3128"),
        ("proxy.corp.test", "http://proxy.corp.test:80"),
        ("HTTP://Proxy.Corp.test:3128/", "http://proxy.corp.test:3128"),
        (" http://proxy.corp.test:3128 ", "http://proxy.corp.test:3128"),
        ("https://proxy.corp.test", "https://proxy.corp.test:443"),
        ("socks5://proxy.corp.test", "socks5://proxy.corp.test:1080"),
        ("socks5h://proxy.corp.test:9050", "socks5://proxy.corp.test:9050"),
        ("socks://127.0.0.1:1081/", "socks5://127.0.0.1:1081"),
        ("http://[fd00::1]:3128", "http://[fd00::1]:3128"),
        ("http://bücher.example:3128", "http://xn--bcher-kva.example:3128"),
        ("user:word@proxy.corp.test:3128", "http://proxy.corp.test:3128"),
        ("http://user:word@proxy.corp.test:3128/some/path", "http://proxy.corp.test:3128"),
    ],
)
def test_an_address_may_be_written_in_many_ways(given: str, address: str) -> None:
    assert Proxy.at(given, "HTTPS_PROXY").address == address


@pytest.mark.parametrize(
    ("user_info", "username", "password"),
    [
        ("user:geheim", "user", "geheim"),
        ("user", "user", None),
        ("us%40corp:p%3A%2F%40%23%25", "us@corp", "p:/@#%"),
        ("user:p:q", "user", "p:q"),
        ("us@corp:geheim", "us@corp", "geheim"),
        ("user:%C3%A4%E2%82%AC", "user", "ä€"),
        (":geheim", "", "geheim"),
        (r"CORP\user:geheim", r"CORP\user", "geheim"),
        (r"user:g[e]h[e\im", "user", r"g[e]h[e\im"),
        ("", "", None),
    ],
)
def test_user_and_password_are_decoded(user_info: str, username: str, password: str | None) -> None:
    proxy = Proxy.at(f"http://{user_info}@proxy.corp.test:3128", "HTTPS_PROXY")
    assert (proxy.username, proxy.password, proxy.host) == (username, password, "proxy.corp.test")


MALFORMED = [
    "http://",
    "http://:3128",
    "http://user:geheim@",
    "http://proxy.corp.test:port",
    "http://proxy.corp.test:0",
    "http://proxy.corp.test:70000",
    "http://user:ge/heim@proxy.corp.test:3128",
    "http://user:12/geheim@proxy.corp.test:3128",
    "http://user:ge#heim@proxy.corp.test:3128",
    "http://user:ge?heim@proxy.corp.test:3128",
    "http://user:geheim%0d%0aX@proxy.corp.test:3128",
    "http://user:geheim@proxy corp:3128",
    "http://user:geheim@one:1,two:2",
    "http://user:geheim@one:1;https=two:2",
    "http://user:geheim@[fd00::1:3128",
    "http://proxy.corp.test:3128/proxy.pac",
    "http://wpad.corp.test/wpad.dat",
    "http:/proxy.corp.test:3128",  # whose host would be `http`
    "http:\\\\proxy.corp.test",
    "http://user:geheim@proxy.corp.test\\@other.test:3128/",
    "http://user:geheim@proxy.corp.test:3128\\x",
    "http://user:geheim@proxy.corp.test/x@other.test:3128",
    "http://user:geheim@proxy.corp.test:3128/?x",
    "http://user:geheim@proxy.corp.test:3128#x",
    "http://user@proxy.corp.test:3128#geheim@other.test",
    "user:geheim://proxy.corp.test",
    "://proxy.corp.test",
    "http://user:geheim@proxy..corp.test:3128",
    f"http://user:geheim@{'a' * 64}.corp.test:3128",
    f"socks5://user:geheim@{'ü' * 60}.corp.test:3128",
    "http://user:geheim@[::1::]:3128",
]


@pytest.mark.parametrize("password", ["%E4ther%FF", "\udce4ther\udcff"])
def test_a_password_may_be_encoded_from_another_character_set(password: str) -> None:
    proxy = Proxy.at(f"http://alice:{password}@proxy.corp.test:3128", "HTTPS_PROXY")
    assert base64.b64decode(basic("alice", proxy.password or "").removeprefix("Basic ")) == b"alice:\xe4ther\xff"


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_address_is_refused_without_repeating_it(text: str) -> None:
    proxies = Proxies.of(None, {"HTTPS_PROXY": text})
    with pytest.raises(InputError, match=r"^HTTPS_PROXY is not the address of a proxy$") as caught:
        proxies.for_address(FRONT_END)
    assert "heim" not in f"{caught.value} {caught.value.remedy} {proxies!r}"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("user_info", [f"user:geheim{'x' * 250}", f"{'geheim' * 50}:word", f"user:{'%C3%A4' * 128}"])
def test_what_a_socks5_proxy_can_not_be_given_is_refused_at_once(user_info: str) -> None:
    with pytest.raises(InputError, match=r"the password in ALL_PROXY is longer .*: 255 bytes$") as caught:
        Proxy.at(f"socks5://{user_info}@proxy.corp.test", "ALL_PROXY")
    assert "heim" not in f"{caught.value} {caught.value.remedy}"
    assert Proxy.at(f"http://{user_info}@proxy.corp.test", "ALL_PROXY").username
    assert Proxy.at(f"socks5://{'u' * 255}:{'p' * 255}@proxy.corp.test", "ALL_PROXY").password == "p" * 255


@pytest.mark.parametrize("scheme", ["socks4", "socks4a", "ftp", "quic", "PAC"])
def test_a_proxy_of_another_kind_is_refused_by_its_name(scheme: str) -> None:
    with pytest.raises(InputError, match=rf"--proxy names a proxy of a kind .*: {scheme.lower()}://$"):
        Proxies.of(f"{scheme}://user:geheim@proxy.corp.test:1", {}).for_address(FRONT_END)


def test_a_malformed_address_that_is_not_used_does_no_harm() -> None:
    proxies = Proxies.of(
        None, {"HTTP_PROXY": "http://", "HTTPS_PROXY": PROXY, "ALL_PROXY": "x y", "NO_PROXY": "a.test"}
    )
    assert proxies.for_address(FRONT_END) == Proxy("http", "proxy.corp.test", 3128, "HTTPS_PROXY")
    assert Proxies.of("http://", {"NO_PROXY": "a.test"}).for_address("https://a.test") is None


@pytest.mark.parametrize("name", ["given", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("address", ["http://user:Ge%2Fheim-9@h.test:1", "http://user:Ge%2Fheim-9@:bad"])
def test_a_password_is_a_secret_from_now_on(name: str, address: str) -> None:
    Proxies.of(address if name == "given" else None, {name: address})
    basic = base64.b64encode(b"user:Ge/heim-9").decode()
    for text in ("Ge/heim-9", "Ge%2Fheim-9", "Ge%2fheim-9", basic):
        assert text not in redact(f"it was {text}, was it?")


def test_a_password_is_in_no_representation() -> None:
    proxies = Proxies.of("http://user:geheim-9@proxy.corp.test:3128", {})
    assert "geheim" not in f"{proxies!r} {proxies.for_address(FRONT_END)!r}"


@pytest.mark.parametrize(
    ("given", "variables", "is_shown"),
    [
        ("http://user:geheim@proxy.corp.test:3128", {}, True),
        ("user:geheim@proxy.corp.test:3128", {}, True),
        ("http://user:geheim@proxy.corp.test", {"PURGER_PROXY": "http://user:geheim@proxy.corp.test"}, False),
        ("http://user@proxy.corp.test:3128", {}, False),
        ("http://proxy.corp.test:3128", {}, False),
        (None, {"HTTPS_PROXY": "http://user:geheim@proxy.corp.test"}, False),
    ],
)
def test_a_password_on_the_command_line_is_noticed(
    given: str | None, variables: dict[str, str], is_shown: bool
) -> None:
    assert Proxies.of(given, variables).is_password_shown is is_shown


@pytest.mark.parametrize(
    ("given", "environ", "sources"),
    [
        (None, {"HTTPS_PROXY": "https://me:geheim@proxy:3128"}, ["HTTPS_PROXY"]),
        (None, {"https_proxy": "HTTPS://me@proxy", "http_proxy": "https://:a@b"}, ["https_proxy", "http_proxy"]),
        (None, {"ALL_PROXY": "https://me:geheim@proxy"}, ["ALL_PROXY"]),
        ("https://me:geheim@proxy", {"HTTPS_PROXY": "https://me:geheim@other"}, ["--proxy"]),
        ("https://me:geheim@proxy", {"PURGER_PROXY": "https://me:geheim@proxy"}, ["PURGER_PROXY"]),
        ("", {"HTTPS_PROXY": "https://me:geheim@proxy"}, []),
        (None, {"HTTPS_PROXY": "https://proxy", "HTTP_PROXY": "http://me:geheim@proxy"}, []),
        (None, {"HTTPS_PROXY": "socks5://me:geheim@proxy"}, []),
        (None, {}, []),
    ],
)
def test_where_the_password_of_a_proxy_with_a_certificate_is_from(
    given: str | None, environ: dict[str, str], sources: list[str]
) -> None:
    assert Proxies.of(given, environ).password_sources == sources
