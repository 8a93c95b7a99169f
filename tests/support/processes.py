"""Commands that run by themselves, whose processes a test finds, counts and ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from purger.standin import StandIn
from tests.support.browser import browser_for, environment, loads

MARK = "purger-test-mark"


def children_marked(mark: str) -> list[tuple[int, str]]:
    """Processes that inherited the mark in their environment: the command, Playwright's driver, the browser."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes():
                    found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
    return found


def descendants(of: int) -> Iterator[int]:
    """The processes below one, as far as their parents still run; looks at no others, as `children_marked` does."""
    for children in Path(f"/proc/{of}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield child
                yield from descendants(child)


def command_line(pid: int) -> str:
    """The words of a process's command; none for one that ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def is_browser(command: str) -> bool:
    """Whether it is that of a browser itself, or of a script that starts one, and not of a browser's child."""
    return "--remote-debugging-pipe" in command and "--type=" not in command


class Running:
    """A command that runs by itself, in a process group of its own."""

    def __init__(self, site: StandIn, folder: Path, *arguments: str, stderr: int = subprocess.PIPE) -> None:
        self.mark = f"{MARK}-{os.urandom(6).hex()}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "purger", "purge", "acme/widgets", "--yes", "--json", *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment(site, TEST_MARK=self.mark, **browser_for(arguments)),
            cwd=folder,
            start_new_session=True,
        )

    def wait_for_imports(self) -> None:
        """Wait until it imports Playwright, whose greenlet is a library that is mapped into the process."""
        while "greenlet" not in Path(f"/proc/{self.process.pid}/maps").read_text():
            assert self.process.poll() is None
            time.sleep(0.005)

    def browsers(self) -> list[int]:
        """The processes of browsers themselves: neither their children nor a script that starts one."""
        return [
            pid
            for pid in descendants(self.process.pid)
            if is_browser(command := command_line(pid)) and "/bin/sh" not in command
        ]

    def browser(self) -> int:
        """The process of the browser itself, once it is there."""
        while not (found := self.browsers()):
            assert self.process.poll() is None
            time.sleep(0.02)
        return found[0]

    def renderers(self) -> list[int]:
        """The processes of its pages, which Chromium's zygote makes."""
        return [pid for pid in descendants(self.browser()) if "--type=renderer" in command_line(pid)]

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate()
        assert "Traceback" not in err, err
        return self.process.returncode, out, err


@pytest.fixture
def started() -> Iterator[list[Running]]:
    # A shell's background job ignores Ctrl-C, and so would all that it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    running: list[Running] = []
    yield running
    signal.signal(signal.SIGINT, before)
    for one in running:
        for pid, _ in children_marked(one.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        one.process.communicate()


def wait_until(running: Running, site: StandIn, moment: str) -> None:
    conditions: dict[str, Callable[[], bool]] = {
        "asking the API": lambda: site.count("GET") > 0,
        "loading": lambda: any(request.origin == "web" for request in site.requests),
        "clicking": lambda: site.count("DELETE") > 3,
        "waiting": lambda: loads(site) > 1,
    }
    while not conditions[moment]():
        assert running.process.poll() is None, running.end()
        time.sleep(0.01)
