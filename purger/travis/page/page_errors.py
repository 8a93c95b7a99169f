"""Say why the cache page can't be used (it is not opened, has no list, or is another page), each with its remedy."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError

from purger.browser.driver import first_line
from purger.browser.machine import limits_fault
from purger.core.cache import count_rows
from purger.core.errors import BrowserError, LastingSiteError, NoAnswerError, SiteError, UnknownPageError
from purger.core.text import visible
from purger.travis.pages import is_page
from purger.travis.payloads import caches_in, words_of
from purger.travis.refusals import OTHER_HOST_REMEDY, SIGN_IN_TO_THE_NETWORK, another_page, moved_front_end

_LONGEST_PATH = 120
_ANSWERED = re.compile(
    "ERR_(?:TOO_MANY_REDIRECTS|INVALID_(?:HTTP_)?RESPONSE|CONTENT_DECODING|RESPONSE_HEADERS_|ABORTED)|^Download"
)
"""What the browser says of an answer that is no page: it loops, or is empty, damaged or a file."""
_ASK_FOR_THE_LIST = (
    "Try again later. If `purger list` shows the caches meanwhile, something between the browser and the API, such as "
    "a filter of the network, refuses or changes what the page asks for: ask those who run it."
)


def unopened(error: PlaywrightError, url: str) -> SiteError | BrowserError:
    """Return the error for a page that was not opened, with the browser's word for why."""
    why = first_line(error).removeprefix("Page.goto: ").partition(" at http")[0].rstrip(".")
    if "ERR_ABORTED" in why and (limit := limits_fault()):  # a browser that gets no more files says so, too
        return limit.error()
    if _ANSWERED.search(why):
        return SiteError(
            f"the front end answers, but not with a page: {why}",
            where=url,
            remedy=f"Is this the front end's address (see --url)? {SIGN_IN_TO_THE_NETWORK}",
        )
    return NoAnswerError(
        f"the page did not answer: {why}", where=url, remedy="Is the address right, and the site up? See --url."
    )


def unknown_page(shown: dict[str, Any], url: str) -> UnknownPageError:
    """Return the error for a page whose rows are not those of the list that it fetched."""
    return UnknownPageError(
        f"the page is not the one we know: it fetched {count_rows(caches_in(shown['list']['caches']))} rows and shows "
        f"{shown['items']} items ('li.cache-item') with {shown['icons']} icons ('.delete-cache-icon')",
        where=url,
        remedy="Nothing was clicked on it. Check the page by hand; purger may need an update.",
    )


def not_displayed(url: str) -> SiteError:
    """Return the error for a page that says itself that it can't display the repository."""
    what = "the page says that it couldn't display the repository"
    return SiteError(what, where=url, remedy=_ASK_FOR_THE_LIST)


def moved(path: str, title: str, address: str) -> SiteError:
    """Return the error for a page at the front end's address that came to another path of its own host.

    The front end leads whoever may not see the caches to the repository's own page, or to where people sign in; a page
    with another title, or without one elsewhere, is not the front end's.
    """
    what = f"the page moved to {visible(path, _LONGEST_PATH)} instead of showing the caches"
    is_of_repository = path.strip("/") and urlsplit(address).path.startswith(f"{path.rstrip('/')}/")
    own = "It does so for a token that may not see the caches: run it again, or ask an admin for access."
    error = SiteError(what, where=address, remedy=own if title or is_of_repository else OTHER_HOST_REMEDY)
    return another_page(title, address) or error


def no_list(fetched: dict[str, Any], url: str) -> SiteError:
    """Return the error for what came in place of the page's list: a refusal, nothing, or something damaged."""
    status, text = fetched["status"], fetched["words"]
    is_success = status is not None and 200 <= status < 300
    words = words_of(status, "" if is_success and not is_page(text) else text)
    is_refusal = status is not None and not is_success
    what = f"the page's list of caches was refused: {words}" if is_refusal else f"the page got no whole list: {words}"
    return SiteError(what, where=url, remedy=_ASK_FOR_THE_LIST)


def another_repository(url: str) -> LastingSiteError:
    """Return the error for a page whose list is that of a repository with another id."""
    return LastingSiteError(
        "the page shows another repository than the one that was surveyed: it has the same name by now",
        where=url,
        remedy="Nothing of it was deleted. Run purger again to survey the repository that has the name now.",
    )


def other_origin(url: str, shown: str) -> SiteError:
    """Return the error for a page without page.js, which is installed for the site's origin alone; it is at `shown`."""
    other = SiteError("the page is of another origin than the site's", where=url, remedy="See --url.")
    return moved_front_end(shown, url) or other
