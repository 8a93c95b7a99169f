"""Which processes run below this one, told by /proc; where there is none, no process is ever found."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def _processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent's number and time of start of each process that is not dead already."""
    for entry in PROC.iterdir() if (PROC / "self" / "stat").exists() else ():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent, *rest = (entry / "stat").read_text().rpartition(")")[2].split()
                if state != "Z":
                    yield int(entry.name), int(parent), rest[17]


def descendants(*, everyone: bool = False) -> set[tuple[int, str]]:
    """The processes below this one, or all that run: number and time of start, which no other process shares."""
    found = list(_processes())
    if everyone:
        return {(pid, start) for pid, _, start in found}
    below = {os.getpid()}
    grew = True
    while grew:
        more = {pid for pid, parent, _ in found if parent in below} | below
        grew, below = more != below, more
    return {(pid, start) for pid, _, start in found if pid in below and pid != os.getpid()}


def browsers_below() -> list[int]:
    """The processes of the browsers themselves that run below this one."""
    found = []
    for pid, _ in descendants():
        with contextlib.suppress(OSError):
            command = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
            if b"--remote-debugging-pipe" in command and not any(part.startswith(b"--type=") for part in command):
                found.append(pid)
    return found
