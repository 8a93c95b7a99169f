"""Track the state of every cache of a repository. Pure, no I/O."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from purger.core.cache import Cache, Method, Version
from purger.core.selection import Selection
from purger.purge.entry import Entry, State


class Refusal(Enum):
    """Why an attempt failed. TRANSIENT may pass, RATE_LIMITED passes and costs no attempt, FINAL will not pass."""

    TRANSIENT = "transient"
    RATE_LIMITED = "rate limited"
    FINAL = "final"


_Lineage = tuple[str | None, str, str]
"""What the versions of one cache have in common: full branch, displayed branch and name."""
_RESPONSE_MOVES: Mapping[State, frozenset[State]] = {
    State.REFUSED: frozenset({State.LISTED, State.REFUSED}),
    State.REJECTED: frozenset({State.LISTED, State.REFUSED}),
    State.UNDELETABLE: frozenset({State.LISTED, State.REFUSED, State.REJECTED}),
    State.ACCEPTED: frozenset(State) - {State.GONE},
}
"""From which states a response or a decision leads to this one; in any other state it changes nothing.

A load moves an entry besides: to GONE, from GONE back to what it was, and to LISTED when a newer version is listed.
"""


@dataclass(slots=True)
class _Index:
    """The entries by version and by displayed name, so that no look-up goes through all of them."""

    by_version: dict[Version, dict[Entry, None]] = field(default_factory=dict)
    by_name: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    left_versions: Counter[Version] = field(default_factory=Counter)

    def add_name(self, entry: Entry) -> None:
        self.by_name.setdefault((entry.cache.branch, entry.cache.name), []).append(entry)

    def add_version(self, entry: Entry) -> None:
        self.by_version.setdefault(entry.cache.version, {})[entry] = None
        self.count_as_left(entry, +1)

    def remove_version(self, entry: Entry) -> None:
        del self.by_version[entry.cache.version][entry]
        self.count_as_left(entry, -1)

    def count_as_left(self, entry: Entry, step: int) -> None:
        if entry.selected and entry.listed:
            self.left_versions[entry.cache.version] += step


@dataclass(slots=True)
class Ledger:
    """All caches of one repository that were ever listed. `attempts` is how many attempts a cache gets.

    All changes of an entry's state are methods of this class. A look-up takes the same time however many entries
    there are.
    """

    selection: Selection
    attempts: int
    _entries: list[Entry] = field(default_factory=list, init=False)
    _index: _Index = field(default_factory=_Index, init=False, repr=False)

    @property
    def entries(self) -> Sequence[Entry]:
        """All entries, in the order in which they were first listed."""
        return self._entries

    @property
    def selected(self) -> list[Entry]:
        """What the user wants deleted, gone or not."""
        return [entry for entry in self._entries if entry.selected]

    @property
    def left(self) -> list[Entry]:
        """What is selected and was listed on the last load."""
        return [entry for entry in self._entries if entry.selected and entry.listed]

    @property
    def to_attempt(self) -> list[Entry]:
        """What is left and may be attempted."""
        return [entry for entry in self.left if self.may_attempt(entry)]

    @property
    def waiting(self) -> list[Entry]:
        """What is selected, accepted as deleted and still listed."""
        return [entry for entry in self._entries if entry.selected and entry.state is State.ACCEPTED]

    @property
    def left_versions(self) -> Counter[Version]:
        """How often each version occurs among what is left. It changes with the ledger; do not change it."""
        return self._index.left_versions

    @property
    def ok(self) -> bool:
        """Whether everything selected was gone on the last load."""
        return not any(entry.selected and entry.listed for entry in self._entries)

    def may_attempt(self, entry: Entry) -> bool:
        """Whether another attempt makes sense. Refusals by the rate limit are counted apart; more are allowed."""
        undecided = entry.state in {State.LISTED, State.REFUSED}
        return undecided and entry.attempts < self.attempts and entry.rate_limited < 2 * self.attempts

    def add(self, entry: Entry) -> None:
        """Add the entry of a cache that is not known yet."""
        self._entries.append(entry)
        self._index.add_name(entry)
        self._index.add_version(entry)

    def record_load(self, listed: Iterable[Cache], at: datetime) -> None:
        """Record what a load of the list shows: what is listed, gone, new, or uploaded again.

        Versions are matched first. A newer one that is left over, of the same branch and name, is the same cache
        uploaded again.
        """
        present, missing, new = _compare(self._entries, listed)
        for entry in present:
            self._set_listed(entry)
        renewed: set[Entry] = set()
        for lineage, caches in new.items():
            successors, others = _pair_successors(self.selection, missing.get(lineage, ()), caches)
            for entry, newer in successors:
                self._renew(entry, newer)
                renewed.add(entry)
            for cache in others:
                self.add(Entry(cache, self.selection.selects(cache)))
        for entries in missing.values():
            for entry in entries:
                if entry not in renewed:
                    self._set_gone(entry, at)

    def count_attempt(self, entries: Iterable[Entry], method: Method) -> None:
        """Record that a request to delete these is about to be sent."""
        for entry in entries:
            _change(entry, started=entry.started + 1, method=method)

    def accept(self, deleted: Iterable[Cache], method: Method) -> list[Entry]:
        """Record what a response names as deleted. Return those entries, of whatever row they are.

        What no load has shown is new: a click also deletes what the capped list hides of its branch.
        """
        known: dict[Version, Iterator[Entry]] = {}
        found: list[Entry] = []
        unlisted: dict[tuple[str, str], list[Cache]] = {}
        for cache in deleted:
            entries = self._index.by_version.get(cache.version)
            if entries and cache.version not in known:
                known[cache.version] = iter([one for one in entries if one.selected and one.listed])
            if entry := next(known.get(cache.version, iter(())), None):
                found.append(entry)
            elif not entries:
                unlisted.setdefault((cache.branch, cache.name), []).append(cache)
        named = set(found)
        for name, caches in unlisted.items():
            found += self._unlisted([one for one in self._index.by_name.get(name, ()) if one not in named], caches)
        for entry in found:
            _move(entry, State.ACCEPTED, None)
            # The attempt may have been another branch's.
            _change(entry, method=method, started=max(entry.started, entry.rate_limited + 1))
        return found

    def refuse(self, entries: Iterable[Entry], reason: str, refusal: Refusal) -> None:
        """Record that an attempt was refused or got no response. The rate limit's refusals cost no attempt."""
        state = State.REJECTED if refusal is Refusal.FINAL else State.REFUSED
        for entry in entries:
            if refusal is Refusal.RATE_LIMITED:
                _change(entry, rate_limited=entry.rate_limited + 1)
            _move(entry, state, reason)

    def mark_icon_useless(self, entries: Iterable[Entry]) -> None:
        """Record that a deletion of their row was accepted without deleting these."""
        for entry in entries:
            _change(entry, icon_deletes_nothing=True)

    def give_up(self, entries: Iterable[Entry], reason: str) -> None:
        """Record that no method deletes these and nothing else."""
        for entry in entries:
            _move(entry, State.UNDELETABLE, reason)

    def _unlisted(self, known: Sequence[Entry], caches: Sequence[Cache]) -> list[Entry]:
        """Return the entries of caches that no load has shown: new versions of these entries, or new ones.

        An upload is most likely of a version that was deleted.
        """
        deleted = [entry for entry in known if entry.state in {State.ACCEPTED, State.GONE}]
        others = [entry for entry in known if entry.state not in {State.ACCEPTED, State.GONE}]
        found = []
        for candidates in (deleted, others):
            successors, caches = _pair_successors(self.selection, candidates, caches)
            for entry, newer in successors:
                self._renew(entry, newer)
                found.append(entry)
        for cache in caches:
            self.add(entry := Entry(cache, self.selection.selects(cache)))
            found.append(entry)
        return found

    def _renew(self, entry: Entry, newer: Cache) -> None:
        """Give the entry a newer version. It is attempted anew, unless what was rejected is not only this version."""
        self._index.remove_version(entry)
        if entry.state in {State.ACCEPTED, State.GONE}:
            _change(
                entry,
                recreated=entry.recreated + 1,
                bytes_of_former_versions=entry.bytes_of_former_versions + entry.cache.size_bytes,
            )
        rejected = State.REJECTED in {entry.state, entry.state_when_listed}
        _change(
            entry,
            cache=newer,
            state=State.REJECTED if rejected else State.LISTED,
            state_when_listed=State.LISTED,
            detail=entry.detail if rejected else None,
            icon_deletes_nothing=False,
        )
        self._index.add_version(entry)

    def _set_listed(self, entry: Entry) -> None:
        if not entry.listed:
            _change(entry, state=entry.state_when_listed, state_when_listed=State.LISTED)
            self._index.count_as_left(entry, +1)

    def _set_gone(self, entry: Entry, at: datetime) -> None:
        if entry.listed:
            self._index.count_as_left(entry, -1)
            _change(entry, state=State.GONE, state_when_listed=entry.state, gone_at=at)


def with_known_names(entries: Iterable[Entry], caches: Iterable[Cache]) -> list[Cache]:
    """Return the caches under the names that are known of them, full branches included.

    Use it for what the full list has and the listing by full branch, requested later, no longer has: a cache that
    former loads knew by its full branch is still the same one.
    """
    known: dict[Version, deque[Cache]] = {}
    for entry in sorted(entries, key=lambda entry: entry.cache.full_branch is not None):
        if entry.listed:
            known.setdefault(entry.cache.version, deque()).append(entry.cache)
    return [known[one.version].popleft() if known.get(one.version) else one for one in caches]


def _compare(
    entries: Iterable[Entry], listed: Iterable[Cache]
) -> tuple[list[Entry], dict[_Lineage, list[Entry]], dict[_Lineage, list[Cache]]]:
    """Return the entries whose version is listed, the others, and the caches that are no entry's version."""
    unmatched = Counter(listed)
    present: list[Entry] = []
    missing: dict[_Lineage, list[Entry]] = {}
    new: dict[_Lineage, list[Cache]] = {}
    for entry in entries:
        if unmatched[entry.cache] > 0:
            unmatched[entry.cache] -= 1
            present.append(entry)
        else:
            missing.setdefault(_lineage(entry.cache), []).append(entry)
    for cache in unmatched.elements():
        new.setdefault(_lineage(cache), []).append(cache)
    return present, missing, new


def _pair_successors(
    selection: Selection, entries: Sequence[Entry], caches: Sequence[Cache]
) -> tuple[list[tuple[Entry, Cache]], Sequence[Cache]]:
    """Pair entries and newer versions of them, the oldest first. Return the pairs and the caches without one.

    A version that is selected although the former one is not, or the other way round, is a cache of its own.
    """
    if not entries:
        return [], caches
    queues: dict[bool, deque[Entry]] = {True: deque(), False: deque()}
    for entry in sorted(entries, key=lambda entry: entry.cache.last_modified):
        queues[entry.selected].append(entry)
    pairs: list[tuple[Entry, Cache]] = []
    others: list[Cache] = []
    for cache in sorted(caches, key=lambda cache: cache.last_modified):
        for selected, queue in queues.items():
            if queue and queue[0].cache.last_modified < cache.last_modified:
                newer = replace(cache, full_branch=queue[0].cache.full_branch)
                if selection.selects(newer) is selected:
                    pairs.append((queue.popleft(), newer))
                    break
        else:
            others.append(cache)
    return pairs, others


def _move(entry: Entry, state: State, reason: str | None) -> None:
    if entry.state in _RESPONSE_MOVES[state]:
        _change(entry, state=state, detail=reason)


def _change(entry: Entry, **values: Any) -> None:
    """Set fields of an entry. Nothing else does: an entry is frozen."""
    for name, value in values.items():
        object.__setattr__(entry, name, value)


def _lineage(cache: Cache) -> _Lineage:
    return cache.full_branch, cache.branch, cache.name
