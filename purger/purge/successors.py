"""Tell which entries a list still shows, and which newly shown caches are newer versions of entries. Pure, no I/O."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from purger.core.cache import Cache
from purger.core.selection import Selection
from purger.purge.entry import Entry, State

Lineage = tuple[str | None, str, str]
"""What the versions of one cache have in common: full branch, displayed branch and name."""
Successors = tuple[list[tuple[Entry, Cache]], list[Cache]]
"""Entries with the newer version of each, and the caches that are no entry's newer version."""


def compare(
    entries: Iterable[Entry], listed: Iterable[Cache]
) -> tuple[list[Entry], dict[Lineage, list[Entry]], dict[Lineage, list[Cache]]]:
    """Return the entries whose version is listed, the others, and the caches that are no entry's version."""
    unmatched = Counter(listed)
    present: list[Entry] = []
    missing: dict[Lineage, list[Entry]] = {}
    new: dict[Lineage, list[Cache]] = {}
    # Of two caches that the list can't tell apart, the one that was accepted is gone.
    for entry in sorted(entries, key=may_be_gone):
        if unmatched[entry.cache] > 0:
            unmatched[entry.cache] -= 1
            present.append(entry)
        else:
            missing.setdefault(_lineage(entry.cache), []).append(entry)
    for cache in unmatched.elements():
        new.setdefault(_lineage(cache), []).append(cache)
    return present, missing, new


def pair_listed(
    selection: Selection, missing: Mapping[Lineage, Sequence[Entry]], new: Mapping[Lineage, Sequence[Cache]]
) -> Successors:
    """Pair entries that a load does not show and newer versions of them that it shows, all by their lineages."""
    pairs: list[tuple[Entry, Cache]] = []
    unpaired: dict[Lineage, list[Cache]] = {}
    for lineage, caches in new.items():
        newer, unpaired[lineage] = _pair(selection, missing.get(lineage, ()), caches)
        pairs += newer
    paired = {entry for entry, _ in pairs}
    named_since = _selected_of_known_branches(missing) if unpaired else {}
    others: list[Cache] = []
    for (full_branch, *shown), caches in unpaired.items():
        if full_branch is None:  # that of the former version may have been found since it was listed
            former = [entry for entry in named_since.get((*shown,), ()) if entry not in paired]
            newer, rest = _pair(selection, former, caches, have_its_names=False)
            pairs += newer
        else:
            rest = caches
        others += rest
    return pairs, others


def pair_unlisted(selection: Selection, entries: Sequence[Entry], caches: Sequence[Cache]) -> Successors:
    """Pair entries and newer versions that only a response names: most likely of a version that was deleted."""
    deleted, others = [one for one in entries if may_be_gone(one)], [one for one in entries if not may_be_gone(one)]
    pairs, caches = _pair(selection, deleted, caches)
    more, caches = _pair(selection, others, caches)
    return [*pairs, *more], caches


def may_be_gone(entry: Entry) -> bool:
    """Whether a response names the entry as deleted, or the last load did not list it."""
    return entry.state in {State.ACCEPTED, State.GONE}


def _selected_of_known_branches(entries: Mapping[Lineage, Sequence[Entry]]) -> dict[tuple[str, ...], list[Entry]]:
    """Return those of the entries that are selected and whose full branch is known, by displayed branch and name."""
    found: dict[tuple[str, ...], list[Entry]] = {}
    for (full_branch, *shown), of_lineage in entries.items():
        if full_branch is not None:
            found.setdefault((*shown,), []).extend(entry for entry in of_lineage if entry.selected)
    return found


def _pair(
    selection: Selection, entries: Sequence[Entry], caches: Sequence[Cache], *, have_its_names: bool = True
) -> Successors:
    """Pair entries and newer versions of them, the oldest first. Return the pairs and the caches without one.

    A version that is selected although the former one is not, or the other way round, is a cache of its own.
    `have_its_names`: what is known of the names of the former version holds for the newer one.
    """
    if not entries:
        return [], list(caches)
    queues: dict[bool, deque[Entry]] = {True: deque(), False: deque()}
    for entry in sorted(entries, key=lambda entry: entry.cache.last_modified):
        queues[entry.selected].append(entry)
    pairs: list[tuple[Entry, Cache]] = []
    others: list[Cache] = []
    for cache in sorted(caches, key=lambda cache: cache.last_modified):
        for selected, queue in queues.items():
            if queue and queue[0].cache.last_modified < cache.last_modified:
                newer = _under_the_names_of(queue[0].cache, cache) if have_its_names else cache
                if selection.selects(newer) is selected:
                    pairs.append((queue.popleft(), newer))
                    break
        else:
            others.append(cache)
    return pairs, others


def _under_the_names_of(former: Cache, newer: Cache) -> Cache:
    return replace(
        newer, full_branch=former.full_branch, file_name=former.file_name, may_be_nested=former.may_be_nested
    )


def _lineage(cache: Cache) -> Lineage:
    return cache.full_branch, cache.branch, cache.name
