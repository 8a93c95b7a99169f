"""Send HTTP requests over connections that are kept open, and say in a few words why one has no response."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import urlsplit

from purger import __version__
from purger.browser.certificates import (
    RefusedByBrowserError,
    certificate_error,
    changed_certificate,
    pin_of,
    unverified,
    unverified_certificate,
)
from purger.browser.network import Network
from purger.browser.proxy_errors import NotLetThroughError, broken_behind, of_browser
from purger.core.errors import LastingSiteError, NoAnswerError, PurgerError, SiteError
from purger.core.hosts import host_and_port, is_loopback, origin_of
from purger.core.text import beginning, system_words

if TYPE_CHECKING:
    import httpcore2
    import httpx2

HEADERS = {"User-Agent": f"purger/{__version__}", "Accept-Encoding": "gzip", "Cache-Control": "no-cache"}
"""Those of each request. A cache between purger and the server may not answer with what it kept: that may be old."""
VERIFYING_S = 15.0
"""How long it may take to see a certificate."""
_LONGEST_REASON = 200
_NO_AGREEMENT = re.compile(
    "(?:PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|ALERT_HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED|DH_KEY_TOO_SMALL|"
    r"LEGACY_RENEGOTIATION_DISABLED)\Z"
)
"""OpenSSL's reasons for which the next attempt to encrypt fails, too."""
_NO_WAY_OUT = (
    "Is the address right (see --url, --api-url and --connect), and the host up? It is reached directly, since {}: "
    "where a network's way out is a proxy, see HTTPS_PROXY, NO_PROXY and --proxy."
)


class Connections:
    """The connections of one run, for an `async with` block.

    Redirects are not followed, cookies not kept, credentials in files not read, and nothing is sent twice. Where a host
    is reached by a proxy, and what is trusted, the network says. `transport` takes the place of real connections.
    """

    def __init__(self, network: Network, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.network = network
        self._transport = transport
        self._client: httpx2.AsyncClient | None = None
        self._certificates: dict[tuple[str, int], bytes] = {}

    async def __aenter__(self) -> Self:
        # The import of the HTTP client takes so long that signals and other tasks would wait for it.
        for module in ("purger.browser.transport", "httpcore2"):
            await asyncio.to_thread(import_module, module)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float,
        silence_s: float | None = None,
        only_connect: bool = False,
    ) -> AsyncIterator[httpx2.Response]:
        """Send one request once, and yield its response before its body is read.

        The block has to end within `timeout_s`, and no wait for the server may take longer than `silence_s`. Raises
        NoAnswerError, also for a body that breaks off, CertificateError, NoAgreementError, and ProxyError.
        `only_connect` is for `certificate`: it sends nothing.
        """
        import httpx2

        handshakes = _Handshakes(address, self._certificates, only_connect=only_connect)
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._opened().stream(
                    method,
                    address,
                    headers=headers,
                    timeout=httpx2.Timeout(silence_s or timeout_s),
                    extensions={"trace": handshakes.note} if handshakes.is_encrypted else None,
                ) as response,
            ):
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError, UnicodeError) as error:
            await self._explain(error, address, handshakes)

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            from http.cookiejar import CookieJar, DefaultCookiePolicy

            import httpx2

            from purger.browser.transport import Transport

            self._client = httpx2.AsyncClient(
                transport=self._transport or Transport(self.network),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                headers=HEADERS,
                follow_redirects=False,
                trust_env=False,
            )
        return self._client

    async def certificate(self, address: str, *, timeout_s: float) -> bytes | None:
        """Return the verified certificate (DER) that the server of an https address showed first, else None.

        Where none is known yet, this connects, and sends nothing. Raises the errors of `exchange`.
        """
        place = host_and_port(address)
        if urlsplit(address).scheme == "https" and place not in self._certificates:
            with suppress(_ConnectedError):
                async with self.exchange("HEAD", address, timeout_s=timeout_s, only_connect=True):
                    pass
        return self._certificates.get(place)

    async def why_refused(self, refused: RefusedByBrowserError | NotLetThroughError) -> SiteError:
        """Return what is wrong where the browser does not reach the site: as it is now, over a new connection."""
        address = refused.address
        proxy = self.network.proxies.for_address(address)
        if isinstance(refused, NotLetThroughError) and proxy is None:
            return refused  # a remote browser has a network of its own
        try:
            async with Connections(self.network) as fresh:
                now = await fresh.certificate(address, timeout_s=VERIFYING_S)
        except LastingSiteError as error:
            return error
        except NoAnswerError as error:
            return error if isinstance(refused, NotLetThroughError) else refused
        if isinstance(refused, NotLetThroughError):
            return of_browser(proxy, refused) if proxy else refused
        before = self._certificates.get(host_and_port(address))
        if now is None or (before is not None and pin_of(before) == pin_of(now)):
            return refused
        return unverified_certificate(address) if before is None else changed_certificate(address)

    async def _explain(self, error: Exception, address: str, handshakes: _Handshakes) -> NoReturn:
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                who, where = host_and_port(address)[0], origin_of(address)
                shown = await self._shown(address)
                raise certificate_error(cause, who, where, self.network.authority, shown=shown) from None
            if isinstance(cause, ssl.SSLError) and _NO_AGREEMENT.search(cause.reason or ""):
                raise _no_agreement(cause, address) from None
        reason = reason_of(error)
        if handshakes.is_broken and (proxy := self.network.proxies.for_address(address)):
            raise broken_behind(proxy, host_and_port(address)[0], reason, address) from None
        why_direct = self.network.proxies.why_direct(address)
        is_elsewhere = handshakes.is_unconnected and not is_loopback(host_and_port(address)[0])
        remedy = _NO_WAY_OUT.format(why_direct) if why_direct and is_elsewhere else None
        raise NoAnswerError(reason, where=address, remedy=remedy) from None

    async def _shown(self, address: str) -> bytes | None:
        """Return the certificate that a server shows, without verifying it; None where it shows none now."""
        from purger.browser.transport import Transport

        try:
            async with Connections(self.network, Transport(self.network, unverified())) as fresh:
                return await fresh.certificate(address, timeout_s=VERIFYING_S)
        except PurgerError:
            return None


class NoAgreementError(LastingSiteError):
    """The server refuses every way to encrypt that this process offers, now and later; a browser may know others."""


class _ConnectedError(Exception):
    """A connection was made, and nothing more was wanted."""


class _Handshakes:
    """Notes the certificate of the server of one exchange, and closes what is given up while it is being encrypted.

    `certificates` gets the first one of each host and port. With `only_connect` the exchange ends with _ConnectedError
    once it is known, before a request is sent.
    """

    def __init__(self, address: str, certificates: dict[tuple[str, int], bytes], *, only_connect: bool) -> None:
        self._place = host_and_port(address)
        self._certificates = certificates
        self._only_connect = only_connect
        self._stream: httpcore2.AsyncNetworkStream | None = None
        self.is_encrypted = urlsplit(address).scheme == "https"
        self.is_broken = False
        self.is_unconnected = False

    async def note(self, step: str, info: Mapping[str, Any]) -> None:
        """Note a step of a connection, as httpcore reports them to the extension `trace`."""
        if step == "connection.connect_tcp.complete":
            self._stream = info["return_value"]
        elif step == "connection.connect_tcp.failed":
            self.is_unconnected = True
        elif step == "connection.start_tls.failed" and self._stream is not None:
            self.is_broken = True
            await self._stream.aclose()  # httpcore does so after an error, but not where it is cancelled
        elif step == "connection.start_tls.complete":
            encryption = info["return_value"].get_extra_info("ssl_object")
            self._certificates.setdefault(self._place, encryption.getpeercert(binary_form=True))
        elif self._only_connect and self._place in self._certificates and step.endswith("request_headers.started"):
            raise _ConnectedError


def _no_agreement(fault: ssl.SSLError, address: str) -> NoAgreementError:
    host = host_and_port(address)[0]
    if "CERTIFICATE_REQUIRED" in (fault.reason or ""):
        return NoAgreementError(
            f"{host} wants a certificate from whoever connects, and purger has none to show",
            where=address,
            remedy="Ask those who run the host for an address that needs none.",
        )
    return NoAgreementError(
        f"{host} and purger agree on no way to encrypt: {_words_of(fault)}",
        where=address,
        remedy="Whoever runs the host, or a proxy that opens encrypted connections to it, has to let it speak TLS 1.2 "
        "or later with usual ciphers. Some hosts refuse so whoever shows no certificate, of which purger has none.",
    )


def _words_of(fault: ssl.SSLError) -> str:
    return (fault.reason or str(fault)).replace("_", " ").lower()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it was raised from; httpcore keeps an error that it replaces in the arguments."""
    seen: set[int] = set()
    queue: list[Any] = [error]
    while queue:
        one = queue.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        queue += [*one.args, one.__cause__, one.__context__, *inner]


def reason_of(error: Exception) -> str:
    """Return in a few words why a connection or a request failed."""
    # By these OpenSSL only asks for more data; they are the context of whatever breaks meanwhile.
    causes = [cause for cause in _causes(error) if not isinstance(cause, ssl.SSLWantReadError | ssl.SSLWantWriteError)]
    if any(isinstance(cause, TimeoutError) for cause in causes) or "Timeout" in type(error).__name__:
        return "no whole answer in time"
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return f"the connection can't be encrypted: {_words_of(cause)}"
    for cause in reversed(causes):
        if isinstance(cause, OSError) and (words := system_words(cause)):
            return words
    said = beginning(" ".join(str(error).split()).rstrip("."), _LONGEST_REASON)
    return (said[:1].lower() + said[1:]) or "the connection broke"
