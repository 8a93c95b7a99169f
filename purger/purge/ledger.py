"""Track the state of every cache of a repository. Pure, no I/O."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from purger.core.cache import Cache, Method, Version
from purger.core.selection import Selection
from purger.purge.entry import Entry, State
from purger.purge.entry_index import EntryIndex
from purger.purge.methods import Methods, Refusal
from purger.purge.successors import compare, may_be_gone, pair_listed, pair_unlisted
from purger.purge.transitions import change, move
from purger.travis.keys import is_front_of_file_name

_ANEW: Mapping[str, Any] = {"exhausted": frozenset(), "failures": 0, "limits": 0, "rechecks": 0}
"""What a newer version does not inherit."""


@dataclass(slots=True)
class Ledger:
    """All caches of one repository that were ever listed.

    `attempts` is that of Methods, and how often a cache may be uploaded again. `progress` rises whenever something
    selected is accepted as deleted, or is gone. `recreations` counts how often something selected was uploaded
    again. Entries are changed through this class and its `methods` alone. A look-up and a load take the
    same time however many entries are gone.
    """

    selection: Selection
    attempts: InitVar[int]
    _index: EntryIndex = field(default_factory=EntryIndex, init=False, repr=False)
    progress: int = field(default=0, init=False)
    recreations: int = field(default=0, init=False)
    methods: Methods = field(init=False)

    def __post_init__(self, attempts: int) -> None:
        """Derive which methods there are."""
        self.methods = Methods(self.selection.everything, attempts)

    @property
    def entries(self) -> Sequence[Entry]:
        """All entries, in the order in which they were first listed."""
        return self._index.entries

    @property
    def selected(self) -> list[Entry]:
        """What the user wants deleted, gone or not."""
        return [entry for entry in self.entries if entry.selected]

    @property
    def gone(self) -> int:
        """How many caches are selected and were not listed on the last load."""
        return self._index.selected - len(self.left)

    @property
    def listed(self) -> Collection[Entry]:
        """What was listed on the last load."""
        return self._index.listed.keys()

    @property
    def left(self) -> list[Entry]:
        """What is selected and was listed on the last load."""
        return [entry for entry in self.listed if entry.selected]

    @property
    def to_attempt(self) -> list[Entry]:
        """What is left and may be attempted."""
        return [entry for entry in self.left if self.methods.may_attempt(entry)]

    @property
    def waiting(self) -> list[Entry]:
        """What is selected, accepted as deleted and still listed."""
        return [entry for entry in self.left if entry.state is State.ACCEPTED]

    def left_below(self, folder: str, caches: Iterable[Cache]) -> Counter[Version]:
        """Return how often each version of these caches is left that may, as far as is known, lie below the folder."""
        return self._index.left({cache.version for cache in caches}, lambda cache: _may_be_below(cache, folder))

    @property
    def ok(self) -> bool:
        """Whether everything selected was gone on the last load, and nothing is listed that may be selected."""
        return not any(entry.selected or entry.undecided for entry in self.listed)

    @property
    def undecided(self) -> list[Entry]:
        """What was listed on the last load and may be selected, but nobody can tell."""
        return [entry for entry in self.listed if entry.undecided]

    def add(self, entry: Entry) -> None:
        """Add the entry of a cache that is not known yet."""
        self._index.add(entry)

    def record_load(self, listed: Collection[Cache], at: datetime) -> None:
        """Record what a load of the list shows: what is listed, gone, new, or uploaded again.

        Versions are matched first. A newer one that is left over, of the same branch and name, is the same cache
        uploaded again.
        """
        present, missing, new = compare(self._index.relevant_to(listed), listed)
        for entry in present:
            self._set_listed(entry)
            self.methods.count_recheck(entry)
        seen = set(self._take(*pair_listed(self.selection, missing, new)))
        for entry in chain.from_iterable(missing.values()):
            if entry not in seen:
                self._set_gone(entry, at)

    def count_attempt(self, entries: Iterable[Entry], method: Method) -> None:
        """Record that a request to delete these is about to be sent."""
        for entry in entries:
            if entry.method is not method:
                change(entry, failures=0, limits=0)
            change(entry, started=entry.started + 1, method=method)

    def accept(
        self, deleted: Iterable[Cache], method: Method, attempted: Iterable[Entry] = (), folder: str | None = None
    ) -> list[Entry]:
        """Record what a response names as deleted. Return those entries, of whatever row they are.

        Of several entries that one version fits, those below the deleted `folder` count first, then those `attempted`.
        What no load has shown is new: a click also deletes what the capped list hides of its branch.
        """
        first = set(attempted)
        found, unlisted = self._index.find(deleted, lambda one: (not _is_below(one.cache, folder), one not in first))
        named = set(found)
        for known, caches in unlisted:
            former = [one for one in known if one not in named]
            found += self._take(*pair_unlisted(self.selection, former, caches))
        for entry in found:
            move(entry, State.ACCEPTED, None)
            # The attempt may have been another branch's.
            change(entry, method=method, started=max(entry.started, entry.rate_limited + 1), rechecks=0)
        self.progress += bool(found)
        return found

    def refuse(
        self, entries: Iterable[Entry], reason: str, refusal: Refusal, *, instead_of: Method | None = None
    ) -> None:
        """Record that an attempt was refused or got no response. The rate limit's refusals cost no attempt.

        A method that is refused too often in a row, while nothing else makes progress either, is exhausted; so is the
        one that it is used `instead_of`.
        """
        for entry in entries:
            self.methods.count_refusal(entry, refusal, self.progress)
            if instead_of is not None and entry.method in entry.exhausted:
                change(entry, exhausted=entry.exhausted | {instead_of})
            final = refusal is Refusal.FINAL or self.methods.next_of(entry) is None
            move(entry, State.REJECTED if final else State.REFUSED, reason)

    def learn_names(self, entry: Entry, cache: Cache) -> None:
        """Record the branch and file name of an entry's cache."""
        change(entry, cache=cache)

    def give_up(self, entries: Iterable[Entry], reason: str) -> None:
        """Record that no method deletes these and nothing else."""
        for entry in entries:
            move(entry, State.UNDELETABLE, reason)

    def _take(self, newer: Sequence[tuple[Entry, Cache]], others: Sequence[Cache]) -> list[Entry]:
        """Give entries their newer versions, and add entries for the other caches. Return all of them."""
        added = [_entry_of(cache, self.selection) for cache in others]
        for entry, cache in newer:
            self._renew(entry, cache)
        for entry in added:
            self.add(entry)
        return [*(entry for entry, _ in newer), *added]

    def _renew(self, entry: Entry, newer: Cache) -> None:
        """Give the entry a newer version. It is attempted anew, unless what was rejected is not only this version."""
        if entry.listed:
            self._index.remove_listed(entry)
        if entry.state in {State.ACCEPTED, State.GONE}:
            self.recreations += entry.selected
            former_bytes = entry.bytes_of_former_versions + entry.cache.size_bytes
            change(entry, recreated=entry.recreated + 1, bytes_of_former_versions=former_bytes)
        rejected = State.REJECTED in {entry.state, entry.state_when_listed}
        change(
            entry,
            cache=newer,
            state=State.REJECTED if rejected else State.LISTED,
            state_when_listed=State.LISTED,
            detail=entry.detail if rejected else None,
            **_ANEW,
        )
        self._index.add_listed(entry)

    def _set_listed(self, entry: Entry) -> None:
        if not entry.listed:
            change(entry, state=entry.state_when_listed, state_when_listed=State.LISTED)
            self._index.add_listed(entry)

    def _set_gone(self, entry: Entry, at: datetime) -> None:
        if entry.listed:
            self.progress += entry.selected
            self._index.remove_listed(entry)
            change(entry, state=State.GONE, state_when_listed=entry.state, gone_at=at)


def with_known_names(entries: Iterable[Entry], caches: Iterable[Cache]) -> list[Cache]:
    """Return the caches under the names that are known of them, full branches included.

    Use it for what the full list has and the listing by full branch, requested later, no longer has: a cache that
    former loads knew by its full branch is still the same one.
    """
    known: dict[Version, deque[Cache]] = {}
    for entry in sorted(entries, key=lambda entry: (may_be_gone(entry), entry.cache.full_branch is not None)):
        if entry.listed:
            known.setdefault(entry.cache.version, deque()).append(entry.cache)
    return [known[one.version].popleft() if known.get(one.version) else one for one in caches]


def _entry_of(cache: Cache, selection: Selection) -> Entry:
    verdict = selection.verdict(cache)
    return Entry(cache, verdict.selected is True, undecided=verdict.selected is None, kept=verdict.kept)


def _is_below(cache: Cache, folder: str | None) -> bool:
    if folder is None or cache.full_branch is None:
        return False
    own = f"{cache.full_branch}/{cache.branch}" if cache.may_be_nested else cache.full_branch
    return f"{own}/".startswith(f"{folder}/")


def _may_be_below(cache: Cache, folder: str) -> bool:
    if cache.full_branch is None or _is_below(cache, folder):
        return True
    # Of a file name with two slashes or more nobody knows the front: it may be that of any folder in its branch.
    is_somewhere = cache.may_be_nested and cache.file_name is None
    front = folder.removeprefix(f"{cache.full_branch}/")
    return is_somewhere and front != folder and is_front_of_file_name(front)
