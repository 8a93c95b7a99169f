"""The numbers behind the report's two pictures: space by branch, and the course of clicks, responses and loads."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from purger.core.cache import Outcome
from purger.core.text import many
from purger.core.units import seconds_text
from purger.report.model import CacheReport, TimelineEntry, TimelineKind

MOST_BARS = 15
_BINS = 90
_MOST_TICKS = 6
_LABEL_ROOM = 13.0
"""How much of the picture's width, in per cent, the number beside a load takes on a phone."""
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Bar:
    """One branch: sizes in bytes, and how much of the width (in per cent) is freed and left.

    `branches` is more than one for the last bar, which may be cut off: then it is not to scale.
    """

    branch: str
    branches: int
    caches: int
    freed_bytes: int
    left_bytes: int
    freed_percent: float
    left_percent: float
    cut_off: bool = False


@dataclass(slots=True)
class _Space:
    """What was selected of one branch, or of several."""

    caches: int = 0
    freed_bytes: int = 0
    left_bytes: int = 0

    @property
    def size_bytes(self) -> int:
        return self.freed_bytes + self.left_bytes

    def add(self, other: _Space) -> None:
        self.caches += other.caches
        self.freed_bytes += other.freed_bytes
        self.left_bytes += other.left_bytes


def bars_of(caches: Sequence[CacheReport], *, dry_run: bool) -> list[Bar]:
    """Return the largest branches of what was selected, and one bar for all others.

    Of a dry run everything selected counts as freed.
    """
    spaces: dict[str, _Space] = {}
    for cache in caches:
        if cache.selected:
            is_freed = dry_run or cache.outcome is Outcome.DELETED
            size = _Space(1, cache.size_bytes, 0) if is_freed else _Space(1, 0, cache.size_bytes)
            spaces.setdefault(cache.branch, _Space()).add(size)
    largest = sorted(spaces.items(), key=lambda item: -item[1].size_bytes)
    shown = largest if len(largest) <= MOST_BARS + 1 else largest[:MOST_BARS]
    longest_bytes = max((space.size_bytes for _, space in shown), default=0) or 1
    bars = [_bar(branch, 1, space, longest_bytes) for branch, space in shown]
    if others := largest[len(shown) :]:
        rest = _Space()
        for _, space in others:
            rest.add(space)
        bars.append(_bar(many(len(others), "more branch"), len(others), rest, longest_bytes))
    return bars


def _bar(name: str, branches: int, space: _Space, longest_bytes: int) -> Bar:
    scale = 100 / max(longest_bytes, space.size_bytes)
    return Bar(
        name,
        branches,
        space.caches,
        space.freed_bytes,
        space.left_bytes,
        round(space.freed_bytes * scale, 2),
        round(space.left_bytes * scale, 2),
        cut_off=space.size_bytes > longest_bytes,
    )


@dataclass(frozen=True, slots=True)
class Column:
    """What happened in one slice of time: `at` and `wide` in per cent of the width, `high` of a lane's height."""

    at: float
    wide: float
    high: float
    refused: float
    words: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A load, a wait or a warning: where it is and, for a wait, how wide it is, in per cent of the width."""

    at: float
    words: str
    wide: float = 0.0
    number: str = ""
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Course:
    """What the timeline draws and, in `lines`, the same in words: time, kind and sentence."""

    clicks: list[Column] = field(default_factory=list)
    responses: list[Column] = field(default_factory=list)
    loads: list[Mark] = field(default_factory=list)
    waits: list[Mark] = field(default_factory=list)
    warnings: list[Mark] = field(default_factory=list)
    passes: list[Mark] = field(default_factory=list)
    ticks: list[Mark] = field(default_factory=list)
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    lines_left_out: int = 0
    words: str = ""


_ByKind = Mapping[TimelineKind, Sequence[TimelineEntry]]


def course_of(entries: Sequence[TimelineEntry]) -> Course | None:
    """Return the course of one repository from its timeline's entries; None where there is nothing to draw."""
    entries = sorted(entries, key=lambda entry: entry.at_s)
    if not entries:
        return None
    start_s = entries[0].at_s
    end_s = max(entry.at_s + (entry.seconds if entry.kind == "wait" else 0.0) for entry in entries)
    span_s = max(end_s - start_s, 0.5)

    def at(seconds: float) -> float:
        return round(100 * (seconds - start_s) / span_s, 2)

    by_kind: dict[TimelineKind, list[TimelineEntry]] = {}
    for entry in entries:
        by_kind.setdefault(entry.kind, []).append(entry)
    sentences = [(_time(entry.at_s), str(entry.kind), _sentence(entry)) for entry in entries]
    return Course(
        clicks=_columns(by_kind.get("click", []), "click", start_s, span_s),
        responses=_columns(by_kind.get("response", []), "response", start_s, span_s),
        loads=list(_loads(by_kind.get("load", []), at)),
        waits=[
            Mark(at(entry.at_s), _sentence(entry), round(min(100 * entry.seconds / span_s, 100.0), 2))
            for entry in by_kind.get("wait", [])
        ],
        warnings=[Mark(at(entry.at_s), _sentence(entry)) for entry in by_kind.get("warning", [])],
        passes=[Mark(at(entry.at_s), _sentence(entry)) for entry in by_kind.get("pass", [])],
        ticks=list(_ticks(start_s, span_s)),
        lines=sentences[:_MOST_LINES],
        lines_left_out=max(0, len(sentences) - _MOST_LINES),
        words=_summary(by_kind, span_s),
    )


def _columns(entries: Sequence[TimelineEntry], noun: str, start_s: float, span_s: float) -> list[Column]:
    """Return the counts in slices of time, each as high as its share of the fullest slice."""
    done: Counter[int] = Counter()
    refused: Counter[int] = Counter()
    for entry in entries:
        slot = min(_BINS - 1, int((entry.at_s - start_s) / span_s * _BINS))
        done[slot] += entry.rows + entry.accepted
        refused[slot] += entry.refused
    slots = sorted(set(done) | set(refused))
    most = max((done[slot] + refused[slot] for slot in slots), default=0) or 1
    return [
        Column(
            round(100 * slot / _BINS, 2),
            round(100 / _BINS, 2),
            round(100 * done[slot] / most, 1),
            round(100 * refused[slot] / most, 1),
            f"{many(done[slot], noun)}{f', {refused[slot]:,} refused' if refused[slot] else ''}"
            f" at {_time(start_s + span_s * slot / _BINS)}",
        )
        for slot in slots
    ]


def _loads(entries: Sequence[TimelineEntry], at: Callable[[float], float]) -> Iterator[Mark]:
    """Yield each load, with how many caches were left where there is room for the number; always for the last one."""
    free_from = -_LABEL_ROOM
    for position, entry in enumerate(entries):
        place, last = at(entry.at_s), position == len(entries) - 1
        room_for_last = last or at(entries[-1].at_s) - place >= _LABEL_ROOM
        number = f"{entry.left:,}" if place >= free_from and room_for_last else ""
        if number:
            free_from = place + _LABEL_ROOM
        anchor = "start" if place < _LABEL_ROOM / 2 else "end" if place > 100 - _LABEL_ROOM / 2 else "middle"
        yield Mark(place, _sentence(entry), number=number, anchor=anchor)


def _ticks(start_s: float, span_s: float) -> Iterator[Mark]:
    """Yield round times along the axis."""
    rough = span_s / (_MOST_TICKS - 1)
    unit = 10 ** math.floor(math.log10(rough))
    nice = [step * unit for step in (1, 2, 5, 10)] if rough < 10 else [15, 30, 60, 120, 300, 600, 1800, 3600, 7200]
    step = next((each for each in nice if each >= rough), math.ceil(rough / 3600) * 3600)
    number = math.ceil(start_s / step - 1e-9)
    while (seconds := number * step) <= start_s + span_s:
        place = round(100 * (seconds - start_s) / span_s, 2)
        anchor = "start" if place < 4 else "end" if place > 96 else "middle"
        yield Mark(place, _time(seconds), anchor=anchor)
        number += 1


def _time(seconds: float) -> str:
    """Return a time since the start: `0.4 s`, `12 s`, `2:05 min`, `1:02:05 h`."""
    if seconds < 60:
        return f"{seconds:.1f}".rstrip("0").rstrip(".") + " s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def _sentence(entry: TimelineEntry) -> str:
    match entry.kind:
        case "pass":
            rows = many(entry.to_click, "row")
            return f"Pass {entry.number}: {rows} with {many(entry.caches, 'cache')} to delete"
        case "click":
            return f"{many(entry.rows, 'row')} clicked"
        case "response":
            refused = f", {entry.refused:,} refused" if entry.refused else ""
            return f"{many(entry.accepted, 'deletion')} accepted ({many(entry.deleted, 'cache')}){refused}"
        case "load":
            waiting = f", {entry.waiting:,} of them accepted for deletion" if entry.waiting else ""
            return f"Load {entry.number}: {entry.gone:,} gone, {entry.left:,} still listed{waiting}"
        case "wait":
            return f"Waited {seconds_text(entry.seconds)}: {entry.text}"
    return entry.text


def _summary(by_kind: _ByKind, span_s: float) -> str:
    """Return the whole course in one sentence, for those who don't see the picture."""
    clicks = sum(entry.rows for entry in by_kind.get("click", []))
    accepted = sum(entry.accepted for entry in by_kind.get("response", []))
    refused = sum(entry.refused for entry in by_kind.get("response", []))
    loads = sum(entry.times for entry in by_kind.get("load", []))
    more = f", {refused:,} refused" if refused else ""
    return f"{many(clicks, 'row')} clicked, {accepted:,} accepted{more}, {many(loads, 'load')} within {_time(span_s)}"
