"""Change the state of an entry, in the ways that are allowed. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from purger.purge.entry import Entry, State

_RESPONSE_MOVES: Mapping[State, frozenset[State]] = {
    State.REFUSED: frozenset({State.LISTED, State.REFUSED}),
    State.REJECTED: frozenset({State.LISTED, State.REFUSED}),
    State.UNDELETABLE: frozenset({State.LISTED, State.REFUSED, State.REJECTED}),
    State.ACCEPTED: frozenset(State) - {State.GONE},
}
"""From which states a response or a decision leads to this one; in any other state it changes nothing.

A load moves an entry besides: to GONE, from GONE back to what it was, to LISTED when a newer version is listed, and
from ACCEPTED to LISTED where it stays listed and another method is left.
"""


def move(entry: Entry, state: State, reason: str | None) -> None:
    """Move an entry to a state after a response or a decision, if it may go there from where it is."""
    if entry.state in _RESPONSE_MOVES[state]:
        change(entry, state=state, detail=reason)


def change(entry: Entry, **values: Any) -> None:
    """Set fields of an entry. Nothing else does: an entry is frozen."""
    for name, value in values.items():
        object.__setattr__(entry, name, value)
