"""Say what is wrong with a proxy, and what to do about it: the same sentences for the API and for the browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from purger.browser.proxies import Proxy
from purger.core.errors import LastingSiteError, NoAnswerError, SiteError
from purger.core.hosts import host_and_port, origin_of
from purger.core.text import visible

CANNOT_REACH = frozenset({500, 502, 503, 504})
"""What proxies answer to CONNECT when they do not reach the server."""
_SOCKS_CANNOT_REACH = {
    1: "general failure",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "no answer",
}
_SOCKS_FORBIDDEN = 2
_SIGN_IN_WANTED = 511
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP proxy answers to CONNECT; the names of the headers are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()

    def all_of(self, name: str) -> str:
        """Return the values of a header, in one line; empty where there is none."""
        return ", ".join(text for header, text in self.headers if header == name)

    @property
    def has_page(self) -> bool:
        """Whether a page comes behind it. A length of 0, which some proxies send, is none."""
        length = self.all_of("content-length")
        return bool(length.strip("0, ")) or self.all_of("content-type").lower().startswith("text/html")


class ProxyError(LastingSiteError):
    """The proxy refuses the connection, and will refuse the next one, too."""


class NotLetThroughError(NoAnswerError):
    """The browser does not get through its proxy to the server of `address`; `code` is its word for why."""

    def __init__(self, address: str, code: str) -> None:
        super().__init__(
            f"the browser does not get through its proxy to {host_and_port(address)[0]}: {code}",
            where=address,
            remedy="Run it again. A remote browser (--connect) has the proxy of its own machine.",
        )
        self.address = address
        self.code = code


def named(proxy: Proxy) -> str:
    """Return how a proxy is named in a sentence: with what set it, without user and password."""
    return f"the proxy {proxy.address} ({proxy.source})"


def not_there(proxy: Proxy, reason: str, where: str) -> NoAnswerError:
    """Return the error for a proxy to which no connection can be made, for this reason."""
    return NoAnswerError(
        f"{named(proxy)} can't be reached: {reason}",
        where=where,
        remedy=f"Is the address in {proxy.source} right, and the proxy running? A site that needs none of it is named "
        f"by NO_PROXY.{_remark(proxy)}",
    )


def _remark(proxy: Proxy) -> str:
    return f" {proxy.remark}" if proxy.remark else ""


def closing(proxy: Proxy, where: str) -> NoAnswerError:
    """Return the error for a proxy that ends the connection instead of answering."""
    error = not_there(proxy, "it closes the connection", where)
    if proxy.scheme == "http":
        error.remedy = (
            f"{error.remedy} One that wants an encrypted connection is named by https://, a SOCKS5 proxy by socks5://."
        )
    return error


def silent(proxy: Proxy, where: str) -> NoAnswerError:
    """Return the error for a proxy that takes the connection and then says nothing in time."""
    error = not_there(proxy, "no answer in time", where)
    if proxy.scheme == "https":
        # It takes the beginning of an encrypted connection for that of a request, whose end it waits for.
        error.remedy = f"{error.remedy} One that is silent at https:// may be an http:// proxy."
    return error


def not_a_proxy(proxy: Proxy, where: str) -> ProxyError:
    """Return the error for a server that answers in another way than a proxy of this kind does."""
    kind = "a SOCKS5" if proxy.scheme == "socks5" else "an HTTP"
    return ProxyError(
        f"{named(proxy)} does not answer as {kind} proxy does",
        where=where,
        remedy=f"Check the address in {proxy.source}: its scheme (http://, https:// or socks5://), host and port.",
    )


def with_a_page(proxy: Proxy, where: str) -> ProxyError:
    """Return the error for a server that answers 200 as to a request for a page: a web server, or a captive portal."""
    return ProxyError(
        f"{named(proxy)} answers with a page, and does not connect",
        where=where,
        remedy=f"Check the address in {proxy.source}: it may be a web server's. If it is right, people may have to "
        "sign in first: open any page in a browser, then run this again.",
    )


def broken_behind(proxy: Proxy, host: str, reason: str, where: str) -> NoAnswerError:
    """Return the error for a connection through a proxy that breaks, for this reason, before it is encrypted."""
    return NoAnswerError(
        f"{named(proxy)} connects to {host}, but the encryption of that connection fails: {reason}",
        where=where,
        remedy=f"Are the site's address (see --url and --api-url) and the one in {proxy.source} right, and is the site "
        "up? Else ask those who run the proxy whether it lets encrypted connections through.",
    )


def cannot_reach(proxy: Proxy, host: str, said: str, where: str) -> NoAnswerError:
    """Return the error for a proxy that does not reach the server either."""
    return NoAnswerError(
        f"{named(proxy)} can't reach {host}: {said}",
        where=where,
        remedy="Is the site's address right (see --url and --api-url), and the site up? Else ask those who run the "
        f"proxy.{_remark(proxy)}",
    )


def forbidden(proxy: Proxy, host: str, said: str, where: str) -> ProxyError:
    """Return the error for a proxy that does not let anybody, or this user, through to the server."""
    return ProxyError(
        f"{named(proxy)} does not allow a connection to {host}: {said}",
        where=where,
        remedy=f"Ask those who run the proxy to allow the hosts of the site and of its API.{_remark(proxy)}",
    )


def password_wanted(proxy: Proxy, where: str) -> ProxyError:
    """Return the error for a proxy that wants a password, and was given none or another one."""
    if proxy.username is None:
        return ProxyError(
            f"{named(proxy)} wants a user name and a password",
            where=where,
            remedy="Put them before the host, as USER:PASSWORD@HOST:PORT, in PURGER_PROXY or HTTPS_PROXY; on a command "
            "line others could read them.",
        )
    known = "" if proxy.scheme == "socks5" else " Of the ways to sign in to an HTTP proxy, purger knows Basic alone."
    return ProxyError(
        f"{named(proxy)} refuses the user name or the password",
        where=where,
        remedy=f"Check them in {proxy.source}; special characters are encoded there (@ is %40).{known}",
    )


def no_way_in(proxy: Proxy, where: str) -> ProxyError:
    """Return the error for a SOCKS5 proxy that takes nobody without a sign-in, and does not ask for a password."""
    return ProxyError(
        f"{named(proxy)} accepts neither a user name with a password nor who has none",
        where=where,
        remedy="Ask those who run the proxy whether this machine may use it, and how to sign in: purger knows no other "
        "way.",
    )


def of_answer(proxy: Proxy, host: str, answer: Answer, where: str) -> SiteError:
    """Return the error for an answer with which an HTTP proxy refuses to connect to a host."""
    status = answer.status
    page = _origin_in(answer.all_of("location")) if 300 <= status < 400 else ""
    if page or status == _SIGN_IN_WANTED:
        return _sign_in_wanted(proxy, page, where)
    if status == 407:
        return _other_sign_in(proxy, answer, where) or password_wanted(proxy, where)
    if status in CANNOT_REACH:
        return cannot_reach(proxy, host, f"it answered {status}", where)
    if status in {401, 403, 451}:
        return forbidden(proxy, host, f"it answered {status}", where)
    if 400 <= status < 600 and status not in {400, 404, 405, 501}:
        return cannot_reach(proxy, host, f"it answered {status}", where)
    return not_a_proxy(proxy, where)


def _origin_in(location: str) -> str:
    """Return the origin of an absolute address, safe to show; empty for another one."""
    try:
        return visible(origin_of(location), _LONGEST_SHOWN) if urlsplit(location).hostname else ""
    except ValueError:
        return ""


def _sign_in_wanted(proxy: Proxy, page: str, where: str) -> ProxyError:
    """Return the error for a proxy that leads everybody to a page where people sign in; `page` may be empty."""
    return ProxyError(
        f"{named(proxy)} asks people to sign in first{f', at {page}' if page else ''}",
        where=where,
        remedy="Sign in to it in a browser, then run this again. If it should not ask for that, check the address in "
        f"{proxy.source}.",
    )


def _other_sign_in(proxy: Proxy, answer: Answer, where: str) -> ProxyError | None:
    """Return the error for a proxy that knows only ways to sign in that purger does not know, else None."""
    offered = re.sub(r'"(?:[^"\\]|\\.)*"', "", answer.all_of("proxy-authenticate"))
    words = [part.split()[0] for part in offered.split(",") if part.strip()]
    schemes = [word for word in words if "=" not in word]
    if not schemes or any(scheme.lower() == "basic" for scheme in schemes):
        return None
    return ProxyError(
        f"{named(proxy)} wants a sign-in of a kind that purger does not know: "
        f"{visible(', '.join(dict.fromkeys(schemes)), _LONGEST_SHOWN)}",
        where=where,
        remedy="Of the ways to sign in to an HTTP proxy, purger knows Basic alone. Let those who run the proxy allow "
        "that, or run a program on this machine that signs in for you, and name that as the proxy.",
    )


def of_socks_reply(proxy: Proxy, host: str, reply: int, where: str) -> SiteError:
    """Return the error for the reply with which a SOCKS5 proxy refuses to connect to a host (RFC 1928)."""
    if reply == _SOCKS_FORBIDDEN:
        return forbidden(proxy, host, "it is against its rules", where)
    return cannot_reach(proxy, host, _SOCKS_CANNOT_REACH.get(reply, f"it answered {reply}"), where)


def of_browser(proxy: Proxy, refused: NotLetThroughError) -> SiteError:
    """Return the error for a browser that does not get through this proxy, although purger itself does."""
    said = f"the browser says {refused.code}"
    if refused.code.startswith("ERR_PROXY_AUTH_"):
        return password_wanted(proxy, refused.address)
    if refused.code.startswith("ERR_PROXY_"):
        return not_there(proxy, said, refused.address)
    return cannot_reach(proxy, host_and_port(refused.address)[0], said, refused.address)
