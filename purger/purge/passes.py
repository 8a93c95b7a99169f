"""Run one pass over what a load listed: icons in batches, then the page's button or exact API calls for the rest."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tenacity import RetryCallState, retry_if_result

from purger.core import events
from purger.core.cache import Cache, Method, count_rows
from purger.core.errors import LastingSiteError, SiteError, UnknownPageError
from purger.core.text import many
from purger.purge.attribution import Attribution
from purger.purge.entry import Entry, State
from purger.purge.exact_deletion import ExactDeletion
from purger.purge.ledger import Ledger
from purger.purge.methods import Refusal
from purger.purge.plan import Deletion, Undeletable, without_nested
from purger.purge.record import Record
from purger.purge.settings import Settings
from purger.travis.api import Api
from purger.travis.payloads import Response, may_pass
from purger.travis.rate_limit import Budget
from purger.travis.refusals import BusyError, ConflictError, RateLimitedError

if TYPE_CHECKING:
    from purger.travis.page.cache_page import CachePage

LOW_WATER = 100
"""With so few responses pending, the next batch is clicked: as many as a browser has in flight over HTTP/2."""

_Way = TypeVar("_Way", Deletion, Undeletable, Deletion | Undeletable)
Rows = dict[str, list[Entry]]
"""Entries by the displayed branch of their row."""


@dataclass(slots=True)
class _Clicks:
    """The clicks of one pass: the rows to click next, and how many were clicked, accepted and refused so far."""

    rows: Rows
    clicked: int = 0
    accepted: int = 0
    refused: int = 0


@dataclass(slots=True)
class Passes:
    """Run passes on one repository, one after the other."""

    record: Record
    settings: Settings
    api: Api
    exact: ExactDeletion
    budget: Budget
    attribution: Attribution

    async def run_pass(self, page: CachePage) -> None:
        """Attempt to delete each cache that the ledger has to attempt, once or, where it is refused, a few times.

        Raises AccessError when the token is refused during the pass, UnknownPageError for a page that asks another
        question than it used to, BrowserLostError when the page dies.
        """
        ledger = self.record.ledger
        entries = ledger.to_attempt
        self.record.passes += 1
        rows = count_rows(entry.cache for entry in entries)
        self.record.emit(events.PassStarted(self.record.name, self.record.passes, rows, len(entries)))
        if not ledger.selection.everything:
            await self._delete_exactly(page, entries)
            return
        by_method: dict[Method | None, list[Entry]] = {}
        for entry in entries:
            by_method.setdefault(ledger.methods.next_of(entry), []).append(entry)
        if by_icon := by_method.get(Method.ICON):
            rows_to_click: Rows = {}
            for entry in by_icon:
                rows_to_click.setdefault(entry.cache.branch, []).append(entry)
            await self._click_rows(page, rows_to_click)
        elif by_button := by_method.get(Method.BUTTON):
            await self._press_button(page, by_button)
        else:
            await self._delete_exactly(page, entries)

    async def _click_rows(self, page: CachePage, rows: Rows) -> None:
        """Click these rows, and those that are refused again, after growing pauses."""
        again = self.settings.policies.rows_refused.again(retry_if_result(bool), before_sleep=self._emit_wait)
        await again(self._click_round, page, _Clicks(rows))

    def _emit_wait(self, state: RetryCallState) -> None:
        rows, next_action = state.outcome.result() if state.outcome else {}, state.next_action
        why = f"{many(len(rows), 'row')} refused: clicked again"
        self.record.emit(events.Waiting(self.record.name, next_action.sleep if next_action else 0.0, why))

    async def _click_round(self, page: CachePage, clicks: _Clicks) -> Rows:
        """Click each row once, batch by batch. Return the rows worth another click, which are clicked next."""
        queue = deque(rows := clicks.rows)
        clicks.rows = {}
        statuses: set[int | None] = set()
        all_unsent = True
        pending = 0
        while queue or pending:
            batch = await self._next_batch(queue, rows) if pending <= LOW_WATER else []
            clicks.clicked += len(batch)
            responses, pending = await page.click(
                batch, most_pending=LOW_WATER if queue else 0, silence_s=self.settings.pace.answer_timeout_s
            )
            for response in responses:
                if response.branch in rows and self._record_response(response, rows[response.branch], Method.ICON):
                    clicks.rows[response.branch] = rows[response.branch]
                statuses.add(response.status)
                all_unsent = all_unsent and response.unsent
                clicks.accepted += response.ok
                clicks.refused += not response.ok
            self.record.emit(events.BatchClicked(self.record.name, clicks.clicked, clicks.accepted, clicks.refused))
        if page.dismissed and all_unsent:
            raise _unknown_question(page.dismissed[-1], self.record.url)
        if statuses & {401, 403}:
            await self.api.user()  # raises AccessError where the token is the reason
        return clicks.rows

    async def _next_batch(self, queue: deque[str], rows: Rows) -> list[str]:
        """Take as many rows from the queue as the batch size and the request budget allow; count the attempts."""
        if not queue:
            return []
        # Who slows the browser down wants to see each click, and Playwright pauses for none that a script makes.
        size = 1 if (pause_ms := self.settings.browser.slow_mo_ms) else self.settings.pace.batch_size
        if pause_ms:
            await asyncio.sleep(pause_ms / 1000)
        batch = [queue.popleft() for _ in range(await self.budget.take_some(min(size, len(queue))))]
        if not self.record.ledger.selection.everything:
            batch = await self.exact.with_nothing_else(batch, self.record.ledger.left_below)
        self.record.emit(events.Clicking(self.record.name, tuple(batch)))
        self.record.requests += len(batch)
        for branch in batch:
            self.record.ledger.count_attempt(rows[branch], Method.ICON)
        return batch

    def _record_response(self, response: Response, entries: Sequence[Entry], method: Method) -> bool:
        """Record the response to a deletion. Return whether it is worth another attempt before the recheck."""
        ledger = self.record.ledger
        accepted = ledger.accept(response.deleted or (), method, entries, response.branch)
        self.record.emit(
            events.ResponseReceived(self.record.name, response.branch, response.status, len(accepted), response.words)
        )
        if response.ok:
            self.budget.went_well()
            missed = [entry for entry in entries if entry.state is not State.ACCEPTED]
            if response.deleted is None:
                ledger.refuse(missed, f"{response.words}, without a list of what it deleted", Refusal.TRANSIENT)
            elif missed:
                self._exhaust(missed)
            return False  # the recheck shows what was done
        if response.status == 429:
            self.budget.refused(response.retry_after_s)
        ledger.refuse(entries, response.words, _refusal_of(response.status))
        if response.status is None:
            return False  # it may have been done: the recheck shows it
        # A job may have uploaded again what a refused deletion deleted all the same: no filter has seen that yet.
        return ledger.selection.everything and any(_may_click(ledger, entry) for entry in entries)

    def _exhaust(self, entries: Sequence[Entry]) -> None:
        self.record.ledger.methods.exhaust(entries)
        # After a refusal the first attempt may have done it, so that there was nothing left to delete.
        if entries[0].attempts == 1:
            branch = entries[0].cache.branch
            why = f"the deletion of {branch!r} was accepted, but did not delete {many(len(entries), 'cache')} of it"
            self.record.emit(events.MethodChanged(self.record.name, why))

    async def _press_button(self, page: CachePage, entries: Sequence[Entry]) -> None:
        """Press the page's own "Delete all". It fails on large numbers, but icons have deleted most by now."""
        why = f"pressing 'Delete all repository caches' for {many(len(entries), 'cache')} that no icon deleted"
        self.record.emit(events.MethodChanged(self.record.name, why))
        await self.budget.take(1)
        self.record.requests += 1
        self.record.ledger.count_attempt(entries, Method.BUTTON)
        response = await page.click_delete_all()
        self._record_response(response, entries, Method.BUTTON)

    async def _delete_exactly(self, page: CachePage, entries: Sequence[Entry]) -> None:
        """Find for each cache a method that deletes nothing else, and use it: its icon where that will do."""
        by_icon: Rows = {}
        given_up: list[tuple[Undeletable, list[Entry]]] = []
        await self._learn_names([entry for entry in entries if not entry.cache.is_attributed])
        caches = [entry.cache for entry in entries]
        ways = without_nested(await self.exact.ways(caches, self.record.ledger.left_below))
        try:
            for way, concerned in _with_entries(ways, entries):
                if isinstance(way, Undeletable):
                    self.record.ledger.give_up(concerned, way.reason)
                    given_up.append((way, concerned))
                elif way.method is Method.ICON and not any(Method.ICON in entry.exhausted for entry in concerned):
                    by_icon.setdefault(way.folder, []).extend(concerned)
                else:
                    given_up += await self._call(way, concerned)
            if by_icon:
                await self._click_rows(page, by_icon)
        finally:  # what is given up is not planned again, whatever becomes of the rest
            _warn_of(self.record, given_up)

    async def _learn_names(self, entries: Sequence[Entry]) -> None:
        """Find out which branches these caches belong to, whose file names hold a slash."""
        caches = [entry.cache for entry in entries]
        others = [entry.cache for entry in self.record.ledger.left if entry.cache.is_attributed]
        for entry, cache in zip(entries, await self.attribution.attribute(caches, set(caches), others), strict=True):
            self.record.ledger.learn_names(entry, cache)

    async def _call(self, way: Deletion, entries: Sequence[Entry]) -> list[tuple[Undeletable, list[Entry]]]:
        """Delete through the API what the way says. Return what is given up, since by now that would reach others."""
        (ledger := self.record.ledger).count_attempt(entries, Method.API)
        try:
            deleted, spared = await self.exact.delete(way, ledger.left_below)
        except LastingSiteError:
            raise
        except SiteError as error:
            ledger.refuse(entries, str(error), _refusal_by(error), instead_of=Method.ICON)
            return []
        given_up = list(_with_entries(spared, entries))
        for undeletable, concerned in given_up:
            ledger.give_up(concerned, undeletable.reason)
        if called := [entry for entry in entries if entry.state is not State.UNDELETABLE]:
            self._record_response(Response(way.folder, 200, "answered 200", tuple(deleted)), called, Method.API)
        return given_up


def _warn_of(record: Record, given_up: Iterable[tuple[Undeletable, Sequence[Entry]]]) -> None:
    """Warn of what is left alone, once the pass has ended: another deletion may have reached some of it.

    A row and a reason have one warning, however many deletions were planned for its caches.
    """
    entries = ((way, entry) for way, concerned in given_up for entry in concerned)
    left = Counter((entry.cache.branch, way.reason) for way, entry in entries if entry.state is State.UNDELETABLE)
    for (branch, reason), count in left.items():
        be = "is" if count == 1 else "are"
        record.warn(f"{many(count, 'cache')} of {branch!r} {be} left alone: {reason}")


def _unknown_question(question: str, url: str) -> UnknownPageError:
    return UnknownPageError(
        f"the page is not the one we know: a click asks {question!r}, which purger does not answer",
        where=url,
        remedy="Nothing was deleted. Look at the page by hand; purger may need an update.",
    )


def _refusal_of(status: int | None) -> Refusal:
    if status == 429:
        return Refusal.RATE_LIMITED
    return Refusal.TRANSIENT if may_pass(status) else Refusal.FINAL


def _refusal_by(error: SiteError) -> Refusal:
    """Return how an API call was refused that ended with this error."""
    if isinstance(error, RateLimitedError):
        return Refusal.RATE_LIMITED
    return Refusal.TRANSIENT if isinstance(error, BusyError | ConflictError) else Refusal.FINAL


def _may_click(ledger: Ledger, entry: Entry) -> bool:
    return ledger.methods.may_attempt(entry) and ledger.methods.next_of(entry) is Method.ICON


def _with_entries(ways: Iterable[_Way], entries: Iterable[Entry]) -> Iterator[tuple[_Way, list[Entry]]]:
    by_cache: dict[Cache, deque[Entry]] = {}
    for entry in entries:
        by_cache.setdefault(entry.cache, deque()).append(entry)
    for way in ways:
        yield way, [by_cache[cache].popleft() for cache in way.caches if by_cache.get(cache)]
