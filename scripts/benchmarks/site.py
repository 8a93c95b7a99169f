"""Run the stand-in in another process, with the real page's costs, and read and change its state."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site

WIDGETS = Repository("github", "acme", "widgets")


@dataclass(frozen=True, slots=True)
class BenchSite:
    """A running stand-in: its addresses, its token and its control calls."""

    site: Site
    token: Token

    @property
    def page(self) -> str:
        """The URL of the cache page."""
        return self.site.cache_page(WIDGETS)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a control call and return its payload."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.site.url}/_standin/{path}", data, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - loopback
            return json.load(response)

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
def stand_in() -> Iterator[BenchSite]:
    """Run a stand-in in another process for a `with` block."""
    command = [sys.executable, "-m", "purger.standin", "--caches", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        try:
            yield BenchSite(Site.at(addresses["url"], addresses["api_url"]), Token(addresses["token"]))
        finally:
            process.terminate()
