"""In a remote browser nothing but the site is reached, whatever a page tries; with a proxy of its own, too."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest
from playwright.async_api import Browser, Playwright
from playwright.async_api import Error as PlaywrightError

from purger.browser.reach import Reach
from purger.browser.remote import RemoteContexts
from purger.browser.supervise import BrowserSupervisor
from purger.standin import StandIn
from tests.support.browser import Purger, eventually, left
from tests.support.forward_proxies import StartProxy
from tests.support.networks import HOSTS
from tests.support.page_servers import Content, serving
from tests.support.ports import free_port
from tests.support.remote_browsers import StartRemote

pytestmark = pytest.mark.browser

PAGE = """<!doctype html>
<link rel=prefetch href='{u}/prefetch'><link rel=preload as=image href='{u}/preload'>
<link rel=stylesheet href='{u}/style.css'><link rel=modulepreload href='{u}/module.js'>
<script type=speculationrules>
{{"prefetch": [{{"source": "list", "urls": ["{u}/speculative"]}}],
  "prerender": [{{"source": "list", "urls": ["{u}/prerender"]}}]}}
</script>
<script src='{u}/script.js'></script><img src='{u}/image'><iframe src='{u}/frame.html'></iframe>
<iframe src='/inner.html'></iframe><iframe srcdoc="<img src='{u}/inner-image'>"></iframe>
<object data='{u}/object'></object><video src='{u}/video'></video>
<form id=f target=n method=post action='{u}/form'></form><iframe name=n></iframe><a id=a ping='{u}/ping' href='#x'>a</a>
<script>
  fetch('{u}/fetch').catch(() => 0);
  navigator.sendBeacon('{u}/beacon', 'x');
  new EventSource('{u}/events');
  new WebSocket('{w}/socket');
  new Worker('/worker.js');
  new SharedWorker('/shared.js');
  new Worker(URL.createObjectURL(new Blob(["fetch('{u}/blob-worker')"])));
  import('{u}/dynamic.js').catch(() => 0);
  document.getElementById('f').submit();
  document.getElementById('a').click();
  window.open('{u}/popup.html');
</script>"""
FILES = {
    "/": PAGE,
    "/inner.html": "<script>fetch('{u}/inner-fetch').catch(() => 0)</script>",
    "/worker.js": "fetch('{u}/worker').catch(() => 0); new WebSocket('{w}/worker-socket'); "
    "try {{ importScripts('{u}/imported.js') }} catch {{}}",
    "/shared.js": "fetch('{u}/shared-worker').catch(() => 0)",
}
OWN = {"/", "/inner.html", "/worker.js", "/shared.js"}
ASKED_FOR = {
    "/script.js",
    "/image",
    "/frame.html",
    "/fetch",
    "/beacon",
    "/socket",
    "/worker",
    "/shared-worker",
    "/ping",
}
"""What a browser that is let to does ask third parties for; of the rest it depends on the browser."""


def serving_to_all(answer: Callable[[str], str | None], asked: set[str]) -> contextlib.AbstractContextManager[int]:
    """Serve what `answer` returns for a path to pages of any origin, and keep the paths; yield the port."""

    def respond(path: str, _authorization: str, _body: str) -> Content | None:
        asked.add(path)
        text = answer(path)
        return None if text is None else (text.encode(), "text/javascript" if path.endswith(".js") else "text/html")

    return serving(respond, {"Access-Control-Allow-Origin": "*"})


async def asked_of_third_parties(browser: Browser, *, kept_out: bool) -> set[str]:
    """Open a page that asks third parties for all kinds of things; return what they were asked for."""
    asked: set[str] = set()
    own: set[str] = set()
    with serving_to_all(lambda _path: "", asked) as others:
        urls = {"u": f"http://localhost:{others}", "w": f"ws://localhost:{others}"}
        with serving_to_all(lambda path: FILES[path].format(**urls) if path in FILES else None, own) as port:
            address = f"http://127.0.0.1:{port}"
            contexts = RemoteContexts(Reach(addresses=(address,)))
            context = await (contexts.open(browser) if kept_out else browser.new_context())
            try:
                page = await context.new_page()
                failed: set[str] = set()
                page.on("requestfailed", lambda request: failed.add(request.url))
                # Not until it is loaded: a third party that has not answered yet would hold that up.
                await page.goto(address, wait_until="commit")
                await eventually(lambda: own >= OWN)
                if kept_out:
                    await eventually(lambda: f"{urls['u']}/script.js" in failed)
                    await page.evaluate("() => new Promise((done) => setTimeout(done, 2000))")
                else:
                    await eventually(lambda: asked >= ASKED_FOR)
                    assert f"{urls['u']}/script.js" not in failed
            finally:
                await context.close()
    return asked


@pytest.fixture(params=["cdp", "server"])
def address(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    browser_path: str,
    start_cdp: StartRemote,
    start_server: StartRemote,
) -> str:
    """A remote browser; that with remote debugging is a whole one, which asks for more than one without windows."""
    port = free_port()
    if request.param == "cdp":
        start_cdp(tmp_path / "remote", port, "--site-per-process", browser=browser_path)
        return f"http://127.0.0.1:{port}"
    start_server(tmp_path / "remote", port)
    return f"ws://127.0.0.1:{port}/secret-path"


async def test_a_page_reaches_no_third_party_in_any_way(
    address: str, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    chromium = browsers[0].chromium
    connecting = chromium.connect if address.startswith("ws") else chromium.connect_over_cdp
    browser = await connecting(address)
    try:
        assert await asked_of_third_parties(browser, kept_out=True) == set()
        assert await asked_of_third_parties(browser, kept_out=False) >= ASKED_FOR
    finally:
        await browser.close()


def test_a_remote_browser_with_a_proxy_of_its_own(
    purger: Purger, tmp_path: Path, start_cdp: StartRemote, start_proxy: StartProxy
) -> None:
    """It reaches the site by that proxy alone, so third parties are kept out by routing."""
    with StandIn(costs=False, tls=True, hosts=HOSTS) as far_site:
        far_site.add_repository("acme/a").fill(20)
        far_site.faults.third_party_scripts = [f"{far_site.third_party_url}/analytics.js"]
        proxy = start_proxy(*HOSTS)
        port = free_port()
        start_cdp(tmp_path / "remote", port, f"--proxy-server={proxy.address}", "--ignore-certificate-errors")
        ended = purger(
            *("purge", "acme/a", "--yes", "--connect", f"http://127.0.0.1:{port}", "--proxy", proxy.address),
            TRAVIS_TOKEN=far_site.token,
            PURGER_URL=far_site.url,
            PURGER_API_URL=far_site.api_url,
            PURGER_CA_FILE=str(far_site.authority_file),
        )
        assert ended.code == 0, ended.err
        assert left(far_site) == {"acme/a": 0}
        assert far_site.count("GET", "/analytics.js") == 0
        assert proxy.hosts() >= set(HOSTS)


async def test_a_context_that_opens_no_page_is_closed_before_another_one_is_used() -> None:
    tried, used = AsyncMock(), AsyncMock()
    tried.new_page.side_effect = PlaywrightError("no more pages")
    browser = Mock(is_connected=lambda: True, new_context=AsyncMock(side_effect=[tried, used]))
    assert await RemoteContexts(Reach(addresses=("https://app.test",))).open(browser) is used
    tried.close.assert_awaited_once()
