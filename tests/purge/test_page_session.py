"""The page of one repository: what is recorded of it, and what a failure leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext

import pytest
from playwright.async_api import BrowserContext, Playwright

from purger.browser.supervise import BrowserSupervisor
from purger.core import events
from purger.core.errors import SiteError
from purger.core.selection import Selection
from purger.purge.ledger import Ledger
from purger.purge.page_recorder import PageRecorder
from purger.purge.page_session import PageSessions
from purger.purge.record import Record
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.page.cache_page import CachePage
from tests.support.browser import WIDGETS

pytestmark = pytest.mark.browser


class Noting:
    """Recorders that note what is asked of them."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def expect(self, _repositories: Sequence[str]) -> list[str]:
        return []

    def of(self, _record: Record) -> PageRecorder:
        return self

    async def before(self, _page: CachePage) -> None:
        self.noted.append("before")

    async def after(self, _page: CachePage) -> None:
        self.noted.append("after")

    @asynccontextmanager
    async def traced(self, _context: BrowserContext) -> AsyncIterator[None]:
        self.noted.append("traced")
        yield


def a_record() -> Record:
    return Record(WIDGETS, "", Ledger(Selection(), 1), lambda _event: None)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_page_is_recorded_whether_it_fails_or_not(
    site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor], fails: bool
) -> None:
    repository.fill(2)
    settings = Settings(site=Site.at(site.url, site.api_url), token=Token(site.token))
    recorders, seen = Noting(), list[events.Event]()
    sessions = PageSessions(settings, recorders, seen.append)
    with pytest.raises(SiteError) if fails else nullcontext():
        async with sessions.open(browsers[1], a_record()) as session:
            assert len(await session.page.load()) == 2
            await session.before_first_click(session.page)
            if fails:
                raise SiteError("the page failed")
    assert recorders.noted == ["traced", "before", "after"]
    assert (seen, sessions.with_a_person_until) == ([], 0), "nothing is left to a person unless asked for"


async def test_what_the_page_attempts_besides_is_a_warning(
    site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    repository.fill(1)
    site.faults.hostile = "popup"
    settings = Settings(site=Site.at(site.url, site.api_url), token=Token(site.token))
    record = a_record()
    async with PageSessions(settings, Noting(), lambda _event: None).open(browsers[1], record) as session:
        await session.page.load()
        async with asyncio.timeout(30):
            while not session.page.refused:  # the window's event may come after the list
                await asyncio.sleep(0.02)
    assert record.warnings == ["The page opened a window, which purger closed."]
