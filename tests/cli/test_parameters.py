"""Declared options become parameters, and what was given becomes settings."""

from __future__ import annotations

import os
from typing import Annotated, Any
from unittest.mock import ANY

import pytest

from purger.browser.settings import BrowserSettings
from purger.cli.environment import known_variables
from purger.cli.options import ArtifactOptions, DeletionOptions, SiteOptions, TargetOptions
from purger.cli.parameters import Default, Group, Only, Without
from purger.core.cache import Kind
from purger.core.errors import InputError
from purger.core.options import declared
from purger.core.selection import Selection
from purger.jobs.settings import RetrySettings
from purger.purge.settings import Pace

DAY = 86_400
SETTINGS = (
    Selection,
    Pace,
    BrowserSettings,
    RetrySettings,
    SiteOptions,
    TargetOptions,
    DeletionOptions,
    ArtifactOptions,
)


def build(annotation: Any, **given: Any) -> Any:
    """Build settings from what the command line would give."""
    group = Group.of(annotation)
    assert group
    defaults = {
        name: option.raw(option.default) if option.raw in {int, float} and option.default else option.default
        for name, option in group.options.items()
    }
    return group.build(defaults | given)


def test_filters_are_parsed() -> None:
    assert build(Selection, branches=[]).everything
    given = {
        "branches": ["main", "x*"],
        "match": "py",
        "kind": Kind.PUSH,
        "older_than_s": "2d",
        "larger_than_bytes": "1MB",
    }
    assert build(Selection, **given) == Selection(
        branches=("main", "x*"),
        match="py",
        kind=Kind.PUSH,
        older_than_s=2 * DAY,
        larger_than_bytes=10**6,
        as_of=ANY,
    )
    with pytest.raises(InputError, match="'2' is not a duration"):
        build(Selection, older_than_s="2")


@pytest.mark.parametrize("variable", [name for _, option in declared(Selection) for name in option.variables])
def test_an_empty_variable_of_a_filter_is_refused(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, " ")
    with pytest.raises(InputError, match=f"^{variable} is empty"):
        build(Selection)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda each: each.__name__)
def test_what_is_not_given_has_the_declared_default(settings: Any) -> None:
    made = build(settings)
    for field, _ in declared(settings):
        assert getattr(made, field.name) == field.default


def test_a_command_may_take_a_part_of_the_options_with_a_default_of_its_own() -> None:
    only = Group.of(Annotated[Pace, Only("timeout_s"), Default("timeout_s", "5m")])
    assert only is not None
    assert list(only.options) == ["timeout_s"]
    assert build(Annotated[Pace, Only("timeout_s"), Default("timeout_s", "5m")]).timeout_s == 300
    without = Group.of(Annotated[Pace, Without("concurrency")])
    assert without is not None
    assert {field.name for field, _ in declared(Pace)} - set(without.options) == {"concurrency"}


def test_every_variable_of_an_option_is_known() -> None:
    assert {"PURGER_BRANCH", "PURGER_SETTLE", "TRAVIS_ENDPOINT", "PURGER_RETRY_ATTEMPTS"} <= known_variables
    assert not any(name in os.environ for name in ("PURGER_NO_SUCH_OPTION",))
    assert "PURGER_CACHES" not in known_variables, "the demo's own"
