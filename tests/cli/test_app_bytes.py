"""A secret that is not UTF-8 breaks no command, and is not shown."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

import pytest

WORD = b"tok\xe4en-w\xc3\xb6rt"
PROXY = b"http://u:" + WORD + b"@127.0.0.1:9"
COMMANDS = {"--version": 0, "--help": 0, "check-log no-such-log": 2, "list o/n --api-url https://b.test": 4}
AS_ASCII = {b"LC_ALL": b"C", b"PYTHONUTF8": b"0"}


def ended(arguments: Iterable[bytes | str], variables: dict[bytes, bytes]) -> tuple[int, bytes]:
    """Runs a command, and returns its exit code and what it wrote."""
    kept = {name: text for name, text in os.environb.items() if not name.upper().endswith(b"PROXY")}
    environ = kept | {b"TRAVIS_TOKEN": b"t0ken-of-somebody"} | variables
    done = subprocess.run(
        [sys.executable, "-m", "purger", *arguments],
        env=environ,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    written = done.stdout + done.stderr
    assert b"Traceback" not in written
    assert b"Unicode" not in written
    assert b"bug" not in written
    assert b"en-w" not in written
    return done.returncode, written


@pytest.mark.parametrize("locale", [{}, AS_ASCII], ids=["utf-8", "ascii"])
@pytest.mark.parametrize("variable", [b"TRAVIS_TOKEN", b"GITHUB_TOKEN", b"HTTPS_PROXY", b"PURGER_PROXY"])
def test_a_variable_that_is_not_utf_8(variable: bytes, locale: dict[bytes, bytes]) -> None:
    is_proxy = variable.endswith(b"PROXY")
    for command, code in COMMANDS.items():
        is_refused = variable == b"TRAVIS_TOKEN" and command.startswith("list")
        got, written = ended(command.split(), {variable: PROXY if is_proxy else WORD, **locale})
        assert got == (2 if is_refused else code), written
        assert b"letters that are not ASCII" in written or not is_refused


@pytest.mark.parametrize("locale", [{}, AS_ASCII], ids=["utf-8", "ascii"])
def test_a_proxy_that_is_not_utf_8(locale: dict[bytes, bytes]) -> None:
    code, written = ended(["list", "o/n", "--proxy", PROXY], locale)
    assert code == 4, written


def test_a_host_token_is_refused_where_it_is_used() -> None:
    code, written = ended(["purge", "o/n", "--gone", "-n"], {b"GITHUB_TOKEN": WORD})
    assert code == 2, written
    assert b"GITHUB_TOKEN contains" in written
