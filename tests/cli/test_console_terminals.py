"""Names are shown in full in a pipe and shortened at a terminal; a dumb terminal is a pipe; text is never markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from purger.standin import DeleteFault, StandIn
from purger.standin.repository import Repository
from tests.support.browser import PURGER, Purger, environment
from tests.support.terminals import Shown, Terminal, at_terminal

pytestmark = pytest.mark.browser
LONG = f"release-{'x' * 120}-the-end"
ODD = ":100: [red]no[bold] :smile:"


@pytest.fixture
def named(repository: Repository) -> Repository:
    for branch in (LONG, ODD, "main"):
        repository.add(branch)
    return repository


def shown(site: StandIn, folder: Path, *arguments: str, columns: int = 80, term: str = "xterm") -> Shown:
    environ = environment(site, CI="", TERM=term)
    del environ["COLUMNS"]
    return at_terminal([*PURGER, *arguments], environ=environ, columns=columns, folder=folder)


@pytest.mark.parametrize("columns", ["20", "60", "80", "200"])
@pytest.mark.usefixtures("named")
def test_a_pipe_has_full_names_one_line_each_whatever_columns_says(purger: Purger, columns: str) -> None:
    ended = purger("list", "acme/widgets", as_json=False, COLUMNS=columns)
    lines = ended.out.splitlines()
    assert len(lines) == 1 + 1 + 3 + 1, ended.out
    assert {line.partition("  ")[0] for line in lines[2:-1]} == {LONG, ODD, "main"}
    assert "…" not in ended.out + ended.err


@pytest.mark.parametrize("columns", [60, 200])
@pytest.mark.usefixtures("named")
def test_a_terminal_shortens_the_middle_unless_wide(site: StandIn, tmp_path: Path, columns: int) -> None:
    short = shown(site, tmp_path, "list", "acme/widgets", columns=columns)
    table = short.lines[short.lines.index("Caches of acme/widgets") :]
    assert max(map(cell_len, table)) <= columns
    (line,) = (line for line in short.lines if line.startswith("release-x"))
    assert ("-the-end  " in line, "…" in line) == (True, columns < 150)
    assert ODD[:5] in short.text


@pytest.mark.usefixtures("named")
def test_a_very_narrow_terminal_loses_no_row_and_with_wide_no_name(site: StandIn, tmp_path: Path) -> None:
    made = shown(site, tmp_path, "list", "acme/widgets", columns=20)
    assert made.code == 0
    assert {line.split()[0][:4] for line in made.lines if "  push " in line} == {"main", "rele", ":100"}
    wide = shown(site, tmp_path, "list", "acme/widgets", "--wide", columns=20)
    assert {LONG, ODD, "main"} <= {line.partition("  ")[0] for line in wide.lines}


def test_what_remains_is_in_full_in_a_pipe(purger: Purger, site: StandIn, named: Repository) -> None:
    site.faults.delete_fault = [DeleteFault(LONG, 403), DeleteFault(ODD, 403)]
    named.add("PR.1")  # what is not selected keeps the page's button from being used
    ended = purger("purge", "acme/widgets", "--yes", "--kind", "push", COLUMNS="40")
    assert ended.code == 1
    for branch in (LONG, ODD):
        (line,) = (line for line in ended.err.splitlines() if line.startswith(f"{branch}  "))
        assert " failed " in line
    assert "…" not in ended.err


def test_a_dumb_terminal_has_the_lines_of_a_pipe(
    site: StandIn, named: Repository, purger: Purger, tmp_path: Path
) -> None:
    piped = steps(purger("purge", "acme/widgets", "--yes", as_json=False).err.splitlines())
    assert {"pass", "load"} <= set(piped)
    for branch in (LONG, ODD, "main"):
        named.add(branch)
    for term, how in (("unknown", "--dry-run"), ("dumb", "--yes"), ("", "--yes")):
        made = shown(site, tmp_path, "purge", "acme/widgets", how, term=term)
        assert made.code == 0, term
        assert not re.search(r"[\x1b…]|━", made.text), term
        if how == "--yes":
            assert steps(made.lines) == piped, term
            for branch in (LONG, ODD, "main"):
                named.add(branch)


def steps(lines: list[str]) -> list[str]:
    """The first word of what is said of the repository."""
    return [line.partition("widgets: ")[2].partition(" ")[0] for line in lines if "widgets: " in line]


def assert_bars_fit(made: Shown, columns: int) -> None:
    drawn = [line for line in re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\r", made.text)) if "/3" in line]
    assert drawn
    assert max(map(cell_len, drawn)) <= columns


@pytest.mark.parametrize(("columns", "how"), [(20, "--yes"), (80, "--dry-run")])
def test_a_terminal_has_bars_that_fit(site: StandIn, named: Repository, tmp_path: Path, columns: int, how: str) -> None:
    site.faults.deletion_delay_s = 0.5
    made = shown(site, tmp_path, "purge", "acme/widgets", how, columns=columns)
    assert made.code == 0
    assert_bars_fit(made, columns)


def test_a_log_line_and_a_question_show_text_as_it_is_and_bars_fit_below(
    site: StandIn, named: Repository, tmp_path: Path
) -> None:
    def answer(terminal: Terminal) -> None:
        terminal.read_until("[y/N]")
        terminal.type("y\n")

    site.faults.deletion_delay_s = 0.5
    environ = environment(site, CI="", TERM="xterm")
    command = [*PURGER, "purge", "acme/widgets", "-v"]
    asked = at_terminal(command, environ=environ, columns=200, folder=tmp_path, act=answer)
    assert asked.code == 0
    assert asked.text.count(ODD) > 2
    assert "💯" not in asked.text
    assert_bars_fit(asked, 200)
