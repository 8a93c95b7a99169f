"""A stderr that is full, and that nobody reads, holds up neither a purge nor what ends it."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import FOR_EVER
from tests.support.processes import Running, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.skipif(sys.platform != "linux", reason="fills a pipe as Linux has it")]
FULL = "x" * 65536


class Unread(Running):
    """A purge whose stderr is a full pipe."""

    def __init__(self, site: StandIn, folder: Path, *arguments: str) -> None:
        self.reading, writing = os.pipe()
        os.write(writing, FULL.encode())
        super().__init__(site, folder, *arguments, stderr=writing)
        os.close(writing)

    def end(self) -> tuple[int, str, str]:
        """Wait for the document, and read what is kept of stderr only then."""
        assert self.process.stdout is not None
        out = ""
        while not out.endswith("\n}\n"):
            out += self.process.stdout.readline()
        with os.fdopen(self.reading, encoding="utf-8") as stream:
            err = stream.read()
        return self.process.wait(), out, err


@pytest.mark.parametrize(
    ("ended_by", "code", "said"),
    [
        ("itself", 0, "5 caches of acme/widgets are gone"),
        ("SIGTERM", 143, "error: Stopped by SIGTERM"),
        ("--timeout", 1, "error: Timed out after 4 s"),
    ],
)
def test_it_ends_as_otherwise_and_whoever_reads_later_reads_all(
    site: StandIn,
    repository: Repository,
    tmp_path: Path,
    started: list[Running],
    ended_by: str,
    code: int,
    said: str,
) -> None:
    repository.fill(5)
    site.faults.delete_latency_s = 0 if ended_by == "itself" else FOR_EVER
    running = Unread(site, tmp_path, *(["--timeout", "4"] if ended_by == "--timeout" else []))
    started.append(running)
    if ended_by == "SIGTERM":
        wait_until(running, site, "clicking")
        running.process.send_signal(signal.SIGTERM)
    returned, out, err = running.end()
    assert returned == code
    report = json.loads(out)
    assert report["exit_code"] == code
    lines = err.removeprefix(FULL).splitlines()
    if ended_by != "--timeout":  # a busy machine may not come so far
        assert lines[0].endswith("Signed in as octavia")
    assert said in " ".join(lines[-2:])
