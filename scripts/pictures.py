"""Makes the README's pictures from real purges of the stand-in: docs/before-and-after.png and docs/report.png."""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from purger.browser import launch, new_context
from purger.pacing import Budget
from purger.purge import RepositoryPurge
from purger.selection import Selection
from purger.settings import BrowserSettings, Settings, Token
from purger.standin import StandIn
from purger.travis.api import Api
from purger.travis.cache_page import CachePage
from purger.travis.site import Repository, Site

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH = 1500


async def main() -> None:
    """Purge a stand-in with a dozen caches, and put the page before and after side by side."""
    DOCS.mkdir(exist_ok=True)
    with StandIn() as stand_in:
        stand_in.add_repository("acme/widgets").fill(11)
        site, token = Site.at(stand_in.url, stand_in.api_url), Token(stand_in.token)
        settings = Settings(site=site, token=token, settle_s=0.0)
        budget = Budget(settings.max_rate)
        async with async_playwright() as playwright, Api.open(playwright, site, token, budget) as api:
            browser = await launch(playwright, BrowserSettings(), site.hosts)
            purge = RepositoryPurge(
                Repository("github", "acme", "widgets"), settings, Selection(), api, budget, lambda _event: None
            )
            await purge.survey(to_delete=True)
            context = await new_context(browser)
            page = CachePage(context, site, purge.record.repository, timeout_s=settings.page_timeout_s)
            await page.prepare(context, site, token, watched=False)
            await page.load()
            await page.screenshot(str(DOCS / "before.png"))
            await purge.run(page)
            await page.screenshot(str(DOCS / "after.png"))
            await side_by_side(browser)
            await report(browser)
            await browser.close()


async def side_by_side(browser: Browser) -> None:
    """One picture of the two, each with its caption."""
    pictures = []
    for name, caption in (("before", "before"), ("after", "after: two fresh loads show nothing")):
        path = DOCS / f"{name}.png"
        data = base64.b64encode(path.read_bytes()).decode()
        path.unlink()
        pictures.append(f'<figure><img src="data:image/png;base64,{data}"><figcaption>{caption}</figcaption></figure>')
    page = await browser.new_page(viewport={"width": WIDTH, "height": 100}, device_scale_factor=1)
    await page.set_content(
        "<style>body{margin:0;display:flex;gap:24px;font:18px sans-serif;color:#555;background:#fff}"
        "figure{margin:0;flex:1}"
        "img{width:100%;border:1px solid #ccc}figcaption{text-align:center;padding:6px}</style>" + "".join(pictures)
    )
    await page.screenshot(path=DOCS / "before-and-after.png", full_page=True)


async def report(browser: Browser) -> None:
    """The top of the report.html that a demo with artifacts leaves."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "purger", "demo", "--caches", "60", "--artifacts", folder]
        process = await asyncio.create_subprocess_exec(*command)
        if await process.wait():
            raise SystemExit("the demo did not end well")
        page = await browser.new_page(viewport={"width": 1200, "height": 900})
        await page.goto((Path(folder) / "report.html").as_uri())
        await page.screenshot(path=DOCS / "report.png")


if __name__ == "__main__":
    asyncio.run(main())
