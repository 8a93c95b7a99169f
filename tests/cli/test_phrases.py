"""The sentence of each event, and the log level that suits it."""

from __future__ import annotations

import inspect

import pytest

from purger.cli.phrases import sentence
from purger.core import events

R = "acme/widgets"
SENTENCES: list[tuple[events.Event, str, str]] = [
    (events.SignedIn("", "octavia"), "INFO", "signed in as octavia"),
    (events.Surveyed(R, 1200, 1, 10**6), "INFO", "1,200 caches listed, 1 selected (1.0 MB)"),
    (events.Surveyed(R, 120, 7, 10**6, is_limited=True), "INFO", "120 caches listed, 7 match (1.0 MB)"),
    (events.Shown("", 5, 120), "INFO", "showing 5 of 120 caches (--limit)"),
    (events.PassStarted(R, 2, 1, 3), "INFO", "pass 2: 1 row with 3 caches to delete"),
    (events.Clicking(R, ("main", "a'b")), "DEBUG", "clicking 'main', \"a'b\""),
    (events.BatchClicked(R, 10, 8, 0), "INFO", "10 clicked, 8 accepted"),
    (events.BatchClicked(R, 10, 8, 2), "INFO", "10 clicked, 8 accepted, 2 refused"),
    (events.ResponseReceived(R, "main", 200, 1, "answered 200"), "DEBUG", "'main': answered 200, 1 cache deleted"),
    (events.ResponseReceived(R, None, 500, 0, "answered 500"), "DEBUG", "all branches: answered 500, 0 caches deleted"),
    (events.MethodChanged(R, "the API deletes foo"), "INFO", "the API deletes foo"),
    (events.PageLoaded(R, 2, 0, 0, 5), "INFO", "load 2: 5 gone, 0 still listed"),
    (events.PageLoaded(R, 2, 3, 1, 5), "INFO", "load 2: 5 gone, 3 still listed, 1 of them accepted for deletion"),
    (events.Waiting(R, 5, "a recheck"), "INFO", "waiting 5 s: a recheck"),
    (events.NotWaiting(R, "nothing was deleted"), "INFO", "not waiting: nothing was deleted"),
    (events.Waiting(R, 0, "a recheck", 120), "INFO", "waiting: a recheck; giving up in 2 min"),
    (
        events.Recreated(R, 2, ("main", "x")),
        "WARNING",
        "2 caches of main, x came back: a running job uploads them",
    ),
    (events.Warned(R, "Something is odd."), "WARNING", "Something is odd."),
    (events.Finished(R, True, 3, 0), "DEBUG", "done: 3 deleted, 0 left"),
    (events.Finished(R, False, 3, 1), "DEBUG", "done: 3 deleted, 1 left, not ok"),
    (events.AttemptStarted(R, 1, 3, 2), "INFO", "attempt 1 of 3: purge, then restart 2 jobs"),
    (events.JobChanged(R, 12, "started"), "INFO", "job 12 is started"),
    (events.JobJudged(R, True, "job 12 passed"), "INFO", "job 12 passed"),
    (events.JobJudged(R, False, "job 12 failed"), "WARNING", "job 12 failed"),
]


@pytest.mark.parametrize(("event", "level", "text"), SENTENCES, ids=lambda each: type(each).__name__)
def test_each_event_has_its_sentence(event: events.Event, level: str, text: str) -> None:
    assert sentence(event) == (level, text)


def test_no_kind_of_event_is_without_a_sentence() -> None:
    kinds = {each for _, each in inspect.getmembers(events, inspect.isclass) if issubclass(each, events.Event)}
    assert {type(event) for event, _, _ in SENTENCES} == kinds - {events.Event}
