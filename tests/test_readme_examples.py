"""Run the README's examples for CI unchanged, and check which caches are left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from purger.standin import StandIn
from tests.support.browser import environment
from tests.support.documentation import code_blocks

pytestmark = pytest.mark.browser

WORKFLOW, TRAVIS, _ = (yaml.safe_load(block) for block in code_blocks("yaml"))
(CRONTAB,) = code_blocks("crontab")
(ON_GITHUB,) = (step for step in WORKFLOW["jobs"]["purge"]["steps"] if "purger purge" in step.get("run", ""))


@pytest.mark.parametrize(
    ("line", "variables", "left", "files"),
    [
        (ON_GITHUB["run"], {"GITHUB_ACTIONS": "true"}, [], {"artifacts/report.json", "artifacts/report.html"}),
        (TRAVIS["script"][0], {"TRAVIS": "true", "TRAVIS_REPO_SLUG": "owner/name"}, ["young"], set()),
    ],
    ids=["workflow", "travis"],
)
def test_an_example(
    site: StandIn, tmp_path: Path, line: str, variables: dict[str, str], left: list[str], files: set[str]
) -> None:
    repository = site.add_repository("owner/name")
    repository.add("old", age_s=40 * 86400)
    repository.add("young", age_s=86400)
    (tmp_path / "purge").mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        env=environment(site, HOME=str(tmp_path), PATH=path, **variables),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [cache.branch for cache in repository.caches] == left
    assert all((tmp_path / name).stat().st_size for name in files)


def test_the_line_of_the_crontab_in_crons_own_environment(site: StandIn, tmp_path: Path) -> None:
    """cron gives a command nothing but these variables, so that a venv's or pipx's commands are not on its PATH."""
    site.add_repository("owner/name").fill(3)
    commands, folder = tmp_path / ".local" / "bin", tmp_path / "purge"
    commands.mkdir(parents=True)
    folder.mkdir()
    (commands / "purger").symlink_to(Path(sys.executable).with_name("purger"))
    variables = {"TRAVIS_TOKEN": site.token, "PURGER_URL": site.url, "PURGER_API_URL": site.api_url}
    (folder / ".env").write_text("".join(f"{name}={text}\n" for name, text in variables.items()))
    (folder / ".env").chmod(0o600)
    environ = {"HOME": str(tmp_path), "LOGNAME": "somebody", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    browsers = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", str(Path("~/.cache/ms-playwright").expanduser()))
    line = CRONTAB.split(maxsplit=5)[5].strip()
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        env=environ | {"PLAYWRIGHT_BROWSERS_PATH": browsers},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), (folder / "purge.log").read_text()
    assert json.loads((folder / "report.json").read_text())["exit_code"] == 0
    assert site.repositories[0].caches == []
