"""The doctor says what of the machine keeps a browser from working, or may do so later."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import PURGER, environment
from tests.support.namespaces import with_mount

pytestmark = [pytest.mark.browser, pytest.mark.timeout(110)]


@pytest.mark.parametrize(
    ("options", "code", "state", "said"),
    [("ro", 5, "failed", "is read-only"), ("size=256k", 0, "note", "is full")],
)
def test_a_folder_for_temporary_files_that_can_not_be_written(
    site: StandIn,
    repository: Repository,
    tmp_path: Path,
    short_folder: Path,
    options: str,
    code: int,
    state: str,
    said: str,
) -> None:
    """A full one is a note: a browser may start, but what it keeps there has no room."""
    repository.fill(2)
    folder = short_folder
    done = subprocess.run(
        with_mount(str(folder), [*PURGER, "doctor", "acme/widgets", "--json"], options=options),
        env=environment(site, TMPDIR=str(folder)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == code, done.stderr
    checks: dict[str, Any] = {check["check"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["browser"]["state"] == state
    assert f"the folder for temporary files, {folder}, {said}" in checks["browser"]["text"]
    assert "TMPDIR" in checks["browser"]["remedy"]
