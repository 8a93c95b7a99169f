"""The decision about every cache of a repository: which are selected and, of the others, which are kept and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from purger.core.cache import Cache, Version


class Kept(StrEnum):
    """Why a cache is kept: by a filter that spares, a policy, or since what decides is not known."""

    EXCLUDED = "excluded"
    NEWEST = "newest"
    EXISTS = "exists"
    UNKNOWN = "unknown"
    ENOUGH = "enough"
    LIMIT = "limit"
    UNDATED = "undated"
    UNSIZED = "unsized"
    UNSEEN = "unseen"
    LATER = "later"

    @property
    def of_one(self) -> str:
        """The reason, said of one cache."""
        return _WORDS[self][0]

    @property
    def of_many(self) -> str:
        """The reason, said of several caches."""
        return _WORDS[self][1]


_WORDS = {
    Kept.EXCLUDED: ("of an excluded branch", "of excluded branches"),
    Kept.NEWEST: ("newest of its branch", "newest of their branch"),
    Kept.EXISTS: ("its branch or pull request is not gone", "their branch or pull request is not gone"),
    Kept.UNKNOWN: (
        "not known whether its branch or pull request is gone",
        "not known whether their branch or pull request is gone",
    ),
    Kept.ENOUGH: ("within the size of --until-below", "within the size of --until-below"),
    Kept.LIMIT: ("beyond the limit of the run", "beyond the limit of the run"),
    Kept.UNDATED: ("without a date, so that its age is not known", "without a date, so that their age is not known"),
    Kept.UNSIZED: ("without a size", "without a size"),
    Kept.UNSEEN: (
        "not known whether it is among the oldest, since a list of the site is full",
        "not known whether they are among the oldest, since a list of the site is full",
    ),
    Kept.LATER: (
        "not listed, or uploaded again, when the selection was decided",
        "not listed, or uploaded again, when the selection was decided",
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a cache is selected (None: nobody can tell) and, if not, why it is kept; None: no filter selects it."""

    selected: bool | None
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about the caches that were listed at the start; any other cache, or upload, is kept.

    `others` is why. Of those that are `undecided` nobody can tell whether they are selected; those that are `doubtful`
    are kept since their date, size or branch is not known, and might be selected if it were. `is_complete` means that
    every cache of the repository was seen, as far as the selection may mean it. `deleted` are the selected ones that
    were seen gone by a run that is continued now.
    """

    selected: tuple[Cache, ...] = ()
    undecided: tuple[Cache, ...] = ()
    doubtful: tuple[Cache, ...] = ()
    deleted: tuple[Cache, ...] = ()
    is_complete: bool = True
    others: Kept = Kept.LATER
    _verdicts: Mapping[Version, Mapping[str | None, Verdict]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, verdicts: Iterable[tuple[Cache, Verdict]], *, is_complete: bool, doubtful: Iterable[Cache] = ()
    ) -> Decision:
        """Make the decision of these verdicts. Of two caches that nobody can tell apart, one verdict to keep counts."""
        found: dict[Version, dict[str | None, Verdict]] = {}
        caches: list[Cache] = []
        for cache, verdict in verdicts:
            caches.append(cache)
            alike = found.setdefault(_key(cache), {})
            former = alike.get(cache.full_branch, verdict)
            alike[cache.full_branch] = former if former.selected is not True else verdict
        by_verdict: dict[bool | None, list[Cache]] = {True: [], None: [], False: []}
        for cache in caches:
            by_verdict[found[_key(cache)][cache.full_branch].selected].append(cache)
        return cls(
            tuple(by_verdict[True]),
            tuple(by_verdict[None]),
            tuple(doubtful),
            is_complete=is_complete,
            _verdicts=found,
        )

    def verdict(self, cache: Cache) -> Verdict:
        """Return the verdict on a listed cache. It is open while the branch decides and is not known."""
        alike = self._verdicts.get(_key(cache))
        if alike is None:
            return Verdict(selected=False, kept=self.others)
        if len({one.selected for one in alike.values()}) == 1:
            return next(iter(alike.values()))
        if cache.full_branch is None:
            return Verdict(selected=None)
        return alike.get(cache.full_branch) or alike.get(None) or Verdict(selected=False, kept=self.others)

    def selects_all_like(self, cache: Cache) -> bool:
        """Whether every cache is selected that nobody can tell from this one without its branch."""
        return self.verdict(replace(cache, full_branch=None)).selected is True

    def without(self, caches: Iterable[Cache], kept: Kept) -> Decision:
        """Return the decision with these selected caches kept instead."""
        dropped = set(caches)
        verdicts = {version: dict(alike) for version, alike in self._verdicts.items()}
        for cache in dropped:
            verdicts[_key(cache)][cache.full_branch] = Verdict(selected=False, kept=kept)
        selected = tuple(one for one in self.selected if one not in dropped)
        return replace(self, selected=selected, _verdicts=verdicts)


def limited(decisions: Sequence[Decision], most: int) -> list[Decision]:
    """Return the decisions of a run with at most so many selected caches in all: the oldest ones.

    Nothing is selected where a repository was not seen in full, since older ones may be hidden there. A cache that is
    undecided or doubtful takes a place, too. One without a date may be the oldest or the newest: it takes a place
    among the oldest, and is selected only where all are.
    """
    if not all(one.is_complete for one in decisions):
        return [one.without(one.selected, Kept.UNSEEN) for one in decisions]
    each = enumerate(decisions)
    open_ones = [(at, cache) for at, one in each for cache in (*one.selected, *one.undecided, *one.doubtful)]
    places = sum(not cache.is_dated for _, cache in open_ones)
    dated = sorted((one for one in open_ones if one[1].is_dated), key=lambda one: (oldest_first(one[1]), one[0]))
    room = max(0, most - places)
    chosen = set(open_ones) if len(open_ones) <= most else set(dated[:room]) - set(dated[room:])
    found = []
    for at, one in enumerate(decisions):
        dropped = [cache for cache in one.selected if (at, cache) not in chosen]
        undated = [cache for cache in dropped if not cache.is_dated]
        found.append(one.without(dropped, Kept.LIMIT).without(undated, Kept.UNDATED))
    return found


def oldest_first(cache: Cache) -> tuple[object, ...]:
    """Return what orders caches from the oldest to the newest, always in the same way."""
    return (cache.last_modified, cache.branch, cache.name, cache.size_bytes, cache.full_branch or "")


def _key(cache: Cache) -> Version:
    """The version as a report has it, to the second."""
    return (cache.branch, cache.name, cache.last_modified.replace(microsecond=0), cache.size_bytes)
