"""A manual sign-in: the tests act as the user in the browser, and purger detects the end of the sign-in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from purger.browser.network import DIRECT
from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch
from purger.browser.supervise import BrowserSupervisor
from purger.core.errors import AccessError, BrowserError, SiteError, StoppedError
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.auth.manual_sign_in import ManualSignIn
from purger.travis.auth.stored_sign_in import ACCOUNTS_KEY, ACTIVE_ACCOUNT_KEY
from purger.travis.page.cache_page import TOKEN_KEY
from tests.support.browser import FOR_EVER, PURGER, environment, long_enough
from tests.support.ports import free_port
from tests.support.shared_browsers import LentBrowser
from tests.support.windows import in_a_window, needs_a_display

pytestmark = pytest.mark.browser
Person = Callable[[Page], Awaitable[object]]


@pytest.fixture
async def browser(browsers: tuple[Playwright, BrowserSupervisor]) -> AsyncIterator[Browser]:
    """Start a browser as `purger login` does, but headless."""
    settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"), allow_third_party=True)
    browser = await launch(browsers[0], settings, Reach())
    yield browser
    await browser.close()


async def wait_for_sign_in_page(browser: Browser) -> Page:
    """Wait for the sign-in page and return it."""
    while True:
        pages = [page for context in browser.contexts for page in context.pages if page.url.endswith("/signin")]
        if pages:
            return pages[0]
        await asyncio.sleep(0.05)


async def signs_in(page: Page) -> None:
    await page.get_by_role("button", name="Sign in with GitHub").click()
    await page.get_by_role("button", name="Authorize").click()


async def sign_in(
    site: StandIn, browser: Browser, person: Person, timeout_s: float = FOR_EVER
) -> tuple[str, list[str]]:
    """Sign in while `person` acts in the browser; return the token and the notifications."""
    notified: list[str] = []
    manual = ManualSignIn(Site.at(site.url, site.api_url), DIRECT, None, timeout_s=timeout_s, notify=notified.append)

    async def act() -> None:
        with contextlib.suppress(PlaywrightError):  # the window closes as soon as the sign-in is done
            await person(await wait_for_sign_in_page(browser))

    acting = asyncio.create_task(act())
    try:
        token = await manual.in_browser(browser)
    finally:
        acting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await acting
    return token.reveal(), notified


async def test_a_finished_sign_in_is_detected(site: StandIn, browser: Browser) -> None:
    token, notified = await sign_in(site, browser, signs_in)
    assert token == site.token
    assert site.url in notified[0]
    assert site.count("POST", "/login/oauth/authorize") == 1, "the provider of the sign-in is not blocked"
    assert browser.contexts == []


async def test_a_single_web_token_is_enough(site: StandIn, browser: Browser) -> None:
    async def sets_it(page: Page) -> None:
        await page.evaluate("([key, token]) => localStorage.setItem(key, token)", [TOKEN_KEY, "the-lone-token"])

    assert (await sign_in(site, browser, sets_it))[0] == "the-lone-token"


async def test_what_can_be_no_token_is_the_sites_fault(site: StandIn, browser: Browser) -> None:
    async def sets_it(page: Page) -> None:
        await page.evaluate("([key, token]) => localStorage.setItem(key, token)", [TOKEN_KEY, "no token"])

    with pytest.raises(SiteError, match="the sign-in stored what is no token: the token contains white space"):
        await sign_in(site, browser, sets_it)


async def test_a_closed_window_stops_the_sign_in(site: StandIn, browser: Browser) -> None:
    with pytest.raises(StoppedError, match="the window was closed") as raised:
        await sign_in(site, browser, lambda page: page.close())
    assert raised.value.exit_code == 130


async def test_a_browser_that_ends_is_no_closed_window(site: StandIn, browser: Browser) -> None:
    assert isinstance(browser, LentBrowser)
    with pytest.raises(BrowserError, match="the browser ended before the sign-in: it was quit, or it crashed"):
        await sign_in(site, browser, lambda _page: browser.end())


async def test_a_driver_that_dies_ends_the_sign_in_wherever_the_window_is(
    site: StandIn, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def goes_to_the_provider(page: Page) -> None:
        await page.goto(f"{site.third_party_url}/login/oauth/authorize")
        monkeypatch.setattr("purger.travis.auth.manual_sign_in.driver_is_gone", lambda: True)
        monkeypatch.setattr(BrowserContext, "cookies", fails)

    async def fails(*_arguments: object) -> None:
        raise PlaywrightError("Target page, context or browser has been closed")

    with pytest.raises(BrowserError, match="Playwright's driver died"):
        await sign_in(site, browser, goes_to_the_provider)


async def test_only_the_front_ends_storage_is_read_until_the_timeout(site: StandIn, browser: Browser) -> None:
    async def goes_elsewhere(page: Page) -> None:
        await page.goto(f"{site.third_party_url}/login/oauth/authorize")
        values = {TOKEN_KEY: "not-ours", ACCOUNTS_KEY: '[{"id": 1, "web_token": "not-ours"}]', ACTIVE_ACCOUNT_KEY: "1"}
        await page.evaluate("(values) => Object.assign(localStorage, values)", values)
        has_been_there.set()

    has_been_there = asyncio.Event()
    for timeout_s in long_enough(2):
        with pytest.raises(AccessError, match=f"no sign-in within {timeout_s:g} s"):
            await sign_in(site, browser, goes_elsewhere, timeout_s=timeout_s)
        if has_been_there.is_set():
            break


async def test_a_site_that_does_not_answer_is_a_site_error(browser: Browser) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    sign_in = ManualSignIn(Site.at(address), DIRECT, None, timeout_s=60, notify=lambda _text: None)
    with pytest.raises(SiteError, match="the page did not answer"):
        await sign_in.in_browser(browser)


@needs_a_display
@pytest.mark.parametrize("more", [[], ["--print-token"]])
async def test_login_signs_in_in_a_real_window(
    site: StandIn,
    repository: Repository,
    browsers: tuple[Playwright, BrowserSupervisor],
    browser_path: str,
    tmp_path: Path,
    more: list[str],
) -> None:
    repository.fill(1)
    variables = environment(site, HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    variables = {name: text for name, text in variables.items() if name not in {"TRAVIS_TOKEN", "CI"}}
    ours, theirs = pty.openpty()
    try:
        command = ["login", "--timeout", "10m", *more]
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
    assert (purged.returncode, repository.caches) == (0, [])
