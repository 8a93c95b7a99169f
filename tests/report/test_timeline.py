"""The timeline of a run: each event is an entry, and many of them are merged without losing a count."""

from __future__ import annotations

import pytest

from purger.core import events
from purger.report.model import TimelineEntry
from purger.report.timeline import KINDS, MOST_MOMENTS, Timeline


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_each_kind_of_event_is_an_entry() -> None:
    clock = Clock()
    timeline = Timeline(clock)
    happened: list[events.Event] = [
        events.SignedIn("", "someone"),
        events.PassStarted("a/b", 1, 3, 4),
        events.BatchClicked("a/b", 2, 0, 0),
        events.ResponseReceived("a/b", "main", 200, 2, "answered 200"),
        events.ResponseReceived("a/b", "PR.1", 500, 0, "answered 500"),
        events.ResponseReceived("a/b", "PR.2", None, 0, "not answered"),
        events.BatchClicked("a/b", 3, 1, 1),
        events.Waiting("", 2.5, "the budget"),
        events.PageLoaded("a/b", 2, 1, 0, 3),
        events.Warned("a/b", "Something is odd."),
        events.Finished("a/b", True, 3, 1),
    ]
    for event in happened:
        clock.now += 1
        timeline.see(event)
    at = {(entry.at_s, entry.kind): entry for entry in timeline.entries}
    assert list(at) == [
        (2.0, "pass"), (3.0, "click"), (4.0, "response"), (5.0, "response"), (6.0, "response"), (7.0, "click"),
        (8.0, "wait"), (9.0, "load"), (10.0, "warning"),
    ]  # fmt: skip
    started = at[2.0, "pass"]
    assert (started.number, started.to_click, started.caches) == (1, 3, 4)
    assert (at[3.0, "click"].rows, at[7.0, "click"].rows) == (2, 1)
    response = at[4.0, "response"]
    assert (response.accepted, response.refused, response.deleted) == (1, 0, 2)
    assert (at[5.0, "response"].refused, at[6.0, "response"].refused) == (1, 1)
    wait = at[8.0, "wait"]
    assert (wait.repository, wait.seconds, wait.text) == ("", 2.5, "the budget")
    load = at[9.0, "load"]
    assert (load.number, load.left, load.gone) == (2, 1, 3)
    assert at[10.0, "warning"].text == "Something is odd."


def test_clicks_of_a_new_pass_count_from_its_start() -> None:
    timeline = Timeline(clock := Clock())
    for number, counts in ((1, (100, 150, 150)), (2, (7, 7))):
        timeline.see(events.PassStarted("a/b", number, 1, 1))
        for clicked in counts:
            clock.now += 1
            timeline.see(events.BatchClicked("a/b", clicked, 0, 0))
    assert [entry.rows for entry in timeline.entries if entry.kind == "click"] == [100, 50, 7]


def test_moments_close_together_are_one() -> None:
    timeline = Timeline(clock := Clock())
    for number in range(1000):
        clock.now += 0.00001
        timeline.see(events.ResponseReceived("a/b", "main", 200, 1, ""))
        timeline.see(events.PageLoaded("a/b", number, 1000 - number, 0, number))
    responses, loads = timeline.entries
    assert (responses.accepted, responses.deleted) == (1000, 1000)
    assert (loads.times, loads.left, loads.number) == (1000, 1, 999)


def test_memory_stays_flat_and_no_count_is_lost() -> None:
    timeline = Timeline(clock := Clock())
    for number in range(20_000):
        clock.now += 1
        name = f"a/{number % 5}"
        timeline.see(events.ResponseReceived(name, "main", 200 if number % 3 else 500, 1, ""))
        timeline.see(events.Waiting(name, 0.5, "x" * 5000))
        assert len(timeline._moments) <= MOST_MOMENTS + 5 * len(KINDS)
    entries = timeline.entries
    assert len(entries) > MOST_MOMENTS / 4
    assert sum(entry.accepted + entry.refused for entry in entries) == 20_000
    assert sum(entry.seconds for entry in entries) == 10_000
    assert max(len(entry.text) for entry in entries) == 500


def test_moments_are_merged_only_when_there_are_too_many_and_no_coarser_than_needed() -> None:
    timeline = Timeline(clock := Clock())
    most = MOST_MOMENTS + len(KINDS)
    finest_s = timeline.resolution_s
    for number in range(most + 1):
        assert (len(timeline.entries), timeline.resolution_s) == (number, finest_s)
        clock.now += 1
        timeline.see(events.Warned("a/b", "odd"))
    assert timeline.resolution_s == pytest.approx(16 * finest_s), "doubled until seconds are merged"
    assert most / 2 < len(timeline.entries) < most


def test_many_repositories_end_the_merging_too() -> None:
    timeline = Timeline(clock := Clock())
    for number in range(3000):
        clock.now += 1
        timeline.see(events.PageLoaded(f"a/{number}", 1, 0, 0, 1))
    assert len(timeline.entries) == 3000


def test_each_entry_has_all_its_fields() -> None:
    timeline = Timeline(clock := Clock())
    for event in (
        events.ResponseReceived("a/b", "PR.1", 300, 0, "answered 300"),
        events.PageLoaded("a/b", 2, 5, 4, 3),
        events.Waiting("a/b", 2.5, "the budget"),
        events.Recreated("a/b", 2, ("main", "PR.1")),
        events.Warned("a/b", "Something is odd."),
    ):
        clock.now += 1
        timeline.see(event)
    assert timeline.entries == [
        TimelineEntry(at_s=1.0, repository="a/b", kind="response", refused=1),
        TimelineEntry(at_s=2.0, repository="a/b", kind="load", number=2, left=5, waiting=4, gone=3, times=1),
        TimelineEntry(at_s=3.0, repository="a/b", kind="wait", seconds=2.5, times=1, text="the budget"),
        TimelineEntry(at_s=4.0, repository="a/b", kind="warning", caches=2, times=1, text="caches were uploaded again"),
        TimelineEntry(at_s=5.0, repository="a/b", kind="warning", times=1, text="Something is odd."),
    ]


def test_what_is_merged_adds_up_or_is_the_last() -> None:
    timeline = Timeline(clock := Clock())
    clock.now += 1
    for clicked, left in ((5, 9), (7, 8)):
        clock.now += 0.0001
        timeline.see(events.BatchClicked("a/b", clicked, 0, 0))
        timeline.see(events.PageLoaded("a/b", 1, left, 0, 0))
        timeline.see(events.Waiting("a/b", 1.5, "" if clicked == 5 else "the budget"))
        timeline.see(events.Recreated("a/b", 2, ("main",)))
    click, wait, warning, load = timeline.entries
    assert click.rows == 7
    assert (load.left, load.times) == (8, 2)
    assert (wait.seconds, wait.times, wait.text) == (3.0, 2, "the budget")
    assert warning.times == 2
