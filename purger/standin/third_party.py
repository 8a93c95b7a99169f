"""Serve the third-party origin: scripts, collected data, the host's sign-in and its API for pull requests."""

from __future__ import annotations

import asyncio
import re
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
            case "GET", path if called := re.fullmatch(r"/repos/([^/]+/[^/]+)/pulls/(\d+)", path):
                return self._pull_request(called[1], int(called[2]))
            case "GET", path if path.endswith((".js", "/v3/")):
                script = "window.Stripe = function () { return {}; };\n"
                return web.Response(text=script, content_type="text/javascript", headers=headers)
        return web.Response(status=204, headers=headers)

    def _pull_request(self, slug: str, number: int) -> web.Response:
        """Answer as GitHub's API does: 404 also for what a caller may not see."""
        faults = self._state.faults
        with self._state.clock.settled():
            if faults.host_calls is not None:
                faults.host_calls -= 1
            repository = self._state.repository(slug, "github")
            status = 403 if faults.host_calls is not None and faults.host_calls < 0 else faults.host_status or 200
        if status != 200 or repository is None or number not in repository.pull_requests:
            status = 404 if status == 200 else status
            return web.json_response({"message": "no", "documentation_url": "https://docs.github.com/"}, status=status)
        return web.json_response({"number": number, "state": repository.state_of(number), "title": "Change it"})
