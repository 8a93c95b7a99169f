"""Decide once, at the start, what a selection with policies means: see all caches, ask what is gone, decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from purger.browser.connections import Connections
from purger.core.cache import Cache, pull_request_of, versions
from purger.core.decision import Decision, Kept
from purger.core.policies import Policies, crowded, decide
from purger.core.selection import Selection
from purger.core.text import many
from purger.core.units import exact_size_text, size_text
from purger.purge.attribution import Attribution
from purger.purge.branch_listings import BranchListings
from purger.purge.completeness import is_complete
from purger.purge.plan import by_displayed_name
from purger.purge.settings import Settings
from purger.travis.addresses import Repository
from purger.travis.keys import LIST_CAP
from purger.travis.pull_requests import PullRequests, closed_pull_requests


@dataclass(frozen=True, slots=True)
class Decided:
    """All caches that were seen, what was decided about them, and sentences that warn."""

    caches: list[Cache]
    decision: Decision
    warnings: list[str]


class Deciding:
    """Decide about the caches of one repository."""

    def __init__(
        self, repository: Repository, settings: Settings, listings: BranchListings, attribution: Attribution
    ) -> None:
        self._repository = repository
        self._settings = settings
        self._listings = listings
        self._attribution = attribution

    async def decide(self, listed: Sequence[Cache], selection: Selection) -> Decided:
        """Decide what the selection means; `listed` is what the full list of the repository shows."""
        policies = selection.policies
        caches, is_whole = await self._view(listed, selection)
        known = await self._listings.branches() if policies.gone else {}
        built = await self._listings.built_branches() if policies.gone else {}
        gone = _Gone(built, by_displayed_name(known), PullRequests())
        wanted = self._whose_branch_matters(caches, selection, gone)
        caches = await self._with_full_branches(caches, wanted)
        no_branch_lists = {cache for cache in caches if cache.full_branch is None and cache in wanted}
        caches = await self._attribution.decidable(caches, [], no_branch_lists)
        if policies.gone:
            first = Policies(keep_newest=policies.keep_newest)
            before = decide(caches, selection.filtered, first, is_complete=is_whole)
            open_ones = [cache for cache in caches if before.verdict(cache).selected is not False]
            gone = replace(gone, pull_requests=await self._closed_pull_requests(open_ones))
        decision = decide(caches, selection.filtered, policies, is_gone=gone.is_gone, is_complete=is_whole)
        return Decided(caches, decision, _of_unknown(caches, decision, gone.pull_requests))

    async def _view(self, listed: Sequence[Cache], selection: Selection) -> tuple[list[Cache], bool]:
        """Return all caches, and whether that is all. Where the list is full, the branches are listed one by one."""
        named = await self._listings.of_selected_branches()
        is_whole = is_complete(selection, len(listed), self._listings.counts.values())
        if len(listed) < LIST_CAP or (is_whole and selection.policies.until_below_bytes is None):
            # Nothing can have changed between two lists where there was only one.
            others = await self._listings.besides(named, listed) if self._listings.counts else listed
            return [*named, *others], is_whole
        return await self._listings.full_view(listed)

    def _whose_branch_matters(self, caches: Sequence[Cache], selection: Selection, gone: _Gone) -> set[Cache]:
        """Return the caches whose branches the policies need, and those that look alike: one may be kept alone."""
        counts = versions(caches)
        wanted = {cache for cache in caches if counts[cache.version] > 1}
        if selection.policies.keep_newest is not None:
            wanted |= self._of_rival_kinds(caches, selection)
        if selection.policies.gone:
            wanted |= {
                cache for cache in caches if gone.may_be(cache) and selection.filtered(cache).selected is not False
            }
        return wanted

    def _of_rival_kinds(self, caches: Sequence[Cache], selection: Selection) -> set[Cache]:
        """Return the caches whose branches decide which are the newest, of the kinds of which some may be selected."""
        policies = selection.policies
        rivals = crowded(caches, policies.keep_newest or 0)
        open_kinds = {cache.shown_kind for cache in rivals if selection.filtered(cache).selected is not False}
        return {cache for cache in rivals if cache.shown_kind in open_kinds}

    async def _with_full_branches(self, caches: Sequence[Cache], wanted: Collection[Cache]) -> list[Cache]:
        """Return the caches, those that are wanted with their full branches, as far as any branch lists them."""
        kinds = {cache.shown_kind for cache in wanted}
        caches = await self._attribution.in_full(caches, wanted)
        nested = {cache for cache in caches if not cache.is_attributed and cache.shown_kind in kinds}
        return await self._attribution.attribute(caches, nested)

    async def _closed_pull_requests(self, caches: Sequence[Cache]) -> PullRequests:
        """Ask the host about the pull requests of these caches."""
        named = (pull_request_of(cache.full_branch) for cache in caches if cache.full_branch is not None)
        numbers = {number for number in named if number is not None}
        if not numbers:
            return PullRequests()
        settings = self._settings
        async with Connections(settings.network) as connections:
            return await closed_pull_requests(
                self._repository, numbers, settings.site, settings.host, connections, settings.policies
            )


@dataclass(frozen=True, slots=True)
class _Gone:
    """Which branches and pull requests the hosts know to be gone: `branches` are those that the API lists."""

    branches: Mapping[str, bool | None]
    by_displayed_name: Mapping[str, Sequence[str]]
    pull_requests: PullRequests

    def may_be(self, cache: Cache) -> bool:
        """Whether the branch of the cache may be gone, as far as what is displayed shows it."""
        names = self.by_displayed_name.get(cache.branch, ())
        return (
            not cache.is_attributed
            or pull_request_of(cache.branch) is not None
            or any(self.branches.get(name) is False for name in names)
        )

    def is_gone(self, cache: Cache) -> bool | None:
        """Whether the branch or pull request of the cache is gone; None where that is not known."""
        branch = cache.full_branch
        if branch is None:
            names = self.by_displayed_name.get(cache.branch, ())
            is_there = cache.is_attributed and bool(names) and all(self.branches.get(name) for name in names)
            return False if is_there else None
        exists, number = self.branches.get(branch), pull_request_of(branch)
        # A branch may have the name of a pull request: then the caches of both are there.
        if number is None or (branch in self.branches and exists is not False):
            return None if exists is None else not exists
        return self.pull_requests.closed.get(number)


def _of_unknown(caches: Sequence[Cache], decision: Decision, pull_requests: PullRequests) -> list[str]:
    """Count what is kept because nobody knows whether it is gone."""
    unknown = sum(decision.verdict(cache).kept is Kept.UNKNOWN for cache in caches)
    why = f": {'; '.join(pull_requests.problems)}" if pull_requests.problems else ""
    return [f"{many(unknown, 'cache')} kept, {Kept.UNKNOWN.of_many}{why}"] if unknown else []


def above_target(caches: Sequence[Cache], decision: Decision, policies: Policies) -> list[str]:
    """Return a sentence where more stays than the policies want left of the repository, or may.

    The decision is the last one, with the limit of the run applied.
    """
    most_bytes = policies.until_below_bytes
    if most_bytes is None:
        return []
    kept = [cache for cache in caches if decision.verdict(cache).selected is not True]
    kept_bytes = sum(cache.size_bytes for cache in kept)
    unsized = sum(not cache.is_sized for cache in kept)
    besides = f", besides {many(unsized, 'cache')} of unknown size" if unsized else ""
    if kept_bytes <= most_bytes and not unsized:
        return []
    how = "more than" if kept_bytes > most_bytes else "of at most"
    return [f"{size_text(kept_bytes)} stay{besides}, {how} the {exact_size_text(most_bytes)} of --until-below"]
