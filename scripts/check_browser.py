"""Start and close the browser that purger would use; exit with 0 if it starts, else print the error."""

from __future__ import annotations

import asyncio
import os
import sys

from playwright.async_api import async_playwright

from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch
from purger.core.errors import PurgerError


async def main() -> int:
    """Start and close the browser; return the exit code."""
    async with async_playwright() as playwright:
        settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"))
        try:
            browser = await launch(playwright, settings, Reach(addresses=("http://localhost",)))
        except PurgerError as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code
        await browser.close()
        return 0


sys.exit(asyncio.run(main()))
