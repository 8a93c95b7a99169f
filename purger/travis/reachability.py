"""Measure how fast the site's front end and API answer, without a token."""

from __future__ import annotations

import time

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright

from purger.core.errors import SiteError
from purger.travis.addresses import Site

TIMEOUT_S = 15.0


async def front_end_answers_s(playwright: Playwright, site: Site) -> float:
    """Return the seconds until the front end answered. Raises SiteError for no response or a status of 400 or more."""
    return await _answers_s(playwright, site.url, "the front end", "--url", lowest_error=400)


async def api_answers_s(playwright: Playwright, site: Site) -> float:
    """Return the seconds until the API answered. Raises SiteError for no response or a status of 500 or more.

    Without a token the API answers 403, which shows that it is up.
    """
    return await _answers_s(playwright, f"{site.api_url}/user", "the API", "--api-url", lowest_error=500)


async def _answers_s(playwright: Playwright, address: str, who: str, option: str, *, lowest_error: int) -> float:
    remedy = f"Check the address ({option}) and whether the site is up."
    context = await playwright.request.new_context(extra_http_headers={"Travis-API-Version": "3"})
    start = time.monotonic()
    try:
        response = await context.get(address, max_redirects=0, timeout=TIMEOUT_S * 1000)
    except PlaywrightError as error:
        reason = error.message.splitlines()[0].rpartition(": ")[2]
        raise SiteError(f"{who} does not answer: {reason}", where=address, remedy=remedy) from None
    finally:
        await context.dispose()
    if response.status >= lowest_error:
        raise SiteError(f"{who} answered {response.status}", where=address, remedy=remedy)
    return time.monotonic() - start
