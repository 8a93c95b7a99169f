"""Streams that are closed, full or of a small encoding do not change what a purge does or how it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger, environment, long_enough

pytestmark = pytest.mark.browser


def shell(
    site: StandIn, folder: Path, redirections: str, command: str = "purge acme/widgets --yes --json"
) -> tuple[int, str, str]:
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m purger {command} {redirections}"],
        capture_output=True,
        text=True,
        env=environment(site),
        cwd=folder,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("redirections", ["> /dev/full 2>&- <&-", ">&- 2> /dev/full", "> /dev/full 2>&1"])
def test_a_closed_or_full_stream_does_not_change_the_result(
    site: StandIn, repository: Repository, tmp_path: Path, redirections: str
) -> None:
    repository.fill(3)
    code, _, _ = shell(site, tmp_path, redirections)
    assert code == 0
    assert repository.caches == []


def test_a_closed_pipe_does_not_change_the_result(site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(30)
    code, _, _ = shell(site, tmp_path, "2>&1 | head -1; exit ${PIPESTATUS[0]}", "purge acme/widgets --yes")
    assert code == 0
    assert repository.caches == []


def test_a_closed_stdin_cannot_confirm(site: StandIn, repository: Repository, tmp_path: Path) -> None:
    assert shell(site, tmp_path, "<&-", "purge acme/widgets")[0] == 2


def test_the_timeout_also_ends_the_confirmation_prompt(site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(1)
    ours, theirs = pty.openpty()
    try:
        for seconds in long_enough(3):
            done = subprocess.run(
                [sys.executable, "-m", "purger", "purge", "acme/widgets", "--timeout", f"{seconds:g}s"],
                stdin=theirs,
                capture_output=True,
                text=True,
                env=environment(site, CI=""),
                cwd=tmp_path,
                check=False,
            )
            assert (done.returncode, len(repository.caches)) == (1, 1)
            assert f"Timed out after {seconds:g} s (--timeout)." in done.stderr
            if "Delete 1 cache" in done.stderr:
                break
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_characters_that_the_encoding_lacks_are_escaped(
    purger: Purger, purger_process: Purger, repository: Repository, encoding: str
) -> None:
    for branch in ("漢字", "\u202eevil", "🙂"):
        repository.add(branch)
    listed = purger("list", "acme/widgets", as_json=False, PYTHONIOENCODING=encoding)
    assert "漢字".encode(encoding, "backslashreplace").decode(encoding) in listed.out
    run = purger_process if encoding == "ascii" else purger
    ended = run("purge", "acme/widgets", "--yes", PYTHONIOENCODING=encoding)
    assert ended.code == 0, ended.err
    assert set(ended.outcomes()) == {"漢字", "\u202eevil", "🙂"}
    assert repository.caches == []


def test_a_driver_that_does_not_start_is_a_browser_error(site: StandIn, repository: Repository, tmp_path: Path) -> None:
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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux makes a pipe small")
@pytest.mark.parametrize(("stream", "arguments"), [("stdout", ["purge", "--help"]), ("stderr", ["--" + "x" * 9000])])
def test_nothing_is_lost_in_a_pipe_that_does_not_block(stream: str, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "purger", *arguments]
    whole = subprocess.run(command, capture_output=True, check=False)
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(theirs, False)
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: theirs}
    with subprocess.Popen(command, **streams) as process, os.fdopen(ours, "rb") as reader:  # type: ignore[call-overload]
        while process.poll() is None and select.select([], [theirs], [], 0)[1]:
            time.sleep(0.01)
        os.close(theirs)
        assert reader.read() == getattr(whole, stream)
    assert process.returncode == whole.returncode
    assert len(getattr(whole, stream)) > 4096
