"""Remote browsers that a test starts: a Chromium with remote debugging, and a Playwright server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from purger.browser.find import candidates


def wait_for_port(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the process listens on the port."""
    while process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    pytest.fail("the remote browser did not come up")


@pytest.fixture
def spawned() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []

    def spawn(*command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        processes.append(process)
        return process

    yield spawn
    for process in processes:
        # The whole group: Playwright's command line is a Python that starts a Node that starts a browser.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


StartRemote = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def headless_path(playwright: Playwright) -> str:
    """A browser without windows: it starts with half the work of `browser_path`."""
    (first, *_) = candidates(playwright, os.environ.get("PURGER_BROWSER"), headed=False)
    return str(first)


@pytest.fixture
def start_cdp(headless_path: str, spawned: Callable[..., subprocess.Popen[bytes]]) -> StartRemote:
    """Starts a browser with remote debugging on a port, its files in a folder, and with more switches."""

    def start(folder: Path, port: int, *more: str, browser: str = headless_path) -> subprocess.Popen[bytes]:
        switches = ["--headless", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-background-networking"]
        profile = f"--user-data-dir={folder / 'profile'}"
        process = spawned(browser, *switches, *more, f"--remote-debugging-port={port}", profile, "about:blank")
        wait_for_port(process, port)
        return process

    return start


@pytest.fixture
def start_server(headless_path: str, spawned: Callable[..., subprocess.Popen[bytes]]) -> StartRemote:
    """Starts a Playwright server on a port, with a browser that this machine has."""

    def start(folder: Path, port: int, host: str = "127.0.0.1") -> subprocess.Popen[bytes]:
        folder.mkdir(exist_ok=True)
        server = {"port": port, "host": host, "wsPath": "/secret-path", "executablePath": headless_path}
        (folder / "server.json").write_text(json.dumps(server | {"headless": True, "chromiumSandbox": False}))
        command = [sys.executable, "-m", "playwright", "launch-server", "--browser", "chromium"]
        process = spawned(*command, "--config", str(folder / "server.json"))
        wait_for_port(process, port)
        return process

    return start
