"""Send HTTP requests over connections that are kept open, and say in a few words why one has no response."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import urlsplit

from purger import __version__
from purger.browser.certificates import certificate_error
from purger.browser.network import Network
from purger.browser.proxies import Proxy
from purger.browser.proxy_errors import ProxySteps
from purger.core.errors import NoAnswerError
from purger.core.hosts import host_and_port

if TYPE_CHECKING:
    import httpx2

HEADERS = {"User-Agent": f"purger/{__version__}", "Accept-Encoding": "gzip"}
_LONGEST_REASON = 200


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
    ) -> AsyncIterator[httpx2.Response]:
        """Send one request once, and yield its response before its body is read.

        The block has to end within `timeout_s`, and no wait for the server may take longer than `silence_s`. Raises
        NoAnswerError, also for a body that breaks off, CertificateError, and ProxyError.
        """
        import httpx2

        proxy = self.network.proxies.for_address(address)
        steps = ProxySteps(proxy) if proxy else None
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._opened().stream(
                    method,
                    address,
                    headers=headers,
                    timeout=httpx2.Timeout(silence_s or timeout_s),
                    extensions={"trace": steps.note} if steps else None,
                ) as response,
            ):
                self._keep_certificates(address, response, steps)
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError, UnicodeError) as error:
            self._explain(error, address, steps)
        except Exception as error:
            # What is no SOCKS5 proxy makes the client stumble over its own assertions.
            if steps is None or not steps.is_at_proxy:
                raise
            self._explain(error, address, steps)

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
        """Return the verified certificate (DER) that the server of an https address showed last, else None.

        One that was not asked yet is asked for nothing in particular. Raises the errors of `exchange`.
        """
        if urlsplit(address).scheme != "https":
            return None
        place = host_and_port(address)
        if place not in self._certificates:
            async with self.exchange("HEAD", address, timeout_s=timeout_s):
                pass
        return self._certificates.get(place)

    def certificate_of_proxy(self, proxy: Proxy) -> bytes | None:
        """Return the verified certificate (DER) that an https proxy showed last, else None."""
        return self._certificates.get((proxy.host, proxy.port))

    def _keep_certificates(self, address: str, response: httpx2.Response, steps: ProxySteps | None) -> None:
        stream = response.extensions.get("network_stream")
        if certificate := _certificate_of(stream) if urlsplit(address).scheme == "https" else None:
            self._certificates[host_and_port(address)] = certificate
        if steps:
            steps.is_at_proxy = False
            if steps.certificate:
                self._certificates[steps.proxy.host, steps.proxy.port] = steps.certificate

    def _explain(self, error: Exception, address: str, steps: ProxySteps | None) -> NoReturn:
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                where = steps.proxy.address if steps and steps.is_at_proxy else address
                who = host_and_port(where)[0] + (", the proxy," if where != address else "")
                raise certificate_error(cause, who, where, self.network.authority) from None
        reason = _reason_of(error)
        raise (steps and steps.error(error, reason, address)) or NoAnswerError(reason, where=address) from None


def _certificate_of(stream: Any) -> bytes | None:
    encryption = stream.get_extra_info("ssl_object") if stream is not None else None
    certificate: bytes | None = encryption.getpeercert(binary_form=True) if encryption is not None else None
    return certificate


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


def _reason_of(error: Exception) -> str:
    """Say in a few words why there is no response."""
    causes = list(_causes(error))
    if any(isinstance(cause, TimeoutError) for cause in causes) or "Timeout" in type(error).__name__:
        return "no whole answer in time"
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return f"the connection can't be encrypted: {(cause.reason or str(cause)).replace('_', ' ').lower()}"
    for cause in reversed(causes):
        if isinstance(cause, OSError) and cause.errno:
            # Of a name that is not known the number is not the system's.
            known = os.strerror(cause.errno) if cause.errno > 0 else cause.strerror or ""
            return (known[:1].lower() + known[1:]) or "the connection failed"
    said = " ".join(str(error).split()).rstrip(".")[:_LONGEST_REASON]
    return (said[:1].lower() + said[1:]) or "the connection broke"
