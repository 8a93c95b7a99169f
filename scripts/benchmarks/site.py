"""Run the stand-in in another process, with the real page's costs, and read and change its state."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from purger.browser.authority import Authority
from purger.browser.connections import Connections
from purger.browser.network import DIRECT, Network
from purger.browser.reach import Reach, reach_of
from purger.core.hosts import host_and_port
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site

WIDGETS = Repository("github", "acme", "widgets")


@dataclass(frozen=True, slots=True)
class BenchSite:
    """A running stand-in: its addresses, its token, the network in which it is trusted, and its control calls."""

    site: Site
    token: Token
    network: Network
    _control: httpx2.Client

    @property
    def page(self) -> str:
        """The URL of the cache page."""
        return self.site.cache_page(WIDGETS)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a control call and return its payload."""
        host, port = host_and_port(self.site.url)
        scheme = self.site.url.partition(":")[0]
        return (
            self._control.request(
                method,
                f"{scheme}://127.0.0.1:{port}/_standin/{path}",
                json=body,
                extensions={"sni_hostname": host},  # not every system resolves a name below localhost
            )
            .raise_for_status()
            .json()
        )

    async def reach(self) -> Reach:
        """Return what a browser needs to reach it."""
        async with Connections(self.network) as connections:
            return await reach_of(connections, self.site.addresses)

    def branches(self, slug: str = "acme/widgets") -> list[str]:
        """Return the branches of a repository's caches."""
        (found,) = (one for one in self.call("GET", "state")["repositories"] if one["slug"] == slug)
        return sorted({cache["branch"] for cache in found["caches"]})

    def fill(self, rows: int, latency_s: float = 0.0, slug: str = "acme/widgets") -> None:
        """Fill a repository with caches, one for each row, and set the latency of a DELETE."""
        self.call("PATCH", "faults", {"delete_latency_s": latency_s, "rate_limit_per_minute": None})
        self.call("POST", "repositories", {"slug": slug, "count": rows})

    def left(self) -> int:
        """Return the number of caches on the server."""
        state = self.call("GET", "state")
        return sum(len(repository["caches"]) for repository in state["repositories"])

    async def until_empty(self) -> None:
        """Wait until the server has no caches left."""
        while await asyncio.to_thread(self.left):
            await asyncio.sleep(0.05)


@contextmanager
def stand_in(*, http2: bool = False) -> Iterator[BenchSite]:
    """Run a stand-in in another process for a `with` block, over plain HTTP/1.1 or over TLS and HTTP/2."""
    command = [sys.executable, "-m", "purger.standin", "--caches", "0", *(["--tls"] if http2 else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        try:
            site, token = Site.at(addresses["url"], addresses["api_url"]), Token(addresses["token"])
            authority = Authority.read(Path(addresses["authority_file"]), "the stand-in") if http2 else None
            network = Network(authority=authority) if authority else DIRECT
            with httpx2.Client(verify=network.ssl_context(), trust_env=False, timeout=60) as control:
                yield BenchSite(site, token, network, control)
        finally:
            process.terminate()
