"""Choose the proxy by which an address is reached: by `--proxy`, or by the variables that curl and others read."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from purger.browser.no_proxy import NoProxy
from purger.core.errors import InputError
from purger.core.hosts import canonical_host, host_and_port, in_brackets, is_loopback
from purger.core.shown_address import quoted
from purger.secrets import redaction

OPTION = "--proxy"
OWN_VARIABLE = "PURGER_PROXY"
_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080}
_KINDS = {"http": "http", "https": "https", "socks5": "socks5", "socks5h": "socks5", "socks": "socks5"}
"""What a proxy's address may begin with. With SOCKS the names are always left to the proxy (socks5h)."""
_HOST = re.compile(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]")
_LONGEST_OF_SOCKS = 255
_HOW_TO_WRITE_ONE = (
    "Write it as http://HOST:PORT (or https://, socks5://), without quotes. In a user name or a password, encode "
    "special characters: @ is %40, / is %2F, # is %23. A script that chooses one (proxy.pac, wpad.dat) is not run: "
    "name a proxy that it chooses."
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy: `scheme` is http, https or socks5, and `source` the option or variable that names it.

    `remark` is a sentence that says why NO_PROXY does not keep an address from it, where it seems to be meant to.
    """

    scheme: str
    host: str
    port: int
    source: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    remark: str = ""

    @classmethod
    def at(cls, address: str, source: str) -> Proxy:
        """Parse the address of a proxy, of which the scheme (http) may be left out. User and password are decoded.

        Raises InputError, which names the source and shows nothing of the address that may be a secret.
        """
        scheme, separator, rest = address.strip().rpartition("://")
        kind = _KINDS.get(scheme.lower(), "") if separator else "http"
        if not kind and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{0,15}", scheme):
            raise InputError(
                f"{source} names a proxy of a kind that purger can't use: {scheme.lower()}://",
                remedy="Use an http://, https:// or socks5:// proxy.",
            )
        # Apart, since a password may hold what an address may not, such as brackets or, behind a domain, a backslash.
        user_info, at, place = rest.rpartition("@")
        username, password = _decoded(user_info) if at else (None, None)
        try:
            parts = urlsplit(f"{kind}://{place}")
            port = parts.port
        except ValueError:
            raise _malformed(source) from None
        host = parts.netloc.removesuffix(f":{port}").removesuffix(":")
        # As for curl, a path counts for nothing. What is in doubt could give a password to another host than is meant.
        is_doubtful = re.search(r"[/?#]|@.*\\|\\\Z", user_info) or re.search(r"[\\?#]|:/|\.(?:pac|dat)\Z", place)
        odd = re.search(r"[\s\x00-\x1f\x7f]", rest) or re.search(r"[\x00-\x1f\x7f]", f"{username}{password}")
        if not kind or is_doubtful or odd or not _HOST.fullmatch(host) or port == 0:
            raise _malformed(source)
        try:
            host = canonical_host(parts.hostname or "")
        except ValueError:
            raise _malformed(source) from None
        if kind == "socks5" and any(len(as_given(part or "")) > _LONGEST_OF_SOCKS for part in (username, password)):
            raise InputError(
                f"the user name or the password in {source} is longer than a SOCKS5 proxy can be given: "
                f"{_LONGEST_OF_SOCKS} bytes",
                remedy="Use an http:// or https:// proxy, or a shorter password.",
            )
        return cls(kind, host, port or _DEFAULT_PORTS[kind], source, username, password)

    @property
    def address(self) -> str:
        """The proxy's address without user and password."""
        return f"{self.scheme}://{in_brackets(self.host)}:{self.port}"


@dataclass(frozen=True, slots=True)
class _Setting:
    """What an option or a variable says, as it was given; empty: no proxy."""

    source: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies of this process. Without any, everything is reached directly.

    What the variables say is parsed when it is needed, so a malformed address that nothing uses does no harm.
    """

    everything: _Setting | None = None
    https: _Setting | None = None
    http: _Setting | None = None
    exceptions: _Setting | None = None

    @classmethod
    def of(cls, given: str | None, environ: Mapping[str, str]) -> Proxies:
        """Read `given`, which is `--proxy` or its variable, else the variables of the environment.

        An empty `--proxy` means none at all. The passwords in them are secrets from now on (`redaction.remember`).
        """
        source = OWN_VARIABLE if given and environ.get(OWN_VARIABLE) == given else OPTION
        everything = None if given is None else _Setting(source, given.strip())
        of_all = _variable(environ, "all_proxy")
        https = _variable(environ, "https_proxy") or of_all
        http = _variable(environ, "http_proxy") or of_all
        for setting in (everything, https, http):
            remember_secrets(setting.text if setting else "")
        return cls(everything, https, http, _variable(environ, "no_proxy"))

    def for_address(self, address: str) -> Proxy | None:
        """Return the proxy by which an address (http, https, ws or wss) is reached, or None for a direct connection.

        No name is looked up. Raises InputError if the proxy's own address is malformed.
        """
        if self.why_direct(address) is not None:
            return None
        setting = self._setting(address)
        return replace(Proxy.at(setting.text, setting.source), remark=self._remark(address)) if setting else None

    def why_direct(self, address: str) -> str | None:
        """Return why an address is reached without a proxy, in a few words, or None if it has one."""
        setting = self._setting(address)
        if is_loopback(host_and_port(address)[0]):
            return "it is this machine"
        if setting is None:
            for scheme, other in (("http", self.http), ("https", self.https)):
                if other and other.text:
                    return f"{other.source} is for {scheme}:// addresses alone"
            return "no proxy is set"
        if not setting.text:
            return f"{setting.source} is empty"
        if self.exceptions and self.no_proxy.holds(address):
            return f"{self.exceptions.source} names it"
        return None

    def _remark(self, address: str) -> str:
        word = self.no_proxy.misread(address)
        if self.exceptions is None or word is None:
            return ""
        return (
            f"What {self.exceptions.source} holds of it, {quoted(word)}, counts for nothing: write names with "
            "commas between, without https://, a path, quotes, or a * but before the first dot."
        )

    @property
    def is_password_shown(self) -> bool:
        """Whether a password is on the command line, where other users of the machine can read it."""
        given = self.everything
        return given is not None and given.source == OPTION and ":" in _user_info_in(given.text)

    @property
    def password_sources(self) -> list[str]:
        """The options and variables with a user or a password for an https:// proxy.

        An authority decides who hears them. An http:// or socks5:// proxy shows no certificate.
        """
        settings = [setting for setting in (self.everything or self.https, self.everything or self.http) if setting]
        guarded = [each for each in settings if each.text.lower().startswith("https://") and _user_info_in(each.text)]
        return list(dict.fromkeys(each.source for each in guarded))

    @property
    def no_proxy(self) -> NoProxy:
        """The hosts that are reached directly, besides this machine."""
        return NoProxy.of(self.exceptions.text if self.exceptions else "")

    def _setting(self, address: str) -> _Setting | None:
        if self.everything is not None:
            return self.everything
        return self.https if urlsplit(address).scheme in {"https", "wss"} else self.http


def _variable(environ: Mapping[str, str], name: str) -> _Setting | None:
    """Return what a variable says in lower case, else in upper case, where an empty one counts as not set.

    HTTP_PROXY could be set by whoever sends a request to a CGI script, as the header `Proxy:` (CVE-2016-5385).
    """
    if name in environ:
        return _Setting(name, environ[name].strip())
    upper = name.upper()
    text = environ.get(upper, "").strip()
    if not text or (upper == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
        return None
    return _Setting(upper, text)


def remember_secrets(address: str) -> None:
    """Register the password in an address, as it is written and decoded; the address may be malformed."""
    username, colon, password = _user_info_in(address).partition(":")
    if not colon:
        return
    name, decoded = map(_unquoted, (username, password))
    for secret in (password, decoded, f"{name}:{decoded}"):
        redaction.remember(secret)


def _user_info_in(address: str) -> str:
    return address.partition("://")[2 if "://" in address else 0].rpartition("@")[0]


def _decoded(user_info: str) -> tuple[str, str | None]:
    """Return user name and password, of which the former may be empty."""
    username, _, password = map(_unquoted, user_info.partition(":"))
    return username, password or None


def _unquoted(text: str) -> str:
    """Decode percent signs. Bytes that are not UTF-8 become surrogates, which `as_given` turns into the bytes again."""
    return unquote(text, errors="surrogateescape")


def as_given(text: str) -> bytes:
    """Return a user name or a password in UTF-8, or, where it was given in other bytes, as these."""
    return text.encode("utf-8", "surrogateescape")


def basic(username: str, password: str) -> str:
    """Return the value of a header that gives a decoded user name and password to a server."""
    return f"Basic {base64.b64encode(as_given(f'{username}:{password}')).decode()}"


def _malformed(source: str) -> InputError:
    return InputError(f"{source} is not the address of a proxy", remedy=_HOW_TO_WRITE_ONE)
