"""Real shells complete commands, options and repositories with purger's scripts, and no start-up file is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.support.browser import missing
from tests.support.command_line import Command
from tests.support.terminals import Terminal, at_terminal

pytestmark = pytest.mark.cli
BIN = Path(sys.executable).parent
START_UP_FILES = (".bashrc", ".zshrc")


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        missing(f"the shell {name}, which scripts/setup installs")
    return str(found)


def environ(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "TERM": "xterm", "LANG": "C.UTF-8"}


def with_start_up_files(home: Path) -> Path:
    """Write a person's own start-up files, which nobody may change."""
    for name in START_UP_FILES:
        (home / name).write_text("# mine\n")
    return home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which a repository has a remote."""
    subprocess.run(["git", "init", "-q"], check=True, cwd=tmp_path)
    subprocess.run(["git", "remote", "add", "origin", "git@github.com:acme/folder.git"], check=True, cwd=tmp_path)
    return tmp_path


@cache
def script(name: str) -> str:
    """What purger prints for a shell, in a home where it changes no file."""
    with tempfile.TemporaryDirectory() as folder:
        home = with_start_up_files(Path(folder))
        asked = [str(BIN / "purger"), "--show-completion", name]
        made = subprocess.run(asked, env=environ(home), cwd=home, capture_output=True, text=True, check=True).stdout
        assert {path.name for path in home.rglob("*")} == set(START_UP_FILES)
        assert [(home / name).read_text() for name in START_UP_FILES] == ["# mine\n"] * 2
    return made


LINES = [
    ("purger check", "check-log"),
    ("purger purge --from", "--from-file"),
    ("purger purge ac", "acme/folder"),
    ("purger purge acme/folder --trace of", "off"),
]


@pytest.mark.parametrize(("line", "offered"), LINES)
def test_bash_completes(home: Path, line: str, offered: str) -> None:
    (home / "script").write_text(script("bash"))
    words = line.split(" ")
    ask = f"""
        source ./script
        complete -p purger | grep -q -- '-F _purger_completion purger'
        COMP_WORDS=({line}) COMP_CWORD={len(words) - 1}
        _purger_completion purger
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    command = [shell("bash"), "--norc", "-ec", ask]
    done = subprocess.run(command, env=environ(home), cwd=home, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [offered], "")


@pytest.mark.parametrize(("line", "offered"), [*LINES, ("~/purger purge --from", "--from-file")])
def test_fish_completes(home: Path, line: str, offered: str) -> None:
    folder = home / ".config" / "fish" / "completions"
    folder.mkdir(parents=True)
    (home / "purger").symlink_to(BIN / "purger")
    (folder / "purger.fish").write_text(script("fish"))
    command = [shell("fish"), "--command", f"complete --do-complete '{line}'"]
    done = subprocess.run(command, env=environ(home), cwd=home, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [choice.partition("\t")[0] for choice in done.stdout.splitlines()] == [offered]


@pytest.mark.parametrize(
    ("line", "offered", "way"), [*((*line, "autoloaded") for line in LINES), (*LINES[2], "sourced")]
)
def test_zsh_completes_at_the_first_tab(home: Path, line: str, offered: str, way: str) -> None:
    functions = home / "functions"
    made = script("zsh")
    functions.mkdir()
    (functions / ("_purger" if way == "autoloaded" else "script")).write_text(made)
    prepare = "fpath+=(~/functions); autoload -Uz compinit; compinit -u -D"
    prepare += "; source ~/functions/script" if way == "sourced" else ""

    def complete(terminal: Terminal) -> None:
        terminal.type(f"PS1=; {prepare}; echo re''ady\n")
        terminal.read_until("ready")
        terminal.type(f"{line}\t")
        terminal.read_until(offered[len(line.rpartition(" ")[2]) :])
        terminal.type("\x15exit\n")

    assert at_terminal([shell("zsh"), "-f", "-i"], environ=environ(home), folder=home, act=complete).code == 0


def test_a_shell_without_a_script_is_refused_and_the_persons_own_is_the_default(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert command("--show-completion").out == command("--show-completion", "fish").out != ""
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    for arguments in (["--show-completion"], ["--show-completion", "tcsh"]):
        ended = command(*arguments)
        assert (ended.code, ended.out) == (2, "")
        assert "bash, zsh, fish" in ended.err


def test_nothing_installs_itself(command: Command, tmp_path: Path) -> None:
    assert command("--install-completion").code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "variables",
    [
        {"_PURGER_COMPLETE": "complete_bash"},
        {"_PURGER_COMPLETE": "complete_bash", "COMP_WORDS": "purger li"},
        {"_PURGER_COMPLETE": "complete_bash", "COMP_WORDS": "purger li", "COMP_CWORD": "x"},
        {"_PURGER_COMPLETE": "complete_bash", "COMP_CWORD": "1"},
        {"_PURGER_COMPLETE": "nonsense"},
        {"_PURGER_COMPLETE": "complete_nonsense"},
    ],
)
def test_what_no_script_asks_is_bad_usage(variables: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "purger"], env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "_PURGER_COMPLETE is for the scripts" in done.stderr
    assert done.stdout == ""
