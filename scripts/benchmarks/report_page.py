"""Measure how long the HTML report takes to open and to be searched."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from playwright.async_api import async_playwright

from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch


async def seconds_to_search(page_path: Path, word: str, repetitions: int) -> float:
    """Return the median time from opening the report to seeing what a search for the word finds."""
    times = []
    async with async_playwright() as playwright:
        browser = await launch(playwright, BrowserSettings(), Reach())
        for _ in range(repetitions):
            page = await browser.new_page()
            started = time.perf_counter()
            await page.goto(page_path.as_uri())
            await page.get_by_role("searchbox").first.fill(word)
            await page.locator("output").first.filter(has_text=" of ").wait_for()
            times.append(time.perf_counter() - started)
            await page.close()
        await browser.close()
    return statistics.median(times)
