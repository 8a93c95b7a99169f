"""The network that purger is in: the options of the panel "Network", the proxies, and which authorities are trusted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from purger.browser.authority import Authority
from purger.browser.proxies import Proxies
from purger.core.hosts import ip_of
from purger.core.options import NETWORK, text
from purger.secrets import env_file

if TYPE_CHECKING:
    import ssl


IDLE_S = 30.0
"""How long an unused connection is kept: less than servers, proxies and address translation usually keep it."""
_NEXT_ADDRESS_S = 0.25


def next_address_s(host: str) -> float | None:
    """Return how long an address of a host may be silent until the next one is tried besides it (RFC 8305).

    None for an IP address, which has no next one: asyncio would lose a connection that is made as it is given up.
    """
    return None if ip_of(host) else _NEXT_ADDRESS_S


@dataclass(frozen=True, slots=True)
class Network:
    """How hosts are reached. By default directly, with the authorities of the system's store."""

    proxies: Proxies = field(default_factory=Proxies)
    authority: Authority | None = None

    def ssl_context(self) -> ssl.SSLContext:
        """Return a new context that verifies certificates, names and dates included.

        It trusts the system's store (the keychain on a Mac, the certificate store on Windows) and the authority.
        """
        import ssl

        import httpx2

        context = httpx2.create_ssl_context(trust_env=False)
        # As curl does: what a file names is trusted, also where it is not the root of the chain.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # What OpenSSL is told besides. Without these variables it would read the system's store a second time: 50 ms.
        if os.environ.keys() & {"SSL_CERT_FILE", "SSL_CERT_DIR"}:
            context.set_default_verify_paths()
        if self.authority is not None:
            self.authority.add_to(context)
        return context


DIRECT = Network()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """How to reach the site."""

    proxy: str | None = text(
        "--proxy",
        metavar="URL",
        shown="HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY",
        panel=NETWORK,
        help="The proxy for the API and the browser: http://, https:// or socks5://. Empty: none.",
    )
    ca_file: Path | None = text(
        "--ca-file",
        raw=Path,
        is_path=True,
        metavar="FILE",
        shown="SSL_CERT_FILE, else NODE_EXTRA_CA_CERTS, else REQUESTS_CA_BUNDLE",
        panel=NETWORK,
        help="Trust the certificate authorities in this file, besides those of the system.",
    )

    def network(self, environ: Mapping[str, str]) -> Network:
        """Return the network that these options and the variables of other programs describe.

        Raises InputError for an address that is not a proxy's, a file that can't be read or has no certificate, and an
        authority of `.env` that would decide who hears a proxy's password that is not from there.
        """
        from loguru import logger

        proxies = Proxies.of(self.proxy, environ)
        for source in proxies.password_sources:
            env_file.refuse_to_decide_about(f"the password in {source}", source)
        if proxies.is_password_shown:
            logger.warning(
                "The password in --proxy can be seen by others on this machine: put the address into PURGER_PROXY."
            )
        return Network(proxies, Authority.named(self.ca_file, environ))
