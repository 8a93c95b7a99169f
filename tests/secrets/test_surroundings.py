"""No environment variable of a dependency breaks a command, or makes it say nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from purger.secrets.surroundings import drop_relative_folders_of_path, drop_variables_of_dependencies

ODD = [
    "LOGURU_LEVEL=debug",
    "LOGURU_DIAGNOSE=x",
    "LOGURU_AUTOINIT=x",
    "LOGURU_DEBUG_NO=x",
    "LOGURU_FORMAT={nothing}",
    "TERMINAL_WIDTH=x",
    "TERMINAL_WIDTH=0",
    "TERMINAL_WIDTH=999999999999",
    "COLUMNS=0",
    "COLUMNS=-1",
    "COLUMNS=²",
    "COLUMNS=999999999999",
    "LINES=²",
    "JUPYTER_COLUMNS=²",
    "TTY_COMPATIBLE=x",
    "TTY_INTERACTIVE=x",
    "FORCE_COLOR=x",
    "TERM=x",
    "COLORTERM=x",
    "UNICODE_VERSION=x",
    "TYPER_USE_RICH=0",
    "TYPER_STANDARD_TRACEBACK=x",
    "DATABRICKS_RUNTIME_VERSION=x",
    "PW_CHECK_PROTOCOL=1",
    "INTERNAL_PW_GREENLET_DEBUG=1",
    "DEBUGP=1",
]


BOTH = """
import sys
from purger.__main__ import main
for arguments, expected in ((["--help"], 0), (["check-log", "no-such-log"], 2)):
    sys.argv = ["purger", *arguments]
    try:
        main()
    except SystemExit as ended:
        assert ended.code == expected, ended.code
"""


def rounds() -> list[dict[str, str]]:
    """Every odd text once, as many at the same time as there are variables for them."""
    found: list[dict[str, str]] = []
    for variable in ODD:
        name, _, text = variable.partition("=")
        free = next((known for known in found if name not in known), None)
        if free is None:
            found.append(free := {})
        free[name] = text
    return found


@pytest.mark.parametrize("odd", rounds(), ids=" ".join)
def test_odd_variables_change_nothing(odd: dict[str, str], tmp_path: Path) -> None:
    """They are there before anything is imported: loguru and Typer read some of them then."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PURGER_", "TRAVIS", "GITHUB_"))}
    done = subprocess.run(
        [sys.executable, "-c", BOTH],
        env=clean | odd | {"HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    written = done.stdout + done.stderr
    assert (done.returncode, "Traceback" in written) == (0, False), written
    assert "check-log" in done.stdout
    assert "There is no such log" in done.stderr


def test_what_is_a_size_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("COLUMNS", "80"), ("LINES", "x"), ("LOGURU_LEVEL", "INFO"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, text)
    drop_variables_of_dependencies()
    assert {name: os.environ.get(name) for name in ("COLUMNS", "LINES", "LOGURU_LEVEL", "NO_COLOR")} == {
        "COLUMNS": "80",
        "LINES": None,
        "LOGURU_LEVEL": None,
        "NO_COLOR": "1",
    }


@pytest.mark.parametrize(
    "name", ["PLAYWRIGHT_PROXY_BYPASS_FOR_TESTING", "PLAYWRIGHT_DISABLE_FORCED_CHROMIUM_PROXIED_LOOPBACK"]
)
def test_what_steers_a_browser_past_its_proxy_is_dropped(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "127.0.0.1")
    drop_variables_of_dependencies()
    assert name not in os.environ


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/bin:/bin", "/usr/bin:/bin"),
        (":/usr/bin::/bin:.:node_modules/.bin:", "/usr/bin:/bin"),
        ("", None),
        (".", None),
        (None, None),
    ],
)
def test_programs_of_the_current_folder_are_not_started(
    monkeypatch: pytest.MonkeyPatch, path: str | None, expected: str | None
) -> None:
    if path is None:
        monkeypatch.delenv("PATH")
    else:
        monkeypatch.setenv("PATH", path)
    drop_relative_folders_of_path()
    assert os.environ.get("PATH") == expected


@pytest.mark.parametrize("zone", ["UTC+24", "UTC-24", "UTC+167", ":UTC+24", "AAA-23BBB-25", "AAA25BBB"])
@pytest.mark.parametrize("arguments", [["check-log", "no-such-log", "--json"], ["--version"]])
def test_a_time_zone_that_is_a_day_from_utc_is_ignored_with_a_warning(zone: str, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "purger", *arguments]
    done = subprocess.run(command, env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert f"TZ={zone!r} is no time zone" in done.stderr
    if "--json" in arguments:
        assert json.loads(done.stdout)["exit_code"] == done.returncode == 2


@pytest.mark.parametrize("zone", ["UTC+23:59", "UTC-23", "Europe/Berlin", "", "nonsense"])
def test_a_possible_time_zone_stays(zone: str) -> None:
    code = "import os, purger.secrets.surroundings as s; print(s.drop_impossible_time_zone(), os.environ['TZ'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"None {zone}\n"
