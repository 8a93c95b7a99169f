"""Which browsers are tried, and in which order: the one that is named, Playwright's own, then those of the system."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.async_api import Playwright

from purger.browser.find import candidates, has_display
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


def found(own: Path, wanted: str | None = None, *, headed: bool = False) -> list[str]:
    playwright = cast(Playwright, SimpleNamespace(chromium=SimpleNamespace(executable_path=str(own))))
    return [str(candidate) for candidate in candidates(playwright, wanted, headed=headed)]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Where Playwright's own browser would be."""
    return tmp_path / "ms-playwright" / "chromium-1200" / "chrome-linux64" / "chrome"


@pytest.fixture
def own_shell(own: Path) -> Path:
    """Where Playwright's own headless shell would be."""
    return own.parents[2] / "chromium_headless_shell-1200" / "chrome-headless-shell-linux64" / "chrome-headless-shell"


@pytest.mark.parametrize("wanted", [None, "chromium"])
def test_playwrights_own_come_first_and_a_headless_shell_unless_headed(
    system: Path, own: Path, own_shell: Path, wanted: str | None
) -> None:
    chromium, shell = install(system / "chromium"), install(system / "chromium-headless-shell")
    install(own)
    install(own_shell)
    assert found(own, wanted) == [str(own_shell), str(own), shell, chromium]
    assert found(own, wanted, headed=True) == [str(own), chromium]


def test_each_name_of_the_headless_shell_is_known(system: Path, own: Path) -> None:
    older = install(own.parents[2] / "chromium_headless_shell-1200" / "chrome-linux" / "headless_shell")
    assert found(own) == [older]


def test_a_full_chromium_without_a_headless_shell_is_enough(system: Path, own: Path, own_shell: Path) -> None:
    """As of `playwright install --no-shell`, also beside an empty folder or one that has no executable."""
    install(own)
    assert found(own) == [str(own)]
    own_shell.parent.mkdir(parents=True)
    assert found(own) == [str(own)]
    own_shell.write_text("")
    assert found(own) == [str(own)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_as_if_it_were_empty(system: Path, own: Path, own_shell: Path) -> None:
    install(own)
    install(own_shell)
    chromium = install(system / "chromium")
    own.parents[2].chmod(0)
    try:
        assert found(own) == [chromium]
    finally:
        own.parents[2].chmod(0o755)


def test_a_folder_that_answers_with_an_error_has_no_browser(
    system: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chromium = install(system / "chromium")

    def refuse(_path: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "is_file", refuse)
    assert found(own) == [chromium]


def test_all_browsers_of_the_system_are_tried_a_headless_shell_before_all(system: Path, own: Path) -> None:
    chrome = install(system / "google-chrome")
    assert found(own) == [chrome]
    chromium, shell = install(system / "chromium"), install(system / "chromium-headless-shell")
    assert found(own) == [shell, chromium, chrome]
    assert found(own, headed=True) == [chromium, chrome]


def test_a_named_browser_is_used_by_its_path_its_command_or_its_channel(
    system: Path, own: Path, tmp_path: Path
) -> None:
    install(own)
    mine = install(tmp_path / "mine")
    edge = install(system / "microsoft-edge")
    assert found(own, mine) == [mine]
    assert found(own, "microsoft-edge") == [edge]
    assert found(own, "msedge") == ["msedge"]


@pytest.mark.parametrize("name", ["chromium-headless-shell", "chrome-headless-shell", "headless_shell"])
def test_a_headless_shell_is_not_taken_where_a_window_is_asked_for(system: Path, own: Path, name: str) -> None:
    shell = install(system / name)
    (system / "shown").symlink_to(shell)
    for wanted in (name, shell, "shown"):
        assert len(found(own, wanted)) == 1
        with pytest.raises(BrowserError, match="is a headless shell, which opens no window"):
            found(own, wanted, headed=True)


def test_a_named_browser_that_is_not_there_is_not_replaced_by_another(system: Path, own: Path, tmp_path: Path) -> None:
    install(own)
    (tmp_path / "not-executable").write_text("")
    (tmp_path / "A Browser.app").mkdir()
    for command in ("firefox", "chromedriver"):
        install(system / command)
    for name, said, remedy in (
        ("/no/such/browser", "there is no browser at", "playwright install chromium"),
        ("brave", "there is no browser at", "playwright install chromium"),
        ("ws://al:geheim@10.0.0.7:3000/", "there is no browser at 'ws://10.0.0.7:3000/'", "with --connect"),
        (str(tmp_path / "not-executable"), "is no program that may be executed", "Name the browser's executable"),
        (str(tmp_path / "A Browser.app"), "is no program that may be executed", "on macOS"),
        ("firefox", "'firefox' is no Chromium", "Name Chromium"),
        (str(system / "chromedriver"), "is no Chromium", "no driver of one"),
        ("webkit", "is no Chromium", "unset PURGER_BROWSER"),
    ):
        with pytest.raises(BrowserError, match=said) as caught:
            found(own, name)
        assert remedy in (caught.value.remedy or "")
    install(system / "chrome-for-webdriver-tests")
    assert len(found(own, "chrome-for-webdriver-tests")) == 1


def test_all_of_one_name_are_tried_and_a_folder_with_two_names_counts_once(
    system: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign, real = install(tmp_path / "foreign" / "chromium"), install(system / "chromium")
    (tmp_path / "link").symlink_to(system)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "foreign"), str(tmp_path / "link"), str(system)]))
    assert found(own) == [foreign, real]


def test_no_browser_at_all_is_an_error_with_its_remedy(system: Path, own: Path) -> None:
    with pytest.raises(BrowserError, match="no browser was found") as caught:
        found(own)
    assert "playwright install chromium" in (caught.value.remedy or "")


def test_a_browser_that_may_not_be_executed_is_not_to_be_installed_at_the_same_place_again(
    system: Path, own: Path
) -> None:
    Path(install(own)).chmod(0o644)
    with pytest.raises(BrowserError, match=f"may not be executed: {own}") as caught:
        found(own)
    assert "noexec" in (caught.value.remedy or "")


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
def test_whether_a_display_is_named(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], there_is_one: bool
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    assert has_display() is there_is_one
