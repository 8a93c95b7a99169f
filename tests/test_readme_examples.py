"""Run the README's examples for CI unchanged, and check which caches are left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import environment
from tests.support.documentation import README, code_block

pytestmark = pytest.mark.browser

DAY_S = 86_400
GB = 10**9
WORKFLOW = "name: Purge the Travis caches\n"
KEEP_SMALL = "name: Keep the Travis caches small\n"
CLOSED = "name: Purge the caches of a closed pull request\n"
needs_recipes = pytest.mark.skipif(KEEP_SMALL not in README.read_text(), reason="the README has no recipes")


def of_workflow(part: str) -> str:
    """Return the line of a workflow that runs purger."""
    jobs = yaml.safe_load(code_block("yaml", part))["jobs"]
    (line,) = (step["run"] for step in jobs["purge"]["steps"] if "purger purge" in step.get("run", ""))
    return str(line)


def of_travis() -> str:
    """Return the line of the cron job on Travis CI itself."""
    return str(yaml.safe_load(code_block("yaml", "if: type = cron"))["script"][0])


def of_crontab(part: str) -> str:
    """Return the command of the crontab with this text in it."""
    return code_block("crontab", part).split(maxsplit=5)[5].strip()


def run_line(site: StandIn, tmp_path: Path, line: str, **variables: str) -> None:
    """Run a line of an example as its shell would, and assert that it succeeds."""
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


@pytest.fixture
def named(site: StandIn) -> Repository:
    """The repository that the examples name."""
    return site.add_repository("owner/name")


@pytest.mark.parametrize(
    ("line", "variables", "left", "files"),
    [
        (of_workflow(WORKFLOW), {"GITHUB_ACTIONS": "true"}, [], {"artifacts/report.json", "artifacts/report.html"}),
        (of_travis(), {"TRAVIS": "true", "TRAVIS_REPO_SLUG": "owner/name"}, ["young"], set()),
        (of_crontab("0 4 * * 1"), {}, [], {"purge/report.json", "purge/purge.log"}),
    ],
    ids=["workflow", "travis", "crontab"],
)
def test_an_example(
    site: StandIn,
    named: Repository,
    tmp_path: Path,
    line: str,
    variables: dict[str, str],
    left: list[str],
    files: set[str],
) -> None:
    named.add("old", age_s=40 * DAY_S)
    named.add("young", age_s=DAY_S)
    run_line(site, tmp_path, line, **variables)
    assert [cache.branch for cache in named.caches] == left
    assert all((tmp_path / name).stat().st_size for name in files)


@needs_recipes
def test_the_recipe_for_what_is_gone(site: StandIn, named: Repository, tmp_path: Path) -> None:
    for branch in ("merged", "main"):
        for days in (1, 2, 3, 4):
            named.add(branch, age_s=days * DAY_S)
    newest = [cache.name for cache in sorted(named.caches, key=lambda one: one.last_modified)[-4:]]
    named.remove_branch("merged")
    run_line(site, tmp_path, of_workflow(KEEP_SMALL), GITHUB_TOKEN="host-token-of-tests")
    assert sum(cache.branch == "main" for cache in named.caches) == 4
    assert {cache.name for cache in named.caches if cache.branch == "merged"} <= set(newest)
    assert sum(cache.branch == "merged" for cache in named.caches) == 2


@needs_recipes
def test_the_recipe_for_a_size(site: StandIn, named: Repository, tmp_path: Path) -> None:
    for branch, days in (("main", 50), ("oldest", 40), ("older", 30), ("young", 1)):
        named.add(branch, age_s=days * DAY_S, size_bytes=2 * GB)
    run_line(site, tmp_path, of_crontab("--until-below"))
    assert [cache.branch for cache in named.caches] == ["main", "young"]


@needs_recipes
def test_the_recipe_for_a_closed_pull_request(site: StandIn, named: Repository, tmp_path: Path) -> None:
    for branch in ("PR.7", "PR.7", "PR.77", "main"):
        named.add(branch)
    workflow: Any = yaml.safe_load(code_block("yaml", CLOSED))
    assert workflow[True] == {"pull_request": {"types": ["closed"]}}, "YAML reads `on` as true"
    (step,) = (step for step in workflow["jobs"]["purge"]["steps"] if "purger purge" in step.get("run", ""))
    assert step["env"]["NUMBER"] == "${{ github.event.number }}"
    run_line(site, tmp_path, of_workflow(CLOSED), NUMBER="7")
    assert sorted(cache.branch for cache in named.caches) == ["PR.77", "main"]
