"""Read a file without waiting for ever, and write one as a whole, so that a reader sees the old content or the new."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO

from purger.core.sudden_end import undone_at_a_sudden_end

WRITER_WAIT_S = 5.0
"""How long a named pipe may be without anybody who writes to it."""
_WRITER_CHECK_S = 0.02
_LARGEST_OF_A_DEVICE_BYTES = 2**20
"""What is longer is a device without an end. A terminal, or the null device, has less."""


def read_whole(path: Path, at_most: int = -1) -> bytes:
    """Return the content of a file, or the first `at_most` bytes of it. Raises OSError.

    A pipe is read to its end, so a process substitution works; a named one that nobody writes to is an error, and so is
    a device that has no end.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        first = _first_of_a_named_pipe(file.fileno()) if _is_named_pipe(path, file.fileno()) else b""
        _let_wait(file)
        if at_most < 0 and stat.S_ISCHR(os.fstat(file.fileno()).st_mode):
            return _all_of_a_device(file)
        return first + file.read(-1 if at_most < 0 else max(at_most - len(first), 0))


def _all_of_a_device(file: BinaryIO) -> bytes:
    content = file.read(_LARGEST_OF_A_DEVICE_BYTES + 1)
    if len(content) > _LARGEST_OF_A_DEVICE_BYTES:
        raise OSError(0, "it is a device without an end")
    return content


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def _let_wait(file: IO[Any]) -> None:
    """Let a file that was opened at once wait when it is read or written."""
    if hasattr(os, "O_NONBLOCK"):  # Windows has no such files
        os.set_blocking(file.fileno(), True)


def _is_named_pipe(path: Path, descriptor: int) -> bool:
    # What lies there has no name of its own, such as a process substitution: its writer was there before.
    is_of_a_process = os.path.realpath(path).startswith(("/proc/", "/dev/"))
    return stat.S_ISFIFO(os.fstat(descriptor).st_mode) and not is_of_a_process


def _first_of_a_named_pipe(descriptor: int) -> bytes:
    """Return the first byte of a pipe that does not block, or nothing where somebody is about to write it."""
    until = time.monotonic() + WRITER_WAIT_S
    while time.monotonic() < until:
        try:
            if first := os.read(descriptor, 1):
                return first
        except BlockingIOError:
            return b""
        time.sleep(_WRITER_CHECK_S)
    raise TimeoutError(0, "it is a pipe that nobody writes to")


@contextmanager
def appended(path: Path) -> Iterator[TextIO]:
    """Yield a file to whose end text is written, with replacements for what is no Unicode.

    Raises OSError, also for a named pipe that nobody reads: it would be waited for.
    """
    with open(path, "a", encoding="utf-8", errors="replace", newline="\n", opener=_open_at_once) as file:
        _let_wait(file)
        yield file


@contextmanager
def whole_file(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Yield a file, open for reading and writing, that replaces `path` when the block ends without an error.

    It lies beside `path` until then, and is removed after an error. With `mode` it is private to that extent from its
    first byte, and flushed to the disk before it replaces `path`. Raises OSError.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
        with undone_at_a_sudden_end(partial(draft.unlink, missing_ok=True)):
            with os.fdopen(os.open(draft, flags, 0o666 if mode is None else mode), "w+b") as file:
                yield file
                if mode is not None:
                    file.flush()
                    os.fsync(file.fileno())
            draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file as `whole_file` does. Raises OSError."""
    with whole_file(path, mode=mode) as file:
        file.write(content)
