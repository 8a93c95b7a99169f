"""Run the README's examples for CI unchanged, and check which caches are left."""

from __future__ import annotations

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
        (CRONTAB.split(maxsplit=5)[5].strip(), {}, [], {"purge/report.json", "purge/purge.log"}),
    ],
    ids=["workflow", "travis", "crontab"],
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
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [cache.branch for cache in repository.caches] == left
    assert all((tmp_path / name).stat().st_size for name in files)
