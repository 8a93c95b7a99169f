"""A real terminal for a command: a pseudo-terminal of a given size."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Shown:
    """How a command at a terminal ended, and everything that it wrote there."""

    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        """The lines, without escape sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text).replace("\r", "").split("\n")


def at_terminal(
    command: Sequence[str],
    *,
    environ: Mapping[str, str],
    columns: int = 80,
    folder: Path | None = None,
    act: Callable[[Terminal], None] | None = None,
) -> Shown:
    """Run a command at a terminal of this width until it ends; `act` may type and read meanwhile."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environ, cwd=folder, start_new_session=True
    )
    os.close(slave)
    terminal = Terminal(master)
    try:
        if act is not None:
            act(terminal)
        terminal.read_until(None)
        return Shown(process.wait(timeout=100), terminal.text)
    finally:
        process.kill()
        process.wait()
        os.close(master)


class Terminal:
    """The person's end of a terminal."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.text = ""

    def type(self, keys: str) -> None:
        """Type these keys."""
        os.write(self._master, keys.encode())

    def read_until(self, awaited: str | None) -> None:
        """Read until this is shown, or (None) until the command closed the terminal. Fails after 100 s."""
        deadline, start = time.monotonic() + 100, len(self.text)
        while awaited is None or awaited not in self.text[start:]:
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{awaited!r} did not appear: {self.text[start:]!r}"
            chunk = b""
            with contextlib.suppress(OSError):  # Linux' word for the end
                chunk = os.read(self._master, 65536)
            if not chunk:
                assert awaited is None, f"it ended before {awaited!r} appeared: {self.text[start:]!r}"
                return
            self.text += chunk.decode(errors="replace")
