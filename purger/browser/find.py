"""Find the browsers that can be started, in the order in which they are tried; and whether a display is named."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from purger.browser.causes import HOW_TO_GET_ONE, ONLY_CHROMIUM
from purger.core.errors import BrowserError
from purger.core.shown_address import shown_value

if TYPE_CHECKING:
    from playwright.async_api import Playwright

CHANNELS = ("chrome", "msedge")
_HEADLESS_COMMANDS = ("chromium-headless-shell",)
"""Debian's command for Chromium's headless shell, which starts three times as fast as Chromium."""
_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
)
_MAC_APPLICATIONS = ("Chromium", "Google Chrome", "Microsoft Edge")
_HEADLESS_SHELLS = ("chrome-headless-shell", "headless_shell", "chrome-headless-shell.exe", "headless_shell.exe")
_OTHERS = re.compile(r"firefox|webkit|safari|epiphany|driver(?:\.exe)?\Z", re.IGNORECASE)
"""Names of programs that would start, and never answer."""
_FOR_CONNECT = "Give the address of a remote browser with --connect, or PURGER_CONNECT."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A browser that may be started: its executable, or the channel by which Playwright finds it."""

    path: str | None = None
    channel: str | None = None

    def __str__(self) -> str:
        return str(self.path or self.channel)


def candidates(playwright: Playwright, wanted: str | None, *, headed: bool = False) -> list[Candidate]:
    """Return the browsers to try: the one that is named with `--browser`, else all that are installed.

    Playwright's own come before those of the system, and unless `headed` a headless shell before a full browser. Only
    files that may be executed count: folders may be empty or unreadable. Raises BrowserError if there is none, if what
    is named is no Chromium, and if it opens no window although it is to be `headed`.
    """
    if wanted in CHANNELS:
        return [Candidate(channel=wanted)]
    if wanted not in {None, "chromium"}:
        return [Candidate(_named(str(wanted), headed=headed))]
    own = Path(playwright.chromium.executable_path)
    paths = [*_own(own, headed=headed), *_installed(headed=headed)]
    if not paths:
        raise _none_found(own)
    return [Candidate(path) for path in dict.fromkeys(paths)]


def _none_found(own: Path) -> BrowserError:
    if not _is_there(own):
        return BrowserError("no browser was found", remedy=HOW_TO_GET_ONE)
    return BrowserError(
        f"no browser was found but Playwright's, which may not be executed: {own}",
        remedy="Is its disk mounted with noexec? Set PLAYWRIGHT_BROWSERS_PATH to a folder on another one and run "
        "`playwright install chromium` again, or name a browser with --browser.",
    )


def _named(wanted: str, *, headed: bool) -> str:
    """Return the path of the browser that is named. Raises BrowserError as `candidates` does."""
    shown = repr(shown_value(wanted))
    if _OTHERS.search(Path(wanted).name):
        raise BrowserError(f"{shown} is no Chromium", remedy=ONLY_CHROMIUM)
    found = shutil.which(wanted)
    if found is None and _is_there(Path(wanted)):
        raise BrowserError(
            f"{shown} is no program that may be executed",
            remedy="Name the browser's executable (on macOS: …app/Contents/MacOS/…), or leave --browser out.",
        )
    if found is None:
        remedy = _FOR_CONNECT if "://" in wanted else HOW_TO_GET_ONE
        raise BrowserError(f"there is no browser at {shown}", remedy=remedy)
    if headed and Path(found).resolve().name in {*_HEADLESS_COMMANDS, *_HEADLESS_SHELLS}:
        raise BrowserError(
            f"{shown} is a headless shell, which opens no window",
            remedy="Name a full browser, or leave --browser out and unset PURGER_BROWSER.",
        )
    return found


def _own(own: Path, *, headed: bool) -> Iterator[str]:
    """Yield Playwright's own browsers; its API tells the path of the full one only."""
    if not headed:
        folders = (parent for parent in own.parents if parent.name.startswith("chromium-"))
        for folder in folders:
            beside = folder.with_name(folder.name.replace("chromium", "chromium_headless_shell"))
            yield from (str(path) for name in _HEADLESS_SHELLS for path in _in(beside, f"*/{name}") if _can_run(path))
    if _can_run(own):
        yield str(own)


def _in(folder: Path, pattern: str) -> list[Path]:
    """Return what is in a folder; nothing where it may not be read."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder on the way may not be read
        return False


def _can_run(path: Path) -> bool:
    """Whether this is a file that may be executed; in a folder that may not be read there is none."""
    try:
        return path.is_file() and os.access(path, os.X_OK)
    except OSError:
        return False


def _installed(*, headed: bool) -> Iterator[str]:
    folders = dict.fromkeys(os.path.realpath(folder) for folder in os.get_exec_path())  # /bin is often /usr/bin
    commands = _COMMANDS if headed else (*_HEADLESS_COMMANDS, *_COMMANDS)
    found = [[path for folder in folders if (path := shutil.which(name, path=folder))] for name in commands]
    for paths in found:
        yield from paths[:1]
    for paths in found:  # the first one of a name may be a script of somebody's
        yield from paths[1:]
    if sys.platform == "darwin":
        for name in _MAC_APPLICATIONS:
            path = f"/Applications/{name}.app/Contents/MacOS/{name}"
            if _can_run(Path(path)):
                yield path


def has_display() -> bool:
    """Return whether a display for a headed browser is named; display.py opens it."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
