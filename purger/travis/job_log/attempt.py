"""Keep one attempt of the cache tool at a download: what it asked for so far, and what came in between."""

from __future__ import annotations

from dataclasses import dataclass, field

from purger.travis.job_log.model import Unknown
from purger.travis.job_log.transfers import Transfer


@dataclass(slots=True)
class Attempt:
    """One attempt, whose answer was not seen yet.

    Attributes:
        kind: "cache" or "workspace"; None where its beginning was not seen.
        is_sure: its beginning stood where the tool writes its lines.
        number: the number of what it asks for next (see `Transfer`); 0 before it has one.
        asking: what it asked for.
        interrupted: what came first of that which ends it without an answer.
        is_over: what looks like an answer is the output of a command.
        is_cut: lines were cut out, which may have held more names.
    """

    kind: str | None = None
    is_sure: bool = False
    number: int = 0
    asking: list[Transfer] = field(default_factory=list)
    interrupted: Unknown | None = None
    is_over: bool = False
    is_cut: bool = False

    @property
    def has_begun(self) -> bool:
        """Whether anything of it was seen."""
        return bool(self.asking) or self.kind is not None

    @property
    def last(self) -> Transfer | None:
        """What it asked for last."""
        return self.asking[-1] if self.asking else None

    @property
    def named(self) -> list[Transfer]:
        """What it asked for whose name is known."""
        return [each for each in self.asking if each.archive]

    @property
    def of_caches(self) -> list[Transfer]:
        """What it asked for that is sure to be a cache, by the attempt's kind or else by its name."""
        sure = [each for each in self.asking if each.is_sure]
        if self.kind is not None:
            return sure if self.kind == "cache" else []
        return [each for each in sure if each.is_cache_by_name()]

    @property
    def is_surely_of_a_cache(self) -> bool:
        """Whether its beginning says so, whatever it asked for."""
        return self.is_sure and self.kind == "cache"

    @property
    def is_pending(self) -> bool:
        """Whether it asked for a cache, and no answer was seen yet."""
        return bool(self.of_caches) or self.is_surely_of_a_cache

    def interrupt(self, why: Unknown) -> None:
        """Handle what ends it without an answer. The first reason counts, and only while it is pending."""
        if self.is_pending:
            # After the echo of a command, or its end, what looks like an answer is that command's own.
            self.is_over |= why is Unknown.NO_ANSWER
            self.interrupted = self.interrupted or why
