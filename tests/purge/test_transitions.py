"""Only some changes of state are allowed."""

from __future__ import annotations

import pytest

from purger.purge.entry import State
from purger.purge.transitions import move
from tests.support.builders import cache, entry


@pytest.mark.parametrize(
    ("state", "reachable"),
    [
        (State.LISTED, {State.REFUSED, State.REJECTED, State.UNDELETABLE, State.ACCEPTED}),
        (State.REFUSED, {State.REFUSED, State.REJECTED, State.UNDELETABLE, State.ACCEPTED}),
        (State.REJECTED, {State.UNDELETABLE, State.ACCEPTED}),
        (State.ACCEPTED, {State.ACCEPTED}),
        (State.UNDELETABLE, {State.ACCEPTED}),
        (State.GONE, set()),
    ],
)
def test_where_a_response_leads_from_each_state(state: State, reachable: set[State]) -> None:
    for target in (State.REFUSED, State.REJECTED, State.UNDELETABLE, State.ACCEPTED):
        made = entry(cache(), state, "as before")
        move(made, target, "why")
        assert (made.state, made.detail) == ((target, "why") if target in reachable else (state, "as before"))
