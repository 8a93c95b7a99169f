"""A secret that is not UTF-8 breaks no command, and is not shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.forked import Line, end_all

WORD = b"tok\xe4en-w\xc3\xb6rt"
PROXY = b"http://u:" + WORD + b"@127.0.0.1:9"
COMMANDS = {"--version": 0, "--help": 0, "check-log no-such-log": 2, "list o/n --api-url https://b.test": 4}
VARIABLES = {b"TRAVIS_TOKEN": WORD, b"GITHUB_TOKEN": WORD, b"HTTPS_PROXY": PROXY, b"PURGER_PROXY": PROXY}
AS_ASCII = {b"LC_ALL": b"C", b"PYTHONUTF8": b"0"}
LOCALES = pytest.mark.parametrize("locale", [{}, AS_ASCII], ids=["utf-8", "ascii"])


def environ(locale: dict[bytes, bytes]) -> dict[bytes, bytes]:
    kept = {name: text for name, text in os.environb.items() if not name.upper().endswith(b"PROXY")}
    return kept | {b"TRAVIS_TOKEN": b"t0ken-of-somebody"} | locale


def assert_clean(written: str) -> None:
    for word in ("Traceback", "Unicode", "bug", "en-w"):
        assert word not in written


@LOCALES
def test_a_variable_that_is_not_utf_8(locale: dict[bytes, bytes], tmp_path: Path) -> None:
    cases = [(name, command) for name in VARIABLES for command in COMMANDS]
    lines = [Line(command.split(), {name: VARIABLES[name]}) for name, command in cases]
    for (name, command), ended in zip(cases, end_all(lines, environ(locale), folder=tmp_path), strict=True):
        is_refused = name == b"TRAVIS_TOKEN" and command.startswith("list")
        assert ended.code == (2 if is_refused else COMMANDS[command]), (name, command, ended)
        assert "letters that are not ASCII" in ended.err or not is_refused
        assert_clean(ended.out + ended.err)


@LOCALES
def test_a_proxy_that_is_not_utf_8(locale: dict[bytes, bytes]) -> None:
    command: list[str | bytes] = [sys.executable, "-m", "purger", "list", "o/n", "--proxy", PROXY]
    done = subprocess.run(command, env=environ(locale), capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 4, done.stderr
    assert_clean((done.stdout + done.stderr).decode(errors="replace"))


def test_a_host_token_is_refused_where_it_is_used(tmp_path: Path) -> None:
    line = Line(["purge", "o/n", "--gone", "-n"], {b"GITHUB_TOKEN": WORD})
    (ended,) = end_all([line], environ({}), folder=tmp_path)
    assert ended.code == 2, ended
    assert "GITHUB_TOKEN contains" in ended.err
    assert_clean(ended.out + ended.err)
