"""Measure how fast the site's front end and API answer, without a token."""

from __future__ import annotations

import time

from purger.browser.connections import Connections
from purger.core.errors import NoAnswerError, SiteError
from purger.travis.addresses import Site
from purger.travis.client import VERSION

TIMEOUT_S = 15.0


async def front_end_answers_s(connections: Connections, site: Site) -> float:
    """Return the seconds until the front end answered. Raises SiteError for no response or a status of 400 or more."""
    return await _answers_s(connections, site.url, "the front end", "--url", lowest_error=400)


async def api_answers_s(connections: Connections, site: Site) -> float:
    """Return the seconds until the API answered. Raises SiteError for no response or a status of 500 or more.

    Without a token the API answers 403, which shows that it is up.
    """
    return await _answers_s(connections, f"{site.api_url}/user", "the API", "--api-url", lowest_error=500)


async def _answers_s(connections: Connections, address: str, who: str, option: str, *, lowest_error: int) -> float:
    remedy = f"Check the address ({option}) and whether the site is up."
    start = time.monotonic()
    try:
        async with connections.exchange("GET", address, VERSION, timeout_s=TIMEOUT_S) as response:
            status = response.status_code
    except NoAnswerError as error:
        raise SiteError(f"{who} does not answer: {error.what}", where=address, remedy=error.remedy or remedy) from None
    if status >= lowest_error:
        raise SiteError(f"{who} answered {status}", where=address, remedy=remedy)
    return time.monotonic() - start
