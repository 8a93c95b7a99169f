"""Measure what the ledger costs a cache, in one row of many caches and in many rows of one."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from purger.core.cache import Cache, Method
from purger.core.selection import Selection
from purger.purge.ledger import Ledger
from purger.purge.methods import Refusal

SIZES = (1_000, 5_000, 20_000)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ATTEMPTS = 4


def one_row(count: int) -> list[Cache]:
    """So many caches of one branch."""
    return [Cache(f"cache-{number}.tgz", "main", 10, NOW - timedelta(seconds=number)) for number in range(count)]


def many_rows(count: int) -> list[Cache]:
    """A cache of each of so many branches."""
    return [Cache("cache.tgz", f"branch-{number}", 10, NOW - timedelta(days=1)) for number in range(count)]


def one_name(count: int) -> list[Cache]:
    """So many caches that the page shows by one and the same name."""
    return [Cache("cache.tgz", "main", 10, NOW - timedelta(seconds=number)) for number in range(count)]


def hidden_caches(caches: Sequence[Cache]) -> None:
    """One response names all caches, of which the capped list showed twenty."""
    ledger = Ledger(Selection(), ATTEMPTS)
    ledger.record_load(caches[:20], NOW)
    ledger.accept(caches, Method.ICON)


def whole_purge(caches: Sequence[Cache]) -> None:
    """Load, attempt, refuse once, accept one by one, see them still listed, then uploaded again, then gone."""
    ledger = Ledger(Selection(), ATTEMPTS)
    ledger.record_load(caches, NOW)
    for entry in ledger.to_attempt:
        ledger.count_attempt([entry], Method.ICON)
        ledger.refuse([entry], "answered 502", Refusal.TRANSIENT)
    for entry in ledger.to_attempt:
        ledger.count_attempt([entry], Method.ICON)
        ledger.accept([entry.cache], Method.ICON)
    ledger.record_load(caches, NOW)
    newer = [Cache(one.name, one.branch, 10, one.last_modified + timedelta(days=2)) for one in caches]
    ledger.record_load(newer, NOW)
    ledger.accept(newer, Method.ICON)
    ledger.record_load([], NOW)
    assert ledger.ok


SCENARIOS: dict[str, tuple[Callable[[Sequence[Cache]], None], Callable[[int], list[Cache]]]] = {
    "hidden caches, one row": (hidden_caches, one_row),
    "hidden caches, one name": (hidden_caches, one_name),
    "hidden caches, many rows": (hidden_caches, many_rows),
    "whole purge, one row": (whole_purge, one_row),
    "whole purge, one name": (whole_purge, one_name),
    "whole purge, many rows": (whole_purge, many_rows),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """The seconds that a scenario takes for each number of caches."""

    scenario: str
    seconds: dict[int, float]

    def microseconds_a_cache(self, count: int) -> float:
        """The time for each of so many caches."""
        return self.seconds[count] / count * 1e6

    @property
    def growth(self) -> float:
        """The time a cache with the most caches, divided by that with the fewest: about 1 if it is linear."""
        return self.microseconds_a_cache(max(self.seconds)) / self.microseconds_a_cache(min(self.seconds))


def measure(sizes: Sequence[int] = SIZES, repetitions: int = 3) -> list[Figure]:
    """Measure all scenarios; of the repetitions the fastest counts."""
    figures = []
    for name, (scenario, make) in SCENARIOS.items():
        seconds = {}
        for size in sizes:
            caches = make(size)
            seconds[size] = min(_seconds(scenario, caches) for _ in range(repetitions))
        figures.append(Figure(name, seconds))
    return figures


def _seconds(scenario: Callable[[Sequence[Cache]], None], caches: Sequence[Cache]) -> float:
    start = time.perf_counter()
    scenario(caches)
    return time.perf_counter() - start


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown."""
    sizes = list(figures[0].seconds)
    lines = [
        "| ledger | " + " | ".join(f"{size:,} caches, µs each" for size in sizes) + f" | {sizes[-1]:,}, s | growth |",
        "| --- |" + " ---: |" * (len(sizes) + 2),
    ]
    for figure in figures:
        cells = [f"{figure.microseconds_a_cache(size):.1f}" for size in sizes]
        lines.append(
            f"| {figure.scenario} | "
            + " | ".join(cells)
            + f" | {figure.seconds[sizes[-1]]:.2f} | {figure.growth:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(measure()) + "\n")
