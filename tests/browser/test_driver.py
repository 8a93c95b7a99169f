"""Playwright's driver process: started without secrets, and known to be gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest
from playwright.async_api import Error as PlaywrightError

from purger.browser.driver import (
    STOPPING_AT_ONCE_S,
    STOPPING_S,
    _longest_stop_s,
    _starting,
    driver,
    driver_error,
    driver_is_gone,
    first_line,
)
from purger.browser.find import candidates
from purger.core.errors import BrowserError, ExitCode
from purger.standin.repository import Repository
from tests.support.browser import Purger
from tests.support.commands import LentDriver
from tests.support.processes import command_line, descendants, is_browser
from tests.support.shared_browsers import SharedBrowsers


def test_a_driver_that_died_is_an_error_of_the_browser() -> None:
    error = driver_error("https://api/user")
    assert (error.exit_code, error.where, error.remedy) == (ExitCode.BROWSER, "https://api/user", "Run it again.")


@pytest.mark.browser
async def test_a_driver_for_all_tests_outlives_the_command_that_needs_it_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command ends what it started: tests would start a driver and browsers each, and leave their files."""
    shared = SharedBrowsers()
    monkeypatch.setattr("purger.browser.driver.async_playwright", lambda: LentDriver(shared))
    try:
        async with driver() as first:
            context = await first.request.new_context()
        async with driver():
            await context.dispose()
    finally:
        await shared.close()


@pytest.mark.browser
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
async def test_a_driver_that_died_is_known_as_soon_as_a_call_fails() -> None:
    """What Playwright raises then reads as if the page or the browser had been closed."""
    before = children()
    async with driver() as playwright:
        await (await playwright.request.new_context()).dispose()
        assert not driver_is_gone()
        (started,) = children() - before
        os.kill(started, signal.SIGKILL)
        with pytest.raises(PlaywrightError):
            await playwright.request.new_context()
        assert driver_is_gone()
    assert not driver_is_gone(), "it is in use no more"


@pytest.mark.browser
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
async def test_the_driver_gets_no_secrets_and_ends_with_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAVIS_TOKEN", "s3cret-token")
    before = children()
    async with driver() as playwright:
        assert playwright.chromium.name == "chromium"
        assert "TRAVIS_TOKEN" not in os.environ
        (started,) = children() - before
        assert b"s3cret-token" not in Path(f"/proc/{started}/environ").read_bytes()
    assert children() <= before


@pytest.mark.browser
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
async def test_a_driver_that_is_killed_leaves_no_trace_with_the_token(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(short_folder))
    before = children()
    async with driver():
        (started,) = children() - before
        variables = Path(f"/proc/{started}/environ").read_bytes().split(b"\0")
        (folder,) = (text.removeprefix(b"TMPDIR=").decode() for text in variables if text.startswith(b"TMPDIR="))
        assert Path(folder).parent == short_folder
        (Path(folder) / "raw.trace").write_text("s3cret-token")
        os.kill(started, signal.SIGKILL)
    assert not list(short_folder.iterdir())


@pytest.mark.browser
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
async def test_a_browser_that_takes_long_to_close_leaves_no_files(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for: its driver would be killed with the end of the event loop."""
    monkeypatch.setenv("TMPDIR", str(short_folder))
    is_open, end = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(run_a_browser(is_open, end))
    await is_open.wait()
    found = browsers_with_files_in(short_folder)
    assert found
    for browser in found:
        os.kill(browser, signal.SIGSTOP)
    end.set()
    await asyncio.wait({running}, timeout=2)
    assert not running.done()
    for browser in found:
        os.kill(browser, signal.SIGCONT)
    await running
    assert not list(short_folder.iterdir())


@pytest.mark.browser
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
async def test_a_browser_that_hangs_when_a_run_is_cancelled_leaves_nothing(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files hold the token that was put into its page."""
    monkeypatch.setenv("TMPDIR", str(short_folder))
    before = children()
    is_open = asyncio.Event()
    running = asyncio.create_task(run_a_browser(is_open, asyncio.Event()))
    await is_open.wait()
    found = browsers_with_files_in(short_folder)
    assert found
    for browser in found:
        os.kill(browser, signal.SIGSTOP)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not browsers_with_files_in(short_folder)
    assert not list(short_folder.glob("playwright*")), "a browser that is killed may leave its own socket, and no more"
    assert children() <= before


async def test_whoever_cancels_a_run_does_not_wait_for_that() -> None:
    longest = []

    async def run() -> None:
        longest.append(_longest_stop_s())
        try:
            await asyncio.Event().wait()
        finally:
            longest.append(_longest_stop_s())

    running = asyncio.create_task(run())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert longest == [STOPPING_S, STOPPING_AT_ONCE_S]


HANG = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"


@pytest.mark.browser
@pytest.mark.parametrize("times", [1, 2])
async def test_a_driver_that_never_answers_is_started_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Node runs this script first, which hangs as often as the test says."""
    once = "const fs = require('fs'), log = process.env.STARTS; fs.appendFileSync(log, '+');"
    (tmp_path / "hang.js").write_text(f"{once} if (fs.readFileSync(log).length <= {times}) {HANG};")
    monkeypatch.setenv("STARTS", str(tmp_path / "starts"))
    monkeypatch.setenv("NODE_OPTIONS", f"--require {tmp_path / 'hang.js'}")
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    if times == 1:
        # The second one has all the time that it needs.
        seconds = iter([10.0, 60.0])
        monkeypatch.setattr(
            "purger.browser.driver._starting", lambda **options: _starting(**options | {"kill_after_s": next(seconds)})
        )
        async with driver() as playwright:
            assert playwright.chromium.name == "chromium"
        assert (tmp_path / "starts").read_text() == "++"
    else:
        monkeypatch.setattr("purger.browser.driver.STARTING_S", 5.0)
        with pytest.raises(BrowserError, match=r"driver does not answer within 5 s"):
            async with driver():
                pytest.fail("it hangs")


@pytest.mark.browser
def test_a_driver_that_does_not_start_ends_the_purge_with_its_remedy(purger: Purger, repository: Repository) -> None:
    repository.fill(2)
    ended = purger("purge", "acme/widgets", "--yes", NODE_OPTIONS="--no-such-option")
    assert ended.code == 5
    assert "Playwright's driver does not start" in ended.err
    assert "is NODE_OPTIONS or PLAYWRIGHT_NODEJS_PATH set?" in ended.err
    assert "ResourceWarning" not in ended.err, "what is left of the driver complains of nothing"
    assert len(repository.caches) == 2


async def test_a_node_that_is_missing_is_blamed_on_the_variable_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/nonexistent/node")
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    with pytest.raises(BrowserError, match="/nonexistent/node") as raised:
        async with driver():
            pytest.fail("there is no such program")
    assert "PLAYWRIGHT_NODEJS_PATH" in (raised.value.remedy or "")


async def run_a_browser(is_open: asyncio.Event, end: asyncio.Event) -> None:
    """Open a browser with a driver of its own, say so, and close both at the end."""
    async with driver() as playwright:
        (first, *_) = candidates(playwright, os.environ.get("PURGER_BROWSER"), headed=False)
        await playwright.chromium.launch(executable_path=first.path, chromium_sandbox=False)
        is_open.set()
        await end.wait()


def children() -> set[int]:
    """The processes that this one has started and that have not ended."""
    found = " ".join(map(told, Path("/proc/self/task").glob("*/children"))).split()
    states = {int(pid): told(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split() for pid in found}
    return {pid for pid, state in states.items() if state and state[0] != "Z"}


def told(file: Path) -> str:
    """What the system tells in a file of a process or a thread; nothing of one that has ended in the meantime."""
    with contextlib.suppress(OSError):
        return file.read_text()
    return ""


def browsers_with_files_in(folder: Path) -> list[int]:
    """The processes of browsers whose temporary files are there, and scripts that start them."""
    return [
        pid for pid in descendants(os.getpid()) if is_browser(command := command_line(pid)) and str(folder) in command
    ]


def test_an_error_without_a_message_has_its_name() -> None:
    assert first_line(PlaywrightError("")) == "Error"
    assert first_line(PlaywrightError(" one \ntwo")) == "one"
