"""The GitHub Action: its steps as the runner would run them, against the stand-in; no input is part of a script."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from purger.cli.app import app as _app  # noqa: F401 - it fills the known variables
from purger.cli.parameters import known_variables
from purger.standin import StandIn
from tests.support.browser import environment
from tests.support.documentation import ROOT

pytestmark = pytest.mark.browser

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
STEP = {step["id"]: step for step in STEPS if "id" in step}
PURGE = STEP["purge"]
SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")
"""How the runner starts a script of `shell: bash`."""


@dataclass
class Finished:
    """How the action's step ended: its exit code, output, and the outputs that later steps see."""

    code: int
    text: str
    outputs: dict[str, str] = field(default_factory=dict)


def finish(step: dict[str, Any], folder: Path, variables: dict[str, str]) -> Finished:
    """Run the script of a step as the runner does."""
    script, outputs = folder / f"{step['id']}.sh", folder / f"{step['id']}.outputs"
    script.write_text(step["run"])
    outputs.touch()
    done = subprocess.run(
        [*SHELL, script],
        env=variables | {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(outputs)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"^(\w+)(?:=([^\n]*)|<<(\S+)\n(.*?)\n\3)$", outputs.read_text(), re.DOTALL | re.MULTILINE)
    return Finished(done.returncode, done.stdout + done.stderr, {name: line or text for name, line, _, text in found})


def run_step(site: StandIn, folder: Path, /, *workflow: tuple[str, str], **inputs: str) -> Finished:
    """Run the step that purges with these inputs, as the runner does: expressions are replaced, then bash runs it.

    `workflow` are the variables that the workflow sets for all of its steps.
    """
    given = {name: str(about.get("default", "")) for name, about in ACTION["inputs"].items()} | {
        name.replace("_", "-"): text for name, text in inputs.items()
    }

    def value(expression: re.Match[str]) -> str:
        name = expression[1].strip()
        return given[name.removeprefix("inputs.")] if name.startswith("inputs.") else "a-token-of-the-host"

    variables = {name: re.sub(r"\$\{\{(.*?)\}\}", value, str(text)) for name, text in PURGE["env"].items()}
    command = folder / "temp" / "purger" / "bin" / "purger"
    if not command.exists():
        command.parent.mkdir(parents=True)
        command.symlink_to(Path(sys.executable).parent / "purger")
    summary = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "RUNNER_TEMP": str(folder / "temp")}
    return finish(PURGE, folder, environment(site, **dict(workflow) | variables | summary, HOME=str(folder)))


def output_of(name: str, finished: Finished) -> str:
    """Return an output of the action, by the expression that its metadata gives for it."""
    expression = ACTION["outputs"][name]["value"]
    found = re.fullmatch(r"\$\{\{ steps\.purge\.outputs\.(\w+) \}\}", expression)
    assert found, expression
    return finished.outputs[found[1]]


def test_a_purge_by_the_action(site: StandIn, tmp_path: Path) -> None:
    first, second = site.add_repository("acme/widgets"), site.add_repository("acme/gadgets")
    first.add("main", size_bytes=1000)
    first.add("topic", size_bytes=500)
    second.add("main", size_bytes=200)
    finished = run_step(
        site,
        tmp_path,
        token=site.token,
        repository="acme/widgets acme/gadgets",
        branch="main dev",
        args="--settle 0 -v",
    )
    assert finished.code == 0, finished.text
    assert [cache.branch for cache in first.caches] == ["topic"]
    assert second.caches == []
    assert {name: output_of(name, finished) for name in ("ok", "deleted", "bytes")} == {
        "ok": "true",
        "deleted": "2",
        "bytes": "1200",
    }
    assert Path(output_of("report", finished)).is_file()
    assert "acme/widgets" in (tmp_path / "summary.md").read_text()
    assert site.token not in finished.text


def test_the_action_installs_itself_and_purges(site: StandIn, tmp_path: Path) -> None:
    repository = site.add_repository("acme/widgets")
    repository.fill(3)
    (tmp_path / "temp").mkdir()
    variables = {"PYTHON": sys.executable, "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(tmp_path / "temp")}
    installed = finish(STEP["install"], tmp_path, environment(None, **variables))
    assert installed.code == 0, installed.text
    assert re.fullmatch(r"\d+\.\d+\.\d+", installed.outputs["playwright"])
    finished = run_step(site, tmp_path, token=site.token, repository="acme/widgets", args="--settle 0")
    assert finished.code == 0, finished.text
    assert repository.caches == []


def test_what_the_workflow_sets_holds_where_no_input_is_given(site: StandIn, tmp_path: Path) -> None:
    repository = site.add_repository("acme/widgets")
    for branch in ("main", "topic", "dev"):
        repository.add(branch)
    finished = run_step(
        site,
        tmp_path,
        ("PURGER_BRANCH", "main topic"),
        ("PURGER_EXCLUDE", "main"),
        token=site.token,
        repository="acme/widgets",
        exclude="topic",
    )
    assert finished.code == 0, finished.text
    assert [cache.branch for cache in repository.caches] == ["dev", "topic"]


def test_windows_is_refused(tmp_path: Path) -> None:
    (step,) = (step for step in STEPS if step.get("if") == "${{ runner.os == 'Windows' }}")
    finished = finish({"id": "windows"} | step, tmp_path, environment(None))
    assert finished.code == 2
    assert "::error title=purger::purger runs on Linux and macOS" in finished.text


def test_a_failure_is_the_steps_failure(site: StandIn, tmp_path: Path) -> None:
    finished = run_step(site, tmp_path, token="a-wrong-token-of-travis", repository="acme/widgets")
    assert finished.code == 3
    assert output_of("ok", finished) == "false"


@pytest.mark.parametrize("name", ["repository", "branch", "match", "args", "kind", "older_than"])
def test_an_input_is_never_run(site: StandIn, tmp_path: Path, name: str) -> None:
    text = (
        "--help; touch made; $(touch made) `touch made` ' ; touch made; ' \" ; touch made; \" && touch made\ntouch made"
    )
    repository = site.add_repository("acme/widgets")
    repository.add("main")
    inputs = {"token": site.token, "repository": "acme/widgets", "dry_run": "true"} | {name: text}
    run_step(site, tmp_path, **inputs)
    assert not (tmp_path / "made").exists()
    assert len(repository.caches) == 1


def test_an_empty_repository_is_refused(site: StandIn, tmp_path: Path) -> None:
    finished = run_step(site, tmp_path, token=site.token, repository=" ")
    assert finished.code == 2
    assert "The input repository is empty" in finished.text


def test_no_expression_is_in_a_script() -> None:
    for path in [ROOT / "action.yml", *WORKFLOWS]:
        text = yaml.safe_load(path.read_text())
        jobs = text.get("jobs", {}).values()
        for step in [*text.get("runs", {}).get("steps", []), *(step for job in jobs for step in job["steps"])]:
            assert "${{" not in step.get("run", ""), path


def test_every_input_is_used_and_every_variable_is_known() -> None:
    used = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(ACTION["inputs"])
    given = {name.removeprefix("PURGER_INPUT_") for name in PURGE["env"] if name.startswith("PURGER_INPUT_")}
    assert {f"PURGER_{name}" for name in given - {"REPOSITORY", "ARGS"}} <= known_variables
    assert given == {name.upper().replace("-", "_") for name in ACTION["inputs"]} - {"TOKEN", "ARTIFACT"}


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_actions_are_pinned_by_hash(path: Path) -> None:
    uses = re.findall(r"uses: (\S+)( # v[\d.]+)?$", path.read_text(), re.MULTILINE)
    assert uses
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name) and version for name, version in uses), uses


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_minimal(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    assert all("permissions" in job and "timeout-minutes" in job for job in workflow["jobs"].values())


def test_the_linter_of_workflows_finds_nothing() -> None:
    zizmor = Path(sys.executable).parent / "zizmor"
    files = [str(path) for path in (ROOT / "action.yml", *WORKFLOWS)]
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--quiet", *files],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
