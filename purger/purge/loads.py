"""Record what each load of the list shows of a repository, also of the branches behind a full list."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from purger.core import events
from purger.core.cache import Cache, versions, without
from purger.core.decision import Decision
from purger.core.text import many
from purger.purge.attribution import Attribution
from purger.purge.branch_listings import BranchListings
from purger.purge.completeness import is_complete
from purger.purge.ledger import Ledger, with_known_names
from purger.purge.plan import by_displayed_name
from purger.purge.record import Record
from purger.travis.api import Api
from purger.travis.keys import LIST_CAP, may_be_nested


class Loads:
    """Record the loads of one repository's list, each completed by the branches that are listed on their own."""

    def __init__(self, record: Record, api: Api, listings: BranchListings, attribution: Attribution) -> None:
        self._record = record
        self._api = api
        self._listings = listings
        self._attribution = attribution

    async def record_load(self, listed: Sequence[Cache]) -> None:
        """Record a load: the list, and the caches of the branches that are named in full, requested after it.

        In this order, what is uploaded in between is known by its full name, and what is deleted in between still
        counts as listed.
        """
        ledger = self._record.ledger
        await asyncio.sleep(0)  # decoding a full list took a while, and what follows takes another
        named = await self._listings.of_selected_branches()
        decision = ledger.selection.decision
        unseen: list[Cache] = []
        if decision is not None and len(listed) >= LIST_CAP:
            # On its first load a run that continues another one has listed nothing yet that the list could hide.
            is_later = bool(ledger.entries)
            named, unseen = await (
                self._with_hidden(named, listed) if is_later else self._with_decided(named, listed, decision)
            )
        listed_by_branch = set(named)
        entries = [entry for entry in ledger.listed if entry.cache not in listed_by_branch]
        others = await self._attribution.decidable(with_known_names(entries, without(listed, named)), named)
        counts = self._listings.counts.values()
        if decision is None:
            self._record.complete = is_complete(ledger.selection, len(listed), counts)
        else:
            self._record.complete = decision.is_complete and all(count < LIST_CAP for count in counts)
        times_before = ledger.recreations
        await asyncio.sleep(0)
        ledger.record_load([*named, *others, *unseen], self._api.clock.now())
        self.warn_of_undecided()
        if ledger.recreations > times_before:
            back = [entry for entry in ledger.left if entry.recreated]
            branches = tuple(dict.fromkeys(entry.cache.branch for entry in back))
            self._record.emit(events.Recreated(self._record.name, len(back), branches))
            self._record.warn(f"Caches of {', '.join(branches)} came back: a job that is still running uploads them.")

    async def _with_hidden(self, named: Sequence[Cache], listed: Sequence[Cache]) -> tuple[list[Cache], list[Cache]]:
        """Return the caches of branches, those added whose selected caches the full list hides, and what is not seen.

        The latter was listed before, is not selected or of a branch that nobody knows, and counts as still listed.
        """
        before = self._record.ledger.listed
        hidden = set(without([entry.cache for entry in before], [*named, *without(listed, named)]))
        selected = {entry.cache.full_branch for entry in before if entry.selected and entry.cache in hidden}
        known = {cache.full_branch for cache in named}
        names = sorted(name for name in selected if name is not None and name not in known)
        named = [*named, *await self._listings.of(names)]
        asked = {*names, *known}
        return named, [cache for cache in hidden if cache.full_branch is None or cache.full_branch not in asked]

    async def _with_decided(
        self, named: Sequence[Cache], listed: Sequence[Cache], decision: Decision
    ) -> tuple[list[Cache], list[Cache]]:
        """Return the caches of branches, those added of which a full list may hide what was decided to be deleted.

        Also returned is what nobody can look for, since its branch is not known: it counts as still listed.
        """
        left = without(decision.selected, decision.deleted)
        missing = versions(without(left, [*named, *without(listed, named)]))
        # Another branch's cache, which is kept, may be the one of this version that the list shows.
        hidden = [one for one in left if one.version in missing or not decision.selects_all_like(one)]
        by_name = by_displayed_name(await self._listings.branches()) if hidden else {}
        names: set[str] = set()
        for cache in hidden:
            shown = cache.branch
            names.update([shown, *by_name.get(shown, ())] if cache.full_branch is None else [cache.full_branch])
        named = [*named, *await self._listings.of(sorted(names.difference(self._listings.counts)))]
        unseen = [one for one in without(hidden, [*named, *without(listed, named)]) if _is_of_no_branch(one)]
        return named, [replace(one, may_be_nested=True) for one in unseen]

    def warn_of_undecided(self, others: Sequence[str] = ()) -> None:
        """Warn of what may be selected or not, so that nobody takes it for kept; and of what `others` say."""
        undecided = [_undecided_sentence(self._record.ledger)] if self._record.ledger.undecided else []
        for text in (*others, *undecided):
            self._record.warn(text)


def _is_of_no_branch(cache: Cache) -> bool:
    """Whether no branch is known that certainly lists the cache, if it is there."""
    return cache.full_branch is None and may_be_nested(cache.branch, cache.name)


def _undecided_sentence(ledger: Ledger) -> str:
    rows = dict.fromkeys(entry.cache.branch for entry in ledger.undecided)
    reasons = dict.fromkeys(entry.reason or "" for entry in ledger.undecided)
    return (
        f"{many(len(ledger.undecided), 'cache')} shown as {', '.join(map(repr, rows))} may be selected or not, and "
        f"therefore left alone: {'; '.join(reasons)}."
    )
