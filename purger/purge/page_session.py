"""Open the cache page of one repository in a context of its own, keep its record, and leave it to a person if asked."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from purger.browser.supervise import BrowserSupervisor
from purger.core import events
from purger.core.errors import AccessError, SiteError
from purger.purge.page_recorder import PageRecorder, PageRecorders
from purger.purge.record import Record
from purger.purge.settings import Settings

if TYPE_CHECKING:
    from purger.travis.page.cache_page import CachePage


class PageSessions:
    """Opens the pages of a run; `recorders` keep pictures and traces, `emit` gets what a person should know."""

    def __init__(self, settings: Settings, recorders: PageRecorders, emit: events.Observer) -> None:
        self._settings = settings
        self._recorders = recorders
        self._emit = emit
        self._people = 0
        self._with_a_person_until = 0.0

    @property
    def with_a_person_until(self) -> float:
        """When a person last took their time (`with_a_person`), as `time.monotonic`; endless while one does."""
        return math.inf if self._people else self._with_a_person_until

    @asynccontextmanager
    async def open(self, browsers: BrowserSupervisor, record: Record) -> AsyncIterator[PageSession]:
        """Open the page for a `with` block, signed in and not loaded yet; picture it at the end.

        Raises what the block raises, and BrowserError where there is no browser.
        """
        settings = self._settings
        context = await browsers.context()
        # These import Playwright: the browser did that already.
        from purger.browser.start import close_context
        from purger.travis.page.cache_page import CachePage

        page = CachePage(
            context,
            settings.site,
            record.repository,
            timeout_s=settings.pace.page_timeout_s,
            log_console=settings.page_console,
            waits=settings.policies.page,
        )
        session = PageSession(self, page, record, self._recorders.of(record))
        try:
            await page.prepare(context, settings.site, settings.token, watched=settings.browser.headed)
            try:
                async with session.recorder.traced(context):
                    try:
                        yield session
                    except (AccessError, SiteError):
                        await session.recorder.after(page)
                        await self.pause(session, "it failed")
                        raise
                    await session.recorder.after(page)
            except (AccessError, SiteError) as error:
                await self._keep_open(session, str(error))
                raise
            await self._keep_open(session, "done")
        finally:
            await close_context(context)
            for sentence in page.refused:
                record.warn(sentence)

    async def pause(self, session: PageSession, why: str) -> None:
        """With --pause, open Playwright's inspector and wait until a person continues."""
        if self._settings.browser.pause:
            with self._left_to_a_person(session.record, f"{why}; continue in Playwright's inspector"):
                await session.page.pause()

    async def _keep_open(self, session: PageSession, how: str) -> None:
        if self._settings.browser.keep_open:
            with self._left_to_a_person(session.record, f"{how}; the browser stays open until you close it"):
                await session.page.wait_until_closed()

    def _left_to_a_person(self, record: Record, why: str) -> AbstractContextManager[None]:
        self._emit(events.Waiting(record.name, 0.0, why))
        return self.with_a_person()

    @contextmanager
    def with_a_person(self) -> Iterator[None]:
        """Leave the time of a `with` block to a person: for a question, or with a page (--pause, --keep-open)."""
        self._people += 1
        try:
            yield
        finally:
            self._people -= 1
            self._with_a_person_until = time.monotonic()


class PageSession:
    """The page of one repository, with what keeps pictures and a trace of it."""

    def __init__(self, sessions: PageSessions, page: CachePage, record: Record, recorder: PageRecorder) -> None:
        self.page = page
        self.record = record
        self.recorder = recorder
        self._sessions = sessions

    async def before_first_click(self, page: CachePage) -> None:
        """Picture the loaded page and, with --pause, wait for a person."""
        await self.recorder.before(page)
        await self._sessions.pause(self, "nothing was clicked yet")
