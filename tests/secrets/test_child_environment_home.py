"""A user without a home, or with one that may not be read, can purge: `docker run --user 12345`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from purger.secrets.child_environment import for_children, with_a_home
from purger.standin import StandIn
from tests.support.browser import environment

on_linux_as_root = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="only root can become a user that does not exist",
)
NOBODY = [
    *("setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups"),
    *("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),  # to read this checkout
]
WITHOUT_A_RIGHT_TO_READ_ALL = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def run(site: StandIn | None, before: list[str], *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    unset = {"HOME", "XDG_CONFIG_HOME", "PURGER_BROWSER", "PLAYWRIGHT_BROWSERS_PATH", "TMPDIR"}
    clean = {name: text for name, text in environment(site).items() if name not in unset}
    done = subprocess.run(
        [*before, sys.executable, "-m", "purger", *arguments],
        env=clean | {"PYTHONPATH": str(Path(__file__).parents[2])} | variables,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@on_linux_as_root
@pytest.mark.browser
def test_a_purge_with_a_token_needs_no_home(site: StandIn) -> None:
    if not find_system_browser():
        pytest.skip("needs a browser of the system")
    repository = site.add_repository("acme/widgets")
    repository.fill(3)
    done = run(site, NOBODY, "purge", "acme/widgets", "--yes")
    assert done.returncode == 0, done.stderr
    assert repository.caches == []


@on_linux_as_root
@pytest.mark.browser
def test_browsers_of_playwright_that_may_not_be_read_are_passed_over(site: StandIn, tmp_path: Path) -> None:
    if not find_system_browser():
        pytest.skip("needs a browser of the system")
    (tmp_path / ".cache" / "ms-playwright").mkdir(parents=True)
    (tmp_path / ".cache" / "ms-playwright").chmod(0)
    repository = site.add_repository("acme/widgets")
    repository.fill(3)
    done = run(site, WITHOUT_A_RIGHT_TO_READ_ALL, "purge", "acme/widgets", "--yes", HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert repository.caches == []


@on_linux_as_root
@pytest.mark.parametrize("command", [["logout"], ["list", "o/n"]])
def test_without_a_token_and_a_home_the_remedy_is_to_set_one(command: list[str]) -> None:
    done = run(None, NOBODY, *command)
    assert done.returncode == 2
    assert "Set HOME, name a file with --session-file, or set TRAVIS_TOKEN." in done.stderr


def test_a_home_is_added_only_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert for_children()["HOME"] == "/home/me"
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert for_children()["HOME"] == "/nonexistent"
    with with_a_home():
        assert os.environ["HOME"] == "/nonexistent"
    assert "HOME" not in os.environ


def find_system_browser() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
