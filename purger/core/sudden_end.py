"""What has to be undone even where a second signal ends the process at once, past every `finally`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_undoing: list[Callable[[], object]] = []


@contextmanager
def undone_at_a_sudden_end(undo: Callable[[], object]) -> Iterator[None]:
    """Have `undo` called where the process ends at once during the block; it must be quick, and may raise."""
    _undoing.append(undo)
    try:
        yield
    finally:
        _undoing.remove(undo)


def undo_all() -> None:
    """Undo what is to be undone now, the last first: the process is about to end."""
    for undo in reversed(_undoing.copy()):
        with suppress(Exception):
            undo()
