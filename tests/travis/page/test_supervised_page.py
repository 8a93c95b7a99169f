"""Faults of a page become errors of purger: it hangs, fails, crashes, or was closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from purger.browser.causes import Cause, too_few
from purger.core.errors import BrowserError, BrowserLostError, SiteError
from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.page import supervised_page
from purger.travis.page.cache_page import CachePage
from purger.travis.page.supervised_page import SupervisedPage

URL = "https://app.travis-ci.com/github/acme/widgets/caches"


class FakePage:
    """A page that can crash and be closed."""

    def __init__(self) -> None:
        self.is_open = True
        self.handlers: dict[str, Callable[..., Any]] = {}

    def on(self, event: str, handler: Callable[..., Any]) -> None:
        self.handlers[event] = handler

    def is_closed(self) -> bool:
        return not self.is_open

    async def close(self) -> None:
        self.is_open = False


class FakeContext:
    """A context that opens such pages."""

    browser = None

    def __init__(self) -> None:
        self.pages: list[FakePage] = []

    def on(self, _event: str, _handler: Callable[..., Any]) -> None:
        pass

    async def new_page(self) -> FakePage:
        self.pages.append(FakePage())
        return self.pages[-1]


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()


@pytest.fixture
def supervised(context: FakeContext) -> SupervisedPage:
    return SupervisedPage(cast(BrowserContext, context), URL, log_console=False)


async def test_a_living_page_is_used_again_and_a_crashed_one_is_replaced(
    supervised: SupervisedPage, context: FakeContext
) -> None:
    page = await supervised.open()
    assert await supervised.open() is page is supervised.current
    context.pages[0].handlers["crash"](page)
    assert supervised.is_lost(page)
    assert await supervised.open() is not page
    assert len(context.pages) == 2


async def test_a_page_that_hangs_is_closed(supervised: SupervisedPage, context: FakeContext) -> None:
    page = await supervised.open()
    with pytest.raises(SiteError, match="the page hangs") as raised:
        async with supervised.alive(page, 0.01):
            await asyncio.Event().wait()
    assert raised.value.where == URL
    assert context.pages[0].is_closed()
    with pytest.raises(BrowserLostError, match="the page was closed"):
        _ = supervised.current


@pytest.mark.parametrize(
    ("message", "crashed", "error", "what"),
    [
        ("Execution failed\nCall log: …", False, SiteError, "the page failed: Execution failed"),
        ("Target crashed", True, BrowserLostError, "the page died: Target crashed"),
    ],
)
async def test_errors_of_playwright_become_ours(
    supervised: SupervisedPage, context: FakeContext, message: str, crashed: bool, error: type[Exception], what: str
) -> None:
    page = await supervised.open()
    if crashed:
        context.pages[0].handlers["crash"](page)
    with pytest.raises(error, match=f"^{what}"):
        async with supervised.alive(page, None):
            raise PlaywrightError(message)


async def test_an_error_after_the_driver_died_is_the_drivers(
    supervised: SupervisedPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await supervised.open()
    monkeypatch.setattr("purger.travis.page.supervised_page.driver_is_gone", lambda: True)
    with pytest.raises(BrowserError, match="Playwright's driver died"):
        async with supervised.alive(page, None):
            raise PlaywrightError("Page.goto: Target page, context or browser has been closed")


@pytest.mark.parametrize(
    ("fault", "raised", "said"),
    [
        (None, BrowserLostError, "opens no page within 0.01 s"),
        (too_few("open files", "the limit is 60"), BrowserError, "too few open files for a browser: the limit is 60"),
    ],
)
async def test_a_browser_that_opens_no_page_is_given_up(
    supervised: SupervisedPage,
    context: FakeContext,
    monkeypatch: pytest.MonkeyPatch,
    fault: Cause | None,
    raised: type[BrowserError],
    said: str,
) -> None:
    monkeypatch.setattr(supervised_page, "OPENING_S", 0.01)
    monkeypatch.setattr(supervised_page, "limits_fault", lambda: fault)
    monkeypatch.setattr(context, "new_page", asyncio.Event().wait)
    with pytest.raises(BrowserError, match=said) as caught:
        await supervised.open()
    assert caught.type is raised


async def test_a_browser_that_dies_before_its_first_page_is_lost() -> None:
    class Dying:
        async def add_init_script(self, _script: str) -> None:
            raise PlaywrightError("Target page, context or browser has been closed")

    site = Site("https://app.travis-ci.com")
    with pytest.raises(BrowserLostError, match="the browser is gone: Target page") as caught:
        await CachePage.prepare(cast(BrowserContext, Dying()), site, Token("s3cret-token"), watched=False)
    assert "memory" in (caught.value.remedy or ""), "it may be the last one"


async def test_a_page_that_was_never_opened_is_neither_paused_nor_waited_for(supervised: SupervisedPage) -> None:
    await supervised.pause()
    await supervised.wait_until_closed()
    await supervised.close()
