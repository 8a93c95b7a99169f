"""Events: values that name their repository, and that no observer can change."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from purger.core import events

KINDS = [each for _, each in inspect.getmembers(events, inspect.isclass) if issubclass(each, events.Event)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_is_a_value_that_names_its_repository_first(kind: type[events.Event]) -> None:
    names = [field.name for field in dataclasses.fields(kind)]
    assert names[0] == "repository"
    values = ("acme/widgets", *range(len(names) - 1))
    one, same = kind(*values), kind(*values)
    assert one == same
    assert hash(one) == hash(same)
    assert one != kind("acme/other", *values[1:])
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.repository = "acme/other"  # type: ignore[misc]


def test_events_of_different_kinds_differ() -> None:
    one: events.Event = events.SignedIn("", "text")
    assert one != events.Warned("", "text")


def test_a_wait_has_no_deadline_unless_it_is_given() -> None:
    assert events.Waiting("acme/widgets", 5.0, "a recheck").left_s is None
