"""Make the README's pictures from purges of the stand-in: docs/*.png and docs/demo.svg."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loguru import logger
from playwright.async_api import Browser, async_playwright
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from purger.browser.network import DIRECT
from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch, new_context
from purger.core.selection import Selection
from purger.purge.repository import RepositoryPurge
from purger.purge.settings import Pace, Settings
from purger.secrets.token import Token
from purger.standin import DeleteFault, StandIn
from purger.travis.addresses import Repository, Site
from purger.travis.api import Api
from purger.travis.page.cache_page import CachePage
from purger.travis.rate_limit import Budget

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH = 1500
COLUMNS = 100


async def main() -> None:
    """Make all pictures, one after the other."""
    DOCS.mkdir(exist_ok=True)
    logger.disable("purger")
    async with async_playwright() as playwright:
        browser = await launch(playwright, BrowserSettings(), Reach(addresses=("http://127.0.0.1",)))
        async with purging(browser, watched=False) as (purge, page, _):
            await page.load()
            (DOCS / "before.png").write_bytes(await page.screenshot())
            await purge.run(page)
            (DOCS / "after.png").write_bytes(await page.screenshot())
        await side_by_side(browser)
        await watched(browser)
        await report(browser)
        await browser.close()
    terminal()


@asynccontextmanager
async def purging(browser: Browser, *, watched: bool) -> AsyncIterator[tuple[RepositoryPurge, CachePage, StandIn]]:
    """Yield the purge of a repository with eleven caches, its cache page (not loaded yet), and its stand-in."""
    with StandIn() as stand_in:
        stand_in.add_repository("acme/widgets").fill(11)
        site, token = Site.at(stand_in.url, stand_in.api_url), Token(stand_in.token)
        settings = Settings(site=site, token=token, pace=Pace(settle_s=0.0, attempts=1))
        budget = Budget(settings.pace.max_rate)
        async with Api.open(DIRECT, site, token, budget) as api:
            named = Repository("github", "acme", "widgets")
            purge = RepositoryPurge(named, settings, Selection(), api, budget, lambda _event: None)
            await purge.survey(to_delete=True)
            context = await new_context(browser)
            page = CachePage(context, site, named, timeout_s=settings.pace.page_timeout_s)
            await page.prepare(context, site, token, watched=watched)
            yield purge, page, stand_in
            await context.close()


async def watched(browser: Browser) -> None:
    """Take a screenshot of the page during a watched purge, with clicked, deleted and refused rows."""
    async with purging(browser, watched=True) as (purge, page, stand_in):
        refused = purge.record.ledger.entries[2].cache.branch
        stand_in.faults.delete_latency_s = 1.0
        stand_in.faults.delete_fault = [DeleteFault(refused, 403)]
        clicking = asyncio.ensure_future(purge.run(page))
        while sum(request.status is not None for request in stand_in.requests if request.method == "DELETE") < 6:
            await asyncio.sleep(0.02)
        (DOCS / "watched.png").write_bytes(await page.screenshot(with_marks=True))
        await clicking


def terminal() -> None:
    """Draw the terminal output of a demo, in its colours."""
    command = [sys.executable, "-m", "purger", "demo", "--caches", "24"]
    colours = {name: text for name, text in os.environ.items() if name not in {"CI", "NO_COLOR"}}
    colours |= {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=colours)
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ purger demo --caches 24\n{ended.stderr}"))
    svg = console.export_svg(title="purger", theme=SVG_EXPORT_THEME)
    # The fonts would be loaded from a third party.
    (DOCS / "demo.svg").write_text(re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL))


async def side_by_side(browser: Browser) -> None:
    """Make one picture of the two screenshots, each with a caption."""
    pictures = []
    for name, caption in (("before", "before"), ("after", "after: two fresh loads list no caches")):
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
    """Take a screenshot of the top of a demo's report.html."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "purger", "demo", "--caches", "60", "--artifacts", folder]
        process = await asyncio.create_subprocess_exec(*command)
        if await process.wait():
            raise SystemExit("the demo failed")
        page = await browser.new_page(viewport={"width": 1200, "height": 900})
        await page.goto((Path(folder) / "report.html").as_uri())
        await page.screenshot(path=DOCS / "report.png")


if __name__ == "__main__":
    asyncio.run(main())
