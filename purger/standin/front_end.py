"""Serve the front end's origin: one page for all URLs, its scripts, and its Content-Security-Policy."""

from __future__ import annotations

import asyncio
import json
import secrets
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import quote, urlsplit

from aiohttp import web

from purger.standin.calls import Call
from purger.standin.faults import Origin
from purger.standin.state import Request, SiteState

_ASSETS = {"vendor.js": "text/javascript", "app.js": "text/javascript", "style.css": "text/css"}


class FrontEnd:
    """Answers all URLs with the single-page application."""

    name: Origin = "web"

    def __init__(self, state: SiteState) -> None:
        self._state = state
        folder = files("purger.standin") / "page"
        self._assets = {name: (folder / name).read_text("utf-8") for name in _ASSETS}
        self._page = Template((folder / "index.html").read_text("utf-8"))

    async def answer(self, call: Call, entry: Request) -> web.Response:
        """Answer one call."""
        if call.method not in {"GET", "HEAD"}:
            return web.Response(status=405, text="Method Not Allowed\n")
        folder, _, name = entry.path.strip("/").partition("/")
        if folder == "assets" and name in self._assets:
            headers = {"Cache-Control": "max-age=600"}
            return web.Response(text=self._assets[name], content_type=_ASSETS[name], headers=headers)
        await asyncio.sleep(self._state.faults.page_latency_s)
        nonce = secrets.token_urlsafe(12)
        headers = {"Cache-Control": "no-store", "Content-Security-Policy": self._policy(nonce)}
        return web.Response(text=self._html(nonce), content_type="text/html", headers=headers)

    def _html(self, nonce: str) -> str:
        faults = self._state.faults
        config = {
            "apiEndpoint": self._state.api_url,
            "oauthEndpoint": f"{self._state.third_party_url}/login/oauth/authorize",
            "thirdParty": self._state.third_party_url,
            "costs": self._state.costs,
            "changedPage": faults.changed_page,
            "hostile": faults.hostile,
            "skipConfirmations": False,
        }
        scripts = [f'<script nonce="{nonce}" src="{escape(url)}"></script>' for url in faults.third_party_scripts]
        return self._page.substitute(
            config=quote(json.dumps(config)), nonce=nonce, third_party_scripts="\n    ".join(scripts)
        )

    def _policy(self, nonce: str) -> str:
        third_party = self._state.third_party_url
        payments = {f"{url.scheme}://{url.netloc}" for url in map(urlsplit, self._state.faults.third_party_scripts)}
        scripts = " ".join(sorted(payments))
        return "; ".join((
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}' {scripts}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: http: https:",
            f"connect-src 'self' {self._state.api_url} {third_party}",
            "object-src 'none'",
        ))  # fmt: skip
