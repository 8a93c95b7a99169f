"""Output that cannot be written changes what `list` and `check-log` end with, and what is said to be there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import PURGER, Purger, environment
from tests.support.forked import Line, end_all

FULL = Path("/dev/full")
LOG = "travis_fold:start:cache.1\nSetting up build cache\nfound cache\nDone. Your build exited with 0.\n"
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")]


def end(site: StandIn, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a full disk as its stdout."""
    with FULL.open("w") as full:
        done = subprocess.run(
            [*PURGER, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(site, **variables),
            cwd=folder,
            check=False,
        )
    assert "Traceback" not in done.stderr
    return done


def test_a_list_that_is_not_written_ends_with_8_and_an_error_and_a_dry_run_keep_their_own_codes(
    site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(3)
    asked = ("list acme/widgets", "list acme/widgets --json", "list acme/other --json", "purge acme/widgets --dry-run")
    lines = [Line(command.split()) for command in asked]
    *written, other, dry = end_all(lines, environment(site), redirection="> /dev/full", folder=tmp_path)
    for done in written:
        assert done.code == 8
        assert "not all was written, since stdout: No space left on device" in done.err
    assert other.code == 3
    assert (dry.code, "not all was written" in dry.err) == (0, True)
    assert not any("Traceback" in done.err for done in (*written, other, dry))


def test_a_checked_log_that_is_not_written_ends_with_8(site: StandIn, tmp_path: Path) -> None:
    log = Path(__file__).parents[1] / "travis" / "job_log" / "logs"
    (tmp_path / "log.txt").write_text(next(iter(sorted(log.rglob("*.txt")))).read_text() if log.is_dir() else LOG)
    lines = [Line(["check-log", "log.txt", *more]) for more in ([], ["--json"])]
    for done in end_all(lines, environment(site), redirection="> /dev/full", folder=tmp_path):
        assert done.code == 8, done.err
        assert "not all was written" in done.err
        assert "Traceback" not in done.err


CODES = {
    "--version": 8,
    "--help": 8,
    "check-log -h": 8,
    "--show-completion bash": 8,
    "check-log log.txt": 8,
    "check-log log.txt --json": 8,
    "": 2,
    "check-log no-such-log --json": 2,
    "logout --session-file none.json": 0,
}


@pytest.mark.parametrize("target", ["> /dev/full", ">&-"])
def test_a_stdout_that_is_closed_is_one_that_is_full(tmp_path: Path, target: str) -> None:
    (tmp_path / "log.txt").write_text(LOG)
    lines = [Line(command.split()) for command in CODES]
    ended = end_all(lines, redirection=target, folder=tmp_path)
    assert dict(zip(CODES, (one.code for one in ended), strict=True)) == CODES
    for command, one in zip(CODES, ended, strict=True):
        assert ("not all was written" in one.err) == (command != "logout --session-file none.json"), command
        assert "Traceback" not in one.err, command


def test_a_reader_that_has_enough_of_a_help_changes_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen([*PURGER, "purge", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_a_purge_keeps_its_own_code_with_a_warning(site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(2)
    done = end(site, tmp_path, "purge", "acme/widgets", "--yes", "--json")
    assert (done.returncode, "not all was written" in done.stderr) == (0, True)
    assert repository.caches == []


def test_a_reader_that_has_enough_of_a_list_changes_nothing(
    site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(3)
    listing = [*PURGER, "list", "acme/widgets"]
    process = subprocess.Popen(
        listing, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(site), cwd=tmp_path
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a disk")
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_list_for_which_a_disk_has_room_in_part_ends_with_8(
    site: StandIn, repository: Repository, tmp_path: Path, small_disk: Path, unbuffered: str
) -> None:
    repository.fill(100)
    listing = [*PURGER, "list", "acme/widgets", "--json"]
    environ = environment(site, PYTHONUNBUFFERED=unbuffered)
    with (small_disk / "list.json").open("w") as part:
        done = subprocess.run(
            listing, stdout=part, stderr=subprocess.PIPE, text=True, env=environ, cwd=tmp_path, check=False
        )
    assert 0 < (small_disk / "list.json").stat().st_size <= 16384, "it was cut"
    assert (done.returncode, "not all was written" in done.stderr) == (8, True)


@pytest.mark.parametrize(("free", "trace"), [(0, "on"), (4096, "off"), (8192, "on")])
def test_of_artifacts_on_a_full_disk_only_whole_ones_stay_and_are_named(
    purger: Purger, repository: Repository, tmp_path: Path, small_disk: Path, free: int, trace: str
) -> None:
    repository.fill(6)
    (small_disk / "filling").write_bytes(b"x" * (16384 - 4096 - free))
    outputs = tmp_path / "outputs"
    kept = ["--artifacts", str(small_disk), "--trace", trace]
    ended = purger("purge", "acme/widgets", "--yes", *kept, as_json=False, GITHUB_OUTPUT=str(outputs))
    assert ended.code == 0, ended.err
    assert repository.caches == []
    names = {path.name for path in small_disk.iterdir()} - {"filling"}
    assert names <= {"report.json", "report.html", "before.png", "after.png", "trace.zip"}, "no draft is left"
    for name in names & {"before.png", "after.png"}:
        assert (small_disk / name).read_bytes().endswith(b"IEND\xaeB`\x82")
    if "report.json" in names:
        assert json.loads((small_disk / "report.json").read_text())["ok"]
    assert ("open report.html" in ended.err) == ("report.html" in names)
    assert (str(small_disk / "report.json") in outputs.read_text()) == ("report.json" in names)
    assert "could not be written: No space left on device" in ended.err
