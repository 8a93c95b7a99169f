"""Crashes, signals, a closed stdout: it goes on or stops, with a report, and leaves no process behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.browser_fixtures import FOR_EVER, Purger, browser_for, environment, loads

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


def processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent's number and command line of each process."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                yield int(entry.name), int(parent), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()


class Running:
    """A command that runs by itself, in a process group of its own."""

    def __init__(self, site: StandIn, folder: Path, *arguments: str) -> None:
        self.mark = f"{MARK}-{os.urandom(6).hex()}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "purger", "purge", "acme/widgets", "--yes", "--json", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(site, TEST_MARK=self.mark, **browser_for(arguments)),
            cwd=folder,
            start_new_session=True,
        )

    def wait_for_imports(self) -> None:
        """Wait until it imports Playwright, whose greenlet is a library that is mapped into the process."""
        while "greenlet" not in Path(f"/proc/{self.process.pid}/maps").read_text():
            assert self.process.poll() is None
            time.sleep(0.001)

    def browsers(self) -> list[int]:
        """The processes of browsers themselves: neither their children nor a script that starts one."""
        return [
            pid
            for pid, command in children_marked(self.mark)
            if "--remote-debugging-pipe" in command and "--type=" not in command and "/bin/sh" not in command
        ]

    def browser(self) -> int:
        """The process of the browser itself, once it is there."""
        while not (found := self.browsers()):
            assert self.process.poll() is None
            time.sleep(0.02)
        return found[0]

    def renderers(self) -> list[int]:
        """The processes of its pages: Chromium's zygote makes them, with no environment that can be read."""
        below = {self.browser()}
        found = []
        for pid, parent, command in sorted(processes()):
            if parent in below:
                below.add(pid)
                if "--type=renderer" in command:
                    found.append(pid)
        return found

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=100)
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


@pytest.mark.parametrize("moment", ["importing", "asking the API", "loading", "clicking", "waiting"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_at_any_moment(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running], number: int, code: int, moment: str
) -> None:
    repository.fill(30)
    # It never ends by itself.
    site.faults.delete_latency_s = 0 if moment == "waiting" else FOR_EVER
    site.faults.deletion_delay_s = FOR_EVER
    running = Running(site, tmp_path)
    started.append(running)
    if moment == "importing":
        running.wait_for_imports()
    else:
        wait_until(running, site, moment)
    running.process.send_signal(number)
    returned, out, _ = running.end()
    if moment == "importing" and not out:
        assert returned in {code, -number}, "it came before the program had taken over"
        return
    assert returned == code
    report = json.loads(out)
    assert report["exit_code"] == code
    assert children_marked(running.mark) == []
    if moment in {"clicking", "waiting"}:
        (result,) = report["repositories"]
        assert result["seen"] == 30
        assert result["error"]["exit_code"] == code
        assert not result["verified"]


def test_ctrl_c_for_the_whole_group(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running]
) -> None:
    """A terminal sends SIGINT to the driver and the browser, too."""
    repository.fill(30)
    site.faults.delete_latency_s = FOR_EVER
    running = Running(site, tmp_path)
    started.append(running)
    wait_until(running, site, "clicking")
    os.killpg(running.process.pid, signal.SIGINT)
    returned, out, _ = running.end()
    assert returned == 130
    assert json.loads(out)["repositories"][0]["seen"] == 30
    assert children_marked(running.mark) == []


@pytest.mark.parametrize("victim", ["browser", "renderer"])
def test_a_crash_in_the_middle(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running], victim: str
) -> None:
    repository.fill(40)
    site.faults.delete_latency_s = FOR_EVER
    running = Running(site, tmp_path)
    started.append(running)
    wait_until(running, site, "clicking")
    site.faults.delete_latency_s = 0.0
    for pid in [running.browser()] if victim == "browser" else running.renderers():
        os.kill(pid, signal.SIGKILL)
    returned, out, err = running.end()
    assert repository.archives == []
    assert returned == 0, err
    assert json.loads(out)["repositories"][0]["verified"]
    assert "started anew" in err
    assert children_marked(running.mark) == []


def test_a_browser_that_keeps_crashing(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running]
) -> None:
    repository.fill(40)
    site.faults.delete_latency_s = FOR_EVER
    running = Running(site, tmp_path)
    started.append(running)
    killed: set[int] = set()
    while running.process.poll() is None:
        for pid in running.browsers():
            if pid not in killed and loads(site) > len(killed):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        time.sleep(0.05)
    returned, out, err = running.end()
    assert returned == 5, err
    assert json.loads(out)["repositories"][0]["error"]["exit_code"] == 5
    assert children_marked(running.mark) == []


@pytest.mark.parametrize(
    ("browser", "said"), [("/no/such/browser", "there is no browser at"), ("/bin/false", "does not start")]
)
def test_no_usable_browser(purger: Purger, repository: Repository, browser: str, said: str) -> None:
    repository.fill(2)
    ended = purger("purge", "acme/widgets", "--yes", "--browser", browser)
    assert ended.code == 5
    assert said in ended.err.lower()
    assert "playwright install chromium" in ended.err
    assert len(repository.archives) == 2


def test_a_browser_that_says_itself_why_it_does_not_start(
    purger: Purger, repository: Repository, tmp_path: Path
) -> None:
    """Chromium's words where the folder for its sockets has too long a name."""
    repository.fill(2)
    browser = tmp_path / "browser"
    browser.write_text(
        "#!/bin/sh\necho '[7:7:1125/042608.68:FATAL:a/b_posix.cc:315] Socket path too long: /t' >&2\nexit 1\n"
    )
    browser.chmod(0o700)
    ended = purger("purge", "acme/widgets", "--yes", "--browser", str(browser))
    assert ended.code == 5
    assert "does not start: Socket path too long: /t." in ended.err
    assert "Set TMPDIR to a folder with a shorter name" in ended.err
    assert len(repository.archives) == 2


def test_a_reader_that_goes_away(site: StandIn, repository: Repository, tmp_path: Path, started: list[Running]) -> None:
    repository.fill(3)
    running = Running(site, tmp_path)
    started.append(running)
    assert running.process.stdout is not None
    running.process.stdout.close()
    assert running.process.stderr is not None
    err = running.process.stderr.read()
    assert running.process.wait(100) == 0
    assert "the reader of stdout is gone" in err
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
