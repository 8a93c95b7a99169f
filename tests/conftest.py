"""What all rings share: property tests that do not fail for a busy machine's sake."""

from __future__ import annotations

import os
import re
import sys

import pytest
from hypothesis import settings

from purger.core.errors import InputError, PurgerError
from tests.support.clocks import Ahead, Virtual

pytest_plugins = [
    "tests.support.browser",
    "tests.support.command_line",
    "tests.support.forward_proxies",
    "tests.support.processes",
    "tests.support.remote_browsers",
]

settings.register_profile("purger", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("purger")


@pytest.fixture
def standin_clock(monkeypatch: pytest.MonkeyPatch) -> Ahead:
    """The clock of every stand-in, which the test may put forward."""
    clock = Ahead()
    monkeypatch.setattr("purger.standin.clock.time", clock)
    return clock


@pytest.fixture
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> Virtual:
    """A clock for the stand-in's rate limits and a request budget that is given it."""
    return Virtual(monkeypatch)


@pytest.fixture(autouse=True)
def errors_read_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every error of purger's that a test meets says what happened in a sentence, and bad input also what to do."""
    make = PurgerError.__init__

    def make_and_read(error: PurgerError, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        make(error, what, where=where, remedy=remedy)
        if not sys._getframe(1).f_globals["__name__"].startswith("purger."):
            return  # a test's own
        assert what
        assert not re.match("XX|[A-Z][a-z]+ [a-z]+ ", what), f"it stands in the middle of a sentence: {what}"
        assert what != what.upper()
        assert remedy or not isinstance(error, InputError), what
        assert remedy is None or re.match("A |1. |[A-Z][a-z]", remedy), f"the remedy is no sentence: {remedy}"

    monkeypatch.setattr(PurgerError, "__init__", make_and_read)
