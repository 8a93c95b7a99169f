"""A reader of stdout that goes away changes neither the purge nor its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.processes import Running

pytestmark = pytest.mark.browser


def test_a_reader_that_goes_away_is_noted_and_the_purge_goes_on(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running]
) -> None:
    repository.fill(3)
    running = Running(site, tmp_path)
    started.append(running)
    assert running.process.stdout is not None
    running.process.stdout.close()
    assert running.process.stderr is not None
    err = running.process.stderr.read()
    assert running.process.wait() == 0
    assert "the reader of stdout is gone" in err
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
