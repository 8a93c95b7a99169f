"""Send each request of an HTTP client directly or by the proxy of its address, over connections that are kept open."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import httpx2

from purger.browser.network import IDLE_S, Network
from purger.core.hosts import is_loopback


class Transport(httpx2.AsyncBaseTransport):
    """A transport of `httpx2.AsyncClient` that reaches hosts as the network says.

    Each origin has connections of its own, also where two names mean the same host. `context` is for the servers
    (not for proxies), by default one that verifies them.
    """

    def __init__(self, network: Network, context: ssl.SSLContext | None = None) -> None:
        self._network = network
        self._context = context
        self._by_origin: dict[httpx2.Origin, httpx2.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises InputError where the address of its proxy is malformed."""
        origin = request.url.origin
        if origin not in self._by_origin:
            self._by_origin[origin] = self._open(request.url)
        return await self._by_origin[origin].handle_async_request(_resolved(request))

    async def aclose(self) -> None:
        """Close all connections."""
        for one in self._by_origin.values():
            await one.aclose()

    def _open(self, url: httpx2.URL) -> httpx2.AsyncHTTPTransport:
        proxy = self._network.proxies.for_address(str(url))
        if proxy is not None:
            from purger.browser.proxied import ProxiedTransport

            return ProxiedTransport(proxy, self._network, self._trusting() if url.scheme == "https" else _unused())
        return httpx2.AsyncHTTPTransport(
            verify=self._trusting() if url.scheme == "https" else _unused(),
            trust_env=False,
            limits=httpx2.Limits(keepalive_expiry=IDLE_S),
        )

    def _trusting(self) -> ssl.SSLContext:
        self._context = self._context or self._network.ssl_context()
        return self._context


def _unused() -> ssl.SSLContext:
    """Return a context for what is not encrypted: one that trusts the system's store takes a while to make."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _resolved(request: httpx2.Request) -> httpx2.Request:
    """Let a name below `localhost` mean this machine, as RFC 6761 says; many resolvers do not know that."""
    host = request.url.host
    if not host.rstrip(".").endswith(".localhost") or not is_loopback(host):
        return request
    names: Mapping[str, object] = {"sni_hostname": host}
    return httpx2.Request(
        request.method,
        request.url.copy_with(host="127.0.0.1"),
        headers=request.headers,  # `Host` among them
        stream=request.stream,
        extensions={**request.extensions, **names},
    )
