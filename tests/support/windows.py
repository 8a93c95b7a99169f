"""Commands with a browser window on a virtual display, which a test looks into and works like a person."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from tests.support.browser import PURGER
from tests.support.ports import free_port

needs_a_display = pytest.mark.usefixtures("display")


@dataclass
class Windowed:
    """A running command, where its browser listens, and the folder with what it writes."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    @property
    def stdout(self) -> str:
        """What it has written to stdout."""
        return (self.folder / "stdout.txt").read_text()

    @property
    def stderr(self) -> str:
        """What it has written to stderr."""
        return (self.folder / "stderr.txt").read_text()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.kill(int((self.folder / "pid").read_text()), signal.SIGINT)

    async def page(self, playwright: Playwright) -> Page:
        """The page in the command's window, once there is one."""
        browser = await self._browser(playwright)
        while True:
            pages = [page for context in browser.contexts for page in context.pages if page.url.startswith("http")]
            if pages:
                return pages[0]
            await asyncio.sleep(0.05)

    async def _browser(self, playwright: Playwright) -> Browser:
        while True:
            try:
                return await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{self.port}")
            except PlaywrightError:
                await asyncio.sleep(0.1)

    async def said(self, text: str) -> None:
        """Wait until the command has said this on stderr."""
        while text not in self.stderr:
            assert self.process.poll() is None, self.stderr
            await asyncio.sleep(0.05)

    async def end(self) -> int:
        """Wait for its end; gives the exit code."""
        return await asyncio.to_thread(self.process.wait)


@contextmanager
def in_a_window(
    arguments: Sequence[str],
    variables: dict[str, str],
    browser_path: str,
    folder: Path,
    stdin: int = subprocess.DEVNULL,
) -> Iterator[Windowed]:
    """Run a purger command on a virtual display for the time of a `with` block."""
    port = free_port()
    wrapper = folder / "browser"
    wrapper.write_text(f'#!/bin/sh\nexec "{browser_path}" --remote-debugging-port={port} "$@"\n')
    wrapper.chmod(0o700)
    with (folder / "stdout.txt").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
        process = subprocess.Popen(
            ["xvfb-run", "-a", "sh", "-c", 'echo $$ >"$0"; exec "$@"', folder / "pid", *PURGER, *arguments],
            stdin=stdin,
            stdout=out,
            stderr=err,
            env=variables | {"PURGER_BROWSER": str(wrapper)},
            cwd=folder,
            start_new_session=True,
        )
    try:
        yield Windowed(process, port, folder)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
