"""What a person's sign-in by hand leaves behind in the front end's storage."""

from __future__ import annotations

import json

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from purger.core.errors import SiteError
from purger.secrets.token import Token
from purger.travis.page.cache_page import TOKEN_KEY
from purger.travis.addresses import Site, origin_of

ACCOUNTS_KEY = "travis.auth.accounts"
ACTIVE_ACCOUNT_KEY = "travis.auth.activeAccountId"
_READ = """({ origin, keys }) => {
  if (location.origin !== origin) return null;
  try { return keys.map((key) => localStorage.getItem(key)); } catch { return null; }
}"""


async def open_sign_in_page(page: Page, site: Site, *, timeout_s: float) -> None:
    """Show the site's sign-in page. Raises SiteError where it does not answer."""
    address = f"{site.url}/signin"
    try:
        await page.goto(address, wait_until="commit", timeout=timeout_s * 1000)
    except PlaywrightError as error:
        if page.is_closed():
            return
        raise SiteError(
            f"the page did not answer: {error.message.splitlines()[0]}",
            where=address,
            remedy="Is the address right, and the site up? See --url.",
        ) from None


async def token_in(page: Page, site: Site) -> Token | None:
    """The token that the sign-in left, once it is done; only a page of the front end's own origin is looked at.

    None where the page is elsewhere, busy moving on, or gone.
    """
    if origin_of(page.url) != site.origin:
        return None
    keys = [ACCOUNTS_KEY, ACTIVE_ACCOUNT_KEY, TOKEN_KEY]
    try:
        stored = await page.evaluate(_READ, {"origin": site.origin, "keys": keys})
    except PlaywrightError:
        return None
    text = token_text(*stored) if stored else None
    return Token(text) if text else None


def token_text(accounts: str | None, active_account: str | None, web_token: str | None) -> str | None:
    """The token in the three stored values: the active account's, else the lone web token (docs/TRAVIS.md, 2)."""
    try:
        for account in json.loads(accounts or "[]"):
            if str(account["id"]) == active_account and isinstance(account["web_token"], str):
                return account["web_token"] or None
    except (ValueError, TypeError, KeyError):
        pass
    return web_token or None
