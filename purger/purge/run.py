"""Run over repositories: sign in, survey them all, ask once, purge them concurrently in one browser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from purger.browser.reach import reach_of
from purger.browser.supervise import BrowserSupervisor
from purger.core import events
from purger.core.cache import Cache
from purger.core.decision import Decision, limited
from purger.core.errors import BrowserLostError, OutOfTimeError, PurgerError, StoppedError
from purger.core.selection import Selection
from purger.purge.ledger import Ledger
from purger.purge.misread_names import check_names
from purger.purge.owners import expand
from purger.purge.page_recorder import NoRecorders, PageRecorders
from purger.purge.page_session import PageSessions
from purger.purge.record import Record
from purger.purge.repository import RepositoryPurge
from purger.purge.settings import Settings
from purger.purge.shard import Shard
from purger.travis.addresses import Owner, Repository
from purger.travis.api import Api
from purger.travis.rate_limit import Budget

PAGE_RESTARTS = 2
_TO_GO_ON = (
    "Run anew it would select as many again: "
    "resume it from its JSON report (--resume), which --json and --artifacts give."
)
LONGEST_SILENCE_S = 20.0


Confirm = Callable[[Sequence[Record]], Awaitable[bool]]


async def always(_records: Sequence[Record]) -> bool:
    """Return yes: nobody is asked."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a run is about.

    An owner among `repositories` stands for all repositories that the API lists of it; of all, `shard` picks a part.
    `dry_run` lists and deletes nothing; what is `to_delete` is the same with it and without, so it needs the same
    permissions. `decisions` are those of a former run, where the policies were decided. A run that `is_first` warns of
    names that match no cache; later, what they match may be deleted.
    """

    repositories: Sequence[Repository | Owner]
    selection: Selection = field(default_factory=Selection)
    dry_run: bool = False
    to_delete: bool = True
    shard: Shard | None = None
    decisions: Mapping[Repository, Decision] = field(default_factory=dict)
    is_first: bool = True

    @property
    def limit(self) -> int | None:
        """How many caches may be selected in all of the run."""
        return self.selection.policies.limit

    def selection_of(self, repository: Repository) -> Selection:
        """Return the selection for a repository, with what was decided about that before."""
        return replace(self.selection, decision=self.decisions.get(repository))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a run calls: `observe` for each event, `confirm` once before any deletion, `recorders` for its pages."""

    observe: events.Observer = lambda _event: None
    confirm: Confirm = always
    recorders: PageRecorders = field(default_factory=NoRecorders)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run: a record of each repository, what stopped the run as a whole, and what is odd about it."""

    records: tuple[Record, ...]
    error: PurgerError | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _EventsOfRun:
    """Events about a run, and about repositories that are left out of it: their warnings are kept for the report."""

    observe: events.Observer
    warnings: list[str] = field(default_factory=list)

    def emit(self, event: events.Event) -> None:
        """Pass an event on."""
        if isinstance(event, events.Warned):
            self.warnings.append(": ".join(filter(None, (event.repository, event.text))))
        self.observe(event)


class Run:
    """A run over repositories. `budget` is given where it is a part of something larger, with other requests."""

    def __init__(
        self, settings: Settings, request: Request, hooks: Hooks | None = None, budget: Budget | None = None
    ) -> None:
        self.settings = settings
        self.request = request
        self._hooks = hooks or Hooks()
        self._budget = budget or Budget(
            settings.pace.max_rate, on_wait=self._report_wait, pauses=settings.policies.rate_limit
        )
        self._records: tuple[Record, ...] = ()
        self._error: PurgerError | None = None
        self._about_run = _EventsOfRun(self._emit)
        self._of_an_owner: PurgerError | None = None
        self._last_event = time.monotonic()
        self._pages = PageSessions(settings, self._hooks.recorders, self._emit)

    @property
    def selection(self) -> Selection:
        """The selection as it was applied: on the site's clock, once a response had a date."""
        applied = [record.ledger.selection for record in self._records]
        return next((one for one in applied if one.clock_offset_s is not None), self.request.selection)

    @property
    def decisions(self) -> dict[Repository, Decision]:
        """What was decided about each repository, for a run that continues this one."""
        return {
            record.repository: replace(decision, deleted=(*decision.deleted, *_gone(record.ledger)))
            for record in self._records
            if (decision := record.ledger.selection.decision) is not None
        }

    def result(self, stopped: PurgerError | None = None) -> RunResult:
        """Return what came of the run so far; `stopped` is what ended it from outside.

        Time that runs out when everything is gone, while `--keep-open` waits for a person, is no failure.
        """
        is_done = bool(self._records) and all(record.ok for record in self._records)
        if is_done and isinstance(stopped, OutOfTimeError):
            stopped = None
        elif isinstance(stopped, OutOfTimeError) and self.request.limit and not self.request.dry_run:
            stopped = OutOfTimeError(stopped.what, remedy=_TO_GO_ON)
        return RunResult(self._records, self._error or stopped, tuple(self._about_run.warnings))

    async def execute(self) -> None:
        """Do the whole run. Nothing is raised but cancellation: errors are in the result and its records."""
        settings = self.settings
        alive = asyncio.create_task(self._show_life())
        try:
            async with Api.open(
                settings.network, settings.site, settings.token, self._budget, settings.policies
            ) as api:
                find_reach = partial(reach_of, api.connections, settings.site.addresses, settings.policies.api_busy)
                browsers = BrowserSupervisor(settings.browser, find_reach, settings.policies)
                try:
                    await self._with_api(api, browsers)
                finally:
                    await browsers.close()
        except PurgerError as error:
            self._error = error
        finally:
            alive.cancel()

    def _emit(self, event: events.Event) -> None:
        announced_s = event.seconds if isinstance(event, events.Waiting) else 0.0
        self._last_event = max(self._last_event, time.monotonic() + announced_s)
        self._hooks.observe(event)

    async def _show_life(self) -> None:
        """Emit something a while after the last event or announced wait: a CI may stop a silent command."""
        while True:
            await asyncio.sleep(1)
            silent_since = max(self._last_event, self._pages.with_a_person_until)
            if time.monotonic() - silent_since > LONGEST_SILENCE_S:
                self._emit(events.Waiting("", 0.0, "the site, the browser or this machine is slow"))

    def _report_wait(self, seconds: float, why: str) -> None:
        self._emit(events.Waiting("", seconds, why))

    async def _with_api(self, api: Api, browsers: BrowserSupervisor) -> None:
        purges: list[RepositoryPurge] = []
        async with asyncio.TaskGroup() as group:
            who = group.create_task(_caught(self._sign_in(api)))
            surveyed = group.create_task(_caught(self._survey_all(api, purges)))
            if not self.request.dry_run:
                browsers.start_early()
        # A token that is refused explains all other refusals.
        for error in filter(None, (who.result(), surveyed.result())):
            _say_once(error, self._records)
            raise error
        todo = [purge for purge in purges if purge.record.error is None and purge.record.ledger.left]
        if todo and not self.request.dry_run:
            await browsers.reach()  # before anybody is asked: a certificate may not be accepted
            await self._purge_all(todo, browsers)
        if self._of_an_owner:
            raise self._of_an_owner

    async def _purge_all(self, todo: Sequence[RepositoryPurge], browsers: BrowserSupervisor) -> None:
        with self._pages.with_a_person():
            if not await self._hooks.confirm([purge.record for purge in todo]):
                raise StoppedError("nothing was deleted: the answer was no")
        at_once = asyncio.Semaphore(self.settings.pace.concurrency)
        async with asyncio.TaskGroup() as group:
            for purge in todo:
                group.create_task(self._purge(purge, browsers, at_once))

    async def _sign_in(self, api: Api) -> None:
        self._emit(events.SignedIn("", (await api.user()).login))

    async def _survey_all(self, api: Api, purges: list[RepositoryPurge]) -> None:
        request = self.request
        expanded = await expand(api, request.repositories, to_delete=request.to_delete, emit=self._about_run.emit)
        self._of_an_owner = expanded.error
        if expanded.error is not None and request.limit is not None:
            raise _uncounted([expanded.error])
        purges += [
            RepositoryPurge(
                named, self.settings, request.selection_of(named), api.for_one(), self._budget, self._emit, facts
            )
            for named, facts in expanded.repositories.items()
            if request.shard is None or request.shard.holds(named)
        ]
        self._records = tuple(purge.record for purge in purges)
        for problem in self._hooks.recorders.expect([record.name for record in self._records]):
            self._about_run.emit(events.Warned("", problem))
        at_once = asyncio.Semaphore(self.settings.pace.concurrency)
        async with asyncio.TaskGroup() as group:
            for purge in purges:
                group.create_task(self._survey(purge, at_once))
        _keep_one_of_each(purges)
        self._records = tuple(purge.record for purge in purges)
        self._limit([purge for purge in purges if purge.record.error is None and not purge.record.surveyed])
        if request.is_first:
            await check_names(api, self._records, dry_run=request.dry_run, emit=self._about_run.emit)

    async def _survey(self, purge: RepositoryPurge, at_once: asyncio.Semaphore) -> None:
        async with at_once, _recorded(purge):
            request = self.request
            await purge.survey(to_delete=request.to_delete, dry_run=request.dry_run, concludes=request.limit is None)

    def _limit(self, purges: Sequence[RepositoryPurge]) -> None:
        """Conclude these surveys with at most so many selected caches in all as the limit of the run allows.

        What a former run selected counts, whether it is deleted or not. Raises the error of a repository that could not
        be listed where others have caches to select: older ones may be in it.
        """
        limit, former = self.request.limit, self.request.decisions
        if limit is None:
            return
        decided = [(purge, purge.decision) for purge in purges if purge.decision is not None]
        errors = [one.error for one in self._records if one.error is not None and one.repository not in former]
        if errors and any(decision.selected for _, decision in decided):
            raise _uncounted(errors)
        limit -= sum(len(decision.selected) for decision in former.values())
        decisions = limited([decision for _, decision in decided], limit)
        for (purge, _), decision in zip(decided, decisions, strict=True):
            purge.conclude_survey(decision)
        for purge in purges:
            if purge.decision is None:  # it was decided by a former run
                purge.conclude_survey()

    async def _purge(self, purge: RepositoryPurge, browsers: BrowserSupervisor, at_once: asyncio.Semaphore) -> None:
        async with at_once:
            async with _recorded(purge):
                await self._purge_with_new_browsers(purge, browsers)
            purge.emit_end()

    async def _purge_with_new_browsers(self, purge: RepositoryPurge, browsers: BrowserSupervisor) -> None:
        for restarts_left in reversed(range(PAGE_RESTARTS + 1)):
            try:
                async with self._pages.open(browsers, purge.record) as session:
                    await purge.run(session.page, session.before_first_click)
            except BrowserLostError as lost:
                if not restarts_left:
                    raise
                purge.record.warn(f"The browser was lost and started anew: {lost}.")
            else:
                return


def _keep_one_of_each(purges: list[RepositoryPurge]) -> None:
    """Leave out what is there already by another name, since it was renamed, with a warning."""
    firsts: dict[int | None, Record] = {}
    for purge in [one for one in purges if one.record.error is None]:
        first = firsts.setdefault(purge.record.repository_id, purge.record)
        if first is not purge.record:
            purges.remove(purge)
            first.warn(f"{purge.record.name} is another name of {first.name}: the repository counts once.")


def _uncounted(errors: Sequence[PurgerError]) -> PurgerError:
    """Return the worst of the errors of what could not be listed, as that of a run with a limit."""
    worst = max(errors, key=lambda error: error.exit_code)
    error = worst.about("--limit selects nothing, since older caches may be in what could not be listed")
    error.remedy = "Leave out what can't be listed, or run this again when it can be."
    return error


def _gone(ledger: Ledger) -> Iterator[Cache]:
    return (entry.cache for entry in ledger.selected if not entry.listed)


def _say_once(error: PurgerError, records: Sequence[Record]) -> None:
    """Let the records have the run's error for their own where only the call that met it is another."""
    for record in records:
        if record.error is not None and (record.error.what, record.error.remedy) == (error.what, error.remedy):
            record.error = error


async def _caught(work: Coroutine[Any, Any, None]) -> PurgerError | None:
    """Return the error that the work ended with, if any."""
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
