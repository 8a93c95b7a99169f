"""What needs no page starts no process and imports no browser library: a spy in the process itself tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import environment
from tests.support.stand_in_jobs import failed

SPY = """
import atexit, sys
STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.exec"}
started = []
sys.addaudithook(lambda event, _arguments: started.append(event) if event in STARTS else None)
libraries = ("playwright", "httpx2", "cryptography", "aiohttp")
atexit.register(lambda: print("spied:", *started, *[name for name in libraries if name in sys.modules]))
from purger.__main__ import main
code = 0
for arguments in " ".join(sys.argv[1:]).split(" then "):
    sys.argv = ["purger", *arguments.split()]
    try:
        main()
    except SystemExit as ended:
        code = code or ended.code
sys.exit(code)
"""
"""Runs commands, with "then" between them, and ends with the first code that is not 0."""
Spy = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def spy(site: StandIn, repository: Repository, tmp_path: Path) -> Spy:
    """Run a command; return its exit code, and the processes that it started and libraries that it imported."""
    repository.fill(3)

    def run(*arguments: str, **more: str) -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, "-c", SPY, *arguments],
            env=environment(site, **more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        last = done.stdout.splitlines()[-1]
        assert last.startswith("spied:"), done.stderr
        return done.returncode, last.split()[1:]

    return run


@pytest.mark.parametrize(
    "arguments", [("list", "acme/widgets"), ("purge", "acme/widgets", "--dry-run"), ("list", "acme/*", "--json")]
)
def test_listing_starts_nothing(spy: Spy, arguments: tuple[str, ...]) -> None:
    assert spy(*arguments) == (0, ["httpx2"])


def test_reading_the_log_of_a_job_starts_nothing(spy: Spy, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(fetch="own")])
    assert spy("check-log", str(job.id)) == (1, ["httpx2"])


def test_help_needs_no_client_either(spy: Spy) -> None:
    assert spy("--version then --help then purge --help then list --help") == (0, [])


@pytest.mark.browser
def test_the_spy_sees_what_a_purge_starts(spy: Spy) -> None:
    code, seen = spy("purge", "acme/widgets", "--yes")
    assert code == 0
    assert {"subprocess.Popen", "playwright"} <= set(seen)
