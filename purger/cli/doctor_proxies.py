"""Say which proxy leads to what, and check that it does: the doctor's check `proxy`."""

from __future__ import annotations

from purger.browser.network import Network
from purger.browser.tunnel import open_tunnel
from purger.core.errors import PurgerError
from purger.core.hosts import host_and_port
from purger.travis.addresses import Site


def ways_described(network: Network, site: Site, remote_browser: str | None) -> str:
    """Return by which proxy each part is reached, and what names it; or why it is reached directly.

    Raises InputError for a malformed address of a proxy.
    """
    parts = {"the front end": site.url, "the API": site.api_url}
    if remote_browser:
        parts["the remote browser"] = remote_browser
    ways: dict[str, list[str]] = {}
    for part, address in parts.items():
        proxy = network.proxies.for_address(address)
        way = f"by {proxy.address} ({proxy.source})" if proxy else f"directly: {network.proxies.why_direct(address)}"
        ways.setdefault(way, []).append(part)
    return "; ".join(f"{' and '.join(names)} {way}" for way, names in ways.items())


async def proxy_fault(network: Network, site: Site) -> PurgerError | None:
    """Return what is wrong with the proxy of the front end or the API: connections to both are made through it."""
    for address in dict.fromkeys((site.url, site.api_url)):
        try:
            if proxy := network.proxies.for_address(address):
                _, writer = await open_tunnel(proxy, *host_and_port(address), network)
                writer.close()
        except PurgerError as error:
            return error
    return None
