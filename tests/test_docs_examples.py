"""Run the commands of the documents as they stand there, and check which caches are left."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from purger.standin import StandIn
from purger.standin.jobs import Job
from purger.standin.repository import Repository
from tests.support.browser import environment
from tests.support.commands import RunCommand, Written
from tests.support.documentation import blocks, code_block
from tests.support.terminals import Terminal, at_terminal

pytestmark = pytest.mark.browser

WORKFLOW = yaml.safe_load(code_block("yaml", "name: Purge the Travis caches\n"))
TRAVIS = yaml.safe_load(code_block("yaml", "if: type = cron"))
GITLAB = yaml.safe_load(code_block("yaml", "purge-travis-caches:"))["purge-travis-caches"]
(JENKINS,) = re.findall(r"sh '(.*?)'", code_block("groovy", "pipeline {"))
(CRONTAB,) = blocks("crontab", "docs/ci.md")
(ON_GITHUB,) = (step for step in WORKFLOW["jobs"]["purge"]["steps"] if "purger purge" in step.get("run", ""))
RUN_BY_OTHERS = re.compile(r"\./scripts/|\.venv/")
"""The project's own scripts: CI runs them."""
DAY_S = 86_400
GB = 10**9
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
NEEDS_A_SHELL = re.compile(r"[$|&;<]|^(?!purger )")
"""In a line: what makes more of it than the words of one purger command and perhaps a file for its output."""


def by_shell(line: str, variables: dict[str, str], folder: Path) -> Written:
    """Run a line in a shell, in a folder."""
    done = subprocess.run(
        ["bash", "-c", line],
        stdin=subprocess.DEVNULL,
        env=variables | {"PATH": PATH},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return Written(done.returncode, done.stdout, done.stderr)


def run_line(run: RunCommand, line: str, variables: dict[str, str], folder: Path) -> Written:
    """Run a line as a shell would: one purger command by itself, and anything more in a shell."""
    if NEEDS_A_SHELL.search(line.partition(" #")[0]):  # a comment needs none
        return by_shell(line, variables, folder)
    _, *arguments = shlex.split(line, comments=True)
    arguments, file = (arguments[:-2], arguments[-1]) if ">" in arguments else (arguments, os.devnull)
    ended = run(arguments, variables, folder)
    (folder / file).write_text(ended.out)
    return ended


@pytest.mark.parametrize(
    ("line", "variables", "left", "files"),
    [
        (ON_GITHUB["run"], {"GITHUB_ACTIONS": "true"}, [], {"artifacts/report.json", "artifacts/report.html"}),
        (TRAVIS["script"][0], {"TRAVIS": "true", "TRAVIS_REPO_SLUG": "owner/name"}, ["young"], set()),
        (GITLAB["script"][0], {"GITLAB_CI": "true", "CI": "true"}, [], {"artifacts/report.html"}),
        (JENKINS, {"JENKINS_URL": "https://jenkins.example/"}, [], {"artifacts/report.html"}),
    ],
    ids=["workflow", "travis", "gitlab", "jenkins"],
)
def test_an_example_for_ci(
    run_command: RunCommand,
    site: StandIn,
    tmp_path: Path,
    line: str,
    variables: dict[str, str],
    left: list[str],
    files: set[str],
) -> None:
    repository = site.add_repository("owner/name")
    repository.add("old", age_s=40 * 86400)
    repository.add("young", age_s=86400)
    ended = run_line(run_command, line, environment(site, HOME=str(tmp_path), **variables), tmp_path)
    assert ended.code == 0, ended.err
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
    line = CRONTAB.text.split(maxsplit=5)[5].strip()
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        env=environ | {"PLAYWRIGHT_BROWSERS_PATH": browsers},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), (folder / "purge.log").read_text()
    assert json.loads((folder / "report.json").read_text())["exit_code"] == 0
    assert site.repositories[0].caches == []


def run_recipe(run: RunCommand, site: StandIn, folder: Path, line: str, **variables: str) -> None:
    """Run the line of a recipe as its shell would, and assert that it succeeds."""
    commands = folder / ".local" / "bin"
    commands.mkdir(parents=True)
    (commands / "purger").symlink_to(Path(sys.executable).with_name("purger"))
    (folder / "purge").mkdir()
    ended = run_line(run, line, environment(site, HOME=str(folder), **variables), folder)
    assert ended.code == 0, ended.err


def line_of(workflow: dict[str, Any]) -> str:
    (line,) = (step["run"] for step in workflow["jobs"]["purge"]["steps"] if "purger purge" in step.get("run", ""))
    return str(line)


@pytest.fixture
def named(site: StandIn) -> Repository:
    """The repository that the examples name."""
    return site.add_repository("owner/name")


def test_the_recipe_for_what_is_gone(run_command: RunCommand, site: StandIn, named: Repository, tmp_path: Path) -> None:
    for branch in ("merged", "main"):
        for days in (1, 2, 3, 4):
            named.add(branch, age_s=days * DAY_S)
    newest = [cache.name for cache in sorted(named.caches, key=lambda one: one.last_modified)[-4:]]
    named.remove_branch("merged")
    workflow = yaml.safe_load(code_block("yaml", "name: Keep the Travis caches small\n"))
    run_recipe(run_command, site, tmp_path, line_of(workflow), GITHUB_TOKEN="host-token-of-tests")
    assert sum(cache.branch == "main" for cache in named.caches) == 4
    assert {cache.name for cache in named.caches if cache.branch == "merged"} <= set(newest)
    assert sum(cache.branch == "merged" for cache in named.caches) == 2


def test_the_recipe_for_a_size(run_command: RunCommand, site: StandIn, named: Repository, tmp_path: Path) -> None:
    for branch, days in (("main", 50), ("oldest", 40), ("older", 30), ("young", 1)):
        named.add(branch, age_s=days * DAY_S, size_bytes=2 * GB)
    run_recipe(run_command, site, tmp_path, code_block("crontab", "--until-below").split(maxsplit=5)[5].strip())
    assert [cache.branch for cache in named.caches] == ["main", "young"]


def test_the_recipe_for_a_closed_pull_request(
    run_command: RunCommand, site: StandIn, named: Repository, tmp_path: Path
) -> None:
    for branch in ("PR.7", "PR.7", "PR.77", "main"):
        named.add(branch)
    workflow = yaml.safe_load(code_block("yaml", "name: Purge the caches of a closed pull request\n"))
    assert workflow[True] == {"pull_request": {"types": ["closed"]}}, "YAML reads `on` as true"
    (step,) = (step for step in workflow["jobs"]["purge"]["steps"] if "purger purge" in step.get("run", ""))
    assert step["env"]["NUMBER"] == "${{ github.event.number }}"
    run_recipe(run_command, site, tmp_path, line_of(workflow), NUMBER="7")
    assert sorted(cache.branch for cache in named.caches) == ["PR.77", "main"]


def test_the_images_of_the_examples_are_started_by_a_shell_and_their_artifacts_are_kept() -> None:
    jenkins = code_block("groovy", "pipeline {")
    assert jenkins.count("{") == jenkins.count("}")
    (image,) = re.findall(r"image '(\S+)'", jenkins)
    assert GITLAB["image"] == {"name": image, "entrypoint": [""]}
    assert "args '--entrypoint='" in jenkins
    assert GITLAB["artifacts"] == {"when": "always", "paths": ["artifacts"]}
    assert "artifacts: 'artifacts/**'" in jenkins


def test_the_workflow_starts_by_itself_and_by_hand() -> None:
    assert {"schedule", "workflow_dispatch"} <= set(WORKFLOW[True]), "YAML reads `on` as true"


class Reader:
    """Types a document's commands one after the other, as a reader with a terminal would, and answers yes."""

    def __init__(self, run: RunCommand, site: StandIn, folder: Path) -> None:
        self._run, self._site, self._folder = run, site, folder
        self._caches: dict[Repository, int] = {site.add_repository("owner/name"): 3}
        self._caches |= {site.add_repository(f"acme/{name}"): 1 for name in ("widgets", "gadgets")}
        self._jobs: list[Job] = [site.add_job(next(iter(self._caches))) for _ in range(3)]
        (folder / "repositories.txt").write_text("acme/widgets  # one a line\nacme/gadgets\n")

    def type(self, line: str) -> None:
        """Type one line, with fresh caches on the site. It ends with 0, or with the code in its comment."""
        for repository, count in self._caches.items():
            repository.clear()
            repository.fill(count)
        for number, job in zip(("123", "124", "125"), self._jobs, strict=True):
            line = re.sub(rf"\b{number}\b", str(job.id), line)
        line = line.replace("https://app.travis-ci.com", self._site.url)
        variables = environment(self._site, HOME=str(self._folder), PURGER_WAIT="0")
        if line.startswith(("purger purge", "purger retry")) and not re.search(" --(yes|dry-run)", line):
            ended = self._answer(line, variables)
        else:
            ended = run_line(self._run, line, variables, self._folder)
        expected = re.search(r"# exit (\d+)", line)
        assert ended.code == (int(expected[1]) if expected else 0), (line, ended.err)
        assert "Traceback" not in ended.err

    def _answer(self, line: str, variables: dict[str, str]) -> Written:
        """Type a line that asks a question, and answer it."""

        def act(terminal: Terminal) -> None:
            terminal.read_until("[y/N]")
            terminal.type("y\n")

        command = ["bash", "-c", line]
        shown = at_terminal(command, environ=variables | {"PATH": PATH, "CI": ""}, folder=self._folder, act=act)
        return Written(shown.code, "", shown.text)


def lines_to_type() -> dict[str, list[str]]:
    """Return the lines of each document that are to be run: each only once, where it occurs first."""
    found: dict[str, list[str]] = {}
    seen = set()
    for block in blocks("console"):
        for line in block.text.splitlines():
            command = line.partition("#")[0].strip()
            if command and not block.not_run and command not in seen and not RUN_BY_OTHERS.match(command):
                seen.add(command)
                found.setdefault(block.document, []).append(line)
    return found


@pytest.mark.parametrize(("document", "lines"), lines_to_type().items(), ids=lines_to_type())
def test_the_commands_of_a_document(
    run_command: RunCommand, site: StandIn, tmp_path: Path, display: None, document: str, lines: list[str]
) -> None:
    reader = Reader(run_command, site, tmp_path)
    for line in lines:
        reader.type(line)


def test_what_is_not_run_has_a_reason() -> None:
    assert all(len(block.not_run) > 10 for block in blocks("console") if block.not_run is not None)
