"""Find the browser to start, and check for a display."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from purger.core.errors import BrowserError

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
HOW_TO_GET_ONE = (
    "Run `playwright install chromium`, install Chrome, Edge or Chromium (on Debian: apt-get install chromium), "
    "or name one with --browser."
)


def find_browser(playwright: Playwright, wanted: str | None, *, headed: bool = False) -> str | None:
    """Return the path or channel of the browser to start, or None for Playwright's own.

    `wanted` is the value of `--browser`. Without it, Playwright's own browser is used if it is installed, else the
    first Chromium, Chrome or Edge of the system. Unless `headed`, a headless shell comes first.
    Raises BrowserError if there is no browser.
    """
    own = Path(playwright.chromium.executable_path)
    if wanted in CHANNELS:
        return wanted
    if wanted not in {None, "chromium"}:
        found = shutil.which(str(wanted))
        if found is None:
            raise BrowserError(f"there is no browser at {wanted!r}", remedy=HOW_TO_GET_ONE)
        return found
    if _is_there(own) or (not headed and _has_headless_shell(own)):
        return None
    found = next(_installed(headed=headed), None)
    if found is None:
        raise BrowserError("no browser was found", remedy=HOW_TO_GET_ONE)
    return found


def _has_headless_shell(own: Path) -> bool:
    """Return whether the headless shell of `playwright install --only-shell` is installed beside `own`."""
    folders = (parent for parent in own.parents if parent.name.startswith("chromium-"))
    return any(
        _is_there(folder.with_name(folder.name.replace("chromium", "chromium_headless_shell"))) for folder in folders
    )


def _is_there(path: Path) -> bool:
    """Whether a path exists; one in a folder that may not be read is of no use."""
    try:
        return path.exists()
    except OSError:
        return False


def _installed(*, headed: bool) -> Iterator[str]:
    for command in _COMMANDS if headed else (*_HEADLESS_COMMANDS, *_COMMANDS):
        if path := shutil.which(command):
            yield path
    if sys.platform == "darwin":
        for name in _MAC_APPLICATIONS:
            path = f"/Applications/{name}.app/Contents/MacOS/{name}"
            if _is_there(Path(path)):
                yield path


def has_display() -> bool:
    """Return whether there is a display for a headed browser."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
