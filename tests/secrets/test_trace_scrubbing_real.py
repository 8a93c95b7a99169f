"""The scrubbed trace of a real browser contains no token, and Playwright's viewer opens it."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import playwright
import pytest
from playwright.async_api import Browser, Playwright, expect

from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch
from purger.secrets.trace_scrubbing import scrub_trace
from tests.support.page_servers import Content, serving
from tests.support.secret_forms import find_secret, secret_forms

pytestmark = pytest.mark.browser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "s3ntinel+T0ken/with=odd&chars"
UNKNOWN = "unknown-to-the-scrubber"
VIEWER = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "vite" / "traceViewer"
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".zip": "application/zip"}
PAGE = b"""<!doctype html><meta charset="utf-8"><title>Caches</title><h1>Caches</h1>
<input id="i"><button onclick="this.textContent = localStorage.getItem('travis.webToken')">Show</button>"""
SEND = """([path, token]) => new Promise((resolve) => {
  const request = new XMLHttpRequest();
  request.open("POST", path + "?access_token=" + encodeURIComponent(token));
  request.setRequestHeader("Authorization", "token " + token);
  request.onload = () => resolve(request.responseText);
  request.send(JSON.stringify({ token, basic: btoa("user:" + token) }));
})"""

HEADERS = {"Set-Cookie": f"session={UNKNOWN}"}


def respond_as_site(path: str, authorization: str, body: str) -> Content:
    if path.startswith("/api/"):
        return json.dumps({"heard": authorization, "body": body}).encode(), "application/json"
    return PAGE, "text/html"


@pytest.fixture
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"))
    browser = await launch(playwright, settings, Reach(addresses=("http://127.0.0.1",)))
    yield browser
    await browser.close()


async def record(browser: Browser, folder: Path) -> list[Path]:
    """Use the token in all ways that a trace records; return the trace of the pages, then that of API requests."""
    traces = [folder / "pages.raw.zip"]
    with serving(respond_as_site, HEADERS) as port:
        site = f"http://127.0.0.1:{port}"
        context = await browser.new_context(extra_http_headers={"X-Extra": TOKEN})
        await context.tracing.start(screenshots=True, snapshots=True, sources=False)
        if hasattr(context.request, "tracing"):  # in older versions such requests are part of the context's trace
            traces.append(folder / "requests.raw.zip")
            await context.request.tracing.start(screenshots=True, snapshots=True, sources=False)
        await context.add_init_script(
            f"localStorage.setItem('travis.webToken', {json.dumps(TOKEN)});"
            f"localStorage.setItem('other', {json.dumps(UNKNOWN)});"
        )
        page = await context.new_page()
        await page.goto(f"{site}/caches")
        assert TOKEN in await page.evaluate(SEND, ["/api/xhr", TOKEN])
        response = await context.request.post(
            f"{site}/api/bare", headers={"Authorization": f"token {TOKEN}"}, data={"token": TOKEN}
        )
        assert TOKEN in await response.text()
        await page.evaluate("(token) => console.log(token, JSON.stringify(JSON.stringify({ token })))", TOKEN)
        assert UNKNOWN in await page.evaluate("JSON.stringify(localStorage)")
        await context.storage_state()
        await page.fill("#i", TOKEN)
        await page.click("button")
        await expect(page.get_by_role("button")).to_have_text(TOKEN)
        if hasattr(context.request, "tracing"):
            await context.request.tracing.stop(path=traces[1])
        await context.tracing.stop(path=traces[0])
        await context.close()
    return traces


def read_entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_a_scrubbed_trace_has_no_token_and_opens_in_the_viewer(chromium: Browser, tmp_path: Path) -> None:
    target = tmp_path / "trace.zip"
    pages, *requests = await record(chromium, tmp_path)
    for raw in (*requests, pages):
        before = read_entries(raw)
        holding = {Path(name).suffix for name, content in before.items() if find_secret(content, [TOKEN])}
        assert holding >= {".network", ".json"}
        assert any(UNKNOWN.encode() in content for content in before.values())

        scrub_trace(raw, target, [TOKEN])

        after = read_entries(target)
        assert list(after) == list(before)
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        for content in (*after.values(), target.read_bytes()):
            assert not [form for form in secret_forms(TOKEN) if form in content]
            assert UNKNOWN.encode() not in content
        assert [path.name for path in tmp_path.glob("*") if path in (raw, target)] == ["trace.zip"]

    def respond_as_viewer(path: str, _authorization: str, _body: str) -> Content:
        file = target if path == "/trace.zip" else VIEWER / path.partition("?")[0].lstrip("/")
        return file.read_bytes(), KINDS.get(file.suffix, "application/octet-stream")

    with serving(respond_as_viewer, {}) as port:
        viewer = f"http://127.0.0.1:{port}"
        page = await chromium.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"{viewer}/index.html?trace={viewer}/trace.zip")
        actions = page.get_by_test_id("actions-tree")
        for title in ("Create page", "Navigate", "Evaluate", 'Fill "REDACTED"', "Click"):
            await expect(actions.get_by_role("treeitem", name=title).first).to_be_visible()
        await actions.get_by_role("treeitem", name="Click").click()
        await page.get_by_role("tab", name="After").click()
        snapshot = page.frame_locator("iframe.snapshot-visible")
        await expect(snapshot.get_by_role("heading")).to_have_text("Caches")
        await expect(snapshot.get_by_role("button")).to_have_text("REDACTED")
        await page.get_by_role("tab", name="Network").click()
        await expect(page.get_by_role("tabpanel", name="Network")).to_contain_text("xhr")
        await page.close()
    assert faults == []
