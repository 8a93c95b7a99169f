"""The network that a run of the soak is in, drawn: the encryption, who trusts it, and which proxy leads to the site."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from purger.standin.certificates import Certificate

ProxyKind = Literal["http", "https", "socks5"]
Password = Literal["none", "right", "wrong", "left out"]
AUTHORITY_VARIABLES = ("PURGER_CA_FILE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")
PROXY_VARIABLES = ("PURGER_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
AUTHORITIES = ("file", "folder", "bundle", "other", "missing", "empty", "no certificate", "none")
"""What names the authority: its file, a folder or a bundle with others; or something that does not hold it."""
BAD_PROXIES = (
    "http://", "ftp://{user_info}@127.0.0.1:9", "http://127.0.0.1:99999", "http://al@ice:ge/heim-42@127.0.0.1:9",
    "socks4://{user_info}@127.0.0.1:9", "http:/{user_info}@127.0.0.1:9", "http://{user_info}@[::1:9",
    "http://{user_info}@127.0.0.1:0", "//{user_info}@127.0.0.1:9",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """How the site is reached.

    A proxy whose address is `bad_proxy` is not there at all. Where the site is `local`, a proxy is named and not used.
    """

    http2: bool = True
    authority: str = "file"
    authority_variable: str = "PURGER_CA_FILE"
    certificate: Certificate = "valid"
    proxy: ProxyKind | None = None
    password: Password = "none"
    proxy_variable: str = "PURGER_PROXY"
    bad_proxy: str | None = None
    local: bool = False

    @property
    def by_proxy(self) -> bool:
        """Whether all requests have to come by the proxy."""
        return self.proxy is not None and not self.local

    @property
    def refused_with(self) -> int | None:
        """The exit code with which purger has to end before it does anything; None where all is well."""
        if self.bad_proxy or self.authority in {"missing", "empty", "no certificate"}:
            return 2
        trusted = self.authority in {"file", "folder", "bundle"} and self.certificate == "valid"
        return None if trusted and self.password in {"none", "right"} else 4


def draw_http2(rng: Random) -> NetworkPlan:
    """Draw a site over HTTP/2."""
    return NetworkPlan(authority_variable=rng.choice(AUTHORITY_VARIABLES))


def draw_proxy(rng: Random, kind: ProxyKind) -> NetworkPlan:
    """Draw a network with a proxy, which the site's names are left to, or which is not for this machine."""
    return NetworkPlan(
        http2=rng.random() < 0.5,
        proxy=kind,
        password=rng.choice(["none", "right"]),
        proxy_variable=rng.choice(PROXY_VARIABLES),
        local=rng.random() < 0.15,
    )


def draw_certificates(rng: Random) -> NetworkPlan:
    """Draw a site whose authority is known by a setting."""
    return NetworkPlan(
        http2=rng.random() < 0.5,
        authority=rng.choice(["file", "folder", "bundle"]),
        authority_variable=rng.choice(AUTHORITY_VARIABLES),
    )


def draw_refused_certificate(rng: Random) -> NetworkPlan:
    """Draw a site that must not be trusted, or a setting that names no certificate."""
    bad: list[Certificate] = ["wrong_host", "expired", "not_yet_valid", "other_authority"]
    is_named = rng.random() < 0.5
    return NetworkPlan(
        http2=rng.random() < 0.5,
        authority="file" if is_named else rng.choice(["other", "missing", "empty", "no certificate", "none"]),
        authority_variable=rng.choice(AUTHORITY_VARIABLES),
        certificate=rng.choice(bad) if is_named else "valid",
        proxy=rng.choice([None, "http", "socks5"]),
    )


def draw_refused_proxy(rng: Random) -> NetworkPlan:
    """Draw a proxy that wants another password, or whose address is none."""
    is_bad = rng.random() < 0.5
    kind: ProxyKind = rng.choice(["http", "https", "socks5"])
    return NetworkPlan(
        http2=rng.random() < 0.5,
        proxy=kind,
        password="none" if is_bad else rng.choice(["wrong", "left out"]),
        proxy_variable=rng.choice(PROXY_VARIABLES),
        bad_proxy=rng.choice(BAD_PROXIES) if is_bad else None,
    )
