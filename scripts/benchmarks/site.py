"""The stand-in as another process, with the real page's costs, and what its server says is left."""

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
    """Where the stand-in is, and the few things that a measurement asks of it."""

    site: Site
    token: Token

    @property
    def page(self) -> str:
        """The cache page that everyone clicks."""
        return self.site.cache_page(WIDGETS)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One of the stand-in's own calls."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.site.url}/_standin/{path}", data, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return json.load(answer)

    def fill(self, rows: int, latency_s: float = 0.0, slug: str = "acme/widgets") -> None:
        """So many caches on as many branches; a DELETE takes so long."""
        self.call("PATCH", "faults", {"delete_latency_s": latency_s, "rate_limit_per_minute": None})
        self.call("POST", "repositories", {"slug": slug, "caches": rows})

    def left(self) -> int:
        """How many archives the server still has."""
        state = self.call("GET", "state")
        return sum(len(repository["archives"]) for repository in state["repositories"])

    async def until_empty(self) -> None:
        """Wait until the server has nothing left."""
        while await asyncio.to_thread(self.left):
            await asyncio.sleep(0.05)


@contextmanager
def stand_in() -> Iterator[BenchSite]:
    """A stand-in process for the time of a `with` block."""
    command = [sys.executable, "-m", "purger.standin", "--caches", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield BenchSite(Site.at(told["url"], told["api_url"]), Token(told["token"]))
        finally:
            process.terminate()
