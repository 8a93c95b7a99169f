"""Set up the log: purger's own and that of Python and dependencies, on stderr, at the level that `-v` asks for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from loguru import logger
from rich.console import Console
from rich.text import Text

from purger.core.text import printable

_held: list[list[Callable[[], None]]] = []
_STYLES = {"WARNING": "yellow", "ERROR": "red", "DEBUG": "dim", "TRACE": "dim"}


def set_up_logging(console: Console, verbosity: int) -> None:
    """Log to this console alone; its stream is what cuts secrets out of each line."""
    level = "INFO" if verbosity == 0 else "DEBUG" if verbosity == 1 else "TRACE"

    def write(message: str) -> None:
        record = message.record  # type: ignore[attr-defined]
        name = record["level"].name
        prefix = "" if name in {"INFO", "DEBUG", "TRACE"} else f"{name.lower()}: "
        line = f"{record['time']:HH:mm:ss} {prefix}{printable(record['message'])}"
        show = partial(console.print, Text(line, style=_STYLES.get(name, "")))
        if _held:
            _held[-1].append(show)
        else:
            show()

    logger.remove()
    logger.add(write, level=level, format="{message}", diagnose=False, backtrace=False, catch=True)
    # Python would write them to stderr as they are.
    logging.getLogger().addHandler(_FROM_DEPENDENCIES)


@contextmanager
def held_back() -> Iterator[None]:
    """Show what is logged in the block at its end: a line behind a question would hide that."""
    lines: list[Callable[[], None]] = []
    _held.append(lines)
    try:
        yield
    finally:
        _held.pop()
        for show in lines:
            show()


class _FromDependencies(logging.Handler):
    """Passes on what Python and dependencies log, for `-v`: they warn of what purger itself reports, or got over."""

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        logger.debug("{}: {}{}", record.name, record.getMessage(), f": {cause!r}" if cause else "")


_FROM_DEPENDENCIES = _FromDependencies(logging.WARNING)
