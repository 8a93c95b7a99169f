"""The third-party origin: a script host that should never be asked, and the OAuth page of the sign-in by hand."""

from __future__ import annotations

import asyncio
import secrets
from html import escape

from aiohttp import web

from purger.standin.world import Origin, Request, World

_AUTHORIZE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Authorize application</title></head>
<body style="font: 16px sans-serif; max-width: 30em; margin: 4em auto">
<h1>Authorize Travis CI</h1><p>Signed in as <b>{login}</b>.</p>
<form method="post"><button type="submit">Authorize</button></form>
</body></html>"""


class ThirdParty:
    """Answers as payments, analytics and GitHub would, on a host of their own."""

    name: Origin = "third-party"

    def __init__(self, world: World) -> None:
        """Sign in this state's user."""
        self._world = world

    async def answer(self, request: web.BaseRequest, entry: Request) -> web.StreamResponse:
        """Answer one request."""
        await asyncio.sleep(self._world.faults.third_party_latency_s)
        headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        match request.method, entry.path:
            case "GET", "/login/oauth/authorize":
                page = _AUTHORIZE.format(login=escape(self._world.login))
                return web.Response(text=page, content_type="text/html")
            case "GET", "/popup":
                return web.Response(text="<!doctype html><title>Popup</title>", content_type="text/html")
            case "POST", "/login/oauth/authorize":
                code = secrets.token_urlsafe(12)
                with self._world.clock.settled():
                    self._world.sign_in_codes.add(code)
                back = f"{self._world.web_url}/auth/callback?code={code}"
                return web.Response(status=302, headers={"Location": back})
            case "GET", path if path.endswith((".js", "/v3/")):
                script = "window.Stripe = function () { return {}; };\n"
                return web.Response(text=script, content_type="text/javascript", headers=headers)
        return web.Response(status=204, headers=headers)
