"""Write a file as a whole: a reader sees the old content or the new one, and a private file is private at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


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
