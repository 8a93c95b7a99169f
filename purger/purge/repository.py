"""The job on one repository: passes, and looking again until everything selected is gone, given up or out of time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from purger.core import events
from purger.core.cache import LIST_CAP, Archive, without
from purger.purge.passes import Deleting
from purger.core.errors import AccessError, SiteError, UnknownPageError
from purger.purge.exact_deletion import ExactCalls
from purger.purge.ledger import Ledger
from purger.travis.rate_limit import Budget
from purger.purge.record import Record
from purger.core.selection import Selection
from purger.purge.settings import Settings
from purger.travis.api import Api, RepositoryFacts
from purger.travis.page.cache_page import REQUESTS_A_LOAD, CachePage
from purger.travis.addresses import Repository
from purger.core.text import many

LOADS = 3
CLEAR_LOOKS = 2
LONGEST_PAUSE_S = 20.0
BLIND = (
    f"the site lists only {LIST_CAP:,} archives at once and the list is full: others that match may be hidden "
    "behind them; name branches in full, or purge everything"
)


class RepositoryPurge:
    """The purge of one repository: `survey` it, then `run` with a page. What it did stands in `record`.

    `facts` are what the API told of it, where it was asked already.
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
        ledger = Ledger(selection, settings.attempts)
        self.record = Record(repository, settings.site.cache_page(repository), ledger, observe)
        self._settings = settings
        self._api = api
        self._budget = budget
        self._facts = facts
        self._list_is_full = False

    async def survey(self, *, to_delete: bool) -> None:
        """Ask the API what is there and what we may do.

        Raises AccessError where the repository is missing or a right is, SiteError where the API does not answer.
        """
        facts = self._facts or await self._api.repository(self.record.repository)
        self._require(facts.permissions, "cache_view", "see")
        if to_delete:
            self._require(facts.permissions, "cache_delete", "delete")
        self._exact = ExactCalls(self._api, facts.id, self.record.ledger.selection)
        self.deleting = Deleting(self.record, self._settings, self._api, self._exact, self._budget)
        listed = await self._api.caches(facts.id)
        self._take_in(listed, await self._exact.named_in_full())
        self.record.surveyed = True
        selected = self.record.ledger.selected
        if self._is_blind:
            self.record.warn(BLIND)
        elif not selected:
            self.record.verified = True
        size_bytes = sum(entry.archive.size_bytes for entry in selected)
        self.record.tell(events.Surveyed(self.record.name, len(self.record.ledger.entries), len(selected), size_bytes))

    def finish(self) -> None:
        """What was under way is done, well or not: bring the record up to date."""
        self.record.requests += self._api.take_count()
        self.record.stop_clock()

    def tell_end(self) -> None:
        """Tell how the purge ended."""
        ledger = self.record.ledger
        deleted = sum(not entry.listed for entry in ledger.selected)
        self.record.tell(events.Finished(self.record.name, self.record.ok, deleted, len(ledger.left)))

    def _require(self, permissions: frozenset[str], permission: str, verb: str) -> None:
        if permission not in permissions:
            raise AccessError(
                f"the token may not {verb} the caches of {self.record.name} ({permission} is missing)",
                where=self.record.url,
                remedy="Ask an admin of the repository, or use a token of someone who may.",
            )

    def _take_in(self, listed: Sequence[Archive], named: Sequence[Archive]) -> None:
        """Take in a look: the list, and, asked for after it, the archives of the branches that are named in full.

        In this order, what is uploaded in between is known by its full name, and what goes in between still counts
        as listed.
        """
        ledger = self.record.ledger
        self._list_is_full = len(listed) >= LIST_CAP
        times_before = sum(entry.recreated for entry in ledger.selected)
        ledger.look([*named, *ledger.traced(without(listed, named))], datetime.now(UTC))
        if sum(entry.recreated for entry in ledger.selected) > times_before:
            back = [entry for entry in ledger.left if entry.recreated]
            branches = tuple(dict.fromkeys(entry.archive.branch for entry in back))
            self.record.tell(events.Recreated(self.record.name, len(back), branches))
            self.record.warn(f"Archives of {', '.join(branches)} came back: a job that is still running uploads them.")

    @property
    def _is_blind(self) -> bool:
        """Whether archives that match may be hidden behind a full list. Branches named in full are listed apart."""
        selection = self.record.ledger.selection
        by_look = bool(selection.globs) or not selection.branches
        return self._list_is_full and not selection.everything and by_look

    async def run(self, page: CachePage, before_clicking: Callable[[CachePage], Awaitable[None]] | None = None) -> None:
        """Delete what is selected, pass by pass, and look again until it is gone, given up or out of time.

        `before_clicking` is given the page once, loaded. This may be called again with a new page after
        BrowserLostError: it goes on from what a fresh look shows. Raises AccessError, SiteError, UnknownPageError and
        BrowserLostError; the record holds what was done until then.
        """
        ledger = self.record.ledger
        clear_looks, faults_left = 0, LOADS
        deadline: float | None = None
        pauses, pauses_of_refusals = growing_pauses(), growing_pauses()
        while True:
            await self._look(page)
            if before_clicking:
                await before_clicking(page)
                before_clicking = None
            if ledger.to_try:
                clear_looks, deadline, pauses = 0, None, growing_pauses()
                try:
                    await self.deleting.one_pass(page)
                except UnknownPageError:
                    raise
                except SiteError as error:
                    faults_left -= 1
                    if not faults_left:
                        raise
                    self.record.warn(f"The page failed while it was clicked, so it is loaded again: {error}.")
                if refused := [entry for entry in ledger.to_try if entry.refusal]:
                    why = f"{many(len(refused), 'archive')} refused: another look, then another try"
                    await self._pause(random.uniform(0.5, 1) * next(pauses_of_refusals), why)
            elif ledger.waiting:
                clear_looks, now = 0, time.monotonic()
                deadline = deadline or now + self._settings.recheck_timeout_s
                if now >= deadline:
                    break
                why = f"{many(len(ledger.waiting), 'archive')} still listed, although the deletion was answered"
                await self._pause(min(next(pauses), deadline - now), why, deadline - now)
            else:
                clear_looks += 1
                if clear_looks >= CLEAR_LOOKS:
                    break
                await self._pause(self._settings.settle_s, "one more look, to see that nothing comes back")
        if self._is_blind:
            self.record.warn(BLIND)
        if ledger.ok and not self._is_blind:
            self.record.verified, self.record.settled_s = True, self._settings.settle_s

    async def _look(self, page: CachePage) -> None:
        """Load the page anew, a few times if need be, and take in what it lists."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(SiteError),
            stop=stop_after_attempt(LOADS),
            wait=wait_random_exponential(multiplier=1, max=5),
            before_sleep=self._tell_of_retry,
            reraise=True,
        ):
            with attempt:
                await self._budget.take(REQUESTS_A_LOAD)
                self.record.requests += REQUESTS_A_LOAD
                try:
                    listed = await page.load()
                except SiteError:
                    # The page does not tell a refused token or a missing right from a fault; the API does.
                    await self._api.repository(self.record.repository)
                    raise
                named = await self._exact.named_in_full()
        self.record.looks += 1
        self._take_in(listed, named)
        ledger = self.record.ledger
        gone = sum(not entry.listed for entry in ledger.selected)
        self.record.tell(
            events.Looked(self.record.name, self.record.looks, len(ledger.left), len(ledger.waiting), gone)
        )

    def _tell_of_retry(self, state: RetryCallState) -> None:
        fault = state.outcome.exception() if state.outcome else None
        pause_s = state.next_action.sleep if state.next_action else 0.0
        self.record.tell(events.Waiting(self.record.name, pause_s, f"the page is loaded again, since {fault}"))

    async def _pause(self, seconds: float, why: str, left_s: float | None = None) -> None:
        if seconds > 0:
            self.record.tell(events.Waiting(self.record.name, seconds, why, left_s))
            await asyncio.sleep(seconds)


def growing_pauses() -> Iterator[float]:
    """Pauses between looks, in seconds: short at first, since most deletions apply soon."""
    seconds = 0.5
    while True:
        yield seconds
        seconds = min(1.7 * seconds, LONGEST_PAUSE_S)
