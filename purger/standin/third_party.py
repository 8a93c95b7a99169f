"""Serve the third-party origin: scripts, collected data, and the OAuth page of a manual sign-in."""

from __future__ import annotations

import asyncio
import secrets
from html import escape

from aiohttp import web

from purger.standin.calls import Call
from purger.standin.faults import Origin
from purger.standin.state import Request, SiteState

_AUTHORIZE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Authorize application</title></head>
<body style="font: 16px sans-serif; max-width: 30em; margin: 4em auto">
<h1>Authorize Travis CI</h1><p>Signed in as <b>{login}</b>.</p>
<form method="post"><button type="submit">Authorize</button></form>
</body></html>"""


class ThirdParty:
    """Answers like payments, analytics and GitHub, on another host."""

    name: Origin = "third-party"

    def __init__(self, state: SiteState) -> None:
        self._state = state

    async def answer(self, call: Call, entry: Request) -> web.Response:
        """Answer one call."""
        await asyncio.sleep(self._state.faults.third_party_latency_s)
        headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        match call.method, entry.path:
            case "GET", "/login/oauth/authorize":
                page = _AUTHORIZE.format(login=escape(self._state.login))
                return web.Response(text=page, content_type="text/html")
            case "GET", "/popup":
                return web.Response(text="<!doctype html><title>Popup</title>", content_type="text/html")
            case "POST", "/login/oauth/authorize":
                code = secrets.token_urlsafe(12)
                with self._state.clock.settled():
                    self._state.sign_in_codes.add(code)
                back = f"{self._state.web_url}/auth/callback?code={code}"
                return web.Response(status=302, headers={"Location": back})
            case "GET", path if path.endswith((".js", "/v3/")):
                script = "window.Stripe = function () { return {}; };\n"
                return web.Response(text=script, content_type="text/javascript", headers=headers)
        return web.Response(status=204, headers=headers)
