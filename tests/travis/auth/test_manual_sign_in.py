"""Signing in by hand: a person, played here, does it in the browser, and purger notices by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from purger.browser.start import launch
from purger.browser.supervise import Browsers
from purger.core.errors import AccessError, SiteError, StoppedError
from purger.travis.auth.manual_sign_in import SignInByHand
from purger.browser.settings import BrowserSettings
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis.auth.stored_sign_in import ACCOUNTS_KEY, ACTIVE_ACCOUNT_KEY
from purger.travis.page.cache_page import TOKEN_KEY
from purger.travis.addresses import Site
from tests.browser_fixtures import PURGER, environment, long_enough
from tests.windows import in_a_window, needs_a_display

pytestmark = pytest.mark.timeout(90)
Person = Callable[[Page], Awaitable[object]]


@pytest.fixture
async def browser(browsers: tuple[Playwright, Browsers]) -> AsyncIterator[Browser]:
    """A browser as login starts it, but for its window."""
    settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"), allow_third_party=True)
    browser = await launch(browsers[0], settings, [])
    yield browser
    await browser.close()


async def the_page(browser: Browser) -> Page:
    """The sign-in page, once it is there."""
    while True:
        pages = [page for context in browser.contexts for page in context.pages if page.url.endswith("/signin")]
        if pages:
            return pages[0]
        await asyncio.sleep(0.05)


async def signs_in(page: Page) -> None:
    await page.get_by_role("button", name="Sign in with GitHub").click()
    await page.get_by_role("button", name="Authorize").click()


async def by_hand(site: StandIn, browser: Browser, person: Person, timeout_s: float = 60) -> tuple[str, list[str]]:
    """The token that login takes when the person does this, and what it tells."""
    told: list[str] = []
    sign_in = SignInByHand(Site.at(site.url, site.api_url), None, timeout_s=timeout_s, tell=told.append)

    async def act() -> None:
        with contextlib.suppress(PlaywrightError):  # the window is gone as soon as it is done
            await person(await the_page(browser))

    acting = asyncio.create_task(act())
    try:
        token = await sign_in.in_browser(browser)
    finally:
        acting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await acting
    return token.reveal(), told


async def test_it_notices_by_itself_that_the_person_has_signed_in(site: StandIn, browser: Browser) -> None:
    token, told = await by_hand(site, browser, signs_in)
    assert token == site.token
    assert site.url in told[0]
    assert site.count("POST", "/login/oauth/authorize") == 1, "the provider of the sign-in is not blocked"
    assert browser.contexts == []


async def test_the_lone_web_token_will_do(site: StandIn, browser: Browser) -> None:
    async def sets_it(page: Page) -> None:
        await page.evaluate("([key, token]) => localStorage.setItem(key, token)", [TOKEN_KEY, "the-lone-token"])

    assert (await by_hand(site, browser, sets_it))[0] == "the-lone-token"


@pytest.mark.parametrize("closed", ["page", "browser"])
async def test_a_closed_window_is_an_answer(site: StandIn, browser: Browser, closed: str) -> None:
    async def closes(page: Page) -> None:
        await (page.close() if closed == "page" else browser.close())

    with pytest.raises(StoppedError, match="the window was closed") as raised:
        await by_hand(site, browser, closes)
    assert raised.value.exit_code == 130


async def test_only_the_front_ends_own_storage_is_read_and_the_time_ends(site: StandIn, browser: Browser) -> None:
    async def goes_elsewhere(page: Page) -> None:
        await page.goto(f"{site.third_party_url}/login/oauth/authorize")
        values = {TOKEN_KEY: "not-ours", ACCOUNTS_KEY: '[{"id": 1, "web_token": "not-ours"}]', ACTIVE_ACCOUNT_KEY: "1"}
        await page.evaluate("(values) => Object.assign(localStorage, values)", values)
        has_been_there.set()

    has_been_there = asyncio.Event()
    for timeout_s in long_enough(2):
        with pytest.raises(AccessError, match=f"nobody had signed in after {timeout_s:g} s"):
            await by_hand(site, browser, goes_elsewhere, timeout_s=timeout_s)
        if has_been_there.is_set():
            break


async def test_a_site_that_does_not_answer(browser: Browser) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        address = f"http://127.0.0.1:{closed_soon.getsockname()[1]}"
    sign_in = SignInByHand(Site.at(address), None, timeout_s=60, tell=lambda _text: None)
    with pytest.raises(SiteError, match="the page did not answer"):
        await sign_in.in_browser(browser)


@needs_a_display
@pytest.mark.parametrize("more", [[], ["--print-token"]])
async def test_the_command_in_a_real_window(
    site: StandIn,
    repository: Repository,
    browsers: tuple[Playwright, Browsers],
    browser_path: str,
    tmp_path: Path,
    more: list[str],
) -> None:
    repository.fill(1)
    variables = environment(site, HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    variables = {name: text for name, text in variables.items() if name not in {"TRAVIS_TOKEN", "CI"}}
    ours, theirs = pty.openpty()
    try:
        command = ["login", "--timeout", "60s", *more]
        with in_a_window(command, variables, browser_path, tmp_path, stdin=theirs) as window:
            await signs_in(await window.page(browsers[0]))
            code = await window.end()
    finally:
        os.close(ours)
        os.close(theirs)
    out, err = window.stdout, window.stderr
    assert code == 0, err
    assert f"Signed in to {site.url} as octavia." in err
    assert site.token not in err
    path = tmp_path / "purger/session.json"
    if more:
        assert (out, path.exists()) == (site.token, False)
        return
    assert (out, path.stat().st_mode & 0o777) == ("", 0o600)
    command = [*PURGER, "purge", "acme/widgets", "--yes"]
    purged = await asyncio.to_thread(
        subprocess.run, command, env=variables | {"PURGER_BROWSER": browser_path}, check=False
    )
    assert (purged.returncode, repository.archives) == (0, [])
