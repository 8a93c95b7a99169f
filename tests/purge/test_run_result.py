"""What came of a run that was ended from outside, and what it says while nothing comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from purger.browser.supervise import BrowserSupervisor
from purger.core.decision import Decision, Verdict
from purger.core.errors import OutOfTimeError, StoppedError
from purger.core.events import Event, Waiting
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.ledger import Ledger
from purger.purge.record import Record
from purger.purge.run import LONGEST_SILENCE_S, Hooks, Request, Run
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site
from tests.support.builders import NOW, cache
from tests.support.clocks import Ahead

WIDGETS = Repository("github", "acme", "widgets")


def run_with(*verified: bool) -> Run:
    run = Run(Settings(site=Site(), token=Token("token-for-tests")), Request(repositories=[WIDGETS]))
    records = [Record(WIDGETS, "", Ledger(Selection(), 4), lambda _event: None, verified=one) for one in verified]
    run._records = tuple(records)
    return run


def test_time_that_is_over_when_all_is_gone_is_no_failure() -> None:
    out_of_time, stopped = OutOfTimeError("timed out"), StoppedError("stopped by SIGINT")
    assert run_with(True, True).result(out_of_time).error is None
    assert run_with(True, False).result(out_of_time).error is out_of_time
    assert run_with().result(out_of_time).error is out_of_time
    assert run_with(True).result(stopped).error is stopped


@pytest.mark.parametrize("dry_run", [False, True])
def test_with_a_limit_what_to_do_after_the_time_is_over_needs_a_report(dry_run: bool) -> None:
    run = run_with(False)
    run.request = replace(run.request, selection=Selection(policies=Policies(limit=2)), dry_run=dry_run)
    error = run.result(OutOfTimeError("timed out", remedy="Run it again.")).error
    assert error is not None
    needs = "resume it from its JSON report (--resume), which --json and --artifacts give"
    assert (needs in str(error.remedy)) is not dry_run


async def test_the_site_is_not_called_slow_for_the_time_that_a_person_took(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, seen, told = Ahead(), list[Event](), list[list[Event]]()
    run = run_with()
    run._hooks = Hooks(observe=seen.append)

    def seconds() -> Iterator[None]:
        with run._pages._left_to_a_person(Record(WIDGETS, "", Ledger(Selection(), 4), seen.append), "it is open"):
            clock.skip(LONGEST_SILENCE_S + 1)
            yield
            seen.clear()
        yield
        told.append(list(seen))
        clock.skip(LONGEST_SILENCE_S + 1)
        yield
        told.append(list(seen))

    async def sleep(_seconds: float, passing: Iterator[None] = seconds()) -> None:  # noqa: B008 - of this one run
        if next(passing, "over") == "over":
            raise asyncio.CancelledError

    monkeypatch.setattr("purger.purge.run.time", clock)
    monkeypatch.setattr("purger.purge.page_session.time", clock)
    monkeypatch.setattr("purger.purge.run.asyncio", SimpleNamespace(sleep=sleep))
    with pytest.raises(asyncio.CancelledError):
        await run._show_life()
    assert told == [[], [Waiting("", 0.0, "the site, the browser or this machine is slow")]]


async def test_the_site_is_not_called_slow_while_a_person_thinks_about_the_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, seen, asked = Ahead(), list[Event](), list[bool]()
    run, skips = run_with(), iter([LONGEST_SILENCE_S + 1])

    async def confirm(_records: object) -> bool:
        asked.append(True)
        with pytest.raises(asyncio.CancelledError):
            await run._show_life()
        return False

    async def sleep(_seconds: float) -> None:
        if (skipped := next(skips, None)) is None:
            raise asyncio.CancelledError
        clock.skip(skipped)

    run._hooks = Hooks(observe=seen.append, confirm=confirm)
    monkeypatch.setattr("purger.purge.run.time", clock)
    monkeypatch.setattr("purger.purge.page_session.time", clock)
    monkeypatch.setattr("purger.purge.run.asyncio", SimpleNamespace(sleep=sleep))
    with pytest.raises(StoppedError, match="the answer was no"):
        await run._purge_all([], cast("BrowserSupervisor", None))
    assert (asked, seen) == ([True], [])


async def test_the_site_is_not_called_slow_while_a_wait_takes_the_time_that_was_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, seen, told = Ahead(), list[Event](), list[int]()
    run = run_with()
    run._hooks = Hooks(observe=seen.append)

    async def sleep(_seconds: float) -> None:
        told.append(len(seen))
        if len(seen) == 2:
            raise asyncio.CancelledError
        clock.skip(LONGEST_SILENCE_S + 1)

    monkeypatch.setattr("purger.purge.run.time", clock)
    monkeypatch.setattr("purger.purge.run.asyncio", SimpleNamespace(sleep=sleep))
    run._report_wait(LONGEST_SILENCE_S * 2, "the site asked for fewer requests")
    with pytest.raises(asyncio.CancelledError):
        await run._show_life()
    assert told == [1, 1, 1, 2]
    assert seen[1] == Waiting("", 0.0, "the site, the browser or this machine is slow")


def test_a_run_that_continues_this_one_knows_what_was_seen_gone() -> None:
    gone, left = cache("a", full="x/a"), cache("b", full="b")
    before = cache("c", full="c")
    made = Decision.of([(one, Verdict(selected=True)) for one in (gone, left, before)], is_complete=True)
    ledger = Ledger(Selection(decision=replace(made, deleted=(before,))), 4)
    ledger.record_load([gone, left], NOW)
    ledger.record_load([left], NOW)
    run = run_with()
    run._records = (Record(WIDGETS, "", ledger, lambda _event: None),)
    assert run.decisions[WIDGETS].deleted == (before, gone)
    assert run.decisions[WIDGETS].selected == made.selected
