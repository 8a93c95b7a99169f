"""The secrets of an address are shown by no command, wherever the address comes from."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from purger.cli.app import app
from purger.core.selection import Selection
from purger.report.build import run_report
from purger.report.json_document import to_json
from tests.support.builders import NOW
from tests.support.commands import RunCommand

SECRET = "s3ntinel-Pa55word"
ADDRESS = f"https://x:{SECRET}@git.corp.test/o/n.git?key={SECRET}"
pytestmark = pytest.mark.cli


ShownBy = Callable[..., str]


@pytest.fixture
def shown_by(run_command: RunCommand) -> ShownBy:
    """Runs a command in a narrow terminal that breaks lines, and returns what it wrote."""

    def run(*arguments: str, code: int | None, stdin: str = "", **variables: str) -> str:
        done = run_command(arguments, {**os.environ, "COLUMNS": "40", **variables}, Path.cwd(), stdin)
        written = done.out + done.err
        assert done.code == code or (code is None and done.code in {2, 3, 4, 5}), written
        assert "Traceback" not in written
        if "--json" in arguments and "Usage" not in written:
            json.loads(done.out)
        assert "entinel" not in written.replace("\n", "")
        assert "55word" not in written.replace("\n", "")
        return written

    return run


@pytest.fixture
def remote() -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "remote", "add", "origin", ADDRESS], check=True)


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize("arguments", [["purge", "--dry-run"], ["purge", "--dry-run", "--json"], ["list", "--json"]])
def test_that_of_the_git_remote(shown_by: ShownBy, arguments: list[str]) -> None:
    assert "https://git.corp.test/o/n.git" in shown_by(*arguments, code=2)


@pytest.mark.usefixtures("remote")
@pytest.mark.browser
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_that_of_the_git_remote_in_the_doctors_checks(shown_by: ShownBy, as_json: list[str]) -> None:
    here = {"PURGER_URL": "http://127.0.0.1:9", "PURGER_API_URL": "http://127.0.0.1:9"}
    assert "https://git.corp.test/o/n.git" in shown_by("doctor", *as_json, code=2, **here)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", ADDRESS],
        ["list", f"x:{SECRET}@git.corp.test/o/n"],
        ["list", f"https://x:{SECRET}@github.com/o"],
        ["list", f"https://app.travis-ci.com/github/o?token={SECRET}"],
        ["purge", "--json", "--dry-run", ADDRESS],
        ["check-log", f"https://x:{SECRET}@git.corp.test/jobs/1"],
        ["check-log", f"https://app.travis-ci.com/github/o/n/settings?{SECRET}"],
        ["check-log", f"x:{SECRET}@git.corp.test/jobs"],
        ["retry", "o/n", f"https://x:{SECRET}@git.corp.test/jobs/1", "--yes"],
        ["retry", ADDRESS, "1", "--yes"],
        ["doctor", "o/n", ADDRESS],
        ["logout", ADDRESS],
        [ADDRESS],
        [f"--{ADDRESS}"],
        ["list", "o/n", "--jobs", ADDRESS],
        ["list", "o/n", "--older-than", ADDRESS],
        ["list", "o/n", "--url", f"https://x:{SECRET}@git.corp.test"],
        ["list", "o/n", "--url", f"https://x:{SECRET}@git.co rp.test"],
        ["list", "o/n", "--url", f"http://git.corp.test?{SECRET}"],
        ["list", "o/n", "--url", f"ftp://x:{SECRET}@git.corp.test"],
        ["list", "o/n", "--api-url", f"https://git.corp.test/#{SECRET}"],
        ["list", "--from-file", ADDRESS],
        ["purge", "--resume", ADDRESS],
        ["purge", "o/n", "--dry-run", "--connect", f"ftp://x:{SECRET}@git.corp.test"],
    ],
)
def test_that_of_an_argument_or_an_option(shown_by: ShownBy, arguments: list[str]) -> None:
    shown_by(*arguments, code=2)


PROXIES = [
    f"http://u:{SECRET}/x@h.test:1",
    f"http://u:p/{SECRET}@h.test:1",
    f"u:{SECRET}@h.test:1",
    f"u:p/{SECRET}@h.test:1",
    f"u:p?{SECRET}#x@h.test:1",
    f"u:p={SECRET}@h.test:1",
    f"u:p {SECRET}@h.test:1",
    f"u:p'{SECRET}\"@h.test:1",
    f"u:p\t{SECRET}@h.test:1",
]
"""Addresses of proxies, which are easily given to the wrong option, with a password that is not encoded."""
TAKES_ANY_TEXT = {"--branch", "--match", "--keep-branch", "--exclude", "--exclude-match", "--proxy", "--artifacts"}
"""Options whose value can't be seen to be wrong, or that have tests of their own."""


def _misplaced() -> Iterator[list[str]]:
    """Yield command lines with a place for such an address: each argument, each option, and no place at all."""
    yield from ([], ["doctor", "o/n"], ["list", "o/n", "--json=x"], ["--show-completion"], ["list"], ["check-log"])
    yield ["retry", "o/n", "--yes"]
    group: Any = typer.main.get_command(app)
    seen = set(TAKES_ANY_TEXT)
    for name in ("list", "purge", "retry", "check-log", "demo"):
        for each in group.commands[name].params:
            option = max(each.opts, key=len)
            if each.param_type_name == "option" and not each.is_flag and not each.count and option not in seen:
                seen.add(option)
                named = {"list": ["o/n"], "purge": ["o/n", "-n"], "retry": ["o/n", "1", "-y"], "check-log": ["x"]}
                yield [name, *([] if option in {"--resume", "--from-file"} else named.get(name, [])), option]


@pytest.mark.parametrize("address", PROXIES)
def test_that_of_a_proxy_which_is_given_in_the_wrong_place(shown_by: ShownBy, address: str) -> None:
    nobody = {"PURGER_URL": "http://127.0.0.1:9", "PURGER_API_URL": "http://127.0.0.1:9", "TRAVIS_TOKEN": "t" * 22}
    Path("x").write_text("")
    for before in _misplaced():
        shown_by(*before, address, code=None, **nobody)
    shown_by(f"--{address}", code=2)
    shown_by("list", "o/n", f"--{address}", code=2)
    shown_by("list", "o/n", f"--json={address}", code=2)
    shown_by("list", "o/n", code=2, PURGER_CA_FILE=address)


@pytest.mark.parametrize("name", ["TRAVIS_REPO_SLUG", "PURGER_URL", "TRAVIS_ENDPOINT", "PURGER_CONNECT"])
def test_that_of_a_variable(shown_by: ShownBy, name: str) -> None:
    more = ["o/n"] if name != "TRAVIS_REPO_SLUG" else []
    here = {"PURGER_URL": "http://127.0.0.1:9"} if name == "PURGER_CONNECT" else {}
    address = f"ftp://x:{SECRET}@b.test?{SECRET}" if name == "PURGER_CONNECT" else ADDRESS
    shown_by("purge", *more, "--dry-run", "--json", code=2, **(here | {name: address}))


def test_that_of_a_file_of_names_or_of_a_report(shown_by: ShownBy) -> None:
    Path("names.txt").write_text(f"o/n\n{ADDRESS}\n")
    shown_by("list", "--from-file", "names.txt", code=2)
    shown_by("list", "--from-file", "-", code=2, stdin=ADDRESS)
    report = json.loads(to_json(run_report([], None, NOW, selection=Selection())))
    other = {"repository": "o/n", "provider": "github", "url": ADDRESS, "ok": False}
    Path("report.json").write_text(json.dumps(report | {"repositories": [other]}))
    shown_by("purge", "--resume", "report.json", "--yes", code=2)


@pytest.mark.browser
def test_that_of_a_remote_browser_that_does_not_answer(shown_by: ShownBy) -> None:
    from purger.standin import StandIn

    with StandIn(costs=False) as site:
        site.add_repository("acme/widgets").fill(1)
        there = {"PURGER_URL": site.url, "PURGER_API_URL": site.api_url, "TRAVIS_TOKEN": site.token}
        for scheme in ("ws", "http"):
            address = f"{scheme}://x:{SECRET}@127.0.0.1:9/{SECRET}?token={SECRET}"
            shown_by("purge", "acme/widgets", "--yes", "--json", "--connect", address, code=5, **there)
