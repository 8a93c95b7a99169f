"""On a CI a browser test that is skipped fails, unless the system forbids what it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest
from tests.support.browser import forbidden, missing

@pytest.mark.browser
def test_needs():
    missing("a display")

@pytest.mark.browser
@pytest.mark.skipif(True, reason="needs something else")
def test_marked():
    pass

@pytest.mark.browser
def test_forbidden():
    forbidden("namespaces")

@pytest.mark.browser
@pytest.mark.xfail
def test_expected():
    assert False

def test_other_ring():
    missing("a shell")
"""


@pytest.mark.parametrize(
    ("ci", "outcomes"), [("", "4 skipped, 1 xfailed"), ("true", "1 failed, 2 skipped, 1 xfailed, 1 error")]
)
def test_a_skipped_browser_test_fails_on_a_ci(tmp_path: Path, ci: str, outcomes: str) -> None:
    root = Path(__file__).parents[1]
    (tmp_path / "test_it.py").write_text(TESTS)
    options = ["-p", "tests.support.browser", "-p", "no:cacheprovider", "-c", str(root / "pyproject.toml"), "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), str(tmp_path / "test_it.py")],
        env=os.environ | {"CI": ci, "PYTHONPATH": str(root)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcomes in done.stdout.splitlines()[-1], done.stdout
    assert done.returncode == (1 if ci else 0)
