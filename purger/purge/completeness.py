"""Tell whether the site's lists show everything that a selection may mean: each holds only so many caches."""

from __future__ import annotations

from collections.abc import Iterable

from purger.core.selection import Selection
from purger.travis.keys import LIST_CAP

LIST_IS_FULL = (
    f"the site lists only {LIST_CAP:,} caches at once and the list is full: others that match may be hidden "
    "behind them; name branches in full, or purge everything"
)
CERTAIN_ONLY = (
    f"a list of the site holds {LIST_CAP:,} caches and is full, so others may be hidden behind it: only what would be "
    "selected whatever they are is selected; purge once more afterwards"
)
NO_OLDEST = (
    f"a list of the site holds {LIST_CAP:,} caches and is full, so nobody can tell which are the oldest: --limit "
    "selects nothing; leave it out, or name branches in full that hold fewer"
)
HIDDEN = "the site lists no more at once"
"""Why there may be more caches than are counted."""
AT_LEAST = f"at least {LIST_CAP:,}: {HIDDEN}"


def is_complete(selection: Selection, listed: int, by_branch: Iterable[int]) -> bool:
    """Whether nothing that the selection may mean can be hidden behind a full list.

    `listed` counts the caches of the repository's list, `by_branch` those of each branch that was listed on its own,
    because the selection names it in full.
    """
    by_list = bool(selection.globs) or not selection.branches
    if by_list and listed >= LIST_CAP:
        return False
    return all(count < LIST_CAP for count in by_branch)
