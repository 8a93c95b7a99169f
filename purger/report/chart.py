"""The numbers behind the report's two pictures: space by branch, and the course of clicks, answers and looks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from purger.core.cache import Outcome
from purger.core.units import seconds_text
from purger.core.text import many

MOST_BARS = 15
_BINS = 90
_MOST_TICKS = 6
_LABEL_ROOM = 13.0
"""How much of the picture's width, in per cent, the number beside a look takes on a phone."""
_MOST_LINES = 200

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """One branch: sizes in bytes, and how much of the width (in per cent) is freed and left.

    `branches` is more than one for the last bar, which may be cut off: then it is not to scale.
    """

    branch: str
    branches: int
    archives: int
    freed_bytes: int
    left_bytes: int
    freed_percent: float
    left_percent: float
    cut_off: bool = False


def bars_of(caches: Sequence[Mapping[str, Any]], *, dry_run: bool) -> list[Bar]:
    """The largest branches of what was selected, and one bar for all others. A dry run frees in thought."""
    freed: Counter[str] = Counter()
    left: Counter[str] = Counter()
    archives: Counter[str] = Counter()
    for cache in caches:
        if cache["selected"]:
            gone = dry_run or cache["outcome"] == Outcome.DELETED
            (freed if gone else left)[cache["branch"]] += cache["size_bytes"]
            archives[cache["branch"]] += 1
    largest = sorted(archives, key=lambda branch: -(freed[branch] + left[branch]))
    shown = largest if len(largest) <= MOST_BARS + 1 else largest[:MOST_BARS]
    others = largest[len(shown) :]
    whole = max((freed[branch] + left[branch] for branch in shown), default=0) or 1

    def bar(name: str, branches: Sequence[str]) -> Bar:
        freed_bytes, left_bytes = sum(freed[each] for each in branches), sum(left[each] for each in branches)
        scale = 100 / max(whole, freed_bytes + left_bytes)
        return Bar(
            name,
            len(branches),
            sum(archives[each] for each in branches),
            freed_bytes,
            left_bytes,
            round(freed_bytes * scale, 2),
            round(left_bytes * scale, 2),
            cut_off=freed_bytes + left_bytes > whole,
        )

    bars = [bar(branch, [branch]) for branch in shown]
    return [*bars, bar(many(len(others), "more branch"), others)] if others else bars


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
    """A look, a wait or a warning: where it stands and, for a wait, how wide it is, in per cent of the width."""

    at: float
    words: str
    wide: float = 0.0
    number: str = ""
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Course:
    """What the timeline draws and, in `lines`, the same in words: time and sentence."""

    clicks: list[Column] = field(default_factory=list)
    answers: list[Column] = field(default_factory=list)
    looks: list[Mark] = field(default_factory=list)
    waits: list[Mark] = field(default_factory=list)
    warnings: list[Mark] = field(default_factory=list)
    passes: list[Mark] = field(default_factory=list)
    ticks: list[Mark] = field(default_factory=list)
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    lines_left_out: int = 0
    words: str = ""


def course_of(entries: Sequence[Entry]) -> Course | None:
    """The course of one repository from its timeline's entries; None where there is nothing to draw."""
    entries = sorted(entries, key=lambda entry: entry["at_s"])
    if not entries:
        return None
    start = entries[0]["at_s"]
    end = max(entry["at_s"] + (entry.get("seconds", 0.0) if entry["kind"] == "wait" else 0.0) for entry in entries)
    span = max(end - start, 0.5)

    def at(seconds: float) -> float:
        return float(round(100 * (seconds - start) / span, 2))

    by_kind: dict[str, list[Entry]] = {}
    for entry in entries:
        by_kind.setdefault(entry["kind"], []).append(entry)
    sentences = [(_time(entry["at_s"]), str(entry["kind"]), _sentence(entry)) for entry in entries]
    return Course(
        clicks=_columns(by_kind.get("click", []), start, span),
        answers=_columns(by_kind.get("answer", []), start, span),
        looks=list(_looks(by_kind.get("look", []), at)),
        waits=[
            Mark(at(entry["at_s"]), _sentence(entry), round(min(100 * entry["seconds"] / span, 100.0), 2))
            for entry in by_kind.get("wait", [])
        ],
        warnings=[Mark(at(entry["at_s"]), _sentence(entry)) for entry in by_kind.get("warning", [])],
        passes=[Mark(at(entry["at_s"]), _sentence(entry)) for entry in by_kind.get("pass", [])],
        ticks=list(_ticks(start, span)),
        lines=sentences[:_MOST_LINES],
        lines_left_out=max(0, len(sentences) - _MOST_LINES),
        words=_summary(by_kind, span),
    )


def _columns(entries: Sequence[Entry], start: float, span: float) -> list[Column]:
    """Counts in slices of time, as high as their share of the fullest slice."""
    done: Counter[int] = Counter()
    refused: Counter[int] = Counter()
    for entry in entries:
        slot = min(_BINS - 1, int((entry["at_s"] - start) / span * _BINS))
        done[slot] += entry.get("rows", 0) + entry.get("answered", 0)
        refused[slot] += entry.get("refused", 0)
    slots = sorted(set(done) | set(refused))
    most = max((done[slot] + refused[slot] for slot in slots), default=0) or 1
    noun = "click" if entries and entries[0]["kind"] == "click" else "answer"
    return [
        Column(
            round(100 * slot / _BINS, 2),
            round(100 / _BINS, 2),
            round(100 * done[slot] / most, 1),
            round(100 * refused[slot] / most, 1),
            f"{many(done[slot], noun)}{f', {refused[slot]:,} refused' if refused[slot] else ''}"
            f" at {_time(start + span * slot / _BINS)}",
        )
        for slot in slots
    ]


def _looks(entries: Sequence[Entry], at: Callable[[float], float]) -> Iterator[Mark]:
    """Each look, with how many archives it showed where there is room for the number; the last one always has it."""
    free_from = -_LABEL_ROOM
    for position, entry in enumerate(entries):
        place, last = at(entry["at_s"]), position == len(entries) - 1
        room_for_last = last or at(entries[-1]["at_s"]) - place >= _LABEL_ROOM
        number = f"{entry['left']:,}" if place >= free_from and room_for_last else ""
        if number:
            free_from = place + _LABEL_ROOM
        anchor = "start" if place < _LABEL_ROOM / 2 else "end" if place > 100 - _LABEL_ROOM / 2 else "middle"
        yield Mark(place, _sentence(entry), number=number, anchor=anchor)


def _ticks(start: float, span: float) -> Iterator[Mark]:
    """Round times along the axis."""
    rough = span / (_MOST_TICKS - 1)
    unit = 10 ** math.floor(math.log10(rough))
    nice = [step * unit for step in (1, 2, 5, 10)] if rough < 10 else [15, 30, 60, 120, 300, 600, 1800, 3600, 7200]
    step = next((each for each in nice if each >= rough), math.ceil(rough / 3600) * 3600)
    number = math.ceil(start / step - 1e-9)
    while (seconds := number * step) <= start + span:
        place = round(100 * (seconds - start) / span, 2)
        anchor = "start" if place < 4 else "end" if place > 96 else "middle"
        yield Mark(place, _time(seconds), anchor=anchor)
        number += 1


def _time(seconds: float) -> str:
    """A time since the start: `0.4 s`, `12 s`, `2:05 min`, `1:02:05 h`."""
    if seconds < 60:
        return f"{seconds:.1f}".rstrip("0").rstrip(".") + " s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def _sentence(entry: Entry) -> str:
    match entry["kind"]:
        case "pass":
            rows = many(entry.get("to_click", 0), "row")
            return f"Pass {entry.get('number', 0)}: {rows} with {many(entry.get('archives', 0), 'cache')} to delete"
        case "click":
            return f"{many(entry.get('rows', 0), 'row')} clicked"
        case "answer":
            refused = f", {entry['refused']:,} refused" if entry.get("refused") else ""
            deleted = many(entry.get("deleted", 0), "cache")
            return f"{many(entry.get('answered', 0), 'deletion')} answered ({deleted}){refused}"
        case "look":
            waiting = f", {entry['waiting']:,} of them answered" if entry.get("waiting") else ""
            gone, left = entry.get("gone", 0), entry.get("left", 0)
            return f"Look {entry.get('number', 0)}: {gone:,} gone, {left:,} still listed{waiting}"
        case "wait":
            return f"Waited {seconds_text(entry.get('seconds', 0.0))}: {entry.get('text', '')}"
    return str(entry.get("text", ""))


def _summary(by_kind: Mapping[str, Sequence[Entry]], span: float) -> str:
    """The whole course in one sentence, for those who don't see the picture."""
    clicks = sum(entry.get("rows", 0) for entry in by_kind.get("click", []))
    answered = sum(entry.get("answered", 0) for entry in by_kind.get("answer", []))
    refused = sum(entry.get("refused", 0) for entry in by_kind.get("answer", []))
    looks = sum(entry.get("times", 1) for entry in by_kind.get("look", []))
    more = f", {refused:,} refused" if refused else ""
    return f"{many(clicks, 'row')} clicked, {answered:,} answered{more}, {many(looks, 'look')} within {_time(span)}"
