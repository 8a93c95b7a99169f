"""A browser that does not start is an error with its reason; one that starts reaches only the site."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import PURGER, Purger, environment, forbidden
from tests.support.namespaces import with_mount

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("browser", "said"), [("/no/such/browser", "there is no browser at"), ("/bin/false", "does not start")]
)
def test_without_a_usable_browser_nothing_is_deleted(
    purger: Purger, repository: Repository, browser: str, said: str
) -> None:
    repository.fill(2)
    ended = purger("purge", "acme/widgets", "--yes", "--browser", browser)
    assert ended.code == 5
    assert said in ended.err.lower()
    assert "playwright install chromium" in ended.err
    assert len(repository.caches) == 2


def test_the_browsers_own_reason_for_not_starting_is_shown(
    purger: Purger, repository: Repository, tmp_path: Path
) -> None:
    """Chromium's words where the folder for its sockets has too long a name."""
    repository.fill(2)
    browser = tmp_path / "browser"
    browser.write_text(
        "#!/bin/sh\necho '[7:7:1125/042608.68:FATAL:a/b_posix.cc:315] Socket path too long: /t' >&2\nexit 1\n"
    )
    browser.chmod(0o700)
    ended = purger("purge", "acme/widgets", "--yes", "--browser", str(browser))
    assert ended.code == 5
    assert "does not start: Socket path too long: /t." in ended.err
    assert "Set TMPDIR to a folder with a shorter name" in ended.err
    assert len(repository.caches) == 2


def fails(path: Path, words: str) -> str:
    """Make a browser that ends with these last words."""
    path.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A folder whose commands come before those of the system; Playwright's own browsers are elsewhere."""
    folder = tmp_path / "before"
    folder.mkdir()
    return folder


def without_own(before: Path, *, alone: bool = False) -> dict[str, str]:
    """Return variables with which only the system's browsers are found; if `alone`, only those of the folder."""
    path = str(before) if alone else f"{before}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "PLAYWRIGHT_BROWSERS_PATH": str(before / "none"), "PURGER_BROWSER": ""}


def test_the_next_browser_is_tried_where_one_does_not_start_and_the_log_says_which(
    purger: Purger, repository: Repository, before: Path, headless_path: str
) -> None:
    repository.fill(2)
    broken = fails(before / "chromium-headless-shell", "the first one is broken")
    (before / "chromium").symlink_to(headless_path)
    ended = purger("purge", "acme/widgets", "--yes", "-v", **without_own(before))
    assert ended.code == 0, ended.err
    assert f"{broken} does not start: the first one is broken." in ended.err
    assert f"The browser is {before / 'chromium'}, version " in ended.err
    assert repository.caches == []
    repository.fill(1)
    assert "broken" not in purger("purge", "acme/widgets", "--yes", **without_own(before)).err


def test_where_none_starts_all_that_were_tried_are_named_with_their_causes(
    purger: Purger, repository: Repository, before: Path
) -> None:
    repository.fill(2)
    lib = "x: error while loading shared libraries: libnss3.so: cannot open shared object file"
    one, two = fails(before / "chromium-headless-shell", lib), fails(before / "google-chrome", "oh no")
    ended = purger("purge", "acme/widgets", "--yes", **without_own(before, alone=True))
    assert ended.code == 5
    assert f"None of 2 browsers starts: {one}: system libraries are missing: libnss3.so; {two}: oh no." in ended.err
    assert "playwright install-deps chromium" in ended.err
    assert len(repository.caches) == 2


def test_where_the_machine_is_to_blame_no_other_browser_is_tried(
    purger: Purger, repository: Repository, before: Path, tmp_path: Path
) -> None:
    repository.fill(2)
    for name in ("chromium-headless-shell", "chromium"):
        fails(before / name, "never started")
    for command in ("purge", "doctor"):
        yes = ["--yes"] if command == "purge" else []
        ended = purger(command, "acme/widgets", *yes, TMPDIR=str(tmp_path / "no"), **without_own(before, alone=True))
        assert ended.code == 5
        written = ended.err + ended.out
        assert f"does not start: the folder for temporary files, {tmp_path}/no, does not exist" in written
        assert "Set TMPDIR to a folder that exists" in written
        assert "never started" not in written
    assert len(repository.caches) == 2


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ('{"RemoteDebuggingAllowed": false}', "forbids remote debugging (the policy RemoteDebuggingAllowed"),
        ('{"HeadlessMode": 2}', "forbids browsers without a window (the policy HeadlessMode"),
        ('{"DeveloperToolsAvailability": 2}', "forbids the developer tools (the policy DeveloperToolsAvailability"),
        ('{"URLBlocklist": ["*"]}', "forbids this address (the policy URLBlocklist"),
    ],
)
def test_a_real_policy_that_forbids_it_is_named(
    site: StandIn, repository: Repository, tmp_path: Path, policies: str, said: str
) -> None:
    """Debian's Chromium reads its policies from this folder; the headless shell reads none."""
    folder = Path("/etc/chromium")
    if not (chromium := shutil.which("chromium")) or not folder.is_dir():
        forbidden("nothing, but has no Debian chromium, whose policies are in /etc/chromium")
    repository.fill(2)
    prepare = f"mkdir -p policies/managed && echo '{policies}' >policies/managed/test.json"
    done = subprocess.run(
        with_mount(
            str(folder), [*PURGER, "purge", "acme/widgets", "--yes", "--browser", str(chromium)], prepare=prepare
        ),
        env=environment(site) | {"PURGER_BROWSER": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert f"our administrator {said}, see chrome://policy)" in done.stderr
    assert len(repository.caches) == 2


def test_a_display_that_is_dead_is_said_before_a_browser_starts(purger: Purger, repository: Repository) -> None:
    repository.fill(2)
    dead = {"DISPLAY": ":4711", "WAYLAND_DISPLAY": ""}
    ended = purger("purge", "acme/widgets", "--yes", "--headed", **dead)
    assert ended.code == 5
    assert "DISPLAY=:4711 is set, but nothing answers there." in ended.err
    checks = {check["check"]: check for check in purger("doctor", "acme/widgets", **dead).report["checks"]}
    assert (checks["display"]["state"], checks["browser"]["state"]) == ("note", "ok")
    assert "DISPLAY=:4711 is set, but nothing answers there" in checks["display"]["text"]
    checks = {check["check"]: check for check in purger("doctor", "acme/widgets", "--headed", **dead).report["checks"]}
    assert checks["browser"]["state"] == "failed"
    assert len(repository.caches) == 2


@pytest.mark.parametrize("limit", [20, 32])
def test_too_few_open_files_are_named(site: StandIn, repository: Repository, tmp_path: Path, limit: int) -> None:
    """With 20 not even Playwright's driver starts, with 32 no browser."""
    repository.fill(2)
    done = subprocess.run(
        ["prlimit", f"--nofile={limit}", *PURGER[:1], "-m", "purger", "purge", "acme/widgets", "--yes"],
        env=environment(site),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert "there are too few open files for a browser: the limit is" in done.stderr
    assert "ulimit -n 4096" in done.stderr
    assert len(repository.caches) == 2


def test_a_browser_that_does_not_know_playwrights_protocol_is_too_far_apart(
    purger: Purger, repository: Repository, tmp_path: Path
) -> None:
    """A browser of long ago: it tells its version, and does not understand what Playwright asks then.

    It is shell and Python at once, since `#!` takes no path with a blank.
    """
    repository.fill(2)
    old = tmp_path / "old"
    old.write_text(
        f"""#!/bin/sh
''':'
exec {shlex.quote(sys.executable)} "$0" "$@"
'''
import json, os
text = b""
while chunk := os.read(3, 65536):
    text += chunk
    *messages, text = text.split(bytes(1))
    for message in map(json.loads, messages):
        method = message["method"]
        if method == "Browser.close":
            raise SystemExit
        if method == "Browser.getVersion":
            answer = {{"result": {{"product": "HeadlessChrome/59.0.3071.0", "userAgent": "x", "revision": "1"}}}}
        else:
            answer = {{"error": {{"code": -32601, "message": f"'{{method}}' wasn't found"}}}}
        os.write(4, json.dumps({{"id": message["id"], **answer}}).encode() + bytes(1))
"""
    )
    old.chmod(0o755)
    ended = purger("purge", "acme/widgets", "--yes", "--browser", str(old))
    assert ended.code == 5
    assert re.search(r"does not start: it and Playwright [\d.]+ are too far apart: it does not understand", ended.err)
    assert len(repository.caches) == 2


def test_third_parties_are_not_even_requested(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.fill(3)
    site.faults.third_party_scripts = [f"{site.third_party_url}/analytics.js"]
    assert purger("purge", "acme/widgets", "--yes").code == 0
    assert site.count("GET", "/analytics.js") == 0
    repository.fill(3)
    assert purger("purge", "acme/widgets", "--yes", "--allow-third-party").code == 0
    assert site.count("GET", "/analytics.js") > 0
