"""Whether the site's addresses answer, and how fast; asked without a token."""

from __future__ import annotations

import time

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright

from purger.core.errors import SiteError
from purger.travis.addresses import Site

TIMEOUT_S = 15.0


async def front_end_answers_s(playwright: Playwright, site: Site) -> float:
    """Seconds until the front end answered. Raises SiteError where it does not, or not well."""
    return await _answers_s(playwright, site.url, "the front end", "--url", least_bad=400)


async def api_answers_s(playwright: Playwright, site: Site) -> float:
    """Seconds until the API answered; that it wants a token is an answer. Raises SiteError where there is none."""
    return await _answers_s(playwright, f"{site.api_url}/user", "the API", "--api-url", least_bad=500)


async def _answers_s(playwright: Playwright, address: str, who: str, option: str, *, least_bad: int) -> float:
    remedy = f"Is the address right, and the site up? See {option}."
    context = await playwright.request.new_context(extra_http_headers={"Travis-API-Version": "3"})
    start = time.monotonic()
    try:
        response = await context.get(address, max_redirects=0, timeout=TIMEOUT_S * 1000)
    except PlaywrightError as error:
        said = error.message.splitlines()[0].rpartition(": ")[2]
        raise SiteError(f"{who} does not answer: {said}", where=address, remedy=remedy) from None
    finally:
        await context.dispose()
    if response.status >= least_bad:
        raise SiteError(f"{who} answered {response.status}", where=address, remedy=remedy)
    return time.monotonic() - start
