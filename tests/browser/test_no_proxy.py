"""NO_PROXY means what it means to curl, and Chromium's rules for the same hosts say the same."""

from __future__ import annotations

import pytest

from purger.browser.no_proxy import NoProxy


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("https://travis.corp", "https://travis.corp"),
        ("localhost, http://travis.corp:8080/", "http://travis.corp:8080/"),
        ("localhost;Travis.corp;10.0.0.0/8", "localhost;travis.corp;10.0.0.0/8"),
        ("localhost '*.travis.corp'", "'*.travis.corp'"),
        ("*travis.corp", "*travis.corp"),
        ("10.*,<local>,https://other.corp,https://ravis.corp", None),
        ("travis.corp:8443", None),
        ("", None),
    ],
)
def test_what_is_meant_for_a_host_and_matches_nothing_is_found(text: str, word: str | None) -> None:
    no_proxy = NoProxy.of(text)
    assert not no_proxy.holds("https://travis.corp/x")
    assert no_proxy.misread("https://travis.corp/x") == word


@pytest.mark.parametrize(
    ("word", "host"),
    [
        ("http://travis.corp", "api.travis.corp"),
        ("*travis.corp", "api.travis.corp"),
        ("'.travis.corp'", "api.travis.corp"),
        ("*.travis.*", "api.travis.corp"),
        ("10.*", "10.0.0.7"),
    ],
)
def test_what_is_meant_for_a_domain_and_matches_nothing_is_found(word: str, host: str) -> None:
    no_proxy = NoProxy.of(word)
    assert not no_proxy.holds(f"https://{host}")
    assert no_proxy.misread(f"https://{host}") == word


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("*", "https://app.travis-ci.com"),
        ("a.test, *", "https://app.travis-ci.com"),
        ("travis-ci.com", "https://travis-ci.com"),
        ("travis-ci.com", "https://app.travis-ci.com"),
        (".travis-ci.com", "https://app.travis-ci.com"),
        (".travis-ci.com", "https://travis-ci.com"),
        ("*.travis-ci.com", "https://app.travis-ci.com"),
        ("*.travis-ci.com", "https://travis-ci.com"),
        ("Travis-CI.com.", "https://APP.travis-ci.com./x"),
        ("a.test  travis-ci.com\tb.test", "https://app.travis-ci.com"),
        (" , ,travis-ci.com,", "https://app.travis-ci.com"),
        ("travis-ci.com:443", "https://app.travis-ci.com"),
        ("travis-ci.com:8443", "https://travis-ci.com:8443"),
        ("*:8443", "https://travis-ci.com:8443"),
        ("10.1.2.3", "https://10.1.2.3"),
        ("10.1.2.3:8443", "https://10.1.2.3:8443"),
        ("10.0.0.0/8", "wss://10.1.2.3:9222/"),
        ("10.9.9.9/8", "https://10.1.2.3"),
        ("fd00::1", "https://[fd00:0::1]"),
        ("[fd00::1]", "https://[fd00::1]"),
        ("[fd00::1]:8443", "https://[fd00::1]:8443"),
        ("fd00::/8", "https://[fd12::1]"),
        ("[fd00::]/8", "https://[fd12::1]"),
        ("10.0.0.0/8", "https://[::ffff:10.1.2.3]"),
        ("bücher.example", "https://xn--bcher-kva.example"),
        (".Bücher.example:443", "https://travis.BÜCHER.example"),
        ("*.xn--bcher-kva.example", "https://travis.bücher.example"),
    ],
)
def test_these_are_reached_directly(text: str, address: str) -> None:
    assert NoProxy.of(text).holds(address)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", "https://app.travis-ci.com"),
        (" , ", "https://app.travis-ci.com"),
        ("travis-ci.com", "https://nottravis-ci.com"),
        ("travis-ci.com", "https://travis-ci.com.evil.test"),
        ("app.travis-ci.com", "https://travis-ci.com"),
        ("ci.com", "https://travis-ci.com"),
        ("travis-ci.com:8443", "https://travis-ci.com"),
        ("10.1.2.3", "https://10.1.2.34"),
        ("2.3", "https://10.0.2.3"),
        ("10.0.0.0/8", "https://11.0.0.1"),
        ("10.0.0.0/99", "https://10.0.0.1"),
        ("10.0.0.0/8", "https://10.example.test"),
        ("fd00::/8", "https://[fe00::1]"),
        ("[fd00::1]:8443", "https://[fd00::1]"),
        ("a:b:c", "https://a"),
        ("*.", "https://app.travis-ci.com"),
        (".", "https://app.travis-ci.com"),
    ],
)
def test_these_are_not(text: str, address: str) -> None:
    assert not NoProxy.of(text).holds(address)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", ()),
        ("*", ("*",)),
        (".corp.test", ("corp.test", "*.corp.test")),
        ("corp.test:8443", ("corp.test:8443", "*.corp.test:8443")),
        ("10.1.2.3, 10.0.0.0/8", ("10.1.2.3", "10.0.0.0/8")),
        ("[fd00::1]:8443 fd00::/8", ("[fd00::1]:8443", "[fd00::]/8")),
        ("10.0.0.0/8:8443", ()),
        ("**, 10.*, *travis-ci.com, x;api.travis-ci.com, <local>, <-loopback>, http://x", ()),
    ],
)
def test_chromium_is_given_the_same_as_rules(text: str, rules: tuple[str, ...]) -> None:
    assert NoProxy.of(text).bypass_rules() == rules
