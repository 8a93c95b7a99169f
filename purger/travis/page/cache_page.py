"""The cache page: opening it, reading what it shows, clicking its icons; its selectors are in page.js beside this."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from typing import Any

from loguru import logger
from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from purger.browser.start import driver_error, driver_is_gone
from purger.core.cache import Archive, rows_of
from purger.core.errors import BrowserLostError, SiteError, UnknownPageError
from purger.secrets.token import Token
from purger.travis.payloads import Answer, answer_in, archives_in, words_of
from purger.travis.page.guard import Fence
from purger.travis.addresses import Repository, Site

TOKEN_KEY = "travis.webToken"  # noqa: S105 - the key's name; alone it signs in, without the full state's race
HANDLE = "__purger__"
REQUESTS_A_LOAD = 5
"""What one load of the page takes from the request budget: four API calls with the single key, and one to spare."""
ALL_DRAWN = "* { content-visibility: visible !important } "
WITHOUT_MARKS = "[data-purger] { display: none !important }"
RENDER_GRACE_S = 5.0
"""How long the page may stand still with its list answered and not shown. It computes while it renders, so standing
still means that it has given up: that is what a lost race on its permissions looks like."""
CRASH_GRACE_S = 5.0
CLOSING_S = 1.0
PICTURE_S = 30.0
"""How long a picture of the page may take. A large page on a busy machine needs seconds, however short its time to load
may be; a picture that takes longer fails by itself and leaves the page open."""
PATIENCE_S = 5.0
"""How long the page may keep answers to itself while others are missing."""


class CachePage:
    """One browser page on the cache page of a repository.

    Give it a context of its own that `prepare` has prepared; one load may take `timeout_s`. What else the page tries
    (other questions, windows, downloads) comes to nothing.
    All methods raise BrowserLostError when the page or its browser died.
    """

    def __init__(
        self,
        context: BrowserContext,
        site: Site,
        repository: Repository,
        *,
        timeout_s: float,
        log_console: bool = False,
    ) -> None:
        self.url = site.cache_page(repository)
        self._fence = Fence()
        self._log_console = log_console
        self._context = context
        self._timeout_s = timeout_s
        self._page: Page | None = None
        self._crashed = False

    @property
    def dismissed(self) -> list[str]:
        """The questions that the page asked besides the known one, the latest last."""
        return self._fence.questions

    @property
    def refused(self) -> list[str]:
        """What else the page tried, a sentence each."""
        return self._fence.refused

    @staticmethod
    async def prepare(context: BrowserContext, site: Site, token: Token, *, watched: bool) -> None:
        """Sign the context in and let it listen, before its first page: both hold for every load from then on.

        `watched` lets the page have all its answers, so that a person sees its rows leave.
        """
        config = {
            "origin": site.origin,
            "api": site.api_url,
            "tokenKey": TOKEN_KEY,
            "token": token.reveal(),
            "handle": HANDLE,
            "hold": not watched,
        }
        for name in ("overlay.js", "page.js") if watched else ("page.js",):
            source = (files("purger.travis") / name).read_text("utf-8")
            await context.add_init_script(f"({source.strip().removesuffix(';')})({json.dumps(config)});")

    async def load(self) -> list[Archive]:
        """Load the page anew and give the archives of the list that it fetched, once its rows stand.

        Raises SiteError where it shows no list (the page does not tell why: ask the API), UnknownPageError where it
        shows something else than the list that it fetched.
        """
        page = await self._fresh_page()
        # Each step has its own watchdog: a slow answer followed by a slow list is no page that hangs.
        async with self._alive(page, self._timeout_s + CRASH_GRACE_S):
            try:
                await page.goto(self.url, wait_until="commit", timeout=self._timeout_s * 1000)
            except PlaywrightError as error:
                if self._is_lost(page) or driver_is_gone(error):
                    raise
                raise SiteError(
                    f"the page did not answer: {_first_line(error)}",
                    where=self.url,
                    remedy="Is the address right, and the site up? See --url.",
                ) from None
        async with self._alive(page, self._timeout_s + CRASH_GRACE_S):
            shown = await page.evaluate(
                f"(limits) => window.{HANDLE}?.look(limits) ?? null",
                {"timeoutMs": self._timeout_s * 1000, "graceMs": min(RENDER_GRACE_S, self._timeout_s / 2) * 1000},
            )
        return self._archives_shown(shown)

    def _archives_shown(self, shown: dict[str, Any] | None) -> list[Archive]:
        if shown is None:
            raise SiteError("the page is of another origin than the site's", where=self.url, remedy="See --url.")
        self._fence.note_questions(shown["questions"])
        fetched = shown["list"] or {}
        match shown["state"]:
            case "list":
                return archives_in(fetched["caches"])
            case "missing":
                raise SiteError("the page says that it couldn't display the repository", where=self.url)
            case "moved":
                raise SiteError(f"the page moved to {shown['path']} instead of showing the caches", where=self.url)
            case "refused":
                raise SiteError(
                    f"the page's list of caches was refused: {words_of(fetched['status'], fetched['words'])}",
                    where=self.url,
                )
            case "unknown":
                raise UnknownPageError(
                    "the page is not the one we know: it fetched "
                    f"{len(rows_of(archives_in(fetched['caches'])))} rows and shows {shown['items']} items "
                    f"('li.cache-item') with {shown['icons']} icons ('.delete-cache-icon')",
                    where=self.url,
                    remedy="Nothing was clicked on it. Look at the page by hand; purger may need an update.",
                )
            case _:
                raise SiteError(
                    f"the page did not show its list of caches within {self._timeout_s:g} s",
                    where=self.url,
                    remedy="Try again later, or wait longer with --page-timeout.",
                )

    async def click(self, branches: Sequence[str], *, unanswered: int, silence_s: float) -> tuple[list[Answer], int]:
        """Click the icons of these branches' rows, all at once.

        Gives the answers that came in since the last call, and how many are still missing, as soon as those are at
        most `unanswered`, or after a few seconds. After `silence_s` without any answer the missing ones are given
        up, each with an answer that says so. Only requests for branches that were asked for leave the page.
        """
        told = await self._ask(
            "click",
            {
                "branches": list(branches),
                "most": unanswered,
                "silenceMs": silence_s * 1000,
                "patienceMs": PATIENCE_S * 1000,
            },
        )
        return [answer_in(item) for item in told["answers"] if not item.get("vetoed")], int(told["open"])

    async def click_delete_all(self, *, silence_s: float) -> Answer:
        """Press the page's "Delete all repository caches" and wait for its answer."""
        told = await self._ask("clickAll", {"silenceMs": silence_s * 1000}, silence_s)
        return answer_in(told["answers"][-1])

    async def _ask(self, method: str, argument: dict[str, Any], takes_s: float = PATIENCE_S) -> dict[str, Any]:
        page = self._page
        if page is None:
            raise BrowserLostError("the page was closed", where=self.url)
        async with self._alive(page, takes_s + self._timeout_s):
            told: dict[str, Any] = await page.evaluate(f"(argument) => window.{HANDLE}.{method}(argument)", argument)
        self._fence.note_questions(told["questions"])
        return told

    async def screenshot(self, *, with_marks: bool = False) -> bytes:
        """Return a picture of the whole page as PNG; without our marks for a person who watches."""
        page = self._page
        if page is None:
            raise BrowserLostError("the page was closed", where=self.url)
        async with self._alive(page, PICTURE_S + CRASH_GRACE_S):
            style = ALL_DRAWN if with_marks else ALL_DRAWN + WITHOUT_MARKS
            return await page.screenshot(full_page=True, style=style, timeout=PICTURE_S * 1000)

    async def pause(self) -> None:
        """Open Playwright's inspector and wait until a person lets it go on."""
        if self._page is not None and not self._is_lost(self._page):
            async with self._alive(self._page, None):
                await self._page.pause()

    async def wait_until_closed(self) -> None:
        """Wait for as long as a person leaves the page open."""
        while self._page is not None and not self._is_lost(self._page):
            with suppress(PlaywrightTimeoutError):
                await self._page.wait_for_event("close", timeout=1000)
            # Nothing tells that Playwright's own process died, but asking for something.
            if not await self._is_there(self._page):
                return

    @staticmethod
    async def _is_there(page: Page) -> bool:
        try:
            async with asyncio.timeout(1):
                await page.title()
        except PlaywrightError:
            return False
        except TimeoutError:
            pass  # it is busy, and open
        return True

    async def close(self) -> None:
        """Close the page; one that died already is no fault, and one that hangs goes with its context."""
        page, self._page = self._page, None
        if page is not None:
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(CLOSING_S):
                    await page.close()

    async def _fresh_page(self) -> Page:
        if self._page is not None and not self._is_lost(self._page):
            return self._page
        try:
            page = await self._fence.open_page(self._context)
        except PlaywrightError as error:
            raise BrowserLostError(f"the browser is gone: {_first_line(error)}", where=self.url) from None
        self._crashed = False
        page.on("crash", self._on_crash)
        if self._log_console:
            page.on("console", lambda message: logger.trace("console: {}: {}", message.type, message.text))
        self._page = page
        return page

    def _on_crash(self, _page: Page) -> None:
        self._crashed = True

    def _is_lost(self, page: Page) -> bool:
        browser = self._context.browser
        return self._crashed or page.is_closed() or (browser is not None and not browser.is_connected())

    @asynccontextmanager
    async def _alive(self, page: Page, timeout_s: float | None) -> AsyncIterator[None]:
        """Turn what Playwright raises while the page works into our errors, and end what hangs."""
        try:
            async with asyncio.timeout(timeout_s):
                yield
        except TimeoutError:
            await self.close()
            raise SiteError(
                "the page hangs: its own script does not let go", where=self.url, remedy="Try again later."
            ) from None
        except PlaywrightError as error:
            if driver_is_gone(error):
                raise driver_error(self.url) from None
            if self._is_lost(page):
                await self.close()
                raise BrowserLostError(f"the page died: {_first_line(error)}", where=self.url) from None
            raise SiteError(f"the page failed: {_first_line(error)}", where=self.url) from None


def _first_line(error: PlaywrightError) -> str:
    return error.message.splitlines()[0].strip() if error.message else type(error).__name__
