"""Hear signals in a thread: Python runs its handlers in the main one alone, which may be in a write that blocks."""

from __future__ import annotations

import contextlib
import functools
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator

_Tell = Callable[[signal.Signals], None]
_told: dict[signal.Signals, _Tell] = {}


def hear(numbers: Collection[signal.Signals], tell: _Tell) -> None:
    """Call `tell` in a thread for each of these signals from now on, until others are heard or the process ends.

    None is lost and none comes twice, wherever the process is: Python's own handlers wait for the main thread, and a
    system call that it enters just then, or while another thread takes the signal, keeps them waiting.
    """
    with _held_back(numbers):
        _told.clear()
        _told.update(dict.fromkeys(numbers, tell))
        # Before the handlers go: another thread may take a signal meanwhile, and a handler before hears it, too.
        signal.set_wakeup_fd(_thread(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, _leave_it_to_the_thread)


@functools.cache
def _thread() -> int:
    """Start the thread, once; return the descriptor to which Python writes the number of each signal that comes."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)

    def listen() -> None:
        while True:
            for number in ours.recv(64):
                if number in _told:
                    _told[signal.Signals(number)](signal.Signals(number))

    threading.Thread(target=listen, daemon=True, name="signals").start()
    return theirs.detach()


@contextlib.contextmanager
def _held_back(numbers: Collection[signal.Signals]) -> Iterator[None]:
    """Hold these signals back until the end of the block; threads that start in it never get them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_it_to_the_thread(_number: int, _frame: object) -> None:
    """Stand for a signal that the thread hears: without any handler it would end the process."""
