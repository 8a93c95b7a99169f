"""Streams that are closed, full, or know few letters never change what a purge does or how it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.browser_fixtures import environment, long_enough


def shell(
    site: StandIn, folder: Path, redirections: str, command: str = "purge acme/widgets --yes --json"
) -> tuple[int, str, str]:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m purger {command} {redirections}"],
        capture_output=True,
        text=True,
        env=environment(site),
        cwd=folder,
        check=False,
        timeout=100,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("redirections", ["> /dev/full", ">&-", "2> /dev/full", "2>&-", "<&-", "> /dev/full 2>&1"])
def test_the_result_stays_the_same(site: StandIn, repository: Repository, tmp_path: Path, redirections: str) -> None:
    repository.fill(3)
    code, _, _ = shell(site, tmp_path, redirections)
    assert code == 0
    assert repository.archives == []


def test_a_reader_of_the_log_that_goes_away(site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(30)
    code, _, _ = shell(site, tmp_path, "2>&1 | head -1; exit ${PIPESTATUS[0]}", "purge acme/widgets --yes")
    assert code == 0
    assert repository.archives == []


def test_no_one_to_ask(site: StandIn, repository: Repository, tmp_path: Path) -> None:
    assert shell(site, tmp_path, "<&-", "purge acme/widgets")[0] == 2


def test_the_time_of_the_command_ends_the_question_too(site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(1)
    ours, theirs = pty.openpty()
    try:
        for seconds in long_enough(3):
            done = subprocess.run(
                [sys.executable, "-m", "purger", "purge", "acme/widgets", "--timeout", f"{seconds:g}s"],
                stdin=theirs,
                capture_output=True,
                text=True,
                env=environment(site),
                cwd=tmp_path,
                check=False,
            )
            assert (done.returncode, len(repository.archives)) == (1, 1)
            assert f"The time is over: --timeout {seconds:g} s." in done.stderr
            if "Delete 1 cache" in done.stderr:
                break
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_few_letters(site: StandIn, repository: Repository, tmp_path: Path, encoding: str) -> None:
    for branch in ("漢字", "\u202eevil", "🙂"):
        repository.add(branch)
    done = subprocess.run(
        [sys.executable, "-m", "purger", "purge", "acme/widgets", "--yes", "--json"],
        capture_output=True,
        env=environment(site, PYTHONIOENCODING=encoding),
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.decode(encoding))
    assert {cache["branch"] for cache in report["repositories"][0]["caches"]} == {"漢字", "\u202eevil", "🙂"}
    assert repository.archives == []


def test_a_driver_that_does_not_start(site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(1)
    done = subprocess.run(
        [sys.executable, "-m", "purger", "purge", "acme/widgets", "--yes"],
        capture_output=True,
        text=True,
        env=environment(site, NODE_OPTIONS="--no-such-flag"),
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 5
    assert "driver does not start" in done.stderr
    assert "Traceback" not in done.stderr
