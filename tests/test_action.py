"""The GitHub Action: its steps as the runner would run them, against the stand-in; no input is part of a script."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from purger.cli.app import app as _app  # noqa: F401 - it fills the known variables
from purger.cli.ci import output_lines, outputs
from purger.cli.environment import known_variables
from purger.standin import DeleteFault, StandIn
from purger.standin.repository import Repository
from tests.report.samples import report
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
    return Finished(done.returncode, done.stdout + done.stderr, outputs_in(outputs.read_text()))


def outputs_in(text: str) -> dict[str, str]:
    """Read the file GITHUB_OUTPUT as the runner does (actions/runner, FileCommandManager.cs): the last value counts."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        if not line:
            continue
        name, equals, value = line.partition("=")
        before, heredoc, mark = line.partition("<<")
        if heredoc and (not equals or len(before) < len(name)):
            found[before] = "\n".join(iter(lambda: next(lines), mark))
        else:
            assert equals, f"the runner refuses the file: {line!r}"
            found[name] = value
    return found


def run_step(site: StandIn, folder: Path, /, *workflow: tuple[str, str], **inputs: str) -> Finished:
    """Run the step that purges with these inputs, as the runner does: expressions are replaced, then bash runs it.

    `workflow` are the variables that the workflow sets for all of its steps. In the name of an input `_` stands for a
    hyphen, and `__` for itself.
    """
    given = {name: str(about.get("default", "")) for name, about in ACTION["inputs"].items()} | {
        name.replace("_", "-").replace("--", "_"): text for name, text in inputs.items()
    }

    def value(expression: re.Match[str]) -> str:
        name = expression[1].strip()
        if name == "toJSON(inputs)":  # also those that the action does not have (actions/runner, ActionRunner.cs)
            return json.dumps(given, indent=2)
        if name == "env.GITHUB_TOKEN || github.token":
            return dict(workflow).get("GITHUB_TOKEN", "a-token-of-the-host")
        return given[name.removeprefix("inputs.")]

    variables = {name: re.sub(r"\$\{\{(.*?)\}\}", value, str(text)) for name, text in PURGE["env"].items()}
    command = folder / "temp" / "purger" / "bin" / "purger"
    if not command.exists():
        command.parent.mkdir(parents=True)
        command.symlink_to(Path(sys.executable).parent / "purger")
    (folder / "summary.md").write_text("")  # the runner makes an empty one for each step
    summary = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "RUNNER_TEMP": str(folder / "temp")}
    return finish(PURGE, folder, environment(site, **dict(workflow) | variables | summary, HOME=str(folder)))


def output_of(name: str, finished: Finished) -> str:
    """Return an output of the action, by the expression that its metadata gives for it."""
    expression = ACTION["outputs"][name]["value"]
    found = re.fullmatch(r"\$\{\{ steps\.purge\.outputs\.(\w+) \}\}", expression)
    assert found, expression
    return finished.outputs[found[1]]


def results(finished: Finished) -> tuple[str, str, str]:
    """The outputs `ok`, `deleted` and `bytes` of the action."""
    return output_of("ok", finished), output_of("deleted", finished), output_of("bytes", finished)


def link_dependencies(of: str, folder: Path) -> None:
    """Link into the folder what a package of this environment depends on without its extras, and nothing else."""
    todo = [canonicalize_name(of)]
    seen = set(todo)
    while todo:
        for text in metadata.requires(todo.pop()) or ():
            needed = Requirement(text)
            name = canonicalize_name(needed.name)
            if name not in seen and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
                todo.append(name)
                seen.add(name)
    for name in seen - {canonicalize_name(of)}:
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] not in {"..", "__pycache__"}}:
            (folder / top).symlink_to(str(distribution.locate_file(top)))


def installed(folder: Path) -> tuple[str, str]:
    """Run the step that installs the action; return the variable by which its Python finds what purger depends on.

    pip finds that as well, in the versions of this environment, and so downloads none of it.
    """
    for name in ("temp", "dependencies"):
        (folder / name).mkdir()
    link_dependencies("purger", folder / "dependencies")
    path = {"PYTHONPATH": str(folder / "dependencies")}
    variables = {"PYTHON": sys.executable, "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(folder / "temp")}
    finished = finish(STEP["install"], folder, environment(None, **variables, **path))
    assert finished.code == 0, finished.text
    assert re.fullmatch(r"\d+\.\d+\.\d+", finished.outputs["playwright"])
    packages = (folder / "temp" / "purger" / "lib").glob("*/site-packages/*.dist-info")
    assert {each.name.partition("-")[0] for each in packages} - {"pip", "setuptools"} == {"purger"}
    (variable,) = path.items()
    return variable


def test_the_action_installs_itself_and_purges(site: StandIn, tmp_path: Path) -> None:
    first, second = site.add_repository("acme/widgets"), site.add_repository("acme/gadgets")
    first.add("main", size_bytes=1000)
    first.add("topic", size_bytes=500)
    second.add("main", size_bytes=200)
    finished = run_step(
        site,
        tmp_path,
        installed(tmp_path),
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


def with_three_branches(site: StandIn) -> Repository:
    """Return acme/widgets, with a cache each of main, topic and dev."""
    repository = site.add_repository("acme/widgets")
    for branch in ("main", "topic", "dev"):
        repository.add(branch)
    return repository


def test_what_the_workflow_sets_holds_where_no_input_is_given(site: StandIn, tmp_path: Path) -> None:
    repository = with_three_branches(site)
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
    assert "--exclude overrides PURGER_EXCLUDE" in finished.text


def test_names_of_an_input_and_of_args_add_up(site: StandIn, tmp_path: Path) -> None:
    with_three_branches(site)
    finished = run_step(
        site,
        tmp_path,
        ("PURGER_BRANCH", ""),
        token=site.token,
        repository="acme/widgets",
        branch="main topic\ndev\n",
        exclude="main",
        dry_run="true",
        args="--exclude topic",
    )
    assert finished.code == 0, finished.text
    assert finished.outputs["remaining"] == "1"


def test_windows_is_refused(tmp_path: Path) -> None:
    (step,) = (step for step in STEPS if step.get("if") == "${{ runner.os == 'Windows' }}")
    finished = finish({"id": "windows"} | step, tmp_path, environment(None))
    assert finished.code == 2
    assert "::error title=purger::purger runs on Linux and macOS" in finished.text


@pytest.mark.parametrize(
    ("inputs", "workflow"),
    [
        ({"args": "--from-file list.txt"}, []),
        ({"repository": "", "args": "--from-file=list.txt"}, []),
        ({}, [("PURGER_FROM_FILE", "list.txt")]),
        ({"args": "acme/widgets"}, []),
        ({"args": "--gone acme/widgets"}, []),
        ({"repository": "acme/widgets"}, [("PURGER_FROM_FILE", "none.txt")]),
        ({}, [("GITHUB_REPOSITORY", "acme/widgets")]),
    ],
)
def test_what_is_named_or_listed_replaces_the_workflows_repository(
    site: StandIn, tmp_path: Path, inputs: dict[str, str], workflow: list[tuple[str, str]]
) -> None:
    site.add_repository("acme/widgets").add("main")
    site.add_repository("acme/other").add("main")
    (tmp_path / "list.txt").write_text("acme/widgets\n")
    own = ("GITHUB_REPOSITORY", "acme/other")
    finished = run_step(site, tmp_path, own, *workflow, token=site.token, dry_run="true", **inputs)
    assert finished.code == 0, finished.text
    purged = json.loads(Path(output_of("report", finished)).read_text())["repositories"]
    assert [one["repository"] for one in purged] == ["acme/widgets"]


def test_args_resume_a_former_run(site: StandIn, tmp_path: Path) -> None:
    repository = site.add_repository("acme/widgets")
    repository.add("main")
    inputs = {"token": site.token}
    own = ("GITHUB_REPOSITORY", "acme/widgets")
    site.faults.delete_fault = [DeleteFault("main", 403)]
    failed = run_step(site, tmp_path, own, **inputs)
    assert failed.code == 1, failed.text
    site.faults.delete_fault = []
    resumed = run_step(site, tmp_path, own, **inputs, args=f"--settle 0 --resume {output_of('report', failed)}")
    assert resumed.code == 0, resumed.text
    assert repository.caches == []


def test_without_a_token_the_remedy_is_the_secret(site: StandIn, tmp_path: Path) -> None:
    finished = run_step(site, tmp_path, token="", repository="acme/widgets")
    assert finished.code == 3
    assert "set TRAVIS_TOKEN from it" in finished.text
    assert "purger login" not in finished.text


def test_a_wrong_value_is_named_as_the_input_is(site: StandIn, tmp_path: Path) -> None:
    finished = run_step(site, tmp_path, token=site.token, repository="acme/widgets", limit="0")
    assert finished.code == 2
    assert "error: --limit 0 is too small" in finished.text


def test_a_failure_is_the_steps_failure(site: StandIn, tmp_path: Path) -> None:
    finished = run_step(site, tmp_path, token="a-wrong-token-of-travis", repository="acme/widgets")
    assert finished.code == 3
    assert results(finished) == ("false", "0", "0")
    assert "token" in (tmp_path / "summary.md").read_text()
    assert json.loads(Path(output_of("report", finished)).read_text())["exit_code"] == 3


def test_the_outputs_of_a_purge_that_leaves_something(site: StandIn, tmp_path: Path) -> None:
    repository = site.add_repository("acme/widgets")
    repository.add("main", size_bytes=1000)
    repository.add("topic", size_bytes=500)
    site.faults.delete_fault = [DeleteFault("topic", 403)]
    finished = run_step(site, tmp_path, token=site.token, repository="acme/widgets", args="--settle 0")
    assert finished.code == 1, finished.text
    assert results(finished) == ("false", "1", "1000")
    assert "What is left" in (tmp_path / "summary.md").read_text()


def test_nothing_to_delete_is_a_success(site: StandIn, tmp_path: Path) -> None:
    site.add_repository("acme/widgets").add("main")
    finished = run_step(site, tmp_path, token=site.token, repository="acme/widgets", branch="no-such-branch")
    assert (finished.code, results(finished)) == (0, ("true", "0", "0"))
    assert Path(output_of("report", finished)).is_file()


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"kind": "nonsense"}, 2),
        ({"branch": " "}, 2),
        ({"older_than": ""}, 2),
        ({"dry_run": ""}, 2),
        ({"older__than": "30d"}, 2),
        ({"branches": "main"}, 2),
        ({"exclude branch": "main"}, 2),
        ({"": "main"}, 2),
        ({"match": "cache\n"}, 2),
        ({"branch": '"main"'}, 2),
        ({"branch": "main\n# not dev\n"}, 2),
        ({"exclude": "main 'topic'"}, 2),
        ({"args": "--no-such-option"}, 2),
        ({"kind": "pull-request", "args": "--kind push"}, 2),
        ({"older_than": "30d", "args": "--older-than 1s"}, 2),
        ({"match": "cache", "args": "-m x"}, 2),
        ({"args": "--report=/etc/passwd"}, 2),
        ({"args": '--branch "main"'}, 2),
        ({"args": "--match='cache'"}, 2),
        ({"args": "--help"}, 2),
        ({"args": "--artifacts elsewhere"}, 2),
        ({"args": "--from-file list.txt"}, 2),
        ({"args": "--resume=report.json"}, 2),
        ({"repository": "--yes"}, 2),
        ({"repository": "$(x) 'y'"}, 2),
        ({"repository": "acme/wídgets"}, 2),
        ({"repository": " \n\t"}, 2),
        ({"older_than": "30d; x"}, 2),
        ({"dry_run": "perhaps"}, 2),
        ({"token": "two words"}, 2),
    ],
)
def test_what_is_refused_early_has_outputs_and_a_summary(
    site: StandIn, tmp_path: Path, inputs: dict[str, str], code: int
) -> None:
    repository = site.add_repository("acme/widgets")
    repository.add("main")
    finished = run_step(site, tmp_path, **({"token": site.token, "repository": "acme/widgets"} | inputs))
    assert finished.code == code, finished.text
    assert results(finished) == ("false", "0", "0")
    assert (tmp_path / "summary.md").read_text().startswith("### ❌ ")
    assert "::error title=purger::" in finished.text
    assert output_of("report", finished) == ""
    assert list(Path(finished.outputs["artifacts"]).iterdir()) == []
    assert len(repository.caches) == 1


@pytest.mark.parametrize(("script", "code"), [("exit 137", 137), ("kill -9 $$", 137), ("exit 1", 1)])
def test_a_crash_has_outputs_and_a_summary(site: StandIn, tmp_path: Path, script: str, code: int) -> None:
    command = tmp_path / "temp" / "purger" / "bin" / "purger"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    finished = run_step(site, tmp_path, token=site.token, repository="acme/widgets")
    assert finished.code == code, finished.text
    assert results(finished) == ("false", "0", "0")
    assert f"exit code {code}" in (tmp_path / "summary.md").read_text()


def test_a_token_of_the_host_that_the_workflow_sets_is_kept(site: StandIn, tmp_path: Path) -> None:
    command = tmp_path / "temp" / "purger" / "bin" / "purger"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\necho "with $GITHUB_TOKEN"\n')
    command.chmod(0o755)
    own = run_step(site, tmp_path, ("GITHUB_TOKEN", "one-for-other-repositories"), token=site.token)
    assert "with one-for-other-repositories\n" in own.text
    assert "with a-token-of-the-host\n" in run_step(site, tmp_path, token=site.token).text


def test_no_value_forges_an_output(site: StandIn, tmp_path: Path) -> None:
    repository = site.add_repository("acme/widgets")
    repository.add("main")
    kept = tmp_path / "kept\nok=true\ndeleted=99\nok<<x\ntrue\nx\n"
    finished = run_step(
        site, tmp_path, ("PURGER_ARTIFACTS", str(kept)), token="a-wrong-token-of-travis", repository="acme/widgets"
    )
    assert finished.code == 3
    assert results(finished) == ("false", "0", "0")
    lines = output_lines(outputs(report(), kept / "report.json"))
    assert outputs_in(lines)["ok"] == "true"
    assert outputs_in(lines) == outputs(report(), kept / "report.json")


@pytest.mark.parametrize("names", [["branch", "match"], ["repository", "args"], ["kind", "older_than"]])
def test_an_input_is_never_run(site: StandIn, tmp_path: Path, names: list[str]) -> None:
    text = "--help; {0}; $({0}) `{0}` ' ; {0}; ' \" ; {0}; \" && {0}\n{0}"
    repository = site.add_repository("acme/widgets")
    repository.add("main")
    hostile = {name: text.format(f"touch made-by-{name}") for name in names}
    run_step(site, tmp_path, **{"token": site.token, "repository": "acme/widgets", "dry_run": "true"} | hostile)
    assert list(tmp_path.glob("made-by-*")) == []
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
