"""Drop the environment variables that would break or steer what purger is built on."""

from __future__ import annotations

import os
import re
import time

WIDEST = 10_000
"""Columns and lines that a terminal may have: a table's lines are padded to them."""
DAY_S = 86_400
_STEERING = re.compile(
    r"LOGURU_.*|DEBUGP|INTERNAL_PW_.*|PW_CHECK_PROTOCOL|PW_CHROMIUM_ATTACH_TO_OTHER"
    r"|PLAYWRIGHT_(PROXY_BYPASS_FOR_TESTING|DISABLE_FORCED_CHROMIUM_PROXIED_LOOPBACK)"
)
_SIZES = ("COLUMNS", "LINES", "TERMINAL_WIDTH", "JUPYTER_COLUMNS", "JUPYTER_LINES")


def drop_variables_of_dependencies() -> None:
    """Remove variables that loguru or Playwright read for themselves, and sizes of a terminal that are none.

    loguru and Typer read theirs when they are imported, and some texts end that with a traceback: call it before.
    """
    for name, text in list(os.environ.items()):
        if _STEERING.fullmatch(name) or (name in _SIZES and not _is_size(text)):
            del os.environ[name]


def drop_relative_folders_of_path() -> None:
    """Remove the folders of `PATH` that are none from everywhere, as an empty one, which means the current folder.

    That is not trusted: what is called `git` or `chromium` there would be started.
    """
    if "PATH" in os.environ:
        folders = [folder for folder in os.environ.pop("PATH").split(os.pathsep) if os.path.isabs(folder)]  # noqa: PTH117
        if folders:  # else the system's own ones count
            os.environ["PATH"] = os.pathsep.join(folders)


def drop_impossible_time_zone() -> str | None:
    """Remove a time zone that is a day or more from UTC; return a sentence for the user if it was, else None.

    Python's dates know no such zone, and loguru asks for the local time when it is imported: call it before.
    """
    if max(abs(time.timezone), abs(time.altzone)) < DAY_S or "TZ" not in os.environ:
        return None
    zone = os.environ.pop("TZ")
    if hasattr(time, "tzset"):  # Windows has none
        time.tzset()
    return f"TZ={zone!r} is no time zone: it is a day or more from UTC, and is ignored."


def _is_size(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,5}", text)) and 0 < int(text) <= WIDEST
