"""The scripts find their own folder, and the Python that is named, wherever they are and however they are called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.documentation import ROOT

TOOLS = ("bash", "cat", "cksum", "dirname", "env", "sh")
"""All that `scripts/setup` may find here: it would install what it lacks."""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def only_the_tools(folder: Path) -> Path:
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return folder


def run(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of a script in `folder`, which is its project."""
    (folder / "scripts").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "scripts" / script, folder / "scripts")
    return subprocess.run(
        [f"scripts/{script}"], env=os.environ | variables, cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("script", ["bench", "demo", "mutate", "soak", "test"])
def test_a_script_finds_its_own_folder_also_with_a_cdpath(tmp_path: Path, script: str) -> None:
    project, other = tmp_path / "a project", tmp_path / "other"
    for folder in (project, other):
        program(folder / "scripts" / "setup", f"echo set up by {folder.name}; exit 3")
    done = run(script, project, CDPATH=f"{other}{os.pathsep}.")
    assert (done.returncode, done.stdout) == (3, "set up by a project\n"), done.stderr


@pytest.mark.parametrize(("code", "again"), [("exit 0", False), ("exit 1", True), ("", True)])
def test_an_environment_that_does_not_lead_here_is_made_again(tmp_path: Path, code: str, again: bool) -> None:
    """That of a clone that was copied would run the other one's purger, and with its Python removed none runs."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".tools").touch()
    stamp = subprocess.run(["cksum"], input=b"", capture_output=True, check=True).stdout
    (tmp_path / ".venv" / ".set-up").write_bytes(stamp.rstrip())
    if code:
        program(tmp_path / ".venv" / "bin" / "python", code)
    program(tmp_path / "python", 'case "$1" in -c) ;; --version) ;; *) exit 9 ;; esac')
    commands = only_the_tools(tmp_path / "commands")
    done = run("setup", tmp_path, PYTHON=str(tmp_path / "python"), PATH=str(commands))
    assert ("Creating the environment" in done.stderr) is again
    assert (done.returncode != 0) is again, done.stderr


def test_the_python_that_is_named_is_taken_also_from_a_path_with_a_blank(tmp_path: Path) -> None:
    python = tmp_path / "my pythons" / "python"
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").touch()
    program(python, 'case "$1" in -c) ;; --version) echo The Named One ;; *) exit 9 ;; esac')
    done = run("setup", tmp_path / "project", PYTHON=str(python), PATH=str(only_the_tools(tmp_path / "commands")))
    assert "with The Named One" in done.stderr
    assert done.returncode == 1, done.stderr
