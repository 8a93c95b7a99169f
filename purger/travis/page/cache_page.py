"""Open the cache page, read its list of caches and click its icons; its selectors are in page.js beside this."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib.resources import files
from typing import Any

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Response as PageResponse

from purger.browser.causes import known_cause
from purger.browser.driver import driver_is_gone, first_line
from purger.core.cache import Cache
from purger.core.errors import BrowserError, SiteError
from purger.core.retry_policies import PageWaits
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site
from purger.travis.page import page_errors
from purger.travis.page.failed_requests import FailedRequests
from purger.travis.page.supervised_page import SupervisedPage, lost_browser
from purger.travis.payloads import Response, caches_in, response_in
from purger.travis.refusals import another_page, front_end_refusal

TOKEN_KEY = "travis.webToken"  # noqa: S105 - the key's name; alone it signs in, without the full state's race
HANDLE = "__purger__"
ALL_DRAWN = "* { content-visibility: visible !important } "
WITHOUT_MARKS = "[data-purger] { display: none !important }"
PICTURE_S = 30.0
"""How long a picture of the page may take. A large page on a busy machine needs seconds, however short its time to load
may be; a picture that takes longer fails by itself and leaves the page open."""
PICTURE_PIXELS = 16_384
"""So much of a page is pictured, from its top: more than 300 rows.

Where a graphics card draws, Chromium's pictures are no taller; and the event loop stands still while a picture is read
from the driver: with 1,000 rows those were 8 MB and up to 70 ms.
"""
NO_PICTURE = "Unable to capture screenshot"
DEFAULT_WAITS = PageWaits()


class CachePage:
    """One browser page on the cache page of a repository.

    It needs a context of its own that `prepare` has prepared; one load may take `timeout_s`. What else the page
    attempts (other questions, windows, downloads) is refused. All methods raise BrowserLostError when the page or its
    browser died.
    """

    def __init__(
        self,
        context: BrowserContext,
        site: Site,
        repository: Repository,
        *,
        timeout_s: float,
        log_console: bool = False,
        waits: PageWaits = DEFAULT_WAITS,
    ) -> None:
        self.url = site.cache_page(repository)
        self._failed_requests = FailedRequests(site.addresses)
        self._supervised = SupervisedPage(context, self.url, log_console=log_console, watch=self._failed_requests.watch)
        self._timeout_s = timeout_s
        self._waits = waits

    @property
    def dismissed(self) -> list[str]:
        """The questions that the page asked besides the known one, the latest last."""
        return self._supervised.guard.questions

    @property
    def refused(self) -> list[str]:
        """A sentence for each other thing that the page attempted."""
        return self._supervised.guard.refused

    @staticmethod
    async def prepare(context: BrowserContext, site: Site, token: Token, *, watched: bool) -> None:
        """Sign the context in and install page.js, before its first page; both hold for every later load.

        `watched` passes all responses on to the page, so that a person sees its rows disappear. Raises BrowserLostError
        where the browser died meanwhile, and BrowserError where no new one would help.
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
            source = (files("purger.travis.page") / name).read_text("utf-8")
            try:
                await context.add_init_script(f"({source.strip().removesuffix(';')})({json.dumps(config)});")
            except PlaywrightError as error:
                raise lost_browser(error, site.origin) from None

    async def load(self, repository_id: int | None = None) -> list[Cache]:
        """Load the page anew. Return the caches of the list that it fetched, once its rows are shown.

        Raises SiteError where it shows no list (the page does not tell why: ask the API), NoAnswerError where the
        browser gets no page (ask the front end), RefusedByBrowserError where the browser refuses a certificate,
        UnknownPageError where it shows something else than the list that it fetched, LastingSiteError where something
        else answers in its place, or where it fetched the list of another repository than the one with the given id.
        """
        page = await self._supervised.open()
        self._failed_requests.forget()
        # Each step has its own watchdog: a slow response followed by a slow list is no page that hangs.
        async with self._supervised.alive(page, self._timeout_s + self._waits.crash_grace_s):
            try:
                response = await page.goto(self.url, wait_until="commit", timeout=self._timeout_s * 1000)
            except PlaywrightError as error:
                if self._supervised.is_lost(page) or driver_is_gone():
                    raise
                await self._failed_requests.check()
                if cause := known_cause(first_line(error)):
                    raise BrowserError(cause.what, where=self.url, remedy=cause.remedy) from None
                raise page_errors.unopened(error, self.url) from None
            if response is not None and response.status >= 400:
                await _refuse(response, self.url)
        return self._caches_shown(await self._view(page), repository_id)

    async def _view(self, page: Page) -> dict[str, Any]:
        """Return the state of the page as page.js tells it, as soon as it is final."""
        grace_s = min(self._waits.render_grace_s, self._timeout_s / 2)
        try:
            async with self._supervised.alive(page, self._timeout_s + self._waits.crash_grace_s):
                shown = await self._call(page, "view", {"timeoutMs": self._timeout_s * 1000, "graceMs": grace_s * 1000})
                if shown["list"] and shown["list"].get("kept"):
                    await self._supervised.keep_nothing(page)
        except SiteError:
            await self._failed_requests.check()
            raise
        if shown["state"] != "list":
            await self._failed_requests.check()
        return shown

    def _caches_shown(self, shown: dict[str, Any], repository_id: int | None) -> list[Cache]:
        fetched = shown["list"] or {}
        # The page goes by the name, which may have become another repository's.
        if repository_id is not None and fetched.get("repository", str(repository_id)) != str(repository_id):
            raise page_errors.another_repository(self.url)
        match shown["state"]:
            case "list":
                return caches_in(fetched["caches"])
            case "missing":
                raise page_errors.not_displayed(self.url)
            case "moved":
                raise page_errors.moved(shown["path"], shown["title"], self.url)
            case "refused":
                raise page_errors.no_list(fetched, self.url)
            case "unknown":
                raise page_errors.unknown_page(shown, self.url)
            case _:
                raise another_page(shown["title"], self.url) or SiteError(
                    f"the page did not show its list of caches within {self._timeout_s:g} s",
                    where=self.url,
                    remedy="Try again later, or wait longer with --page-timeout.",
                )

    async def click(
        self, branches: Sequence[str], *, most_pending: int, silence_s: float
    ) -> tuple[list[Response], int]:
        """Click the icons of these branches' rows, all at once.

        Return the responses since the last call and the number of those that are pending, as soon as at most
        `most_pending` are, or after a few seconds. After `silence_s` without any response the pending requests are
        aborted, each with a response that says so. Only requests for the given branches leave the page.
        """
        payload = await self._ask(
            "click",
            {
                "branches": list(branches),
                "most": most_pending,
                "silenceMs": silence_s * 1000,
                "patienceMs": self._waits.patience_s * 1000,
            },
        )
        return [response_in(item) for item in payload["answers"] if not item.get("vetoed")], int(payload["open"])

    async def click_delete_all(self) -> Response:
        """Press the page's "Delete all repository caches" and wait for its response."""
        silence_s = self._waits.button_silence_s
        payload = await self._ask("clickAll", {"silenceMs": silence_s * 1000}, silence_s)
        return response_in(payload["answers"][-1])

    async def _ask(self, method: str, argument: dict[str, Any], takes_s: float | None = None) -> dict[str, Any]:
        page = self._supervised.current
        async with self._supervised.alive(page, (takes_s or self._waits.patience_s) + self._timeout_s):
            return await self._call(page, method, argument)

    async def _call(self, page: Page, method: str, argument: dict[str, Any]) -> dict[str, Any]:
        """Call a method of page.js and return what it resolves with. Raises SiteError where the page has no page.js.

        That comes as text: Playwright decodes each value of an object by itself, for which it blocks the event loop.
        """
        script = f"async (argument) => JSON.stringify(await window.{HANDLE}?.{method}(argument) ?? null)"
        found: dict[str, Any] | None = json.loads(await page.evaluate(script, argument))
        if found is None:
            raise page_errors.other_origin(self.url, page.url)
        self._supervised.guard.note_questions(found["questions"])
        return found

    async def screenshot(self, *, with_marks: bool = False) -> bytes:
        """Return a picture of the page's first PICTURE_PIXELS as PNG; without our marks for a person who watches."""
        page = self._supervised.current
        async with self._supervised.alive(page, PICTURE_S + self._waits.crash_grace_s):
            style = ALL_DRAWN if with_marks else ALL_DRAWN + WITHOUT_MARKS
            return await _picture(page, style)

    async def pause(self) -> None:
        """Open Playwright's inspector and wait until a person continues."""
        await self._supervised.pause()

    async def wait_until_closed(self) -> None:
        """Wait for as long as a person leaves the page open."""
        await self._supervised.wait_until_closed()

    async def close(self) -> None:
        """Close the page. A dead one is no fault, and one that hangs is closed with its context."""
        await self._supervised.close()


async def _refuse(response: PageResponse, url: str) -> None:
    """Raise the error for a response with a status of 400 or more, unless it is a page of the front end's own."""
    body = b""
    with suppress(PlaywrightError):  # one that the browser did not keep
        body = await response.body()
    if refusal := front_end_refusal(response.status, body.decode("utf-8", "replace"), url):
        raise refusal


async def _picture(page: Page, style: str) -> bytes:
    """Take a picture; a second time where Chromium has none at the moment, as a window on a busy machine may."""
    clip: Any = {"x": 0, "y": 0, "width": PICTURE_PIXELS, "height": PICTURE_PIXELS}
    take = partial(page.screenshot, full_page=True, clip=clip, style=style, timeout=PICTURE_S * 1000)
    try:
        return await take()
    except PlaywrightError as error:
        if NO_PICTURE not in error.message:
            raise
    return await take()
