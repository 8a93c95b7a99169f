"""The sign-in page, and the token that a sign-in stored in the front end's storage."""

from __future__ import annotations

from contextlib import nullcontext
from typing import cast

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from purger.core.errors import SiteError
from purger.travis.addresses import Site
from purger.travis.auth.stored_sign_in import open_sign_in_page, token_text


@pytest.mark.parametrize(
    ("accounts", "active", "web_token", "token"),
    [
        (None, None, None, None),
        (None, None, "", None),
        (None, None, "lone", "lone"),
        ('[{"id": 1, "web_token": "one"}, {"id": 2, "web_token": "two"}]', "2", "lone", "two"),
        ('[{"id": 1, "web_token": "one"}]', None, None, None),
        ('[{"id": 1, "web_token": "one"}]', "2", "lone", "lone"),
        ('[{"id": 1}]', "1", None, None),
        ('[{"id": 1, "web_token": null}]', "1", "lone", "lone"),
        ("{broken", "1", "lone", "lone"),
        ("null", "1", None, None),
        ("[7]", "1", None, None),
    ],
)
def test_the_active_accounts_token_comes_before_the_single_web_token(
    accounts: str | None, active: str | None, web_token: str | None, token: str | None
) -> None:
    assert token_text(accounts, active, web_token) == token


class LoadingPage:
    """A page whose first load ends with this message."""

    def __init__(self, message: str) -> None:
        self.message = message

    async def goto(self, _address: str, **_options: object) -> None:
        raise PlaywrightError(self.message)

    def is_closed(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("message", "is_error"),
    [
        ("Page.goto: net::ERR_ABORTED at https://app.travis-ci.com/signin", False),
        ("Page.goto: net::ERR_ABORTED; maybe frame was detached?", False),
        ('Page.goto: Navigation to "https://a/signin" is interrupted by another navigation to "https://b/"', False),
        ("Page.goto: net::ERR_CONNECTION_REFUSED at https://app.travis-ci.com/signin", True),
    ],
)
async def test_a_load_that_the_user_ends_is_no_fault_of_the_site(message: str, is_error: bool) -> None:
    page = cast(Page, LoadingPage(message))
    with pytest.raises(SiteError, match="the page did not answer") if is_error else nullcontext():
        await open_sign_in_page(page, Site(), timeout_s=1)
