"""Hosts are told apart by how they are written; no name is looked up."""

from __future__ import annotations

import pytest

from purger.core.hosts import canonical_host, host_and_port, in_brackets, ip_of, is_loopback, origin_of


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://app.travis-ci.com", ("app.travis-ci.com", 443)),
        ("wss://Browsers.Corp.test./path", ("browsers.corp.test", 443)),
        ("http://127.0.0.1", ("127.0.0.1", 80)),
        ("ws://[::1]:9222/", ("::1", 9222)),
        ("https://app.travis-ci.com:8443/x?y#z", ("app.travis-ci.com", 8443)),
        ("https://bücher.example.", ("xn--bcher-kva.example", 443)),
        ("https://[FD00::0001]", ("fd00::1", 443)),
        ("https://a..b", ("a..b", 443)),
        ("ftp://files.test", ("files.test", 0)),
    ],
)
def test_an_address_names_a_host_and_a_port(address: str, expected: tuple[str, int]) -> None:
    assert host_and_port(address) == expected


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "app.localhost",
        "127.0.0.1",
        "127.9.8.7",
        "::1",
        "[::1]",
        "::ffff:127.0.0.1",
    ],
)
def test_this_machine_has_many_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "localhost.test", "notlocalhost", "128.0.0.1", "::2", "127.0.0.1.test", "0.0.0.0"]
)
def test_other_hosts_are_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "ip"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("[fd00::0:1]", "fd00::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
    ],
)
def test_an_ip_address_is_recognised(host: str, ip: str) -> None:
    assert str(ip_of(host)) == ip


@pytest.mark.parametrize("host", ["", "example", "10.0.0", "10.0.0.256", "1.2.3.4.5", "::g"])
def test_a_name_is_no_ip_address(host: str) -> None:
    assert ip_of(host) is None


def test_an_ipv6_address_is_in_brackets_inside_an_address() -> None:
    assert [in_brackets("::1"), in_brackets("127.0.0.1"), in_brackets("a.test")] == ["[::1]", "127.0.0.1", "a.test"]


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Host.org:443/x?y", "https://host.org"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://app.travis-ci.com:8443/github", "https://app.travis-ci.com:8443"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.Example:443", "https://xn--bcher-kva.example"),
        ("https://api.travis.test.:8443/x", "https://api.travis.test:8443"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("https://bücher。example", "https://xn--bcher-kva.example"),
        ("https://\uff45xample.test", "https://example.test"),
        ("https://bu\u0308cher.example", "https://xn--bcher-kva.example"),
        ("https://[0:0:0:0:0:0:0:1]:8443", "https://[::1]:8443"),
        ("https://[FD00::0001]", "https://[fd00::1]"),
        ("https://[::ffff:10.0.0.1]", "https://[::ffff:a00:1]"),
    ],
)
def test_origins_are_written_as_browsers_do(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    "host",
    ["", ".", "a..", "a..b", ".a", f"{'a' * 64}.test", f"{'ü' * 60}.test", f"{'a.' * 126}bc", "::g"],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        canonical_host(host)


def test_the_refusal_says_that_it_is_no_host() -> None:
    with pytest.raises(ValueError, match=r"^it is no host$"):
        canonical_host("a..b")


@pytest.mark.parametrize(
    "host", ["a", "my_host.test", "a" * 63, f"{'a.' * 126}b", "app.localhost", "10.0.0.1", "fe80::1%eth0"]
)
def test_what_browsers_write_stays_as_it_is(host: str) -> None:
    assert canonical_host(host) == host
