"""Send requests of the HTTP client through a proxy: each of its connections is a tunnel, as the browser's are."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2

from purger.browser.loopback import Stream, break_off, encrypt
from purger.browser.network import IDLE_S, Network
from purger.browser.proxies import Proxy
from purger.browser.tunnel import open_tunnel


class ProxiedTransport(httpx2.AsyncHTTPTransport):
    """A transport of `httpx2.AsyncClient` whose connections go through a proxy; `context` is for the servers.

    Names are left to the proxy. What is wrong with that is raised as SiteError. The client's own support of proxies
    is not used: it does not say whether it failed at the proxy or behind it.
    """

    def __init__(self, proxy: Proxy, network: Network, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        # There is no parameter for this. Deleted first: without that attribute, connections would pass by the proxy.
        del self._pool
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context, keepalive_expiry=IDLE_S, network_backend=_Tunnels(proxy, network)
        )


class _Tunnels(httpcore2.AsyncNetworkBackend):
    def __init__(self, proxy: Proxy, network: Network) -> None:
        self._proxy = proxy
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the interface
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore2.AsyncNetworkStream:
        return _Tunnel(await open_tunnel(self._proxy, host, port, self._network))


class _Tunnel(httpcore2.AsyncNetworkStream):
    def __init__(self, stream: Stream) -> None:
        self._reader, self._writer = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the interface
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the interface
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    async def aclose(self) -> None:
        if self._writer.is_closing():
            return  # in the middle of a handshake, nobody would be told of its end
        # Without a farewell: nothing that anybody waits for is under way, and a server may take long to answer it.
        break_off(self._writer)
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                await encrypt(self._writer, ssl_context, server_hostname)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # Asked for an idle connection: the server has closed it, or sent what nobody wanted.
            return self._reader.at_eof() or self._writer.is_closing()
        return self._writer.get_extra_info(info)
