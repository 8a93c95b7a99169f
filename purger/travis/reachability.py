"""Measure how fast the site's front end and API answer, without a token, and notice what answers in their place."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from purger.browser.connections import Connections
from purger.core.errors import AccessError, LastingSiteError, NoAnswerError, SiteError
from purger.travis.addresses import Site
from purger.travis.client import VERSION
from purger.travis.payloads import is_object, words_of
from purger.travis.refusals import (
    OTHER_HOST_REMEDY,
    REDIRECTS,
    SIGN_IN_TO_THE_NETWORK,
    RateLimitedError,
    front_end_refusal,
    moved_front_end,
    other_host,
    refusal_of,
)

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 15.0
_LARGEST_BYTES = 64 * 1024


async def front_end_answers_s(connections: Connections, site: Site) -> float:
    """Return the seconds until the front end answered.

    Raises NoAnswerError for no response, LastingSiteError for a redirect to another host or origin, and SiteError for a
    status of 400 or more.
    """
    return await _answers_s(connections, site.url, "the front end", "--url", is_api=False)


async def api_answers_s(connections: Connections, site: Site) -> float:
    """Return the seconds until the API answered.

    Without a token it answers 403 in JSON, which shows that it is up; over its rate limit, 429. Raises SiteError for
    no response, a redirect to another host, and a response that is not the API's JSON.
    """
    return await _answers_s(connections, f"{site.api_url}/user", "the API", "--api-url", is_api=True)


def not_for_the_browser(fault: NoAnswerError) -> NoAnswerError:
    """Return the error for a browser that gets no page, while the front end answers this process."""
    return NoAnswerError(
        f"{fault.what}, although the front end answers purger's own calls",
        where=fault.where,
        remedy="A remote browser (--connect) uses the network of its own machine: the site's names, a proxy and "
        "authorities have to be known there. Else something on this machine keeps the browser from the site.",
    )


async def _answers_s(connections: Connections, address: str, who: str, option: str, *, is_api: bool) -> float:
    remedy = f"Check the address ({option}) and whether the site is up."
    start = time.monotonic()
    body = bytearray()
    try:
        async with connections.exchange("GET", address, VERSION, timeout_s=TIMEOUT_S) as response:
            took_s = time.monotonic() - start
            async with aclosing(response.aiter_bytes()) as pieces:
                async for piece in pieces:
                    body += piece
                    if not is_api or len(body) > _LARGEST_BYTES:
                        break
    except NoAnswerError as error:
        what = f"{who} does not answer: {error.what}"
        raise NoAnswerError(what, where=address, remedy=error.remedy or remedy) from None
    status = response.status_code
    if target := other_host(status, response.headers, address):
        raise LastingSiteError(
            f"{who} answered {status}, a redirect to another host: {target}", where=address, remedy=OTHER_HOST_REMEDY
        )
    text = body[:_LARGEST_BYTES].decode("utf-8-sig", "replace")
    fault = (_api_fault if is_api else _front_end_fault)(response, text, address)
    if fault is not None:
        raise fault
    return took_s


def _front_end_fault(response: httpx2.Response, text: str, address: str) -> SiteError | None:
    target = urljoin(address, response.headers.get("location", "")) if response.status_code in REDIRECTS else address
    return moved_front_end(target, address) or front_end_refusal(response.status_code, text, address)


def _api_fault(response: httpx2.Response, text: str, address: str) -> SiteError | None:
    """Return the error for a response of the API's address, as a call of a purge has it; None if the API answers.

    That it refuses who shows no token, or sends too much, shows that it is up.
    """
    status = response.status_code
    if not response.is_success:
        refusal = refusal_of(status, response.headers, text, address)
        return None if isinstance(refusal, AccessError | RateLimitedError) else refusal
    if is_object(text):
        return None
    return SiteError(
        f"something else than the API {words_of(status, text)}",
        where=address,
        remedy=f"Check the address (--api-url). {SIGN_IN_TO_THE_NETWORK}",
    )
