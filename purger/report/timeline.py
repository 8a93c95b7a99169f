"""A purge's course as a short list of moments, however long it runs: an observer whose memory stays flat."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from purger.core import events

MOST_MOMENTS = 400
"""More moments than this, and neighbours are merged; each repository may have a few beyond."""
KINDS = ("pass", "click", "answer", "look", "wait", "warning")
_FINEST_S = 0.1
_LONGEST_TEXT = 500


@dataclass(slots=True)
class _Moment:
    at_s: float
    repository: str
    kind: str
    counts: dict[str, int | float] = field(default_factory=dict)
    text: str | None = None

    def take_in(self, later: _Moment) -> None:
        """Become one with a later moment: what was done adds up, what was seen is what was seen last."""
        for name, count in later.counts.items():
            summed = name in {"rows", "answered", "refused", "deleted", "seconds", "times"}
            self.counts[name] = self.counts.get(name, 0) + count if summed else count
        if self.kind == "look":
            self.at_s = later.at_s
        self.text = self.text or later.text


class Timeline:
    """An observer: give `see` to a run, and read `entries` at any time.

    `clock` counts seconds. Moments of one kind within `resolution_s` are merged; when there are too many, the
    resolution is made coarser, so that a run of hours takes no more memory than one of minutes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.resolution_s = _FINEST_S
        self._clock = clock
        self._started = clock()
        self._moments: dict[tuple[str, str, int], _Moment] = {}
        self._repositories: set[str] = set()
        self._clicked: dict[str, int] = {}

    def __call__(self, event: events.Event) -> None:
        """The same as `see`, so that a timeline is an observer itself."""
        self.see(event)

    def see(self, event: events.Event) -> None:
        """Take in one event; those that belong on no timeline are ignored."""
        match event:
            case events.PassStarted(number=number, rows=rows, archives=archives):
                self._clicked[event.repository] = 0
                self._add(event, "pass", {"number": number, "to_click": rows, "archives": archives})
            case events.BatchClicked(clicked=clicked):
                # The event counts from the start of a round; a smaller number means that a new round began.
                before = self._clicked.get(event.repository, 0)
                self._clicked[event.repository] = clicked
                if rows := clicked - before if clicked >= before else clicked:
                    self._add(event, "click", {"rows": rows})
            case events.Answered(status=status, deleted=deleted):
                ok = status is not None and 200 <= status < 300
                self._add(event, "answer", {"answered": int(ok), "refused": int(not ok), "deleted": deleted})
            case events.Looked(number=number, left=left, waiting=waiting, gone=gone):
                self._add(event, "look", {"number": number, "left": left, "waiting": waiting, "gone": gone, "times": 1})
            case events.Waiting(seconds=seconds, why=why):
                self._add(event, "wait", {"seconds": seconds, "times": 1}, why)
            case events.Recreated(archives=archives):
                self._add(event, "warning", {"archives": archives, "times": 1}, "archives came back")
            case events.Warned(text=text):
                self._add(event, "warning", {"times": 1}, text)
            case _:
                pass

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The moments in order, as JSON-ready values.

        Each has `at_s` (seconds since the start), `repository` (as its record is named; empty for the run as a
        whole) and `kind`, one of `KINDS`; further by kind: pass `number`, `to_click`, `archives`; click `rows`;
        answer `answered`, `refused`, `deleted` (archives); look `number`, `left`, `waiting`, `gone`, `times`; wait
        `seconds`, `times`, `text`; warning `times`, `text`.
        """
        return [
            {"at_s": round(moment.at_s, 3), "repository": moment.repository, "kind": moment.kind}
            | {name: round(count, 3) for name, count in moment.counts.items()}
            | ({"text": moment.text} if moment.text else {})
            for moment in sorted(self._moments.values(), key=lambda moment: moment.at_s)
        ]

    def _add(self, event: events.Event, kind: str, counts: dict[str, int | float], text: str | None = None) -> None:
        self._repositories.add(event.repository)
        self._merge(
            _Moment(self._clock() - self._started, event.repository, kind, counts, text and text[:_LONGEST_TEXT])
        )
        # In the end one moment of each kind is left for each repository, so this loop ends.
        while len(self._moments) > MOST_MOMENTS + len(KINDS) * len(self._repositories):
            self.resolution_s *= 2
            finer, self._moments = self._moments, {}
            for moment in finer.values():
                self._merge(moment)

    def _merge(self, moment: _Moment) -> None:
        key = (moment.repository, moment.kind, int(moment.at_s / self.resolution_s))
        if key in self._moments:
            self._moments[key].take_in(moment)
        else:
            self._moments[key] = moment
