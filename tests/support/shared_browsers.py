"""One Playwright driver for all tests of a worker, and one browser for all launches with the same arguments."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

MOST_BROWSERS = 6
"""Browsers that are kept open, each of them for other arguments."""
_OF_PURGER = ("PURGER_", "TRAVIS", "GITHUB_", "GITLAB_", "JENKINS_", "PYTEST_", "COVERAGE_")
_OF_COMMANDS = {"CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "HOME", "XDG_CONFIG_HOME"}
_OF_PYTHON = {"PYTHONIOENCODING", "SSL_CERT_FILE", "SSL_CERT_DIR"}


def surroundings() -> dict[str, str]:
    """The variables that a driver or a browser could act upon, other than those that only purger reads."""
    return {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(_OF_PURGER) and name not in _OF_COMMANDS | _OF_PYTHON
    }


class LentBrowser:
    """A browser that others use as well: its user sees the contexts that it opened itself, and closes only those."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._is_closed = False
        self.contexts: list[BrowserContext] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._browser, name)

    def is_connected(self) -> bool:
        return not self._is_closed and self._browser.is_connected()

    async def new_context(self, **options: Any) -> BrowserContext:
        context = await self._browser.new_context(**options)
        self.contexts.append(context)
        context.on("close", lambda _context: self.contexts.remove(context))
        return context

    async def new_page(self, **options: Any) -> Page:
        return await (await self.new_context(**options)).new_page()

    async def end(self) -> None:
        """End the browser itself, whoever uses it: the next launch starts another one."""
        await self._browser.close()

    async def close(self) -> None:
        self._is_closed = True
        for context in list(self.contexts):
            with contextlib.suppress(PlaywrightError):  # the browser died
                await context.close()


class _Chromium:
    """Playwright's browser type, whose `launch` lends a running browser."""

    def __init__(self, shared: SharedBrowsers, playwright: Playwright, lent: list[LentBrowser]) -> None:
        self._shared, self._chromium, self._lent = shared, playwright.chromium, lent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chromium, name)

    async def launch(self, *, env: dict[str, str], **arguments: Any) -> LentBrowser:
        self._lent.append(LentBrowser(await self._shared.browser(self._chromium, env, arguments)))
        return self._lent[-1]


class LentPlaywright:
    """Playwright, whose driver others use as well: its user stops only what it started itself."""

    def __init__(self, shared: SharedBrowsers, playwright: Playwright) -> None:
        self._playwright = playwright
        self._lent: list[LentBrowser] = []
        self.chromium = _Chromium(shared, playwright, self._lent)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._playwright, name)

    async def stop(self) -> None:
        for browser in self._lent:
            await browser.close()


async def _answers(playwright: Playwright) -> bool:
    """Whether the driver still lives: a test may have ended it with all other processes below this one."""
    try:
        await (await playwright.request.new_context()).dispose()
    except Exception:  # noqa: BLE001 - of a connection that is closed, Playwright raises this class
        return False
    return True


@contextlib.contextmanager
def _unnoticed(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Hide from a command what is started: it notes the processes that it starts, and ends them when it ends."""
    noting = vars(loop).pop("subprocess_exec", None)
    try:
        yield
    finally:
        if noting is not None:
            vars(loop)["subprocess_exec"] = noting


class SharedBrowsers:
    """The driver and the browsers of a worker: started when they are needed, and anew when they died."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.own_tasks: set[asyncio.Task[Any]] = set()
        self._surroundings = surroundings()
        self._playwright: Playwright | None = None
        self._browsers: dict[str, Browser] = {}

    def are_for(self, variables: dict[str, str]) -> bool:
        """Whether a driver of one's own would be the same, with these variables of `surroundings`."""
        return variables == self._surroundings

    async def lend(self) -> LentPlaywright:
        """Return Playwright, for a user that stops it in the end."""
        if self._playwright is not None and not await _answers(self._playwright):
            self._playwright = None
            self._browsers.clear()
        if self._playwright is None:
            before = asyncio.all_tasks()
            with _unnoticed(self.loop):
                self._playwright = await async_playwright().start()
            self.own_tasks |= asyncio.all_tasks() - before
        return LentPlaywright(self, self._playwright)

    async def browser(self, chromium: Any, env: dict[str, str], arguments: dict[str, Any]) -> Browser:
        """Return the browser for these arguments."""
        key = repr(sorted(arguments.items()))
        browser = self._browsers.pop(key, None)
        if browser is None or not browser.is_connected():
            browser = cast("Browser", await chromium.launch(env=env, **arguments))
        self._browsers[key] = browser  # the last one is the one that was used last
        for old in list(self._browsers)[:-MOST_BROWSERS]:
            if not self._browsers[old].contexts:
                await self._browsers.pop(old).close()
        return browser

    async def close(self) -> None:
        for browser in self._browsers.values():
            with contextlib.suppress(PlaywrightError):
                await browser.close()
        if self._playwright is not None:
            await self._playwright.stop()


@pytest.fixture(scope="session")
async def shared_browsers() -> AsyncIterator[SharedBrowsers]:
    shared = SharedBrowsers()
    yield shared
    await shared.close()
