"""Remembers a Ctrl-C of the first moments: an import's callback may swallow the exception that it raises."""

from __future__ import annotations

import signal

_came = False


def heed() -> None:
    """From now on SIGINT is remembered, besides raising KeyboardInterrupt as ever; where it is ignored it stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _on_sigint)


def came() -> bool:
    """Whether a Ctrl-C came since."""
    return _came


def _on_sigint(_number: int, _frame: object) -> None:
    global _came
    _came = True
    raise KeyboardInterrupt
