"""The charts of a report: bars of branches, and the course of a run."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from purger.report.chart import MOST_BARS, bars_of, course_of
from purger.report.model import TimelineEntry, TimelineKind
from purger.report.timeline import KINDS
from tests.report.samples import cache_report


def test_bars_sum_up_branches() -> None:
    caches = [
        cache_report("a", 50),
        cache_report("a", 25, "failed"),
        cache_report("b", 25),
        cache_report("c", 999, "skipped", selected=False),
    ]
    first, second = bars_of(caches, dry_run=False)
    assert (first.branch, first.caches, first.freed_bytes, first.left_bytes) == ("a", 2, 50, 25)
    assert (first.freed_percent, first.left_percent) == (66.67, 33.33)
    assert (second.freed_percent, second.left_percent) == (33.33, 0)
    assert bars_of(caches, dry_run=True)[0].freed_bytes == 75
    assert bars_of([], dry_run=False) == []
    assert [bar.freed_percent for bar in bars_of([cache_report("empty", 0)], dry_run=False)] == [0]


def test_bars_of_many_branches_end_with_the_others() -> None:
    caches = [cache_report(f"b{number}", 100 + number) for number in range(50)]
    *shown, others = bars_of(caches, dry_run=False)
    assert [bar.branch for bar in shown] == [f"b{49 - number}" for number in range(MOST_BARS)]
    assert (others.branch, others.branches, others.cut_off) == ("35 more branches", 35, True)
    assert sum(bar.freed_bytes for bar in [*shown, others]) == sum(each.size_bytes for each in caches)
    assert len(bars_of(caches[: MOST_BARS + 1], dry_run=False)) == MOST_BARS + 1, "one other is shown by name"
    small = bars_of([*caches[:15], cache_report("x", 1), cache_report("y", 1)], dry_run=False)[-1]
    assert not small.cut_off


def entry(at_s: float, kind: TimelineKind, **counts: int | float | str) -> TimelineEntry:
    return msgspec.convert({"at_s": at_s, "repository": "a/b", "kind": kind, **counts}, TimelineEntry)


def test_the_course_is_drawn_in_marks_and_described_in_words() -> None:
    course = course_of(
        [
            entry(10.0, "load", number=2, left=0, waiting=0, gone=5, times=1),
            entry(0.0, "pass", number=1, to_click=5, caches=5),
            entry(1.0, "click", rows=5),
            entry(2.0, "response", accepted=4, refused=1, deleted=4),
            entry(4.0, "wait", seconds=5.0, text="a recheck", times=1),
        ]
    )
    assert course is not None
    assert [line[2] for line in course.lines] == [
        "Pass 1: 5 rows with 5 caches to delete",
        "5 rows clicked",
        "4 deletions accepted (4 caches), 1 refused",
        "Waited 5 s: a recheck",
        "Load 2: 5 gone, 0 still listed",
    ]
    assert [(load.at, load.number) for load in course.loads] == [(100.0, "0")]
    assert [(wait.at, wait.wide) for wait in course.waits] == [(40.0, 50.0)]
    assert [(column.high, column.refused) for column in course.responses] == [(80.0, 20.0)]
    assert [tick.words for tick in course.ticks] == ["0 s", "2 s", "4 s", "6 s", "8 s", "10 s"]
    assert course.words == "5 rows clicked, 4 accepted, 1 refused, 1 load within 10 s"


def test_a_run_without_events_has_no_course() -> None:
    assert course_of([]) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 1e5), st.sampled_from(KINDS)),
        min_size=1,
    )
)
def test_every_course_fits_its_picture(moments: list[tuple[float, TimelineKind]]) -> None:
    entries = [
        entry(
            at_s, kind, rows=3, accepted=2, refused=1, left=1, number=1, **({"seconds": 1.0} if kind == "wait" else {})
        )
        for at_s, kind in moments
    ]
    course = course_of(entries)
    assert course is not None
    for mark in [*course.loads, *course.waits, *course.warnings, *course.passes, *course.ticks]:
        assert 0 <= mark.at <= 100
        assert mark.at + mark.wide <= 100.1
    for column in [*course.clicks, *course.responses]:
        assert 0 <= column.at < 100
        assert 0 <= column.high + column.refused <= 100.1
    assert len(course.ticks) <= 8
    assert course.loads == [] or course.loads[-1].number
