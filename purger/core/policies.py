"""The policies: which caches to keep of those that the filters select, decided over all caches at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from purger.core.cache import Cache
from purger.core.decision import Decision, Kept, Verdict, oldest_first
from purger.core.errors import InputError
from purger.core.options import KEEP, check_ranges, flag, text
from purger.core.text import many
from purger.core.units import exact_size_text, parse_size_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What to keep, or delete only, beyond what one cache alone tells; combined with the filters by *and*.

    They are applied in this order: the filters, then `keep_newest` and `gone`, then `until_below_bytes`, then `limit`.
    Raises InputError for a number below one, and for an order without anything to order.
    """

    keep_newest: int | None = text(
        "--keep-newest",
        raw=int,
        metavar="N",
        at_least=1,
        shown="none",
        panel=KEEP,
        refuse_empty=True,
        help="Of each branch and kind of job (the file name without its hash), keep the N newest.",
    )
    gone: bool = flag(
        "--gone",
        panel=KEEP,
        refuse_empty=True,
        help="Only of branches that the host no longer has, and of closed pull requests (GITHUB_TOKEN helps); "
        "what can't be known is kept.",
    )
    until_below_bytes: int | None = text(
        "--until-below",
        parse=parse_size_bytes,
        metavar="SIZE",
        shown="none",
        panel=KEEP,
        refuse_empty=True,
        help="Oldest first, only until what is left of the repository is at most SIZE.",
    )
    largest_first: bool = flag(
        "--largest-first", panel=KEEP, refuse_empty=True, help="With --until-below: largest first."
    )
    limit: int | None = text(
        "--limit",
        raw=int,
        metavar="N",
        at_least=1,
        shown="none",
        panel=KEEP,
        refuse_empty=True,
        help="At most N caches in this run, the oldest; `list`: the first N in its order.",
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.largest_first and self.until_below_bytes is None:
            raise InputError("--largest-first has nothing to order", remedy="Add --until-below SIZE, or leave it out.")

    @property
    def are_any(self) -> bool:
        """Whether there is a policy."""
        return self != Policies()

    def __str__(self) -> str:
        """Describe the policies for messages: `but the 2 newest of each branch and kind of job`."""
        parts = []
        if self.keep_newest is not None:
            newest = "newest" if self.keep_newest == 1 else f"{self.keep_newest:,} newest"
            parts.append(f"but the {newest} of each branch and kind of job")
        if self.gone:
            parts.append("of branches and pull requests that are gone")
        if self.until_below_bytes is not None:
            order = "largest" if self.largest_first else "oldest"
            parts.append(f"{order} first until {exact_size_text(self.until_below_bytes)} are left")
        if self.limit is not None:
            parts.append(f"at most {many(self.limit, 'cache')}")
        return ", ".join(parts)


_IN_DOUBT = {Kept.UNDATED, Kept.UNSIZED, Kept.UNKNOWN}


@dataclass(slots=True)
class _Case:
    """One cache while the policies are applied; `may_go` means that a full view might select it."""

    cache: Cache
    verdict: Verdict
    may_go: bool = True

    def keep(self, why: Kept, *, may_go: bool = False) -> None:
        """Keep the cache, if it is not decided already."""
        self.may_go = self.may_go and may_go
        if self.verdict.selected is not False:
            self.verdict = Verdict(selected=False, kept=why)


def decide(
    caches: Sequence[Cache],
    filtered: Callable[[Cache], Verdict],
    policies: Policies,
    *,
    is_gone: Callable[[Cache], bool | None] = lambda _cache: None,
    is_complete: bool = True,
) -> Decision:
    """Decide about all caches of a repository; the limit is the run's, see `limited`.

    `caches` are those that were seen, with their full branches where these are known, and `is_complete` is whether
    they are all there are: nothing is selected that would be kept if more of them were seen. `filtered` is what the
    filters say of one cache. `is_gone` tells whether the branch or pull request of a cache is gone (None: not known).
    """
    cases = [_Case(cache, verdict, _may_go(verdict)) for cache in caches for verdict in [filtered(cache)]]
    if policies.keep_newest is not None:
        _keep_newest(cases, policies.keep_newest, is_complete=is_complete)
    if policies.gone:
        _keep_what_is_there(cases, is_gone)
    if policies.until_below_bytes is not None:
        _keep_enough(cases, policies.until_below_bytes, largest_first=policies.largest_first)
    return Decision.of(
        ((case.cache, case.verdict) for case in cases),
        is_complete=is_complete,
        doubtful=(case.cache for case in cases if case.may_go and case.verdict.selected is False),
    )


def _may_go(verdict: Verdict) -> bool:
    """Return whether a cache might be selected, for all that its filters say, if its date and size were known."""
    return verdict.selected is not False or verdict.kept in _IN_DOUBT


def crowded(caches: Sequence[Cache], most: int) -> set[Cache]:
    """Return the caches of which `keep_newest` may select some: those that show as more than `most` of one kind.

    The others are kept, whatever their branches are.
    """
    counts = Counter(cache.shown_kind for cache in caches)
    return {cache for cache in caches if counts[cache.shown_kind] > most}


def _keep_newest(cases: Sequence[_Case], most: int, *, is_complete: bool) -> None:
    """Keep what fewer than `most` are newer than, of its branch and kind of job: of caches of one date all or none.

    Where more caches could change that, or one of the group without a date, `may_go` stays.
    """
    dates: dict[tuple[str | None, str | None], list[datetime]] = {}
    for cache in (case.cache for case in cases if case.cache.is_dated):
        dates.setdefault(_group(cache), []).append(cache.last_modified)
    for of_group in dates.values():
        of_group.sort(reverse=True)
    may_be_more = crowded([case.cache for case in cases], most)
    undated = {_group(case.cache) for case in cases if not case.cache.is_dated}
    for case in cases:
        cache, group = case.cache, _group(case.cache)
        if cache not in may_be_more:
            case.keep(Kept.NEWEST, may_go=not is_complete)
        elif not cache.is_dated:
            case.keep(Kept.UNDATED, may_go=True)
        elif None in group:
            if case.verdict.selected:
                case.verdict = Verdict(selected=None)
        elif cache.last_modified >= dates[group][:most][-1]:
            case.keep(Kept.NEWEST, may_go=not is_complete or group in undated)


def _group(cache: Cache) -> tuple[str | None, str | None]:
    """Return the cache's branch and kind of job, each None where it is not known."""
    return cache.full_branch, cache.job_kind


def _keep_what_is_there(cases: Sequence[_Case], is_gone: Callable[[Cache], bool | None]) -> None:
    """Keep what is not certainly gone. Where not even the branch is known, `may_go` stays."""
    for case in cases:
        if case.may_go and (gone := is_gone(case.cache)) is not True:
            is_of_any = gone is None and case.cache.full_branch is None
            case.keep(Kept.UNKNOWN if gone is None else Kept.EXISTS, may_go=is_of_any)


def _keep_enough(cases: Sequence[_Case], most_bytes: int, *, largest_first: bool) -> None:
    """Keep what need not be deleted so that at most `most_bytes` are left.

    A cache is deleted where it and all that would be deleted after it are too much, together with what stays anyway:
    caches that nobody has seen can only add to that. One without a date is kept where dates decide, but may have been
    the first to go; one without a size is kept.
    """
    everything = sum(case.cache.size_bytes for case in cases)
    left = sum(case.cache.size_bytes for case in cases if not case.may_go)
    alike = Counter(case.cache.size_bytes for case in cases if case.may_go)
    may_be_larger = not all(case.cache.is_sized for case in cases)

    def place(case: _Case) -> tuple[object, ...]:
        return (-case.cache.size_bytes if largest_first else 0, oldest_first(case.cache))

    for case in sorted((case for case in cases if case.may_go), key=place, reverse=True):
        left += case.cache.size_bytes
        dates_decide = not largest_first or alike[case.cache.size_bytes] > 1
        if not case.cache.is_sized:
            case.keep(Kept.UNSIZED, may_go=True)
        elif everything <= most_bytes or (left <= most_bytes and case.verdict.selected):
            case.keep(Kept.ENOUGH, may_go=may_be_larger)
        elif dates_decide and not case.cache.is_dated:
            case.keep(Kept.UNDATED, may_go=True)
