"""Purge one repository: passes and rechecks until everything selected is gone, given up or out of time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tenacity import RetryCallState, retry_if_exception

from purger.browser.certificates import RefusedByBrowserError
from purger.browser.machine import limits_fault
from purger.browser.proxy_errors import NotLetThroughError
from purger.core import events
from purger.core.cache import Cache
from purger.core.decision import Decision
from purger.core.errors import LastingSiteError, NoAnswerError, SiteError, UnknownPageError
from purger.core.selection import Selection
from purger.core.text import many
from purger.purge.attribution import Attribution
from purger.purge.branch_listings import BranchListings
from purger.purge.completeness import AT_LEAST
from purger.purge.deciding import Decided, Deciding, above_target
from purger.purge.entry import State
from purger.purge.exact_deletion import ExactDeletion
from purger.purge.ledger import Ledger
from purger.purge.loads import Loads
from purger.purge.passes import Passes
from purger.purge.record import Record
from purger.purge.settings import Settings
from purger.purge.site_time import count_ages_from_site
from purger.purge.unmatched import unmatched_names
from purger.travis.addresses import Repository
from purger.travis.api import VIEW, VIEW_AND_DELETE, Api, RepositoryFacts
from purger.travis.rate_limit import REQUESTS_A_LOAD, Budget
from purger.travis.reachability import front_end_answers_s, not_for_the_browser

if TYPE_CHECKING:
    from purger.travis.page.cache_page import CachePage

CLEAR_LOADS = 2


class RepositoryPurge:
    """The purge of one repository: `survey` it, then `run` with a page. `record` holds what was done.

    `facts` are those of the API, where it was asked already.
    """

    def __init__(
        self,
        repository: Repository,
        settings: Settings,
        selection: Selection,
        api: Api,
        budget: Budget,
        observe: events.Observer,
        facts: RepositoryFacts | None = None,
    ) -> None:
        ledger = Ledger(selection, settings.pace.attempts)
        self.record = Record(repository, settings.site.cache_page(repository), ledger, observe)
        self._settings = settings
        self._api = api
        self._budget = budget
        self._facts = facts
        self._decided: Decided | None = None

    @property
    def decision(self) -> Decision | None:
        """What the survey decided about the caches; None where the selection has no policy, or was decided before."""
        return self._decided.decision if self._decided else None

    async def survey(self, *, to_delete: bool, dry_run: bool = False, concludes: bool = True) -> None:
        """Ask the API which caches there are and what the token may do, and decide what the policies mean.

        What is `to_delete` needs another permission than what is shown, in a dry run, too. It `concludes`, unless the
        limit of the run is to be applied before that. Raises AccessError where the repository is missing or a right is,
        SiteError where the API does not respond.
        """
        self._dry_run = dry_run
        facts = self._facts or await self._api.repository(self.record.repository)
        self.record.repository_id = facts.id
        count_ages_from_site(self.record, self._api.clock.offset, self._api.clock.now())
        facts.require(VIEW_AND_DELETE if to_delete else VIEW, where=self.record.url)
        ledger = self.record.ledger
        listings = BranchListings(self._api, facts.id, lambda: ledger.selection)
        attribution = Attribution(listings, lambda: ledger.selection)
        exact = ExactDeletion(self._api, facts.id, listings)
        self._loads = Loads(self.record, self._api, listings, attribution)
        self.passes = Passes(self.record, self._settings, self._api, exact, self._budget, attribution)
        listed = await self._api.caches(facts.id)
        if ledger.selection.policies.are_any and ledger.selection.decision is None:
            deciding = Deciding(self.record.repository, self._settings, listings, attribution)
            self._decided = await deciding.decide(listed, ledger.selection)
        else:
            await self._loads.record_load(listed)
        self.record.unmatched = await unmatched_names(ledger.selection, _seen(self._decided, ledger), listings)
        if concludes:
            self.conclude_survey(self.decision)

    def conclude_survey(self, decision: Decision | None = None) -> None:
        """Record what the survey showed; `decision` is its own, or that with the limit of the run applied."""
        ledger = self.record.ledger
        if self._decided is not None and decision is not None:
            ledger.selection = replace(ledger.selection, decision=decision)
            self.record.complete = decision.is_complete
            ledger.record_load(self._decided.caches, self._api.clock.now())
            above = above_target(self._decided.caches, decision, ledger.selection.policies)
            self._loads.warn_of_undecided([*self._decided.warnings, *above])
        self.record.surveyed = True
        selected = ledger.selected
        if self.record.may_hide_matches:
            self.record.warn(self.record.why_incomplete)
        elif not self.record.complete and self._dry_run:
            self.record.warn(AT_LEAST)
        elif self.record.complete and not selected and not ledger.undecided:
            self.record.verified = True
        size_bytes, seen = sum(entry.cache.size_bytes for entry in selected), len(ledger.entries)
        self.record.emit(events.Surveyed(self.record.name, seen, len(selected), size_bytes, self.record.complete))

    def finish(self) -> None:
        """Bring the record up to date when the work has ended, well or not."""
        self.record.requests += self._api.take_count()
        self.record.stop_clock()

    def emit_end(self) -> None:
        """Emit how the purge ended."""
        ledger = self.record.ledger
        self.record.emit(events.Finished(self.record.name, self.record.ok, ledger.gone, len(ledger.left)))

    async def run(self, page: CachePage, before_clicking: Callable[[CachePage], Awaitable[None]] | None = None) -> None:
        """Delete what is selected, pass by pass, and recheck until it is gone, given up or out of time.

        `before_clicking` is called once, with the loaded page. This may be called again with a new page after
        BrowserLostError: it continues from what a fresh load shows. Raises AccessError, SiteError, UnknownPageError
        and BrowserLostError; the record holds what was done until then.
        """
        ledger = self.record.ledger
        clear_loads, failed_passes = 0, 0
        waiting_until: float | None = None
        pauses, pauses_of_refusals = iter(self._settings.policies.polling), iter(self._settings.policies.refused_pass)
        progress = ledger.progress
        while clear_loads < CLEAR_LOADS:
            if clear_loads:
                await self._pause(self._settings.pace.settle_s, "another recheck, to see that nothing comes back")
            await self._load(page)
            if before_clicking:
                await before_clicking(page)
                before_clicking = None
            if ledger.to_attempt:
                clear_loads, waiting_until, pauses = 0, None, iter(self._settings.policies.polling)
                is_last = failed_passes + 1 >= self._settings.policies.failed_passes
                failed_passes += not await self._run_pass(page, is_last=is_last)
                if ledger.progress > progress:
                    progress, pauses_of_refusals = ledger.progress, iter(self._settings.policies.refused_pass)
                await self._pause_after_refusals(pauses_of_refusals)
            elif ledger.waiting:
                clear_loads, now = 0, time.monotonic()
                waiting_until = waiting_until or now + self._settings.pace.recheck_timeout_s
                if now >= waiting_until:
                    break
                why = f"{many(len(ledger.waiting), 'cache')} still listed, although the deletion was accepted"
                await self._pause(min(next(pauses), waiting_until - now), why, waiting_until - now)
            else:
                clear_loads += 1
        if not self.record.warn_where_incomplete() and ledger.ok:
            self.record.verified, self.record.settled_s = True, self._settings.pace.settle_s

    async def _run_pass(self, page: CachePage, *, is_last: bool) -> bool:
        """Run one pass. Return whether the page held out; where it failed and `is_last`, the error is raised."""
        try:
            await self.passes.run_pass(page)
        except (UnknownPageError, LastingSiteError):
            raise
        except SiteError as error:
            if is_last:
                raise
            self.record.warn(f"The page failed while it was clicked, so it is loaded again: {error}.")
            return False
        return True

    async def _pause_after_refusals(self, pauses: Iterator[float]) -> None:
        if refused := sum(entry.state is State.REFUSED for entry in self.record.ledger.to_attempt):
            why = f"{many(refused, 'cache')} refused: a recheck, then another attempt"
            await self._pause(random.uniform(0.5, 1) * next(pauses), why)

    async def _load(self, page: CachePage) -> None:
        """Load the page anew, a few times if need be, and record what it lists."""
        policy = self._settings.policies.page_load
        again = policy.again(retry_if_exception(_may_pass), before_sleep=self._emit_retry)
        listed: list[Cache] = await again(self._list, page)
        self.record.loads += 1
        await self._loads.record_load(listed)
        record, ledger = self.record, self.record.ledger
        left, waiting = len(ledger.left), len(ledger.waiting)
        record.emit(events.PageLoaded(record.name, record.loads, left, waiting, ledger.gone, record.complete))

    async def _list(self, page: CachePage) -> list[Cache]:
        """Load the page once, and return what it lists."""
        await self._budget.take(REQUESTS_A_LOAD)
        self.record.requests += REQUESTS_A_LOAD
        try:
            return await page.load(self.record.repository_id)
        except (RefusedByBrowserError, NotLetThroughError) as refused:
            raise await self._api.connections.why_refused(refused) from None
        except SiteError as error:
            await _raise_better_known(error, self._api, self.record)
            raise

    def _emit_retry(self, state: RetryCallState) -> None:
        fault, pause_s = state.outcome and state.outcome.exception(), state.next_action and state.next_action.sleep
        self.record.emit(events.Waiting(self.record.name, pause_s or 0.0, f"the page is loaded again, since {fault}"))

    async def _pause(self, seconds: float, why: str, left_s: float | None = None) -> None:
        if seconds > 0:
            self.record.emit(events.Waiting(self.record.name, seconds, why, left_s))
            await asyncio.sleep(seconds)


def _seen(decided: Decided | None, ledger: Ledger) -> list[Cache]:
    return decided.caches if decided else [entry.cache for entry in ledger.entries]


def _may_pass(fault: BaseException) -> bool:
    """Return whether another load of the page may succeed."""
    return isinstance(fault, SiteError) and not isinstance(fault, LastingSiteError)


async def _raise_better_known(fault: SiteError, api: Api, record: Record) -> None:
    """Raise the error that a load of the page really failed of, where somebody else than the page knows it."""
    # The page does not tell a refused token or a missing right from a fault; the API does.
    (await api.repository(record.repository)).require(VIEW, where=record.url)
    if isinstance(fault, NoAnswerError):
        # The browser does not tell a redirect to a host that it may not reach from a wrong address.
        try:
            await front_end_answers_s(api.connections, api.site)
        except NoAnswerError as own:
            fault.remedy = own.remedy  # it knows of proxies
            return
        if limit := limits_fault():
            raise limit.error()
        raise not_for_the_browser(fault)
