"""Each check of the doctor that fails has the exit code of the purge and a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.standin import StandIn
from tests.support.browser import Purger
from tests.support.ports import free_port

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("case", "code", "failed", "skipped", "remedy"),
    [
        ("no repository named", 2, ["repository"], ["page"], "Name it"),
        ("odd setting", 2, ["settings"], [], "45m, 12h, 30d"),
        ("unreadable .env", 2, ["settings"], [], "Make its target available"),
        ("broken session", 2, ["token"], ["repository", "page"], "--session-file"),
        ("no token", 3, ["token"], ["repository", "page"], "purger login"),
        ("wrong token", 3, ["token"], ["repository", "page"], "Copy a new one"),
        ("no repository", 3, ["repository"], ["page"], "spelling"),
        ("may not delete", 3, ["repository"], ["page"], "Ask an admin"),
        ("no api", 4, ["site"], ["token", "repository", "page"], "--api-url"),
        ("no front end", 4, ["site"], ["page"], "--url"),
        ("changed page", 4, ["page"], [], "by hand"),
        ("no browser", 5, ["browser"], ["page"], "playwright install"),
        ("no display", 5, ["browser"], ["page"], "xvfb-run"),
    ],
)
def test_each_fault_has_the_exit_code_of_the_purge_and_a_remedy(
    purger: Purger,
    site: StandIn,
    tmp_path: Path,
    case: str,
    code: int,
    failed: list[str],
    skipped: list[str],
    remedy: str,
) -> None:
    repository = site.add_repository("acme/widgets", permissions={"cache_delete": case != "may not delete"})
    repository.fill(3)
    nowhere = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "broken.json").write_text("{")
    if case == "unreadable .env":
        (tmp_path / ".env").symlink_to("missing")
    site.faults.changed_page = "icon-class" if case == "changed page" else None
    variables: dict[str, str] = {
        "odd setting": {"PURGER_OLDER_THAN": "nonsense"},
        "broken session": {"TRAVIS_TOKEN": "", "PURGER_SESSION_FILE": "broken.json"},
        "no token": {"TRAVIS_TOKEN": "", "CI": ""},
        "wrong token": {"TRAVIS_TOKEN": "wrong-token-of-someone"},
        "no api": {"PURGER_API_URL": nowhere},
        "no front end": {"PURGER_URL": nowhere},
        "no browser": {"PURGER_BROWSER": "/no/such/browser"},
        "no display": {"PURGER_HEADED": "1", "DISPLAY": "", "WAYLAND_DISPLAY": ""},
    }.get(case, {})
    variables |= {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    name = {"no repository named": [], "no repository": ["acme/missing"]}.get(case, ["acme/widgets"])
    ended = purger("doctor", *name, "--page-timeout", "10s", **variables)
    states = {check["check"]: check["state"] for check in ended.report["checks"]}
    assert (ended.code, ended.report["exit_code"], ended.report["ok"]) == (code, code, False)
    assert [check for check, state in states.items() if state == "failed"] == failed
    assert [check for check, state in states.items() if state == "skipped"] == skipped
    remedies = {check["check"]: check["remedy"] for check in ended.report["checks"]}
    assert all(remedies[check] for check in failed)
    assert remedy in remedies[failed[0]]
    if case != "changed page":  # a purge loads it a few times before it says so
        assert purger("purge", *name, "--yes", "--page-timeout", "10s", **variables).code == code
    assert len(repository.caches) == 3
