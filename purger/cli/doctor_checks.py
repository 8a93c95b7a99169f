"""The doctor: is everything in place for a purge? One check after the other, each with its remedy."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import IntEnum
from importlib.metadata import version
from typing import TypeVar

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright

from purger import __version__
from purger.browser.start import HOW_TO_GET_ONE, close_context, driver, find_browser, has_display
from purger.browser.supervise import Browsers
from purger.core.cache import rows_of
from purger.cli.frame import Output
from purger.core.errors import AccessError, BrowserError, ExitCode, PurgerError
from purger.report.doctor_findings import Check, State, checks_value, show
from purger.cli.signals import run_to_the_end
from purger.travis.rate_limit import Budget
from purger.browser.settings import BrowserSettings
from purger.secrets.token import Token
from purger.core.limits import require_wait
from purger.travis.api import Api
from purger.travis.page.cache_page import CachePage
from purger.travis.reachability import api_answers_s, front_end_answers_s
from purger.travis.auth.tokens import SignedInBy
from purger.travis.addresses import Repository, Site, origin_of
from purger.core.text import many

RIGHTS = {"cache_view": "view", "cache_delete": "delete"}
_T = TypeVar("_T")


class _Turn(IntEnum):
    """When a purge stumbles over something: its exit code is that of the first."""

    REPOSITORY_NAME = 1
    TOKEN = 2
    API = 3
    RIGHTS = 4
    BROWSER = 5
    PAGE = 6


@dataclass(slots=True)
class Doctor:
    """Checks everything that a purge needs. `tell` is told of each check as it is done.

    `repository` and `signed_in` are what was found, or the error that says why not. One load of the page may take
    `page_timeout_s`.
    """

    site: Site
    browser: BrowserSettings
    repository: Repository | PurgerError
    signed_in: SignedInBy | PurgerError
    page_timeout_s: float
    tell: Callable[[Check], None] = lambda _check: None
    checks: list[Check] = field(default_factory=list)
    _faults: list[tuple[_Turn, ExitCode]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Raises InputError for an impossible wait."""
        require_wait("--page-timeout", self.page_timeout_s, 1)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that a purge would have; 0 if it would work."""
        return min(self._faults)[1] if self._faults else ExitCode.OK

    async def run(self) -> None:
        """Make all checks. Nothing is deleted, and nothing raised but cancellation."""
        versions = f"Python {platform.python_version()}, purger {__version__}, Playwright {version('playwright')}"
        self._add(Check("python", State.OK, versions))
        async with driver() as playwright, AsyncExitStack() as stack:
            browsers = Browsers(playwright, self.browser, self.site.hosts)
            stack.push_async_callback(browsers.close)
            has_browser = await self._check_browser(playwright, browsers)
            self._check_display()
            has_front_end, has_api = await self._check_site(playwright)
            api = await self._check_token(playwright, stack, has_api=has_api)
            is_ready = await self._check_repository(api) and has_browser and has_front_end
            await self._check_page(browsers, is_ready=is_ready)

    async def _check_browser(self, playwright: Playwright, browsers: Browsers) -> bool:
        start = time.monotonic()
        try:
            browser = await browsers.get()
            if self.browser.connect:
                where = origin_of(self.browser.connect)  # the rest of it is often a secret
            else:
                found = find_browser(playwright, self.browser.browser, headed=self.browser.headed)
                where = found or "Playwright's own Chromium"
        except PurgerError as error:
            self._failed("browser", error, _Turn.BROWSER)
            return False
        took = _seconds(time.monotonic() - start)
        self._add(Check("browser", State.OK, f"{where}, version {browser.version}, started in {took}"))
        return True

    def _check_display(self) -> None:
        if has_display():
            self._add(Check("display", State.OK, "there is one for --headed and `purger login`"))
            return
        # A headed browser has failed for the want of it before.
        self._add(
            Check(
                "display",
                State.NOTE,
                "there is none, which only --headed and `purger login` need",
                "For --headed a virtual one will do: xvfb-run -a purger ...",
            )
        )

    async def _check_site(self, playwright: Playwright) -> tuple[bool, bool]:
        answers: list[str] = []
        faults: dict[_Turn, PurgerError] = {}
        for turn, ask, address in (
            (_Turn.PAGE, front_end_answers_s, self.site.url),
            (_Turn.API, api_answers_s, self.site.api_url),
        ):
            try:
                answers.append(f"{address} answers in {_seconds(await ask(playwright, self.site))}")
            except PurgerError as error:
                faults[turn] = error
                self._faults.append((turn, error.exit_code))
        text = "; ".join([*map(str, faults.values()), *answers])
        if faults:
            remedy = "\n".join(dict.fromkeys(fault.remedy for fault in faults.values() if fault.remedy))
            self._add(Check("site", State.FAILED, text, remedy, ExitCode.SITE))
        else:
            self._add(Check("site", State.OK, text))
        return _Turn.PAGE not in faults, _Turn.API not in faults

    async def _check_token(self, playwright: Playwright, stack: AsyncExitStack, *, has_api: bool) -> Api | None:
        if isinstance(self.signed_in, PurgerError):
            self._failed("token", self.signed_in, _Turn.TOKEN)
            return None
        source = f"from {self.signed_in.source}"
        if not has_api:
            self._add(Check("token", State.SKIPPED, f"{source}; the API can't say whose it is"))
            return None
        token = self.signed_in.token
        api = await stack.enter_async_context(Api.open(playwright, self.site, token, Budget(0)))
        try:
            user = await api.user()
        except PurgerError as error:
            self._failed("token", error, _Turn.API, before=f"{source}: ")
            return None
        warnings = "\n".join(self.signed_in.warnings) or None
        self._add(Check("token", State.OK, f"{source}; it is {user.login}'s, and valid", warnings))
        return api

    async def _check_repository(self, api: Api | None) -> bool:
        if isinstance(self.repository, PurgerError):
            self._failed("repository", self.repository, _Turn.REPOSITORY_NAME)
            return False
        if api is None:
            self._add(Check("repository", State.SKIPPED, f"{self.repository}: {self._needed('token')}"))
            return False
        try:
            facts = await api.repository(self.repository)
            missing = [right for right in RIGHTS if right not in facts.permissions]
            if missing:
                raise AccessError(
                    f"the token may not {' or '.join(RIGHTS[right] for right in missing)} the caches "
                    f"({', '.join(missing)} is missing)",
                    remedy="Ask an admin of the repository, or use a token of someone who may.",
                )
        except PurgerError as error:
            self._failed("repository", error, _Turn.RIGHTS, before=f"{self.repository}: ")
            return False
        self._add(Check("repository", State.OK, f"{self.repository} found; its caches may be viewed and deleted"))
        return True

    async def _check_page(self, browsers: Browsers, *, is_ready: bool) -> None:
        if not is_ready or isinstance(self.repository, PurgerError) or isinstance(self.signed_in, PurgerError):
            self._add(Check("page", State.SKIPPED, self._needed("browser", "site", "token", "repository")))
            return
        try:
            text = await self._page(browsers, self.repository, self.signed_in.token)
        except PurgerError as error:
            self._failed("page", error, _Turn.PAGE)
        except PlaywrightError as error:
            lost = BrowserError(f"the browser fails: {error.message.splitlines()[0]}", remedy=HOW_TO_GET_ONE)
            self._failed("page", lost, _Turn.PAGE)
        else:
            self._add(Check("page", State.OK, text))

    async def _page(self, browsers: Browsers, repository: Repository, token: Token) -> str:
        context = await browsers.context()
        page = CachePage(context, self.site, repository, timeout_s=self.page_timeout_s)
        start = time.monotonic()
        try:
            await page.prepare(context, self.site, token, watched=False)
            archives = await page.load()
        finally:
            await page.close()
            await close_context(context)
        rows = len(rows_of(archives))
        shown = f"{many(rows, 'row')} with {many(len(archives), 'cache')}" if rows else "no caches"
        return f"recognised: {shown}, after {_seconds(time.monotonic() - start)}"

    def _needed(self, *names: str) -> str:
        missing = [check.name for check in self.checks if check.name in names and check.state is not State.OK]
        return f"not looked at, for want of the {' and the '.join(missing)}"

    def _failed(self, name: str, error: PurgerError, turn: _Turn, *, before: str = "") -> None:
        self._faults.append((turn, error.exit_code))
        self._add(Check(name, State.FAILED, f"{before}{error}", error.remedy, error.exit_code))

    def _add(self, check: Check) -> None:
        self.checks.append(check)
        self.tell(check)


def examine(output: Output, doctor: Doctor) -> ExitCode:
    """Make the checks, show each as it is done, and give the exit code. Raises StoppedError."""
    doctor.tell = lambda check: show(output.notes if output.json else output.data, check)
    if stopped := run_to_the_end(doctor.run(), None):
        raise stopped
    if output.json:
        output.print_json(checks_value(doctor.checks, doctor.exit_code))
    return doctor.exit_code


def attempt(find: Callable[[], _T]) -> _T | PurgerError:
    """What is found, or the error that says why nothing is."""
    try:
        return find()
    except PurgerError as error:
        return error


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"
