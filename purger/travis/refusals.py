"""Tell what a response that is no success means: the API's own refusal, or another server's in its place."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from purger.core.errors import AccessError, LastingSiteError, SiteError
from purger.core.hosts import host_and_port, origin_of
from purger.core.shown_address import shown_address
from purger.core.text import visible
from purger.travis.decoding import not_our_api, seconds_in
from purger.travis.pages import LONGEST_TITLE, is_page, text_of, title_in, titled
from purger.travis.payloads import error_type_of, may_pass, words_of

BAD_TOKEN = ("login_required", "wrong_credentials")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SIGN_IN_WANTED = 511
_LONGEST_TARGET = 120
_PARTS_OF_ORIGIN = 3
"""In `https://host`, between slashes."""
_OF_THE_NETWORK = frozenset({407, 451})
"""What proxies and filters answer, and the API never."""
_DENIED = "access denied"
"""The whole text of the API's page for a bad token (docs/TRAVIS.md section 4)."""
_FRONT_ENDS_TITLE = "travis ci"
"""What the title of each page of the front end holds (docs/TRAVIS.md section 3)."""
SIGN_IN_TO_THE_NETWORK = (
    "If this network asks people to sign in before it lets them through, do that in a browser, then run this again."
)
OTHER_HOST_REMEDY = f"{SIGN_IN_TO_THE_NETWORK} Else ask those who run the network or the site."


class BusyError(SiteError):
    """The site could not answer this time; the same call may work a little later."""


class RateLimitedError(BusyError):
    """The site answered 429: too many requests with this token. `retry_after_s` is what it asks to wait."""

    def __init__(self, what: str, *, where: str, retry_after_s: float | None = None) -> None:
        super().__init__(
            what,
            where=where,
            remedy="Run it again in a minute. What other programs send with the same token counts, too (--max-rate).",
        )
        self.retry_after_s = retry_after_s


class TokenRefusedError(AccessError):
    """The API rejects the token: every other call with it would be refused, too."""


class NotFoundError(AccessError):
    """The API knows no such thing, or hides it from this token."""


class NotAllowedError(AccessError):
    """The token is good, but the API refuses this call to it."""


class ConflictError(SiteError):
    """The call does not fit what the thing is doing now."""


def refusal_of(status: int, headers: Mapping[str, str], text: str, address: str) -> SiteError | AccessError:
    """Return the error for a response of the API's address that is not 2xx; `text` is its body."""
    words = words_of(status, text)
    if status == 429:
        retry_after_s = seconds_in(headers.get("retry-after"))
        return RateLimitedError(
            f"the site's rate limit is reached: {words}", where=address, retry_after_s=retry_after_s
        )
    if status == _SIGN_IN_WANTED:
        return _sign_in_wanted("the API", address)
    if status == 409:
        return ConflictError(f"the API {words}", where=address)
    if may_pass(status):
        return BusyError(f"the API {words}", where=address, remedy="Try again later.")
    if status in REDIRECTS and "location" in headers:
        return _redirected(status, headers, address)
    if status in {401, 403}:
        return _no_access(status, headers, text, address)
    if status == 404 and error_type_of(text) is not None:
        return NotFoundError(
            "not found, or hidden from this token",
            where=address,
            remedy="Check the spelling, the provider and whose token it is.",
        )
    if status == 404 or status < 400:
        return not_our_api(f"it {words_of(status, text)}", address)
    if status in _OF_THE_NETWORK or is_page(text):
        return _in_between(headers, words, address)
    return SiteError(f"the API {words}", where=address)


def other_host(status: int, headers: Mapping[str, str], address: str) -> str | None:
    """Return where a redirect to another host leads, its origin or "elsewhere"; None for any other response."""
    location = headers.get("location")
    if status not in REDIRECTS or not location:
        return None
    try:
        target = urljoin(address, location)
        host, origin = host_and_port(target)[0], origin_of(target)
    except ValueError:
        return "elsewhere"
    if host == host_and_port(address)[0]:
        return None
    return visible(origin, LONGEST_TITLE) if host else "elsewhere"


def leads_elsewhere(target: str, address: str) -> SiteError:
    """Return the error for a page at the front end's address that goes to another host by itself."""
    return SiteError(
        f"the page leads to another host: {visible(origin_of(target), LONGEST_TITLE)}",
        where=address,
        remedy=OTHER_HOST_REMEDY,
    )


def moved_front_end(target: str, address: str) -> LastingSiteError | None:
    """Return the error for a front end that leads to a page of another origin on its host, mostly from http to https.

    None where the target is of the same origin, or on another host. Where purger signs in is one origin alone.
    """
    origin = origin_of(target)
    if origin == origin_of(address) or host_and_port(target)[0] != host_and_port(address)[0]:
        return None
    return LastingSiteError(
        f"the front end leads to another origin: {origin}",
        where=address,
        remedy=f"Give --url with {origin} in place of {origin_of(address)}.",
    )


def _redirected(status: int, headers: Mapping[str, str], address: str) -> SiteError:
    """Return the error for a redirect. Only one on the same host may say where the API is now."""
    what = f"the API answered {status}, a redirect, which is not followed with a token"
    if target := other_host(status, headers, address):
        return LastingSiteError(f"{what}; it leads to another host: {target}", where=address, remedy=OTHER_HOST_REMEDY)
    target = urljoin(address, headers["location"])
    remedy = OTHER_HOST_REMEDY
    if beginnings := _changed_beginning(address, target):
        before, after = beginnings
        remedy = f"Give --api-url with {after} in place of {before}."
    shown = visible(shown_address(target), _LONGEST_TARGET)
    return SiteError(f"{what}; it leads to {shown}", where=address, remedy=remedy)


def _changed_beginning(address: str, target: str) -> tuple[str, str] | None:
    """Return the beginning of a call's address that a redirect changes, and its new form: an API that moved.

    None where nothing of the call's path is kept: such a redirect mostly leads to a page to sign in.
    """
    before, after = (f"{origin_of(each)}{urlsplit(each).path}".split("/") for each in (address, target))
    whole = len(after)
    while min(len(before), len(after)) > _PARTS_OF_ORIGIN and before[-1] == after[-1]:
        before.pop()
        after.pop()
    is_moved = before != after and len(after) < whole
    return ("/".join(before), visible("/".join(after), _LONGEST_TARGET)) if is_moved else None


def _sign_in_wanted(who: str, address: str) -> LastingSiteError:
    """Return the error for 511: the network itself answers, and wants a sign-in."""
    return LastingSiteError(
        f"the network answered {_SIGN_IN_WANTED} in place of {who}: it wants people to sign in to it first",
        where=address,
        remedy="Sign in to the network in a browser, then run this again.",
    )


def another_server(text: str, address: str) -> LastingSiteError:
    """Return the error for a success that is a page: something else than the API answers at its address."""
    return LastingSiteError(
        f"something else than the API answers here: a page{titled(text)}, which is not JSON",
        where=address,
        remedy=f"Is this the API's address, and not the front end's (see --api-url)? {SIGN_IN_TO_THE_NETWORK}",
    )


def front_end_refusal(status: int, text: str, address: str) -> SiteError | None:
    """Return the error for a response of the front end's address; `text` is the beginning of its body.

    None for a status below 400, and for a page of the front end's own that comes with another one.
    """
    if status < 400:
        return None
    if status == _SIGN_IN_WANTED:
        return _sign_in_wanted("the front end", address)
    what = f"the front end {words_of(status, text)}"
    if status == 429 or may_pass(status):
        return SiteError(what, where=address, remedy="Check whether the site is up, and try again later.")
    if _FRONT_ENDS_TITLE in title_in(text).casefold():
        return None
    return LastingSiteError(
        what,
        where=address,
        remedy="Is the address right (see --url)? Else ask those who run the network or the site to let you through.",
    )


def another_page(title: str, address: str) -> LastingSiteError | None:
    """Return the error for a page with this title at the front end's address; None if it may be the front end's."""
    title = visible(title, LONGEST_TITLE)
    if not title or _FRONT_ENDS_TITLE in title.casefold():
        return None
    return LastingSiteError(
        f'something else than the front end answers here: a page ("{title}")',
        where=address,
        remedy=f"Is this the front end's address (see --url)? {SIGN_IN_TO_THE_NETWORK}",
    )


def _no_access(status: int, headers: Mapping[str, str], text: str, address: str) -> SiteError | AccessError:
    """Return the error for 401 and 403: the token is at fault only where the API itself says so."""
    kind = error_type_of(text)
    words = words_of(status, text)
    if kind in BAD_TOKEN or (kind is None and text_of(text).casefold() == _DENIED):
        return TokenRefusedError(
            f"the token was refused: {words}",
            where=origin_of(address),  # whichever call it was, it is one fact
        )
    if kind is not None:
        return NotAllowedError(
            f"the token lacks a right: {words}", where=address, remedy="Ask an admin of it for access."
        )
    return _in_between(headers, words, address)


def _in_between(headers: Mapping[str, str], words: str, address: str) -> LastingSiteError:
    """Return the error for a refusal that is not the API's own."""
    scheme = visible(headers.get("www-authenticate", "").partition(" ")[0], LONGEST_TITLE)
    wanted = f"; it wants a sign-in of another kind ({scheme})" if scheme else ""
    return LastingSiteError(
        f"something between here and the API {words}{wanted}",
        where=address,
        remedy="The token is not at fault. Ask those who run the network or the site to let the API's address through.",
    )
