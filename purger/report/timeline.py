"""Keep the course of a run as a short list of moments, in bounded memory however long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import get_args

from purger.core import events
from purger.core.text import beginning
from purger.report.model import TimelineEntry, TimelineKind

MOST_MOMENTS = 400
"""More moments than this, and neighbours are merged; each repository may have a few beyond."""
KINDS: tuple[TimelineKind, ...] = get_args(TimelineKind)
_SUMMED = frozenset({"rows", "accepted", "refused", "deleted", "seconds", "times"})
"""What is added up when moments are merged; of all other counts the last one stays."""
_FINEST_S = 0.1
_LONGEST_TEXT = 500


@dataclass(slots=True)
class _Moment:
    at_s: float
    repository: str
    kind: TimelineKind
    counts: dict[str, int | float] = field(default_factory=dict)
    text: str = ""

    def merge(self, later: _Moment) -> None:
        """Merge a later moment of the same kind into this one."""
        for name, count in later.counts.items():
            self.counts[name] = self.counts[name] + count if name in _SUMMED else count
        if self.kind == "load":
            self.at_s = later.at_s
        self.text = self.text or later.text


class Timeline:
    """What was seen of a run; read `entries` at any time.

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

    def see(self, event: events.Event) -> None:
        """Add one event; those without a place on the timeline are ignored."""
        match event:
            case events.PassStarted(number=number, rows=rows, caches=caches):
                self._clicked[event.repository] = 0
                self._add(event, "pass", {"number": number, "to_click": rows, "caches": caches})
            case events.BatchClicked(clicked=clicked):
                rows = clicked - self._clicked.get(event.repository, 0)
                self._clicked[event.repository] = clicked
                if rows:
                    self._add(event, "click", {"rows": rows})
            case events.ResponseReceived(status=status, deleted=deleted):
                ok = status is not None and 200 <= status < 300
                self._add(event, "response", {"accepted": int(ok), "refused": int(not ok), "deleted": deleted})
            case events.PageLoaded(number=number, left=left, waiting=waiting, gone=gone):
                self._add(event, "load", {"number": number, "left": left, "waiting": waiting, "gone": gone, "times": 1})
            case events.Waiting(seconds=seconds, why=why):
                self._add(event, "wait", {"seconds": seconds, "times": 1}, why)
            case events.Recreated(caches=caches):
                self._add(event, "warning", {"caches": caches, "times": 1}, "caches were uploaded again")
            case events.Warned(text=text):
                self._add(event, "warning", {"times": 1}, text)

    @property
    def entries(self) -> list[TimelineEntry]:
        """The moments in order."""
        return [
            TimelineEntry(
                at_s=round(moment.at_s, 3),
                repository=moment.repository,
                kind=moment.kind,
                text=moment.text,
                **{name: round(count, 3) for name, count in moment.counts.items()},  # type: ignore[arg-type] # by name
            )
            for moment in sorted(self._moments.values(), key=lambda moment: moment.at_s)
        ]

    def _add(self, event: events.Event, kind: TimelineKind, counts: dict[str, int | float], text: str = "") -> None:
        self._repositories.add(event.repository)
        shown = beginning(text, _LONGEST_TEXT)
        self._merge(_Moment(self._clock() - self._started, event.repository, kind, counts, shown))
        # In the end one moment of each kind is left for each repository, so this loop ends.
        while len(self._moments) > MOST_MOMENTS + len(KINDS) * len(self._repositories):
            self.resolution_s *= 2
            finer, self._moments = self._moments, {}
            for moment in finer.values():
                self._merge(moment)

    def _merge(self, moment: _Moment) -> None:
        key = (moment.repository, moment.kind, int(moment.at_s / self.resolution_s))
        if key in self._moments:
            self._moments[key].merge(moment)
        else:
            self._moments[key] = moment
