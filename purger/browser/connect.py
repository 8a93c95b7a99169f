"""Connect to a remote browser, by the user's proxy where it has one, and as purger verifies certificates."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack, suppress
from importlib.metadata import version
from urllib.parse import urlsplit

import msgspec
from playwright.async_api import Browser, Playwright
from playwright.async_api import Error as PlaywrightError

from purger.browser.connections import Connections
from purger.browser.network import Network
from purger.browser.proxies import remember_secrets
from purger.browser.relay import CONNECTING_S, Relay
from purger.core.errors import BrowserError, NoAnswerError, SiteError
from purger.core.hosts import host_and_port, ip_of, is_address, is_loopback, origin_of
from purger.core.text import beginning

_LARGEST_ANSWER_BYTES = 1_000_000
_BOX = re.compile(r"[\u2550-\u256c]")
"""What Playwright draws around some of its errors."""
_REFUSED_NAME = re.compile(r"\b(?:status|answered) 500\b|Host header is specified")
"""How it is said that Chromium refuses a header `Host` other than an IP address or localhost, against DNS rebinding."""

_REMEDIES = {
    "Executable doesn't exist": "Install the browser of the server where that runs: "
    "playwright install chromium-headless-shell",
    "can't be encrypted": "Is its address right? That of a browser whose connection is not encrypted begins with "
    "http:// or ws://.",
    '"Running" is not valid JSON': "It is a Playwright server, whose address begins with ws://.",
    " 401": "It wants a user name and a password, or other ones: put them before the host, as USER:PASSWORD@HOST:PORT, "
    "in PURGER_CONNECT; special characters are encoded there (@ is %40).",
}
"""What helps, by a part of the reason."""
_ODD_ANSWER = re.compile(r"not valid JSON|end of JSON|Parse Error|call stack|IndexError|\b200 OK <")
"""What Playwright makes of an answer of a web server, or of another kind of remote browser."""


class _Endpoint(msgspec.Struct):
    """What a CDP endpoint says of itself."""

    webSocketDebuggerUrl: str  # noqa: N815 - its name


async def connect(playwright: Playwright, address: str, network: Network, stack: AsyncExitStack) -> Browser:
    """Connect to a remote browser: `ws://` is a Playwright server, but for a browser's own path; all others are CDP.

    What the connection needs is open until the end of `stack`. Raises BrowserError with the remedy if the browser does
    not answer, refuses, or has another version; InputError for a malformed address of the proxy.
    """
    remember_secrets(address)
    relay: Relay | None = None
    endpoint, headers = address, None
    try:
        # The driver obeys no proxy, trusts other authorities than this process does, and signs in to no WebSocket that
        # an endpoint names, nor with what is encoded in an address.
        if _is_of_a_reverse_proxy(address) or network.proxies.for_address(address) is not None:
            if address.startswith("http"):
                endpoint = await _endpoint_at(address, network)
            relay = Relay(endpoint, network)
            await stack.enter_async_context(relay.open())
            endpoint, headers = relay.address, relay.headers
        connecting = playwright.chromium.connect if _is_server(address) else playwright.chromium.connect_over_cdp
        return await connecting(endpoint, headers=headers, timeout=CONNECTING_S * 1000)
    except SiteError as error:
        raise _unusable(address, error.what, error.remedy) from None
    except PlaywrightError as error:
        if relay and relay.fault:
            raise _unusable(address, relay.fault.what, relay.fault.remedy) from None
        # Of an address of a browser the path may be a secret, too.
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        said = _BOX.sub(" ", error.message.partition("Call log:")[0]).replace(address, "")
        if len(path) > 1:
            said = said.replace(path, "…")
        said = re.sub(r"^BrowserType\.\w+: ", "", " ".join(said.split()))
        reason = beginning(re.sub(r"\b[a-z]+://\S*", "…", said), 300).rstrip(". ")
        raise _unusable(address, reason, None) from None


def _is_of_a_reverse_proxy(address: str) -> bool:
    """Whether an address is encrypted, or wants a user: no Chromium does that by itself."""
    parts = urlsplit(address)
    return parts.scheme in {"https", "wss"} or "@" in parts.netloc


def _is_server(address: str) -> bool:
    """Whether an address is that of a Playwright server, and not what a Chromium prints: "DevTools listening on ws://…"."""
    parts = urlsplit(address)
    return parts.scheme == "ws" and "/devtools/browser/" not in parts.path


async def _endpoint_at(address: str, network: Network) -> str:
    """Ask a CDP endpoint for the address of its WebSocket. Raises SiteError.

    The browser behind a reverse proxy does not know of that, and names an address without it. So all but the path and
    the query of that are as they were given; a password goes nowhere else.
    """
    parts = urlsplit(address)
    asked = parts._replace(path=f"{parts.path.rstrip('/')}/json/version/").geturl()
    async with (
        Connections(network) as connections,
        connections.exchange("GET", asked, timeout_s=CONNECTING_S) as response,
    ):
        content = b""
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > _LARGEST_ANSWER_BYTES:
                break
    with suppress(msgspec.DecodeError):
        named = msgspec.json.decode(content, type=_Endpoint).webSocketDebuggerUrl
        if is_address(named, {"ws", "wss"}):
            if not _is_of_a_reverse_proxy(address):
                return named
            scheme = parts.scheme.replace("http", "ws")
            return urlsplit(named)._replace(scheme=scheme, netloc=parts.netloc).geturl()
    raise NoAnswerError(f"it answered {response.status_code}, and not as a CDP endpoint does")


def _unusable(address: str, reason: str, remedy: str | None) -> BrowserError:
    host = host_and_port(address)[0]
    remedy = remedy or next((what for part, what in _REMEDIES.items() if part in reason), None)
    if remedy is None and _REFUSED_NAME.search(reason) and ip_of(host) is None and not is_loopback(host):
        remedy = (
            "A Chromium with --remote-debugging-port refuses names: give its http:// address with the IP address of "
            f"{host}, or let a proxy before it send `Host: localhost`."
        )
    if _ODD_ANSWER.search(reason):
        reason = f"it does not answer as a {'Playwright server' if _is_server(address) else 'CDP endpoint'} does"
    return BrowserError(
        f"the remote browser can't be used: {reason}",
        where=origin_of(address),
        remedy=remedy
        or (
            f"Start a server of the same version there (playwright {version('playwright')} run-server), or a "
            "Chromium with --remote-debugging-port and give its http:// address."
        ),
    )
