"""One cache through the run: its state, and the outcome and reason that follow from it. Pure, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from purger.core.cache import Cache, Method, Outcome
from purger.core.decision import Kept

NOT_SELECTED = "not selected"
BRANCH_UNKNOWN = (
    "whether it is selected can't be told: its file name holds a slash, the page shows a part of it as the branch, and "
    "no known branch lists it; name its branch in full with --branch"
)
FULL_NAME_UNKNOWN = (
    "whether it is selected can't be told: the page shows only the last part of its branch's name, and no known branch "
    "lists it; name its branch in full with --branch"
)
MAYBE_BELOW = (
    "whether it is selected can't be told: it is of {branch}, or of a branch below it that nobody knows; its file name "
    "holds two slashes or more, of which the site shows the last parts alone"
)
NAME_UNKNOWN = (
    "whether it is selected can't be told: its file name, by which --match and --keep-newest go, holds two slashes or "
    "more, of which the site shows the last part alone; select it by its branch, without these"
)
RUNNING_JOB = "uploaded again after its deletion: a job that is still running does that"
NOT_APPLIED = "its deletion was accepted, but it is still listed"
NOT_RECHECKED = "no recheck has shown that it is gone"
ACCEPTED_ONLY = f"its deletion was accepted, but {NOT_RECHECKED}"
ICON_DELETES_NOTHING = "its deletion was accepted, but did not delete it"
NOT_ATTEMPTED = "not attempted"
GONE_BEFORE = "gone before the first attempt"


class State(StrEnum):
    """What the last load and the responses say of a cache.

    LISTED: listed, and no response has decided about this version. REFUSED: the last attempt was refused or got no
    response; another one may succeed. REJECTED: refused, and another attempt would be refused, too. ACCEPTED: a
    response names it as deleted, but no load has shown that yet. UNDELETABLE: no method deletes it and nothing else.
    GONE: not listed on the last load.
    """

    LISTED = "listed"
    REFUSED = "refused"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    UNDELETABLE = "undeletable"
    GONE = "gone"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One cache through the run, under all the versions of it that were listed. Only the ledger changes it.

    A cache that a job uploads again keeps its entry, so that nothing is counted twice. `undecided` means that nobody
    can tell whether it is selected, so that it is left alone. `kept` is why a policy keeps it, `detail` the reason of a
    refusal or of UNDELETABLE. `started` counts all attempts, `rate_limited` those of them that the rate limit refused.
    `exhausted` are the methods that can't delete it. `failures` and `limits` count refusals of the current method, by
    the site and by its rate limit, since the progress that `at_progress` counts; `rechecks` the loads since its
    deletion was accepted.
    """

    cache: Cache
    selected: bool
    state: State = State.LISTED
    detail: str | None = None
    method: Method | None = None
    started: int = 0
    rate_limited: int = 0
    undecided: bool = False
    kept: Kept | None = None
    exhausted: frozenset[Method] = frozenset()
    failures: int = 0
    limits: int = 0
    at_progress: int = 0
    rechecks: int = 0
    recreated: int = 0
    gone_at: datetime | None = None
    bytes_of_former_versions: int = 0
    state_when_listed: State = State.LISTED

    @property
    def listed(self) -> bool:
        """Whether the last load listed it."""
        return self.state is not State.GONE

    @property
    def attempts(self) -> int:
        """How many attempts were made that the rate limit did not refuse."""
        return self.started - self.rate_limited

    @property
    def outcome(self) -> Outcome:
        """Return what became of the cache, as far as the last load shows."""
        if not self.listed:
            return Outcome.DELETED
        if not self.selected or self.state is State.UNDELETABLE:
            return Outcome.SKIPPED
        if self.recreated:
            return Outcome.RECREATED
        return Outcome.FAILED if self.state in {State.REFUSED, State.REJECTED} else Outcome.REMAINING

    @property
    def reason(self) -> str | None:
        """Return why the cache is not gone; for one that is gone, why no attempt of ours did it."""
        if not self.listed:
            return None if self.attempts else GONE_BEFORE
        if not self.selected:
            if not self.undecided:
                return NOT_SELECTED if self.kept is None else self.kept.of_one
            return self._why_undecided
        if self.recreated and self.state is not State.UNDELETABLE:
            return RUNNING_JOB
        if self.state is State.ACCEPTED:
            return NOT_APPLIED if self.rechecks else ACCEPTED_ONLY
        if self.state is not State.LISTED:
            return self.detail
        if self.exhausted:
            return ICON_DELETES_NOTHING
        return NOT_RECHECKED if self.attempts else NOT_ATTEMPTED

    @property
    def _why_undecided(self) -> str:
        if self.cache.below is not None:
            return MAYBE_BELOW.format(branch=self.cache.below)
        if not self.cache.is_attributed:
            return BRANCH_UNKNOWN
        return FULL_NAME_UNKNOWN if self.cache.full_branch is None else NAME_UNKNOWN

    @property
    def bytes_deleted(self) -> int:
        """The sizes of all versions that are gone, in bytes."""
        return self.bytes_of_former_versions + (0 if self.listed else self.cache.size_bytes)
