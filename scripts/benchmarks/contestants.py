"""Define the contestants: the naive script, the snippet, purger, bare `fetch`, and the API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Browser, Page, Playwright

from purger.browser.start import new_context
from purger.core.selection import Selection
from purger.purge.repository import RepositoryPurge
from purger.purge.settings import Pace, Settings
from purger.travis.api import Api
from purger.travis.page.cache_page import TOKEN_KEY, CachePage
from purger.travis.rate_limit import Budget
from scripts.benchmarks.site import WIDGETS, BenchSite

ICONS = ".delete-cache-icon"
PATIENCE_MS = 600_000
BARE_WITH_CLICKS = "bare fetch, 2 ms each"
PAGE_MS_A_CLICK = 2
"""The time that the real page's script takes for a click in a run loop (docs/TRAVIS.md section 6)."""


@dataclass(frozen=True, slots=True)
class Times:
    """The seconds until the server had no caches left, and from opening the page until the contestant saw that."""

    server_empty_s: float
    seen_s: float | None = None


@dataclass(frozen=True, slots=True)
class Arena:
    """The Playwright driver, browser and site that all contestants use."""

    playwright: Playwright
    browser: Browser
    site: BenchSite

    async def open_page(self) -> Page:
        """Open the cache page in a fresh context, signed in, and wait until its rows are shown."""
        context = await new_context(self.browser)
        await context.add_init_script(f"localStorage.setItem('{TOKEN_KEY}', '{self.site.token.reveal()}')")
        page = await context.new_page()
        await page.goto(self.site.page)
        await page.locator(ICONS).first.wait_for()
        return page


async def naive(arena: Arena) -> Times:
    """Click row by row with `locator.click()` and a dialog handler."""
    page = await arena.open_page()
    page.on("dialog", lambda dialog: dialog.accept())
    started = time.perf_counter()
    icons = page.locator(ICONS)
    for left in range(await icons.count(), 0, -1):
        await icons.first.click()
        await page.wait_for_function(
            "(left) => document.querySelectorAll('.delete-cache-icon').length < left", arg=left
        )
    await arena.site.until_empty()
    times = Times(time.perf_counter() - started)
    await page.context.close()
    return times


async def snippet(arena: Arena) -> Times:
    """Run the snippet that users paste into the console: override `confirm` and click all icons."""
    opened = time.perf_counter()
    page = await arena.open_page()
    started = time.perf_counter()
    await page.evaluate(
        "() => { window.confirm = () => true;"
        " document.querySelectorAll('.delete-cache-icon').forEach((icon) => icon.click()) }"
    )
    await arena.site.until_empty()
    emptied = time.perf_counter()
    await page.locator(".no-caches").wait_for(timeout=PATIENCE_MS)
    times = Times(emptied - started, time.perf_counter() - opened)
    await page.context.close()
    return times


async def purger_clicking(arena: Arena) -> Times:
    """Run one pass of purger on the loaded page, with batches and retries."""
    return await _purger(arena, whole=False)


async def purger_whole(arena: Arena) -> Times:
    """Run a whole purge with its rechecks (`--settle 0`), from opening the page to the result."""
    return await _purger(arena, whole=True)


async def _purger(arena: Arena, *, whole: bool) -> Times:
    site, token = arena.site.site, arena.site.token
    network = arena.site.network
    settings = Settings(site=site, token=token, network=network, pace=Pace(settle_s=0.0, max_rate=0))
    budget = Budget(0)
    async with Api.open(network, site, token, budget) as api:
        purge = RepositoryPurge(WIDGETS, settings, Selection(), api, budget, lambda _event: None)
        await purge.survey(to_delete=True)
        context = await new_context(arena.browser)
        page = CachePage(context, site, WIDGETS, timeout_s=settings.pace.page_timeout_s)
        opened = time.perf_counter()
        await page.prepare(context, site, token, watched=False)
        if whole:
            await purge.run(page)
            seen_s = time.perf_counter() - opened
            assert purge.record.ok, purge.record
            times = Times(seen_s, seen_s)
        else:
            await page.load()
            started = time.perf_counter()
            await purge.passes.run_pass(page)
            await arena.site.until_empty()
            times = Times(time.perf_counter() - started)
        await context.close()
        return times


async def bare_fetch(arena: Arena) -> Times:
    """Send all DELETEs by `fetch` at once, without the site's page: the browser's own floor."""
    return await _fetch(arena, ms_a_call=0)


async def bare_fetch_with_clicks(arena: Arena) -> Times:
    """Send all DELETEs by `fetch`, and take the time for each that the page's own script takes for a click."""
    return await _fetch(arena, ms_a_call=PAGE_MS_A_CLICK)


async def _fetch(arena: Arena, *, ms_a_call: float) -> Times:
    context = await new_context(arena.browser)
    page = await context.new_page()
    await page.goto(f"{arena.site.site.url}/_standin/state")
    async with Api.open(arena.site.network, arena.site.site, arena.site.token, Budget(0)) as api:
        facts = await api.repository(WIDGETS)
    started = time.perf_counter()
    await page.evaluate(
        """async ([url, branches, headers, milliseconds]) => {
          const remove = (branch) => {
            const end = performance.now() + milliseconds;
            const answered = fetch(`${url}?branch=${encodeURIComponent(branch)}`, {method: "DELETE", headers});
            while (performance.now() < end);
            return answered;
          };
          await Promise.all(branches.map(remove));
        }""",
        [
            f"{arena.site.site.api_url}/repo/{facts.id}/caches",
            arena.site.branches(),
            {"Authorization": f"token {arena.site.token.reveal()}", "Travis-API-Version": "3"},
            ms_a_call,
        ],
    )
    await arena.site.until_empty()
    times = Times(time.perf_counter() - started)
    await context.close()
    return times


async def api_in_sequence(arena: Arena) -> Times:
    """Send an API DELETE for each branch, one after the other."""
    return await _api(arena, at_once=1)


async def api_six_at_once(arena: Arena) -> Times:
    """Send an API DELETE for each branch, six at a time."""
    return await _api(arena, at_once=6)


async def _api(arena: Arena, *, at_once: int) -> Times:
    limit = asyncio.Semaphore(at_once)
    async with Api.open(arena.site.network, arena.site.site, arena.site.token, Budget(0)) as api:
        facts = await api.repository(WIDGETS)
        branches = {cache.branch for cache in await api.caches(facts.id)}

        async def delete(branch: str) -> None:
            async with limit:
                await api.delete_caches(facts.id, branch)

        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for branch in branches:
                group.create_task(delete(branch))
        await arena.site.until_empty()
        return Times(time.perf_counter() - started)


CONTESTANTS: dict[str, Callable[[Arena], Awaitable[Times]]] = {
    "naive script": naive,
    "console snippet": snippet,
    "purger, clicking": purger_clicking,
    "purger, whole": purger_whole,
    "bare fetch": bare_fetch,
    BARE_WITH_CLICKS: bare_fetch_with_clicks,
    "API, one by one": api_in_sequence,
    "API, six at once": api_six_at_once,
}
