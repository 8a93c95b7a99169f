"""Check whether everything is in place for a purge: one check after the other, each with its remedy."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from importlib.metadata import version
from typing import TypeVar

from purger import __version__
from purger.browser.causes import HOW_TO_GET_ONE
from purger.browser.certificates import RefusedByBrowserError
from purger.browser.connections import Connections
from purger.browser.display import display_fault
from purger.browser.find import has_display
from purger.browser.machine import limits_fault, temporary_folder_fault
from purger.browser.network import Network
from purger.browser.proxy_errors import NotLetThroughError
from purger.browser.reach import Reach, reach_of
from purger.browser.settings import BrowserSettings
from purger.browser.supervise import BrowserSupervisor
from purger.cli.doctor_proxies import proxy_fault, ways_described
from purger.cli.doctor_settings import settings_described, settings_fault
from purger.core.cache import count_rows
from purger.core.errors import BrowserError, ExitCode, NoAnswerError, PurgerError, SiteError
from purger.core.hosts import origin_of
from purger.core.shown_address import without_secrets
from purger.core.text import many
from purger.report.model import CheckName, CheckReport, CheckState
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site
from purger.travis.api import VIEW_AND_DELETE, Api
from purger.travis.auth.tokens import FoundToken
from purger.travis.rate_limit import Budget
from purger.travis.reachability import api_answers_s, front_end_answers_s, not_for_the_browser

_T = TypeVar("_T")


class _Turn(IntEnum):
    """The order in which a purge meets faults: its exit code is that of the first."""

    SETTINGS = 0
    REPOSITORY_NAME = 1
    TOKEN = 2
    API = 3
    RIGHTS = 4
    BROWSER = 5
    PAGE = 6


@dataclass(frozen=True, slots=True)
class Findings:
    """All checks, and the exit code that a purge would have; 0 if it would work."""

    checks: tuple[CheckReport, ...]
    exit_code: ExitCode


class Doctor:
    """Checks everything that a purge needs; `notify` gets each check as it is done.

    `repository` and `signed_in` are what was found, or the error that says why not. One load of the page may take
    `page_timeout_s`.
    """

    def __init__(
        self,
        site: Site,
        network: Network,
        browser: BrowserSettings,
        repository: Repository | PurgerError,
        signed_in: FoundToken | PurgerError,
        *,
        page_timeout_s: float,
        notify: Callable[[CheckReport], None],
    ) -> None:
        self._site = site
        self._network = network
        self._browser = browser
        self._repository = repository
        self._signed_in = signed_in
        self._page_timeout_s = page_timeout_s
        self._notify = notify
        self._checks: list[CheckReport] = []
        self._faults: list[tuple[_Turn, ExitCode]] = []

    async def run(self) -> Findings:
        """Make all checks. Nothing is deleted, and nothing raised but cancellation."""
        versions = f"Python {platform.python_version()}, purger {__version__}, Playwright {version('playwright')}"
        self._add("python", CheckState.OK, versions)
        if fault := settings_fault():
            self._failed("settings", fault, _Turn.SETTINGS)
        else:
            self._add("settings", CheckState.OK, settings_described())
        async with Connections(self._network) as connections, AsyncExitStack() as stack:
            has_front_end, has_api = await self._check_site(connections)
            api = await self._check_token(connections, has_api=has_api)
            may_delete = await self._check_repository(api)
            browsers = BrowserSupervisor(self._browser, partial(_reach_anyway, connections, self._site))
            stack.push_async_callback(browsers.close)
            has_browser = await self._check_browser(browsers)
            await self._check_display()
            await self._check_page(browsers, connections, is_ready=may_delete and has_browser and has_front_end)
        return Findings(tuple(self._checks), min(self._faults)[1] if self._faults else ExitCode.OK)

    async def _check_browser(self, browsers: BrowserSupervisor) -> bool:
        start = time.monotonic()
        try:
            browser = await browsers.get()
        except PurgerError as error:
            self._failed("browser", error, _Turn.BROWSER)
            return False
        took = _seconds(time.monotonic() - start)
        # The rest of a remote browser's address is often a secret.
        where = origin_of(self._browser.connect) if self._browser.connect else str(browsers.taken)
        text = f"{where}, version {browser.version}, started in {took}"
        fault = None if self._browser.connect else (await asyncio.to_thread(temporary_folder_fault) or limits_fault())
        if fault:
            self._add("browser", CheckState.NOTE, f"{text}; but {fault.what}", fault.remedy)
        else:
            self._add("browser", CheckState.OK, text)
        return True

    async def _check_display(self) -> None:
        fault = await asyncio.to_thread(display_fault)
        if fault is None:
            self._add("display", CheckState.OK, "there is one for --headed and `purger login`")
            return
        # A headed browser has failed for the want of it before.
        what = fault.what if has_display() else "there is none"
        remedy = "For --headed a virtual one will do: xvfb-run -a purger ..."
        self._add("display", CheckState.NOTE, f"{what}, which only --headed and `purger login` need", remedy)

    async def _check_proxy(self) -> bool:
        fault = await proxy_fault(self._network, self._site)
        if fault is None:
            self._add("proxy", CheckState.OK, ways_described(self._network, self._site, self._browser.connect))
        else:
            self._failed("proxy", fault, _Turn.API)
        return fault is None

    async def _check_site(self, connections: Connections) -> tuple[bool, bool]:
        if not await self._check_proxy():
            self._add("site", CheckState.SKIPPED, self._needed("proxy"))
            return False, False
        responses: list[str] = []
        faults: dict[_Turn, PurgerError] = {}
        for turn, ask, address in (
            (_Turn.PAGE, front_end_answers_s, self._site.url),
            (_Turn.API, api_answers_s, self._site.api_url),
        ):
            try:
                responses.append(f"{address} answers in {_seconds(await ask(connections, self._site))}")
            except PurgerError as error:
                faults[turn] = error
                self._faults.append((turn, error.exit_code))
        text = "; ".join([*map(str, faults.values()), *responses])
        if faults:
            remedy = "\n".join(dict.fromkeys(fault.remedy for fault in faults.values() if fault.remedy))
            self._add("site", CheckState.FAILED, text, remedy, ExitCode.SITE)
        else:
            self._add("site", CheckState.OK, text)
        return _Turn.PAGE not in faults, _Turn.API not in faults

    async def _check_token(self, connections: Connections, *, has_api: bool) -> Api | None:
        if isinstance(self._signed_in, PurgerError):
            self._failed("token", self._signed_in, _Turn.TOKEN)
            return None
        source = f"from {self._signed_in.source}"
        if not has_api:
            self._add("token", CheckState.SKIPPED, f"{source}; the API can't say whose it is")
            return None
        token = self._signed_in.token
        api = Api(connections, self._site, token, Budget(0))
        try:
            user = await api.user()
        except PurgerError as error:
            self._failed("token", error, _Turn.API, before=f"{source}: ")
            return None
        warnings = "\n".join(self._signed_in.warnings) or None
        self._add("token", CheckState.OK, f"{source}; it is {user.login}'s, and valid", warnings)
        return api

    async def _check_repository(self, api: Api | None) -> bool:
        if isinstance(self._repository, PurgerError):
            self._failed("repository", self._repository, _Turn.REPOSITORY_NAME)
            return False
        if api is None:
            self._add("repository", CheckState.SKIPPED, f"{self._repository}: {self._needed('token')}")
            return False
        try:
            (await api.repository(self._repository)).require(VIEW_AND_DELETE)
        except PurgerError as error:
            self._failed("repository", error, _Turn.RIGHTS, before=f"{self._repository}: ")
            return False
        self._add("repository", CheckState.OK, f"{self._repository} found; its caches may be viewed and deleted")
        return True

    async def _check_page(self, browsers: BrowserSupervisor, connections: Connections, *, is_ready: bool) -> None:
        if not is_ready or isinstance(self._repository, PurgerError) or isinstance(self._signed_in, PurgerError):
            self._add("page", CheckState.SKIPPED, self._needed("browser", "site", "token", "repository"))
            return
        from playwright.async_api import Error as PlaywrightError

        from purger.browser.driver import first_line

        try:
            text = await _page_text(
                browsers, self._site, self._repository, self._signed_in.token, timeout_s=self._page_timeout_s
            )
        except (RefusedByBrowserError, NotLetThroughError) as refused:
            self._failed("page", await connections.why_refused(refused), _Turn.PAGE)
        except NoAnswerError as fault:
            self._failed("page", not_for_the_browser(fault), _Turn.PAGE)
        except PurgerError as error:
            self._failed("page", error, _Turn.PAGE)
        except PlaywrightError as error:
            lost = BrowserError(f"the browser fails: {first_line(error)}", remedy=HOW_TO_GET_ONE)
            self._failed("page", lost, _Turn.PAGE)
        else:
            self._add("page", CheckState.OK, text)

    def _needed(self, *names: CheckName) -> str:
        unmet = {CheckState.FAILED, CheckState.SKIPPED}
        missing = [check.check for check in self._checks if check.check in names and check.state in unmet]
        return f"not checked, because these failed: {', '.join(missing)}"

    def _failed(self, name: CheckName, error: PurgerError, turn: _Turn, *, before: str = "") -> None:
        self._faults.append((turn, error.exit_code))
        self._add(name, CheckState.FAILED, f"{before}{error}", error.remedy, error.exit_code)

    def _add(
        self, name: CheckName, state: CheckState, text: str, remedy: str | None = None, code: ExitCode = ExitCode.OK
    ) -> None:
        text, remedy = without_secrets(text), without_secrets(remedy) if remedy else remedy
        check = CheckReport(check=name, state=state, text=text, remedy=remedy, exit_code=code)
        self._checks.append(check)
        self._notify(check)


async def _reach_anyway(connections: Connections, site: Site) -> Reach:
    """Return what the browser may reach, also where a site's certificate is not accepted: another check says so."""
    try:
        return await reach_of(connections, site.addresses)
    except SiteError:
        return Reach(addresses=site.addresses, network=connections.network)


async def _page_text(
    browsers: BrowserSupervisor, site: Site, repository: Repository, token: Token, *, timeout_s: float
) -> str:
    """Load the page once, and return what it shows."""
    from purger.browser.start import close_context
    from purger.travis.page.cache_page import CachePage

    context = await browsers.context()
    page = CachePage(context, site, repository, timeout_s=timeout_s)
    start = time.monotonic()
    try:
        await page.prepare(context, site, token, watched=False)
        caches = await page.load()
    finally:
        await page.close()
        await close_context(context)
    rows = count_rows(caches)
    shown = f"{many(rows, 'row')} with {many(len(caches), 'cache')}" if rows else "no caches"
    return f"recognised: {shown}, after {_seconds(time.monotonic() - start)}"


def attempt(find: Callable[[], _T]) -> _T | PurgerError:
    """Return what is found, or the error that says why nothing is."""
    try:
        return find()
    except PurgerError as error:
        return error


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"
