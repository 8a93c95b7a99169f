"""What is looked up of the machine: the folder for temporary files, limits, and managed policies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from purger.browser import machine
from purger.browser.machine import forbidding_policies, limits_fault, temporary_folder, temporary_folder_fault
from tests.support.namespaces import with_mount

ASK = "from purger.browser import machine as m; fault = m.{}(); print(fault and fault.what)"


def answer(question: str, *before: str, **variables: str) -> str:
    command = [*before, sys.executable, "-c", ASK.format(question)]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_folder_for_temporary_files_is_that_of_node(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.delenv(name, raising=False)
    assert temporary_folder() == Path("/tmp")
    monkeypatch.setenv("TEMP", "/c")
    monkeypatch.setenv("TMPDIR", "")
    assert temporary_folder() == Path("/c")
    monkeypatch.setenv("TMPDIR", "/a")
    assert temporary_folder() == Path("/a")


def test_a_folder_that_can_be_written_is_fine_and_nothing_is_left_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert temporary_folder_fault() is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "no"))
    fault = temporary_folder_fault()
    assert fault is not None
    assert (fault.what, fault.of_machine) == (f"the folder for temporary files, {tmp_path}/no, does not exist", True)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "file"))
    fault = temporary_folder_fault()
    assert fault is not None
    assert "is not a folder" in fault.what


@pytest.mark.parametrize(("options", "what"), [("ro", "is read-only"), ("size=64k", "is full")])
def test_a_folder_on_a_disk_that_is_read_only_or_full(tmp_path: Path, options: str, what: str) -> None:
    command = with_mount(str(tmp_path), [], options=options)
    assert answer("temporary_folder_fault", *command, TMPDIR=str(tmp_path)).endswith(what)


@pytest.mark.parametrize(
    ("limit", "what"),
    [
        ("--nofile=100", "there are too few open files for a browser: the limit is 100"),
        ("--nofile=4096", "None"),
        ("--as=3000000000", "there are too few addresses (virtual memory) for a browser: the limit is 3000000000"),
        ("--as=81920000000", "there are too few addresses (virtual memory) for a browser: the limit is 81920000000"),
        ("--as=104857600000", "None"),
        ("--data=600000000", "there are too few bytes of memory for data for a browser: the limit is 600000000"),
        ("--fsize=100000", "there are too few bytes in a file for a browser: the limit is 100000"),
    ],
)
def test_limits_of_this_process(limit: str, what: str) -> None:
    assert answer("limits_fault", "prlimit", limit) == what


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux has")
@pytest.mark.parametrize(
    ("folder", "what"),
    [
        ("/proc", "/proc/self does not exist, which a browser needs"),
        ("/dev", "/dev/null and /dev/urandom do not exist, which a browser needs"),
        ("/mnt", "None"),
    ],
)
def test_a_system_that_lacks_what_every_other_one_has(folder: str, what: str) -> None:
    assert answer("system_fault", *with_mount(folder, [])) == what


@pytest.mark.parametrize(("content", "faulty"), [("max\n", False), ("50\n", True), ("9000\n", False), (None, False)])
def test_the_limit_of_a_containers_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, faulty: bool
) -> None:
    if content is not None:
        (tmp_path / "pids.max").write_text(content)
    monkeypatch.setattr(machine, "_PIDS_MAX", tmp_path / "pids.max")
    fault = limits_fault()
    assert (fault is not None and fault.what.endswith("the limit of the container is 50")) is faulty


def test_policies_that_forbid_a_browser_are_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "managed"
    folder.mkdir()
    monkeypatch.setattr(machine, "_POLICY_FOLDERS", {"chrom": (str(folder),), "edge": ("/no/such/folder",)})
    assert forbidding_policies("/usr/bin/chromium") == []
    (folder / "a.json").write_text(json.dumps({"HeadlessMode": 1, "RemoteDebuggingAllowed": False}))
    (folder / "b.json").write_text("not JSON")
    (folder / "c.json").write_text("[]")
    (folder / "d.json").write_text(json.dumps({"DeveloperToolsAvailability": 2}))
    assert forbidding_policies("/usr/bin/Chromium") == ["RemoteDebuggingAllowed", "DeveloperToolsAvailability"]
    assert forbidding_policies("msedge") == []
    assert forbidding_policies("/usr/bin/vivaldi") == []
