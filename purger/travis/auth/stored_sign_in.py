"""Open the sign-in page, and read the token that a sign-in stores in the front end's localStorage."""

from __future__ import annotations

import json

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from purger.browser.driver import driver_is_gone, first_line
from purger.core.errors import AccessError, InputError, SiteError
from purger.core.hosts import origin_of
from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.page.cache_page import TOKEN_KEY
from purger.travis.page.failed_requests import refused_by_browser

ACCOUNTS_KEY = "travis.auth.accounts"
ACTIVE_ACCOUNT_KEY = "travis.auth.activeAccountId"
_ENDED_BY_THE_USER = ("net::ERR_ABORTED", "is interrupted by another navigation")
_READ = """({ origin, keys }) => {
  if (location.origin !== origin) return null;
  try { return keys.map((key) => localStorage.getItem(key)); } catch { return null; }
}"""


async def open_sign_in_page(page: Page, site: Site, *, timeout_s: float) -> None:
    """Open the site's sign-in page. Raises SiteError if it does not answer; a page or a driver that is gone is ignored.

    So is a load that the user ended, by stopping or repeating it or by going elsewhere: it is their window.
    Where the browser refuses the certificate or does not get through its proxy, that is RefusedByBrowserError or
    NotLetThroughError.
    """
    address = f"{site.url}/signin"
    try:
        await page.goto(address, wait_until="commit", timeout=timeout_s * 1000)
    except PlaywrightError as error:
        if page.is_closed() or driver_is_gone() or any(words in error.message for words in _ENDED_BY_THE_USER):
            return
        raise refused_by_browser(error.message, address) or SiteError(
            f"the page did not answer: {first_line(error)}",
            where=address,
            remedy="Check the address (--url) and whether the site is up.",
        ) from None


async def token_in(page: Page, site: Site) -> Token | None:
    """Return the token that the sign-in stored (docs/TRAVIS.md section 2), or None.

    Only the storage of the front end's own origin is read. The result is also None while the page navigates, and
    after it was closed. Raises SiteError for what can't be a token.
    """
    if origin_of(page.url) != site.origin:
        return None
    keys = [ACCOUNTS_KEY, ACTIVE_ACCOUNT_KEY, TOKEN_KEY]
    try:
        stored = await page.evaluate(_READ, {"origin": site.origin, "keys": keys})
    except PlaywrightError:
        return None
    text = token_text(*stored) if stored else None
    try:
        return Token(text) if text else None
    except (AccessError, InputError) as error:
        raise SiteError(
            f"the sign-in stored what is no token: {error.what}",
            where=site.url,
            remedy="Is this the address of Travis CI's front end (--url)?",
        ) from None


def token_text(accounts: str | None, active_account: str | None, web_token: str | None) -> str | None:
    """Return the active account's token, else the single web token, else None (docs/TRAVIS.md section 2)."""
    try:
        for account in json.loads(accounts or "[]"):
            if str(account["id"]) == active_account and isinstance(account["web_token"], str):
                return account["web_token"] or None
    except (ValueError, TypeError, KeyError):
        pass
    return web_token or None
