"""Hear signals that end the command before anything else is imported; PID 1, as in a container, would miss them."""

from __future__ import annotations

import os
import signal
import sys

_heard: list[int] = []


class Terminated(BaseException):
    """A signal came before the event loop listened; `name` is its name. No handler of other libraries catches it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.name = signal.Signals(number).name


def heard() -> tuple[int, ...]:
    """Return the signals that came, also one whose Terminated was lost: Python drops what is raised in a finalizer."""
    return tuple(_heard)


def catch() -> None:
    """Raise Terminated on SIGTERM, SIGHUP and SIGINT from now on, unless ignored; a second one ends the process.

    The kernel drops a signal to PID 1 for which no handler stands, and on a KeyboardInterrupt Typer ends without a
    word. Once the event loop runs, it has handlers of its own (signals.py).
    """
    show = sys.unraisablehook
    # One that is lost is heard all the same (see `heard`): Python's message of it, a traceback, would be for nobody.
    sys.unraisablehook = lambda lost: None if isinstance(lost.exc_value, Terminated) else show(lost)
    for number in _numbers():
        if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
            signal.signal(number, _stop)


def keep_waiting() -> None:
    """Keep a first signal waiting from now on: what came of the command is written. A second one ends the process."""
    for number in _numbers():
        if signal.getsignal(number) is _stop:
            signal.signal(number, _note)


def ignore() -> None:
    """Ignore signals from now on: the exit code stands, and Python gives up its handlers before it has ended."""
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def _numbers() -> list[int]:
    return [number for name in ("SIGTERM", "SIGHUP", "SIGINT") if (number := getattr(signal, name, None)) is not None]


def _note(number: int, _frame: object) -> None:
    if _heard:
        os._exit(128 + number)
    _heard.append(number)


def _stop(number: int, frame: object) -> None:
    _note(number, frame)
    raise Terminated(number)
