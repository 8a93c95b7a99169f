"""What policies mean, computed from the server's side, where every full name is known; and how they are drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import Any

from purger.core.policies import Policies
from purger.standin import Cache


def draw_policies(rng: Random, count: int, size_bytes: int) -> Policies:
    """Draw one or two policies for so many caches of this size in all."""
    drawn: dict[str, Callable[[], Any]] = {
        "keep_newest": lambda: rng.randint(1, 3),
        "gone": lambda: True,
        "until_below_bytes": lambda: rng.randint(1, max(size_bytes, 1)),
        "limit": lambda: rng.randint(1, count),
    }
    chosen = rng.sample(list(drawn), rng.choice([1, 1, 2]))
    given = {name: drawn[name]() for name in chosen}
    return Policies(**given, largest_first="until_below_bytes" in given and rng.random() < 0.3)


def meant(
    policies: Policies, caches: Sequence[Cache], passes_filters: Callable[[Cache], bool], gone: Collection[str]
) -> frozenset[Cache]:
    """Return which of the caches are to be deleted; `gone` are the branches and pull requests that are gone."""
    open_ones = [cache for cache in caches if passes_filters(cache)]
    if policies.keep_newest is not None:
        open_ones = [cache for cache in open_ones if _newer(cache, caches) >= policies.keep_newest]
    if policies.gone:
        open_ones = [cache for cache in open_ones if cache.branch in gone]
    open_ones.sort(key=lambda cache: cache.last_modified)
    if policies.until_below_bytes is not None:
        if policies.largest_first:
            open_ones.sort(key=lambda cache: -cache.size_bytes)
        left_bytes, enough = sum(cache.size_bytes for cache in caches), 0
        while enough < len(open_ones) and left_bytes > policies.until_below_bytes:
            left_bytes -= open_ones[enough].size_bytes
            enough += 1
        open_ones = sorted(open_ones[:enough], key=lambda cache: cache.last_modified)
    return frozenset(open_ones[: policies.limit])


def _newer(cache: Cache, caches: Sequence[Cache]) -> int:
    """Count the caches of the same branch and kind of job that are newer."""
    return sum(_group(one) == _group(cache) and one.last_modified > cache.last_modified for one in caches)


def _group(cache: Cache) -> tuple[str, str]:
    return cache.branch, re.sub("[0-9a-f]{64}", "", cache.name)
