"""Which browser is started: the one that is named, Playwright's own, else the first of the system."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.async_api import Playwright

from purger.browser.find import find_browser, has_display
from purger.core.errors import BrowserError


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the system's commands; there are none yet, and no applications of macOS."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("purger.browser.find._MAC_APPLICATIONS", ())
    return folder


def install(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def playwright_with(own: Path) -> Playwright:
    return cast(Playwright, SimpleNamespace(chromium=SimpleNamespace(executable_path=str(own))))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Where Playwright's own browser would be."""
    return tmp_path / "ms-playwright" / "chromium-1200" / "chrome-linux" / "chrome"


def test_playwrights_own_browser_comes_before_those_of_the_system(system: Path, own: Path) -> None:
    install(system / "chromium")
    install(own)
    assert find_browser(playwright_with(own), None) is None
    assert find_browser(playwright_with(own), "chromium") is None


def test_playwrights_headless_shell_alone_is_enough_unless_headed(system: Path, own: Path) -> None:
    chromium = install(system / "chromium")
    (own.parents[2] / "chromium_headless_shell-1200").mkdir(parents=True)
    assert find_browser(playwright_with(own), None) is None
    assert find_browser(playwright_with(own), None, headed=True) == chromium


def test_the_first_browser_of_the_system_is_used_a_headless_shell_before_all(system: Path, own: Path) -> None:
    chrome = install(system / "google-chrome")
    assert find_browser(playwright_with(own), None) == chrome
    chromium = install(system / "chromium")
    assert find_browser(playwright_with(own), None) == chromium
    shell = install(system / "chromium-headless-shell")
    assert find_browser(playwright_with(own), None) == shell
    assert find_browser(playwright_with(own), None, headed=True) == chromium


def test_a_named_browser_is_used_by_its_path_its_command_or_its_channel(
    system: Path, own: Path, tmp_path: Path
) -> None:
    install(own)
    mine = install(tmp_path / "mine")
    edge = install(system / "microsoft-edge")
    assert find_browser(playwright_with(own), mine) == mine
    assert find_browser(playwright_with(own), "microsoft-edge") == edge
    assert find_browser(playwright_with(own), "msedge") == "msedge"


def test_a_named_browser_that_is_not_there_is_not_replaced_by_another(system: Path, own: Path, tmp_path: Path) -> None:
    install(own)
    (tmp_path / "not-executable").write_text("")
    for name in ("/no/such/browser", str(tmp_path / "not-executable"), "firefox"):
        with pytest.raises(BrowserError, match="there is no browser at") as caught:
            find_browser(playwright_with(own), name)
        assert "playwright install chromium" in (caught.value.remedy or "")


def test_no_browser_at_all_is_an_error_with_its_remedy(system: Path, own: Path) -> None:
    with pytest.raises(BrowserError, match="no browser was found") as caught:
        find_browser(playwright_with(own), None)
    assert "playwright install chromium" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("platform", "variables", "there_is_one"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
    ],
)
def test_whether_there_is_a_display(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], there_is_one: bool
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    assert has_display() is there_is_one


def test_a_folder_of_browsers_that_may_not_be_read_is_as_if_there_were_none(
    system: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chromium = install(system / "chromium")

    def refuse(_path: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "exists", refuse)
    assert find_browser(playwright_with(own), None) == chromium
