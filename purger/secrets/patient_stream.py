"""Write what a reader has no room for in a thread of its own, so that nothing else is held up."""

from __future__ import annotations

import atexit
import codecs
import contextlib
import errno
import math
import os
import stat
import threading
from collections.abc import Iterable
from typing import Any, TextIO, cast

_MOMENT_S = 0.1
"""How long a write waits to be done, so that nothing is written before it elsewhere while the reader keeps up."""
_PATIENCE_S = 10.0
_PATIENCE_AT_A_TERMINAL_S = 60.0
"""A person who stops a terminal (Ctrl-S) goes on with it after a while."""
_MOST_BYTES = 2**24
_PART_BYTES = 4096
"""What a pipe takes without waiting, where it takes anything."""


class PatientStream:
    """A text stream that keeps what its reader has no room for, and writes it, in order, as soon as there is some.

    A reader that takes nothing for `patience_s` while it has to be waited for, at the end of the process or since too
    much is kept, is taken for nobody: what is kept is lost then, and writes raise TimeoutError.
    """

    def __init__(self, stream: TextIO, patience_s: float) -> None:
        """Start the thread. Raises RuntimeError where the system gives none."""
        self._stream = stream
        self._patience_s = patience_s
        self._encode = codecs.getincrementalencoder(stream.encoding)("backslashreplace").encode
        self._kept = bytearray()
        self._changed = threading.Condition()
        self._is_behind = False
        self._fault: OSError | None = None
        # A daemon, since the process must be able to end without it, and past the stream's buffer, which Python locks.
        threading.Thread(target=self._write_kept, args=[stream.fileno()], name="stderr", daemon=True).start()
        atexit.register(self.drain)

    def write(self, text: str) -> int:
        """Write the text, or keep it, and wait a moment for it to be written. Raises OSError where it can't be."""
        with self._changed:
            if self._fault is None:
                is_next = not self._kept
                self._kept += self._encode(text)
                if is_next:
                    self._write_what_has_room()
                self._changed.notify_all()
                waits_s = 0 if self._is_behind else _MOMENT_S
                self._is_behind = not self._changed.wait_for(lambda: not self._kept, waits_s)
                self.drain(_MOST_BYTES)
            if self._fault is not None:
                raise self._fault
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of the lines."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Do nothing: what is kept is written as soon as it can be."""

    @property
    def keeps_any(self) -> bool:
        """Whether anything is not written yet."""
        return bool(self._kept)

    def drain(self, most_bytes: int = 0, *, patience_s: float | None = None) -> None:
        """Wait until no more than so much is kept; with the patience of the stream, unless another is given."""
        before, waited_s = None, 0.0
        with self._changed:
            while len(self._kept) > most_bytes:
                now = len(self._kept), _unread_bytes(self._stream.fileno())
                # Not by a clock, which goes on while the process is stopped (Ctrl-Z).
                waited_s = waited_s + _MOMENT_S if now == before else 0.0
                if waited_s > (self._patience_s if patience_s is None else patience_s):
                    self._give_up(TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))
                before = now
                self._changed.wait(_MOMENT_S)

    def _write_what_has_room(self) -> None:
        """Write what there is room for at this moment, where the system can say so.

        On a busy machine the thread's turn may come only after a tenth of a second, in which nothing is clicked.
        """
        with contextlib.suppress(AttributeError, OSError):  # of a fault of the stream, the thread will hear
            while self._kept:
                del self._kept[: os.pwritev(self._stream.fileno(), [self._kept[:_PART_BYTES]], -1, os.RWF_NOWAIT)]

    def _give_up(self, fault: OSError) -> None:
        self._fault = fault
        self._kept.clear()
        self._changed.notify_all()

    def _write_kept(self, descriptor: int) -> None:
        while self._fault is None:
            with self._changed:
                self._changed.wait_for(lambda: self._kept)
                part = bytes(self._kept[:_PART_BYTES])
            try:
                written = os.write(descriptor, part)
            except BlockingIOError:  # a child that has the stream, too, changed it
                os.set_blocking(descriptor, True)
                continue
            except OSError as fault:
                with self._changed:
                    self._give_up(fault)
                return
            with self._changed:
                del self._kept[:written]
                self._changed.notify_all()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _unread_bytes(descriptor: int) -> int:
    """Return how much of a pipe is not read yet: room for more is only seen once a whole page of it was read."""
    with contextlib.suppress(ImportError, OSError):  # Windows has no such modules, a socket no such number
        import fcntl
        import termios

        return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), "little")
    return 0


def patient(stream: TextIO) -> TextIO:
    """Return a stream of which no reader holds up the process: that of a pipe, a socket or a terminal may do so."""
    with contextlib.suppress(OSError, ValueError, AttributeError, RuntimeError):  # it has no descriptor; no thread left
        mode = os.fstat(stream.fileno()).st_mode
        if stream.isatty():
            return cast("TextIO", PatientStream(stream, _PATIENCE_AT_A_TERMINAL_S))
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            return cast("TextIO", PatientStream(stream, _PATIENCE_S))
    return stream


def let_be_first(stream: TextIO, other: TextIO) -> None:
    """Wait until a patient stream has written all, where another one that is about to write leads to the same place.

    There is no end to that: a reader without room for the one has none for the other.
    """
    if isinstance(stream, PatientStream) and stream.keeps_any:
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the other one has no descriptor
            if os.path.samestat(os.fstat(stream.fileno()), os.fstat(other.fileno())):
                stream.drain(patience_s=math.inf)
