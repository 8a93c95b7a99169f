"""A signal at any moment ends the command with its report and exit code, and leaves no process behind."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from purger.browser.connections import Connections
from purger.browser.network import DIRECT
from purger.cli.signals import run_to_the_end
from purger.core.errors import TerminatedError
from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import FOR_EVER
from tests.support.commands import handlers_kept
from tests.support.processes import Running, children_marked, wait_until

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("number", "code", "moment"),
    [
        *((signal.SIGINT, 130, moment) for moment in ("importing", "loading", "clicking", "waiting")),
        *((signal.SIGTERM, 143, moment) for moment in ("importing", "asking the API", "clicking", "waiting")),
    ],
)
def test_a_signal_at_any_moment_ends_it_with_a_report(
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


def test_ctrl_c_for_the_whole_group_ends_it_with_a_report(
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


def wait_for_its_document(running: Running) -> None:
    """Wait until it writes its document, for most of which there is no room before it is read."""
    assert running.process.stdout
    out = running.process.stdout.fileno()
    fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, 4096)
    select.select([out], [], [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_result_is_written_waits(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running], number: int
) -> None:
    repository.fill(60)
    running = Running(site, tmp_path, "--dry-run")
    started.append(running)
    wait_for_its_document(running)
    running.process.send_signal(number)
    returned, text, _ = running.end()
    report = json.loads(text)
    assert (returned, report["exit_code"], report["repositories"][0]["selected"]) == (0, 0, 60)


def test_a_second_signal_while_the_result_is_written_ends_it_at_once(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running]
) -> None:
    repository.fill(60)
    running = Running(site, tmp_path, "--dry-run")
    started.append(running)
    wait_for_its_document(running)
    running.process.send_signal(signal.SIGTERM)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait() in {130, 143}, "whichever is heard second"


def test_a_second_signal_ends_it_although_what_is_to_be_undone_cannot_be() -> None:
    program = """if True:
        import asyncio, os, signal, threading
        from purger.cli.signals import run_to_the_end
        from purger.core.sudden_end import undone_at_a_sudden_end

        async def two_signals():
            for number in (signal.SIGTERM, signal.SIGINT):
                os.kill(os.getpid(), number)
            threading.Event().wait()

        with undone_at_a_sudden_end(threading.Event().wait):
            run_to_the_end(two_signals(), None)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


def test_full_collections_skip_what_was_there_before_the_job() -> None:
    async def job() -> int:
        return gc.get_freeze_count()

    before = gc.get_freeze_count()
    with handlers_kept():
        assert run_to_the_end(job(), None) > before
    assert gc.get_freeze_count() <= before


def test_a_name_that_no_resolver_answers_for_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, ended = threading.Event(), threading.Event()

    def be_silent(*_arguments: object, **_hints: object) -> list[object]:
        os.kill(os.getpid(), signal.SIGTERM)
        may_end.wait(30)
        ended.set()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", be_silent)

    async def job() -> None:
        async with Connections(DIRECT) as connections:
            await connections.certificate("https://silent.test", timeout_s=FOR_EVER)

    with handlers_kept(), pytest.raises(TerminatedError):
        run_to_the_end(job(), None)
    assert not ended.is_set()
    may_end.set()
    ended.wait(30)


@pytest.mark.parametrize("timeout_s", [None, FOR_EVER])
def test_a_fault_of_the_job_is_not_taken_for_the_end_of_its_time(timeout_s: float | None) -> None:
    async def job() -> None:
        raise TimeoutError("of a file system")

    with handlers_kept(), pytest.raises(TimeoutError, match="of a file system"):
        run_to_the_end(job(), timeout_s)
