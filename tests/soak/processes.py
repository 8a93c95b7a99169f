"""Which processes run below this one, told by /proc; where there is none, no process is ever found."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Set
from pathlib import Path

from tests.support.processes import command_line

PROC = Path("/proc")
Process = tuple[int, str]
"""A number and a time of start, which no other process shares."""


def _processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent's number and time of start of each process that is not dead already."""
    for entry in PROC.iterdir() if (PROC / "self" / "stat").exists() else ():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent, *rest = (entry / "stat").read_text().rpartition(")")[2].split()
                if state != "Z":
                    yield int(entry.name), int(parent), rest[17]


def descendants(*, besides: Set[Process] = frozenset()) -> set[Process]:
    """The processes below this one, but for some and all that these start."""
    found = list(_processes())
    below, apart = {os.getpid()}, {pid for pid, _ in besides}
    grew = True
    while grew:
        more = {pid for pid, parent, _ in found if parent in below} - apart | below
        grew, below = more != below, more
    return {(pid, start) for pid, _, start in found if pid in below and pid != os.getpid()}


def still_running(processes: Set[Process]) -> dict[int, str]:
    """Those of the processes that run, and their command lines."""
    alive = processes & {(pid, start) for pid, _, start in _processes()}
    return {pid: command_line(pid)[:200] for pid, _ in sorted(alive)}


def browsers_below() -> list[int]:
    """The processes of the browsers themselves that run below this one."""
    found = []
    for pid, _ in descendants():
        with contextlib.suppress(OSError):
            command = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
            if b"--remote-debugging-pipe" in command and not any(part.startswith(b"--type=") for part in command):
                found.append(pid)
    return found
