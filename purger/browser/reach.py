"""Which hosts a browser may reach, how, and which certificates it accepts: found out before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from purger.browser.certificates import pin_of
from purger.browser.connections import Connections, NoAnswerError
from purger.browser.proxies import Proxy
from purger.core.hosts import host_and_port

VERIFYING_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a browser may reach: `hosts`, those among them that are reached directly, and the others by `proxy`.

    `pins` are the public keys that it accepts without knowing their authority (`pin_of`): those of certificates that
    were verified before.
    """

    hosts: tuple[str, ...] = ()
    proxy: Proxy | None = None
    direct_hosts: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()


async def reach_of(connections: Connections, addresses: Sequence[str]) -> Reach:
    """Return what a browser needs for these addresses, with the pins of their certificates.

    The browser does not know the authorities that this process trusts: Chromium on Linux reads neither the variables
    nor all of the system's store. A server that does not answer now has no pin. Raises CertificateError for a
    certificate that is not accepted, and InputError for a malformed address of a proxy.
    """
    hosts = tuple(dict.fromkeys(host_and_port(address)[0] for address in addresses))
    pins: list[str] = []
    proxies: dict[Proxy, None] = {}
    direct_hosts = []
    for address in dict.fromkeys(addresses):
        try:
            certificate = await connections.certificate(address, timeout_s=VERIFYING_S)
        except NoAnswerError:
            certificate = None
        pins += [pin_of(certificate)] if certificate else []
        if proxy := connections.network.proxies.for_address(address):
            proxies[proxy] = None
        else:
            direct_hosts.append(host_and_port(address)[0])
    for proxy in proxies:
        if of_proxy := connections.certificate_of_proxy(proxy):
            pins.append(pin_of(of_proxy))
    return Reach(
        hosts=hosts,
        proxy=next(iter(proxies), None),
        direct_hosts=tuple(dict.fromkeys(direct_hosts)),
        pins=tuple(dict.fromkeys(pins)),
    )
