"""Define the selection: the filters and policies that decide which caches are listed, previewed and deleted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from purger.core.cache import Cache
from purger.core.decision import Decision, Verdict
from purger.core.filters import Filters
from purger.core.policies import Policies


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection(Filters):
    """Filters and policies, combined with *and*. Without any every cache is selected.

    `policies` are decided once, over all caches, and `decision` is what came of that for one repository.
    `clock_offset_s` is how far the site's clock is ahead of this machine's; None means that they were not compared, so
    that `as_of` is this machine's time.
    """

    policies: Policies = field(default_factory=Policies)
    decision: Decision | None = None
    clock_offset_s: float | None = None

    @property
    def everything(self) -> bool:
        """Whether there are no filters and no policies."""
        return not self.is_filtered and not self.policies.are_any

    def at_site_time(self, offset: timedelta, site_now: datetime) -> Selection:
        """Return the selection with its times on the site's clock, and `as_of` never later than the site's time.

        `offset` is the site's time less this machine's. What was compared before keeps its times.
        """
        ahead = offset if self.clock_offset_s is None else timedelta(0)
        not_after = None if self.not_after is None else self.not_after + ahead
        as_of = min(self.as_of + ahead, site_now)
        return replace(self, as_of=as_of, not_after=not_after, clock_offset_s=offset.total_seconds())

    def selects(self, cache: Cache) -> bool:
        """Whether the cache is certainly to be deleted."""
        return self.decide(cache) is True

    def decide(self, cache: Cache) -> bool | None:
        """Return whether the cache is to be deleted; None where that can't be told without knowing its branch or name.

        A cache whose full branch is unknown is never of a branch that is named in full: those are listed one by one.
        """
        return self.verdict(cache).selected

    def verdict(self, cache: Cache) -> Verdict:
        """Return whether the cache is to be deleted and, if not, why it is kept: as decided, else by the filters."""
        return self.filtered(cache) if self.decision is None else self.decision.verdict(cache)

    def __str__(self) -> str:
        """Describe the filters and policies for messages: `of branch main, older than 30 days`."""
        return ", ".join(filter(None, (Filters.__str__(self), str(self.policies))))
