"""What all rings share: property tests that do not fail for a busy machine's sake."""

from __future__ import annotations

import functools
import gc
import os
import re
import sys
from collections.abc import Generator, Iterator

import pytest
import typer.main
from hypothesis import settings
from loguru._better_exceptions import ExceptionFormatter

from purger.core.errors import InputError, PurgerError
from tests.support.clocks import Ahead, Virtual

pytest_plugins = [
    "tests.support.shared_browsers",  # before those that import it, so that its assertions are explained, too
    "tests.support.commands",
    "tests.support.browser",
    "tests.support.command_line",
    "tests.support.forward_proxies",
    "tests.support.processes",
    "tests.support.remote_browsers",
    "tests.support.silent_addresses",
    "tests.support.networks",  # uses those above
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--processes", action="store_true", help="run each purger command as a process of its own")
    parser.addoption("--every-network", action="store_true", help="try every combination of networks")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector off what is made to stay: with it, collecting all tests takes half as long again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


# What a developer's own network needs: all that tests reach is on this machine, and they set these for themselves.
for _name in list(os.environ):
    if _name in {"SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"} or (
        _name.lower().endswith("_proxy")
    ):
        del os.environ[_name]

settings.register_profile("purger", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("purger")


@pytest.fixture(scope="session", autouse=True)
def _made_once_per_process() -> Iterator[None]:
    """Keep what a command makes once in a process of its own: Typer's commands, and where loguru sees libraries.

    That is half of the processor's time of a short command.
    """
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr("typer.main.get_command", functools.cache(typer.main.get_command))
        folders = functools.cache(ExceptionFormatter._get_lib_dirs)
        patches.setattr(ExceptionFormatter, "_get_lib_dirs", staticmethod(folders))
        yield


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
