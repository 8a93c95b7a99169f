"""Starts the browser that purger would use and ends 0 if that works; says why if it does not."""

from __future__ import annotations

import asyncio
import os
import sys

from playwright.async_api import async_playwright

from purger.browser.start import launch
from purger.core.errors import PurgerError
from purger.browser.settings import BrowserSettings


async def main() -> int:
    """Start and close it; gives the exit code."""
    async with async_playwright() as playwright:
        settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"))
        try:
            browser = await launch(playwright, settings, ["localhost"])
        except PurgerError as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code
        await browser.close()
        return 0


sys.exit(asyncio.run(main()))
