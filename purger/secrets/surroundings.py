"""Drop the environment variables that would break or steer what purger is built on."""

from __future__ import annotations

import os
import re

WIDEST = 10_000
"""Columns and lines that a terminal may have: a table's lines are padded to them."""
_STEERING = re.compile(r"LOGURU_.*|DEBUGP|INTERNAL_PW_.*|PW_CHECK_PROTOCOL")
_SIZES = ("COLUMNS", "LINES", "TERMINAL_WIDTH", "JUPYTER_COLUMNS", "JUPYTER_LINES")


def drop_variables_of_dependencies() -> None:
    """Remove variables that loguru or Playwright read for themselves, and sizes of a terminal that are none.

    loguru and Typer read theirs when they are imported, and some texts end that with a traceback: call it before.
    """
    for name, text in list(os.environ.items()):
        if _STEERING.fullmatch(name) or (name in _SIZES and not _is_size(text)):
            del os.environ[name]


def _is_size(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,5}", text)) and 0 < int(text) <= WIDEST
