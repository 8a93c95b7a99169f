"""Each kind of command as a process of its own: it starts, writes what it should and ends with its exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger, environment
from tests.support.stand_in_jobs import failed, passed

pytestmark = pytest.mark.browser

IMPORTS = """
import asyncio, sys, threading
class Finder:
    def find_spec(self, name, *_):
        if name in ("httpx2", "httpcore2", "playwright.async_api"):
            print(name, threading.current_thread() is threading.main_thread())
sys.meta_path.insert(0, Finder())
in_thread = asyncio.to_thread
async def late(function, *arguments):
    await asyncio.sleep(0.5)
    return await in_thread(function, *arguments)
asyncio.to_thread = late
from purger.__main__ import main
main()
"""
"""Starts purger, and prints whether each of these modules is imported in the event loop's thread.

Other threads start late, as on a busy machine: what does not wait for them imports in its own.
"""


@pytest.mark.parametrize(
    ("arguments", "code", "left", "written"),
    [
        (["purge", "acme/widgets", "--dry-run"], 0, 2, "would be deleted"),
        (["purge", "acme/other", "--yes"], 3, 2, "Not found, or hidden"),
        (["list", "acme/widgets"], 0, 2, "Signed in as octavia"),
        (["check-log", "JOB"], 1, 2, ""),
        (["retry", "acme/widgets", "JOB", "--yes"], 0, 0, "passed"),
        (["doctor", "acme/widgets"], 0, 2, "ok"),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
def test_a_command_runs_as_a_process(
    purger_process: Purger,
    site: StandIn,
    repository: Repository,
    arguments: list[str],
    code: int,
    left: int,
    written: str,
) -> None:
    repository.fill(2)
    job = site.add_job(repository, script=[failed(fetch="own"), passed()])
    more = ["--wait", "0"] if arguments[0] == "retry" else []
    ended = purger_process(*(str(job.id) if each == "JOB" else each for each in arguments), *more)
    assert (ended.code, ended.report["exit_code"]) == (code, code), ended.err
    assert written in ended.err
    assert len(repository.caches) == left


def test_what_has_no_report_runs_as_a_process(purger_process: Purger, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    assert purger_process("--version", as_json=False).code == 0
    assert "check-log" in purger_process("--help", as_json=False).out
    assert purger_process("logout", as_json=False, **home).code == 0
    assert purger_process("login", as_json=False).code == 2, "there is no one to sign in"


@pytest.mark.parametrize("path", [":/usr/bin:/bin", "/nowhere:.", ""])
def test_nothing_in_the_current_folder_is_run_or_imported(tmp_path: Path, path: str) -> None:
    for name in ("json.py", "asyncio.py", "typer.py", "loguru.py"):
        (tmp_path / name).write_text("raise SystemExit('it ran')")
    (tmp_path / "git").write_text("#!/bin/sh\necho it ran >&2\nexit 1\n")
    (tmp_path / "git").chmod(0o755)
    ended = subprocess.run(
        [sys.executable, "-m", "purger", "list"],
        env={"HOME": str(tmp_path), "PATH": path, "CI": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "No repository is named, and git" in ended.stderr
    assert "it ran" not in ended.stderr


def test_the_current_folder_counts_where_purger_itself_is_in_it(tmp_path: Path) -> None:
    """As after `pip install --target`: what it is built on is nowhere else."""
    (tmp_path / "purger").symlink_to(Path(__file__).parents[1] / "purger")
    (tmp_path / "json.py").write_text("raise SystemExit('imported')")
    command = [sys.executable, "-m", "purger", "list"]
    assert "imported" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stderr


def test_a_purge_imports_nothing_that_takes_long_in_the_event_loop(
    site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(2)
    command = [sys.executable, "-c", IMPORTS, "purge", "acme/widgets", "--yes"]
    done = subprocess.run(command, env=environment(site), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "2 caches of acme/widgets are gone" in done.stderr
    assert repository.caches == []
    assert set(done.stdout.splitlines()) == {"httpx2 False", "httpcore2 False", "playwright.async_api False"}
