"""One pass over what a look showed: icons in batches, then the page's button or exact API calls for the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, wait_random_exponential

from purger.core import events
from purger.core.cache import How, rows_of
from purger.core.errors import SiteError, UnknownPageError
from purger.purge.exact_deletion import ExactCalls
from purger.purge.ledger import Entry
from purger.travis.rate_limit import Budget
from purger.purge.record import Record
from purger.purge.settings import Settings
from purger.travis.payloads import Answer
from purger.travis.api import Api
from purger.travis.page.cache_page import CachePage
from purger.travis.client import RateLimitedError
from purger.purge.plan import NoWay, Way, without_covered
from purger.core.text import many

LOW_WATER = 12
"""So few unanswered rows, and the next batch is clicked: two for each of the browser's six connections."""
BUTTON_SILENCE_S = 120.0
"""The button's one request deletes archive by archive; the site itself gives up sooner than this."""


@dataclass(slots=True)
class Deleting:
    """The ways of deleting on one repository, one pass after the other."""

    record: Record
    settings: Settings
    api: Api
    exact: ExactCalls
    budget: Budget
    _left_for_button: int | None = None

    async def one_pass(self, page: CachePage) -> None:
        """Try each archive that the ledger says is to be tried, once or, where it is refused, a few times.

        Raises AccessError when the token is refused on the way, UnknownPageError for a page that asks something else
        than it used to, BrowserLostError when the page dies.
        """
        ledger = self.record.ledger
        entries = ledger.to_try
        self.record.passes += 1
        rows = len(rows_of(entry.archive for entry in entries))
        self.record.tell(events.PassStarted(self.record.name, self.record.passes, rows, len(entries)))
        reachable = [entry for entry in entries if not entry.icon_is_dead]
        if not ledger.selection.everything:
            await self._delete_exactly(page, entries)
        elif reachable:
            await self._click_rows(page, reachable)
        elif self._left_for_button is None or len(entries) < self._left_for_button:
            self._left_for_button = len(entries)
            await self._press_button(page, entries)
        else:
            await self._delete_exactly(page, entries)

    async def _click_rows(self, page: CachePage, entries: Sequence[Entry]) -> None:
        """Click the rows of these entries; those that are refused again, after growing pauses."""
        rows: dict[str, list[Entry]] = {}
        for entry in entries:
            rows.setdefault(entry.archive.branch, []).append(entry)
        async for attempt in AsyncRetrying(
            retry=retry_if_result(bool),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            before_sleep=self._tell_of_refusals,
        ):
            with attempt:
                rows = await self._click_round(page, rows)
            if attempt.retry_state.outcome and not attempt.retry_state.outcome.failed:
                attempt.retry_state.set_result(rows)

    def _tell_of_refusals(self, state: RetryCallState) -> None:
        rows = state.outcome.result() if state.outcome else {}
        pause_s = state.next_action.sleep if state.next_action else 0.0
        why = f"{many(len(rows), 'row')} refused: clicked again"
        self.record.tell(events.Waiting(self.record.name, pause_s, why))

    async def _click_round(self, page: CachePage, rows: dict[str, list[Entry]]) -> dict[str, list[Entry]]:
        """Click each row once, batch by batch; gives the rows that are worth another click."""
        queue = deque(rows)
        again: dict[str, list[Entry]] = {}
        answers: list[Answer] = []
        clicked = unanswered = 0
        while queue or unanswered:
            batch: list[str] = []
            if queue and unanswered <= LOW_WATER:
                # Who slows the browser down wants to see each click.
                size = 1 if self.settings.browser.slow_mo_ms else self.settings.batch_size
                granted = await self.budget.take_some(min(size, len(queue)))
                batch = [queue.popleft() for _ in range(granted)]
                self.record.tell(events.Clicking(self.record.name, tuple(batch)))
                self.record.requests += len(batch)
                clicked += len(batch)
                for branch in batch:
                    _tried(rows[branch], How.ICON)
            news, unanswered = await page.click(
                batch, unanswered=LOW_WATER if queue else 0, silence_s=self.settings.answer_timeout_s
            )
            answers += news
            again |= {
                answer.branch: rows[answer.branch]
                for answer in news
                if answer.branch in rows and self._take_answer(answer, rows[answer.branch], How.ICON)
            }
            refused = sum(not answer.ok for answer in answers)
            self.record.tell(events.BatchClicked(self.record.name, clicked, len(answers) - refused, refused))
        self._check_question(page, answers)
        if any(answer.status in {401, 403} for answer in answers):
            await self.api.user()
        return again

    def _check_question(self, page: CachePage, answers: Sequence[Answer]) -> None:
        if page.dismissed and all(answer.unsent for answer in answers):
            raise UnknownPageError(
                f"the page is not the one we know: a click asks {page.dismissed[-1]!r}, which purger does not answer",
                where=self.record.url,
                remedy="Nothing was deleted. Look at the page by hand; purger may need an update.",
            )

    def _take_answer(self, answer: Answer, entries: Sequence[Entry], how: How) -> bool:
        """Take in how a deletion was answered; gives whether it is worth another try before looking again."""
        ledger = self.record.ledger
        deleted = ledger.answered(answer.deleted or (), how)
        self.record.tell(events.Answered(self.record.name, answer.branch, answer.status, len(deleted), answer.words))
        if answer.ok:
            self.budget.went_well()
            missed = [entry for entry in entries if not entry.answered]
            if answer.deleted is not None and missed:
                self._icon_is_dead(missed)
            return False
        if answer.status == 429:
            self.budget.refused(answer.retry_after_s)
        ledger.refused(entries, answer.words, rate_limited=answer.status == 429)
        if answer.status is None:
            return False  # it may have been done or not: a look decides
        if answer.status < 500 and answer.status != 429:
            for entry in entries:
                entry.tries = max(entry.tries, self.settings.attempts)
        # What a refused deletion did all the same a job may have uploaded again: no filter has seen that yet.
        return ledger.selection.everything and any(ledger.may_try(entry) for entry in entries)

    def _icon_is_dead(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            entry.icon_is_dead = True
        # After a refusal the first try may have done it, so that there was nothing left to delete.
        if entries[0].tries == 1:
            branch = entries[0].archive.branch
            why = f"the click on {branch!r} was answered, but did not delete {many(len(entries), 'archive')} of it"
            self.record.tell(events.OtherWay(self.record.name, branch, why))

    async def _press_button(self, page: CachePage, entries: Sequence[Entry]) -> None:
        """The page's own "Delete all": it fails on large numbers, but icons have done the bulk by now."""
        why = f"pressing 'Delete all repository caches' for {many(len(entries), 'archive')} that no icon reaches"
        self.record.tell(events.OtherWay(self.record.name, "", why))
        await self.budget.take(1)
        self.record.requests += 1
        _tried(entries, How.BUTTON)
        answer = await page.click_delete_all(silence_s=BUTTON_SILENCE_S)
        self._take_answer(answer, entries, How.BUTTON)

    async def _delete_exactly(self, page: CachePage, entries: Sequence[Entry]) -> None:
        """Find for each archive a way that deletes nothing else, and take it: its icon where that will do."""
        ledger = self.record.ledger
        selected = ledger.selected_versions
        by_icon: list[Entry] = []
        for way in without_covered(await self.exact.ways(entries, selected)):
            # By identity of version: what the way is for, among the entries of this pass.
            concerned = _entries_of(way, entries)
            if isinstance(way, NoWay):
                self._give_up(concerned, way)
            elif way.how is How.ICON and not any(entry.icon_is_dead for entry in concerned):
                by_icon += concerned
            else:
                await self._call(way, concerned)
        if by_icon:
            await self._click_rows(page, by_icon)

    async def _call(self, way: Way, entries: Sequence[Entry]) -> None:
        _tried(entries, How.API)
        try:
            told = await self.exact.delete(way, self.record.ledger.selected_versions)
        except SiteError as error:
            self.record.ledger.refused(entries, str(error), rate_limited=isinstance(error, RateLimitedError))
            return
        if isinstance(told, NoWay):
            self._give_up(entries, told)
            return
        answer = Answer(way.full_branch, 200, "answered 200", deleted=tuple(told))
        self._take_answer(answer, entries, How.API)

    def _give_up(self, entries: Sequence[Entry], way: NoWay) -> None:
        for entry in entries:
            entry.no_way = way.reason
        if entries:
            self.record.warn(f"{len(entries)} archives of {entries[0].archive.branch!r} are left alone: {way.reason}")


def _tried(entries: Sequence[Entry], how: How) -> None:
    for entry in entries:
        entry.tries += 1
        entry.how = how


def _entries_of(way: Way | NoWay, entries: Sequence[Entry]) -> list[Entry]:
    wanted = list(way.archives)
    found = []
    for entry in entries:
        if entry.archive in wanted:
            wanted.remove(entry.archive)
            found.append(entry)
    return found
