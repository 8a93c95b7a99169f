"""The real command in a real Chromium against a stand-in whose server tells what is really left."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.async_api import Playwright

from purger.browser.authority import Authority
from purger.browser.connections import Connections
from purger.browser.find import candidates
from purger.browser.network import DIRECT, Network
from purger.browser.reach import Reach, reach_of
from purger.browser.settings import BrowserSettings
from purger.browser.start import new_context
from purger.browser.supervise import BrowserSupervisor
from purger.cli.progress import log_event
from purger.core import events
from purger.core.decision import limited
from purger.core.retry_policies import DEFAULT_POLICIES, RetryPolicies
from purger.core.selection import Selection
from purger.purge.record import Record
from purger.purge.repository import RepositoryPurge
from purger.purge.settings import Pace, Settings
from purger.secrets.token import Token
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis import addresses as travis_site
from purger.travis.addresses import Site
from purger.travis.api import Api
from purger.travis.page.cache_page import CachePage
from purger.travis.rate_limit import Budget
from tests.support.clocks import Virtual
from tests.support.commands import PURGER as PURGER
from tests.support.commands import RunCommand, run_process
from tests.support.reports import assert_valid
from tests.support.retry_policies import QUICK
from tests.support.shared_browsers import SharedBrowsers

FORBIDDEN = "this system forbids"
FOR_EVER = 1e6
"""Seconds that no test lasts."""
WIDGETS = travis_site.Repository("github", "acme", "widgets")


@dataclass
class Ended:
    """How a command ended: its exit code, what it wrote, and its report."""

    code: int
    out: str
    err: str
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def repository(self) -> dict[str, Any]:
        (repository,) = self.report["repositories"]
        assert isinstance(repository, dict)
        return repository

    def outcomes(self) -> dict[str, str]:
        """The outcome of each cache, by branch."""
        return {cache["branch"]: cache["outcome"] for cache in self.repository["caches"]}


over_both = pytest.mark.parametrize("site", ["http1", "http2"], indirect=True)
"""Runs a test on two sites: over HTTP/1.1 at 127.0.0.1, and over TLS and HTTP/2 at names of its own."""


def site_of(request: pytest.FixtureRequest, **options: Any) -> StandIn:
    """The stand-in for a fixture `site`, of the kind that `over_both` chose."""
    return StandIn(costs=False, tls=getattr(request, "param", "http1") == "http2", **options)


def is_encrypted(site: StandIn) -> bool:
    return site.url.startswith("https:")


def network_of(site: StandIn) -> Network:
    """The network in which the stand-in's certificates are trusted."""
    return Network(authority=Authority.read(site.authority_file, "PURGER_CA_FILE")) if is_encrypted(site) else DIRECT


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    with site_of(request) as stand_in:
        yield stand_in


@pytest.fixture
def tls_site() -> Iterator[StandIn]:
    """A stand-in at names of its own, over TLS and HTTP/2."""
    with StandIn(costs=False, tls=True) as stand_in:
        yield stand_in


@pytest.fixture
def repository(site: StandIn) -> Repository:
    return site.add_repository("acme/widgets")


def browser_for(arguments: Sequence[str]) -> dict[str, str]:
    """What is to be set for a command's browser: a developer's choice can't go with one that runs elsewhere."""
    return {"PURGER_BROWSER": ""} if "--connect" in arguments else {}


def environment(site: StandIn | None, **more: str) -> dict[str, str]:
    """A clean environment for the command; what a developer has set for purger stays out, but for the browser."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("PURGER_", "TRAVIS", "GITHUB_", "DEBUG")) or name == "PURGER_BROWSER"
    }
    if site is not None:
        kept |= {"TRAVIS_TOKEN": site.token, "PURGER_URL": site.url, "PURGER_API_URL": site.api_url}
        kept |= {"PURGER_CA_FILE": str(site.authority_file)} if is_encrypted(site) else {}
    return kept | {"PURGER_SETTLE": "0", "NO_COLOR": "1", "COLUMNS": "200"} | more


Purger = Callable[..., Ended]


def running(run: RunCommand, site: StandIn, folder: Path) -> Purger:
    """Let `run` run commands for the site."""

    def purger(*arguments: str, as_json: bool = True, stdin: str | None = None, **more: str) -> Ended:
        given = [*arguments, *(["--json"] if as_json else [])]
        code, out, err = run(given, environment(site, **browser_for(arguments) | more), folder, stdin)
        report = json.loads(out) if as_json and out else {}
        if report:
            assert_valid(report)
        assert "Traceback" not in err, err
        return Ended(code, out, err, report)

    return purger


@pytest.fixture
def purger(run_command: RunCommand, site: StandIn, tmp_path: Path) -> Purger:
    """Runs `purger ARGUMENTS… --json` to its end; keyword arguments are environment variables."""
    return running(run_command, site, tmp_path)


@pytest.fixture
def purger_process(site: StandIn, tmp_path: Path) -> Purger:
    """Does the same in a process of its own, for what only that shows: how it starts and ends, its streams."""
    return running(run_process, site, tmp_path)


@pytest.fixture
def browser_path(browsers: tuple[Playwright, BrowserSupervisor]) -> str:
    """A browser with windows, as a person could start it."""
    playwright, _ = browsers
    (first, *_) = candidates(playwright, os.environ.get("PURGER_BROWSER"), headed=True)
    return str(first)


def long_enough(first_s: float) -> Iterator[float]:
    """Growing times for a command that is to run out of it: one after the other, until one lets it get to the point."""
    yield from (first_s * 2**number for number in range(5))
    pytest.fail(f"it did not get to the point within {first_s * 2**4:g} s")


def missing(what: str) -> None:
    """Skip the running test for want of something that scripts/setup installs; on a CI a browser test fails then."""
    pytest.skip(f"needs {what}")


def forbidden(what: str) -> None:
    """Skip the running test for want of something that nobody can install; on a CI, too."""
    pytest.skip(f"{FORBIDDEN} {what}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On a CI, where nobody reads of skips, fail a browser test that is skipped, unless the system forbids it."""
    report = yield
    is_xfail = hasattr(report, "wasxfail")
    if report.skipped and not is_xfail and os.environ.get("CI") and item.get_closest_marker("browser"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if FORBIDDEN not in reason:
            report.outcome, report.longrepr = "failed", f"a browser test may not be skipped on a CI: {reason}"
    return report


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for temporary files whose path is short enough for Chromium's socket in it; pytest's own may not be."""
    with tempfile.TemporaryDirectory(prefix="purger-") as folder:
        yield Path(folder)


@pytest.fixture
def display() -> None:
    """For tests that start a browser with windows."""
    if not shutil.which("xvfb-run"):
        missing("a virtual display, which scripts/setup installs")


@pytest.fixture
def openssl() -> None:
    """For tests that make a certificate."""
    if not shutil.which("openssl"):
        missing("openssl, to make a certificate")


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


@contextmanager
def once(holds: Callable[[], bool], act: Callable[[], None]) -> Iterator[None]:
    """Act in a thread as soon as it holds, while the block runs a command; at the latest when the block ends."""
    has_ended = threading.Event()

    def wait_and_act() -> None:
        while not holds() and not has_ended.wait(0.02):
            pass
        act()

    acting = threading.Thread(target=wait_and_act)
    acting.start()
    try:
        yield
    finally:
        has_ended.set()
        acting.join()


def loads(site: StandIn) -> int:
    """How often the page was loaded; the survey has its list by the first time."""
    return sum(request.path.endswith("/caches") and request.origin == "web" for request in site.requests)


Purge = Callable[..., Awaitable[Record]]


async def loopback() -> Reach:
    """What a browser for a stand-in may reach."""
    return Reach(addresses=("http://127.0.0.1",))


@pytest.fixture(scope="module")
async def playwright(shared_browsers: SharedBrowsers) -> Playwright:
    """Playwright, whose driver and browsers all tests share."""
    return cast("Playwright", await shared_browsers.lend())


@pytest.fixture
async def browsers(playwright: Playwright) -> AsyncIterator[tuple[Playwright, BrowserSupervisor]]:
    """A browser for a test of the job itself; other tests use it as well."""
    settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"))
    browsers = BrowserSupervisor(settings, loopback, start_driver=lambda: nullcontext(playwright))
    yield playwright, browsers
    await browsers.close()


@pytest.fixture
async def browsers_for_site(
    site: StandIn, browsers: tuple[Playwright, BrowserSupervisor]
) -> AsyncIterator[BrowserSupervisor]:
    """The module's browser, or where the site has keys of its own, one that accepts them."""
    playwright, shared = browsers
    if not is_encrypted(site):
        yield shared
        return
    async with browsers_in(network_of(site), site, playwright) as own:
        yield own


@asynccontextmanager
async def browsers_in(
    network: Network, site: StandIn, playwright: Playwright, policies: RetryPolicies = DEFAULT_POLICIES
) -> AsyncIterator[BrowserSupervisor]:
    """A browser that reaches the site as this network says, and nothing else."""
    async with Connections(network) as connections:
        settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"))
        find_reach = partial(reach_of, connections, (site.url, site.api_url))
        own = BrowserSupervisor(settings, find_reach, policies, lambda: nullcontext(playwright))
        try:
            yield own
        finally:
            await own.close()


@pytest.fixture
def purge(site: StandIn, browsers_for_site: BrowserSupervisor) -> Purge:
    """Runs the job on `acme/widgets` without the command around it.

    `clock` is that of its request budget; `observe` is given each event; other keyword arguments are the pace.
    """

    async def run(
        selection: Selection | None = None,
        *,
        policies: RetryPolicies = QUICK,
        clock: Virtual | None = None,
        observe: events.Observer = log_event,
        browser: BrowserSettings | None = None,
        **pace: Any,
    ) -> Record:
        chosen = Settings(
            site=Site.at(site.url, site.api_url),
            network=network_of(site),
            token=Token(site.token),
            policies=policies,
            browser=browser or BrowserSettings(),
            pace=Pace(**({"settle_s": 0.0, "max_rate": 0, "recheck_timeout_s": 5.0} | pace)),
        )
        budget = Budget(
            chosen.pace.max_rate,
            clock=clock or time.monotonic,
            sleep=clock.sleep if clock else asyncio.sleep,
            pauses=policies.rate_limit,
        )
        async with Api.open(chosen.network, chosen.site, chosen.token, budget, policies) as api:
            return await purge_one(
                RepositoryPurge(WIDGETS, chosen, selection or Selection(), api, budget, observe),
                chosen,
                browsers_for_site,
            )

    return run


def full_state(site: StandIn) -> str:
    """A script that signs a page in with everything that the front end keeps, not with the token alone."""
    account = f'[{{"id": 4711, "login": "{site.login}", "web_token": "{site.token}"}}]'
    return (
        f"if (location.origin === '{site.url}') {{"
        f"localStorage.setItem('travis.auth.accounts', '{account}');"
        "localStorage.setItem('travis.auth.activeAccountId', '4711'); }"
    )


async def survey_one(purge: RepositoryPurge, *, to_delete: bool) -> None:
    """Survey a repository as the only one of its run."""
    await purge.survey(to_delete=to_delete, dry_run=not to_delete, concludes=False)
    decision, limit = purge.decision, purge.record.ledger.selection.policies.limit
    if decision is not None and limit is not None:
        (decision,) = limited([decision], limit)
    purge.conclude_survey(decision)


async def purge_one(purge: RepositoryPurge, settings: Settings, browsers: BrowserSupervisor) -> Record:
    await survey_one(purge, to_delete=True)
    if purge.record.ledger.left:
        context = await new_context(await browsers.get())
        page = CachePage(
            context, settings.site, WIDGETS, timeout_s=settings.pace.page_timeout_s, waits=settings.policies.page
        )
        await page.prepare(context, settings.site, settings.token, watched=False)
        try:
            await purge.run(page)
        finally:
            await page.close()
            await context.close()
    purge.finish()
    return purge.record


def fill(site: StandIn, *names: str, caches: int = 4) -> None:
    """Add repositories of acme, each with so many caches."""
    for name in names:
        site.add_repository(f"acme/{name}").fill(caches)


def left(site: StandIn) -> dict[str, int]:
    """How many caches each repository still has."""
    return {repository.slug: len(repository.caches) for repository in site.repositories}


OpenApi = Callable[..., AbstractAsyncContextManager[Api]]


@pytest.fixture
def open_api(site: StandIn) -> OpenApi:
    """Opens the stand-in's API, or that `at` another site, with its token or another one, and short waits."""

    def open_it(
        *, at: Site | None = None, token: str | None = None, policies: RetryPolicies = QUICK
    ) -> AbstractAsyncContextManager[Api]:
        budget = Budget(0, pauses=QUICK.rate_limit)
        there = at or Site.at(site.url, site.api_url)
        return Api.open(network_of(site), there, Token(token or site.token), budget, policies)

    return open_it
