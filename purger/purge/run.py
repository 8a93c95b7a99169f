"""A whole run: sign in, survey all repositories, ask once, purge them side by side in one browser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from purger.core import events
from purger.report.artifacts import Artifacts
from purger.browser.start import close_context, driver
from purger.browser.supervise import Browsers
from purger.core.errors import AccessError, BrowserLostError, PurgerError, SiteError, StoppedError
from purger.travis.rate_limit import Budget
from purger.report.page_record import Keepsakes
from purger.purge.repository import RepositoryPurge
from purger.purge.record import Record
from purger.report.build import report_of
from purger.core.selection import Selection
from purger.purge.settings import Settings
from purger.purge.shard import Shard
from purger.travis.api import Api, RepositoryFacts
from purger.travis.page.cache_page import CachePage
from purger.travis.addresses import Owner, Repository

PAGE_RESTARTS = 2
LONGEST_SILENCE_S = 20.0


@dataclass(slots=True)
class Run:
    """What a run is about and what came of it; readable at any time. `confirm` is asked once, before any deletion.

    An owner among `repositories` stands for all that the API lists of it; of all, `shard` picks a part. `dry_run` looks
    and touches nothing. `error` is what stopped the run as a whole; what stopped one repository
    stands in its record. A `budget` is given where the run is a part of something larger, with other requests.
    """

    settings: Settings
    selection: Selection
    repositories: Sequence[Repository | Owner]
    dry_run: bool = False
    shard: Shard | None = None
    artifacts: Artifacts | None = None
    observers: Sequence[events.Observer] = ()
    confirm: Callable[[Sequence[Record]], bool] = lambda _records: True
    budget: Budget | None = None
    records: list[Record] = field(default_factory=list)
    error: PurgerError | None = None
    _last_event: float = field(default_factory=time.monotonic)
    _persons: int = 0

    @property
    def purges(self) -> list[Record]:
        """What is to be shown: each repository."""
        return self.records

    @property
    def job_outcomes(self) -> list[PurgerError | str]:
        """A run restarts no jobs."""
        return []

    async def execute(self) -> None:
        """Do it all. Nothing is raised but cancellation: errors stand in `error` and in the records."""
        try:
            async with driver() as playwright:
                browsers = Browsers(playwright, self.settings.browser, self.settings.site.hosts)
                alive = asyncio.create_task(self._show_life())
                try:
                    if not self.dry_run:
                        browsers.start_early()
                    budget = self.budget or Budget(self.settings.max_rate, on_wait=self._tell_wait)
                    async with Api.open(playwright, self.settings.site, self.settings.token, budget) as api:
                        await self._with_api(api, budget, browsers)
                finally:
                    alive.cancel()
                    await browsers.close()
        except PurgerError as error:
            self.error = error

    def report(self, started_at: datetime) -> dict[str, Any]:
        """What came of it as JSON-ready values."""
        return report_of(self.records, self.error, started_at, selection=self.selection, dry_run=self.dry_run)

    def _see(self, event: events.Event) -> None:
        self._last_event = time.monotonic()
        for observe in self.observers:
            observe(event)

    async def _show_life(self) -> None:
        """Tell something at least every half minute: a CI takes silence for death."""
        while True:
            await asyncio.sleep(1)
            silence_s = time.monotonic() - self._last_event
            if silence_s > LONGEST_SILENCE_S and not self._persons:
                self._see(events.Waiting("", 0.0, "the site is slow to answer"))

    def _tell_wait(self, seconds: float, why: str) -> None:
        self._see(events.Waiting("", seconds, why))

    async def _with_api(self, api: Api, budget: Budget, browsers: Browsers) -> None:
        purges: list[RepositoryPurge] = []
        async with asyncio.TaskGroup() as group:
            who = group.create_task(_caught(self._sign_in(api)))
            surveyed = group.create_task(_caught(self._survey_all(api, budget, purges)))
        # A token that is refused explains all other refusals.
        for error in (who.result(), surveyed.result()):
            if error is not None:
                raise error
        todo = [purge for purge in purges if purge.record.error is None and purge.record.ledger.left]
        if not todo or self.dry_run:
            return
        if not self.confirm([purge.record for purge in todo]):
            raise StoppedError("nothing was deleted: the answer was no")
        at_once = asyncio.Semaphore(self.settings.jobs)
        async with asyncio.TaskGroup() as group:
            for purge in todo:
                group.create_task(self._purge(purge, browsers, at_once))

    async def _sign_in(self, api: Api) -> None:
        user = await api.user()
        self._see(events.SignedIn("", user.login))

    async def _expanded(self, api: Api) -> dict[Repository, RepositoryFacts | None]:
        """The repositories of this run, with the facts of those that an owner's list told."""
        found: dict[Repository, RepositoryFacts | None] = {}
        needed = {"cache_view"} if self.dry_run else {"cache_view", "cache_delete"}
        for target in self.repositories:
            if isinstance(target, Repository):
                found.setdefault(target, None)
                continue
            for repository, facts in await api.repositories(target):
                missing = needed - facts.permissions
                if facts.active and not missing:
                    found.setdefault(repository, facts)
                else:
                    why = f"the token lacks {' and '.join(sorted(missing))}" if facts.active else "it is not active"
                    self._see(events.Warned(str(repository), f"left out of {target}: {why}"))
        return {one: facts for one, facts in found.items() if self.shard is None or self.shard.holds(one)}

    async def _survey_all(self, api: Api, budget: Budget, purges: list[RepositoryPurge]) -> None:
        purges += [
            RepositoryPurge(repository, self.settings, self.selection, api.for_one(), budget, self._see, facts)
            for repository, facts in (await self._expanded(api)).items()
        ]
        self.records = [purge.record for purge in purges]
        if self.artifacts:
            for problem in self.artifacts.expect([record.name for record in self.records]):
                self._see(events.Warned("", problem))
        at_once = asyncio.Semaphore(self.settings.jobs)
        async with asyncio.TaskGroup() as group:
            for purge in purges:
                group.create_task(self._survey(purge, at_once))

    async def _survey(self, purge: RepositoryPurge, at_once: asyncio.Semaphore) -> None:
        async with at_once, _recorded(purge):
            await purge.survey(to_delete=not self.dry_run)

    async def _purge(self, purge: RepositoryPurge, browsers: Browsers, at_once: asyncio.Semaphore) -> None:
        async with at_once:
            async with _recorded(purge):
                await self._purge_with_new_browsers(purge, browsers)
            purge.tell_end()

    async def _purge_with_new_browsers(self, purge: RepositoryPurge, browsers: Browsers) -> None:
        for restarts_left in reversed(range(PAGE_RESTARTS + 1)):
            try:
                async with self._page(purge, browsers) as (page, keepsakes):
                    await purge.run(page, partial(self._before_first_click, keepsakes))
            except BrowserLostError as lost:
                if not restarts_left:
                    raise
                purge.record.warn(f"The browser was lost and started anew: {lost}.")
            else:
                return

    @asynccontextmanager
    async def _page(self, purge: RepositoryPurge, browsers: Browsers) -> AsyncIterator[tuple[CachePage, Keepsakes]]:
        settings, record = self.settings, purge.record
        context = await browsers.context()
        page = CachePage(
            context,
            settings.site,
            record.repository,
            timeout_s=settings.page_timeout_s,
            log_console=settings.browser.page_console,
        )
        keepsakes = Keepsakes(self.artifacts, settings.trace, settings.token, record)
        try:
            await page.prepare(context, settings.site, settings.token, watched=settings.browser.headed)
            try:
                async with keepsakes.traced(context):
                    try:
                        yield page, keepsakes
                    except (AccessError, SiteError):
                        await keepsakes.after(page)
                        await self._pause(record, page, "it failed")
                        raise
                    await keepsakes.after(page)
            except (AccessError, SiteError) as error:
                await self._stay_open(record, page, str(error))
                raise
            await self._stay_open(record, page, "done")
        finally:
            await close_context(context)
            for sentence in page.refused:
                record.warn(sentence)

    async def _before_first_click(self, keepsakes: Keepsakes, page: CachePage) -> None:
        await keepsakes.before(page)
        await self._pause(keepsakes.record, page, "nothing was clicked yet")

    async def _pause(self, record: Record, page: CachePage, why: str) -> None:
        if self.settings.browser.pause:
            with self._left_to_a_person(record, f"{why}; Playwright's inspector lets it go on"):
                await page.pause()

    async def _stay_open(self, record: Record, page: CachePage, how: str) -> None:
        if self.settings.browser.keep_open:
            with self._left_to_a_person(record, f"{how}; the browser stays until you close it"):
                await page.wait_until_closed()

    @contextmanager
    def _left_to_a_person(self, record: Record, why: str) -> Iterator[None]:
        self._see(events.Waiting(record.name, 0.0, why))
        self._persons += 1
        try:
            yield
        finally:
            self._persons -= 1


async def _caught(work: Coroutine[Any, Any, None]) -> PurgerError | None:
    """The error that the work ended with, if any, as a value."""
    try:
        await work
    except PurgerError as error:
        return error
    return None


@asynccontextmanager
async def _recorded(purge: RepositoryPurge) -> AsyncIterator[None]:
    """Keep an error in the repository's own record, so that the others go on."""
    try:
        yield
    except PurgerError as error:
        purge.record.error = error
    finally:
        purge.finish()
