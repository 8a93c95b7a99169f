"""Which hosts a browser may reach, how, and which certificates it accepts: found out before it starts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from tenacity import AsyncRetrying, retry_if_exception_type

from purger.browser.certificates import pin_of
from purger.browser.connections import VERIFYING_S, Connections, NoAgreementError
from purger.browser.network import DIRECT, Network
from purger.browser.proxies import Proxy
from purger.browser.tunnel import certificate_of
from purger.core.errors import NoAnswerError, SiteError
from purger.core.hosts import host_and_port
from purger.core.retry_policies import DEFAULT_POLICIES, RetryPolicy

_KINDS_OF_KEYS = ("aRSA", "aECDSA")
"""OpenSSL's names of the ciphers for each kind of key that a server may have. TLS 1.3 has no such choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a browser may reach: these addresses, in the way that the network says.

    `pins` are the public keys that it accepts without knowing their authority (`pin_of`): those of certificates that
    were verified before.
    """

    addresses: tuple[str, ...] = ()
    network: Network = DIRECT
    pins: tuple[str, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the addresses."""
        return tuple(dict.fromkeys(host_and_port(address)[0] for address in self.addresses))

    @property
    def proxied(self) -> dict[tuple[str, int], Proxy]:
        """The places (host and port) that are reached by a proxy. Raises InputError for a malformed one."""
        found = {host_and_port(address): self.network.proxies.for_address(address) for address in self.addresses}
        return {place: proxy for place, proxy in found.items() if proxy is not None}

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """The host and the port of each address."""
        return tuple(dict.fromkeys(host_and_port(address) for address in self.addresses))

    @property
    def direct(self) -> tuple[tuple[str, int], ...]:
        """The places that are reached directly."""
        proxied = self.proxied
        return tuple(place for place in self.places if place not in proxied)


async def reach_of(
    connections: Connections, addresses: Sequence[str], policy: RetryPolicy = DEFAULT_POLICIES.api_busy
) -> Reach:
    """Return what a browser needs for these addresses, with the pins of their certificates.

    The browser does not know the authorities that this process trusts: Chromium on Linux reads neither the variables
    nor all of the system's store. A server that does not answer, also not after the attempts of `policy`, or that
    encrypts as browsers alone do, has no pin. One may have several keys, of which a browser takes another than this
    process: where an authority is named, one of each kind is looked for. Raises CertificateError for a certificate that
    is not accepted, and InputError for a malformed address of a proxy.
    """
    reach = Reach(addresses=tuple(addresses), network=connections.network)
    found: list[bytes | None] = []
    for address in dict.fromkeys(addresses):
        with contextlib.suppress(NoAnswerError, NoAgreementError):
            found.append(await _verified(connections, address, policy))
    if reach.network.authority is not None:
        found += await _of_each_kind(reach)
    found += [await certificate_of(proxy, reach.network) for proxy in set(reach.proxied.values())]
    return replace(reach, pins=tuple(dict.fromkeys(pin_of(certificate) for certificate in found if certificate)))


async def _verified(connections: Connections, address: str, policy: RetryPolicy) -> bytes | None:
    """Return the certificate of an address; one connection that breaks is no reason to go without its pin.

    A server that is silent is not waited for a second time.
    """
    again = AsyncRetrying(
        retry=retry_if_exception_type(NoAnswerError),
        stop=lambda state: policy.stop(state) or (state.seconds_since_start or 0.0) >= VERIFYING_S,
        wait=policy.wait,
        reraise=True,
    )
    return await again(connections.certificate, address, timeout_s=VERIFYING_S)


async def _of_each_kind(reach: Reach) -> list[bytes | None]:
    """Return the verified certificates that the servers show to clients which take one kind of key alone."""
    import ssl

    from purger.browser.transport import Transport

    async def shown(address: str, context: ssl.SSLContext) -> bytes | None:
        async with Connections(reach.network, Transport(reach.network, context)) as connections:
            # Most servers have no key of one kind. What is not accepted is not pinned, and need not be used.
            with contextlib.suppress(SiteError):
                return await connections.certificate(address, timeout_s=VERIFYING_S)
        return None

    encrypted = {host_and_port(address): address for address in reach.addresses if urlsplit(address).scheme == "https"}
    looks: list[Coroutine[None, None, bytes | None]] = []
    for kind in _KINDS_OF_KEYS if encrypted else ():
        context = reach.network.ssl_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(kind)
        looks += [shown(address, context) for address in encrypted.values()]
    return await asyncio.gather(*looks)
