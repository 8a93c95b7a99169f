"""The command line with its one boundary patched: no browser starts, no request is sent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from purger import __main__ as entry
from purger.core.cache import Method
from purger.purge.ledger import Ledger
from purger.purge.record import Record
from purger.purge.run import Run
from purger.travis.addresses import Repository
from tests.support.builders import NOW, cache
from tests.support.commands import handlers_kept


@dataclass
class Ended:
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]
"""Runs the command line with these arguments."""


@pytest.fixture(autouse=True)
def _empty_environment(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("cli") is None:
        return
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    tmp_path: Path = request.getfixturevalue("tmp_path")
    for name in list(os.environ):
        if name.startswith(("PURGER_", "TRAVIS", "GITHUB_")) or name in {"CI", "NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRAVIS_TOKEN", "token-for-tests")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["purger", *arguments])
        code = 0
        try:
            with handlers_kept():
                entry.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Instead of executing, each run finds two caches, deletes them unless it is a dry run, and is kept here."""
    kept: list[Run] = []

    async def execute(run: Run) -> None:
        kept.append(run)
        for repository in run.request.repositories:
            assert isinstance(repository, Repository)
            ledger = Ledger(run.request.selection, run.settings.pace.attempts)
            ledger.record_load([cache("main"), cache("PR.7", size=10**6)], NOW)
            record = Record(repository, run.settings.site.cache_page(repository), ledger, lambda _event: None)
            record.surveyed, record.passes = True, 1
            run._records = (*run._records, record)
            if not run.request.dry_run:
                ledger.count_attempt(ledger.selected, Method.ICON)
                ledger.record_load([], NOW)
                record.verified, record.settled_s = True, 5.0

    monkeypatch.setattr(Run, "execute", execute)
    return kept
