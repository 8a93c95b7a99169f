"""A signal is heard from the first moment on: nothing else is imported before, and PID 1 loses none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.namespaces import as_pid_1

pytestmark = [
    pytest.mark.cli,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]
PURGE = [sys.executable, "-m", "purger", "purge", "acme/widgets", "--yes", "--json"]


def test_nothing_else_is_imported_before_the_handlers_stand() -> None:
    ask = (
        "import __future__, os, signal, sys; before = set(sys.modules); import purger.__main__;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["purger", "purger.__main__", "purger.cli", "purger.cli.early_signals"]
    ask = (
        "import sys\n"
        "from purger import __main__ as entry\n"
        "from purger.cli import early_signals\n"
        "early_signals.catch = lambda: print('asyncio' in sys.modules, 're' in sys.modules) or sys.exit()\n"
        "entry.main()"
    )
    done = subprocess.run([sys.executable, "-S", "-c", ask], capture_output=True, text=True, check=True, env={
        "PYTHONPATH": str(Path(__file__).parents[2])
    })  # fmt: skip
    assert done.stdout.split() == ["False", "False"]


def hears(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (number - 1) & 1)


def child_of(pid: int) -> int:
    """The only child of a process, once it is there."""
    while not (children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        time.sleep(0.001)
    return int(children[0])


def stopped_early(command: Sequence[str], number: signal.Signals, *, in_namespace: bool) -> tuple[int, str, str]:
    """Send a signal as soon as a handler for it stands."""
    environ = {**os.environ, "TRAVIS_TOKEN": "token-for-tests", "PURGER_URL": "http://127.0.0.1:9"}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # the tests may run below `nohup`
    )
    try:
        pid = child_of(process.pid) if in_namespace else process.pid
        while not hears(pid, number):
            assert process.poll() is None
            time.sleep(0.001)
        assert "greenlet" not in Path(f"/proc/{pid}/maps").read_text(), "nothing large is imported yet"
        os.kill(pid, number)
        out, err = process.communicate(timeout=100)
    finally:
        process.kill()
        process.wait()
    return process.returncode, out, err


@pytest.mark.parametrize("asked", ["--json", "PURGER_JSON"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_first_moment_ends_it_with_a_report(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, asked: str
) -> None:
    if asked == "PURGER_JSON":
        monkeypatch.setenv("PURGER_JSON", "1")
    command = [word for word in PURGE if word != "--json"] + ["--json"] * (asked == "--json")
    code, out, err = stopped_early(command, number, in_namespace=False)
    assert (code, json.loads(out)["exit_code"]) == (143, 143)
    assert err == f"error: Stopped by {number.name}.\n"


def test_pid_1_does_not_lose_it() -> None:
    code, out, err = stopped_early(as_pid_1(PURGE), signal.SIGTERM, in_namespace=True)
    assert (code, json.loads(out)["exit_code"]) == (143, 143)
    assert err == "error: Stopped by SIGTERM.\n"


def test_an_ignored_signal_stays_ignored() -> None:
    ask = (
        "from signal import *; from purger.cli import early_signals as e; signal(SIGHUP, SIG_IGN); e.catch();"
        "print(getsignal(SIGHUP) is SIG_IGN, getsignal(SIGTERM) is e._stop)"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_a_second_signal_ends_the_process_at_once() -> None:
    ask = (
        "import os, signal; from purger.cli import early_signals as e; e.catch()\n"
        "try: os.kill(os.getpid(), signal.SIGTERM); signal.pause()\n"
        "except e.Terminated: os.kill(os.getpid(), signal.SIGTERM); signal.pause()"
    )
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 143


def purge_after(script: str) -> subprocess.CompletedProcess[str]:
    """Run a purge in a process of its own that runs this script before, in which `entry` is purger's."""
    imports = "import os, signal, sys; from purger import __main__ as entry"
    environ = {**os.environ, "TRAVIS_TOKEN": "token-for-tests", "PURGER_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "-c", f"{imports}\n{script}\nentry.main()", *PURGE[3:]]
    return subprocess.run(command, capture_output=True, text=True, env=environ, check=False)


@pytest.mark.parametrize("module", ["loguru", "purger.cli.frame", "purger.purge.run"])
def test_ctrl_c_while_a_command_imports_what_it_needs_ends_it_with_a_report(module: str) -> None:
    """Typer takes a KeyboardInterrupt for its own, and ends without a word."""
    done = purge_after(
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: sys.meta_path.remove(self); os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())"
    )
    assert (done.returncode, done.stderr) == (130, "Stopped by SIGINT.\n")
    assert json.loads(done.stdout)["exit_code"] == 130


def test_a_signal_before_all_handlers_stand_ends_it_with_a_report() -> None:
    done = purge_after(
        "stand = signal.signal\n"
        "def stand_and_hear(number, handler):\n"
        "    stand(number, handler)\n"
        "    if number == signal.SIGTERM: signal.signal = stand; os.kill(os.getpid(), number)\n"
        "signal.signal = stand_and_hear"
    )
    assert (done.returncode, done.stderr) == (143, "error: Stopped by SIGTERM.\n")
    assert json.loads(done.stdout)["exit_code"] == 143


def test_a_signal_whose_exception_is_lost_is_heard_all_the_same() -> None:
    """Python drops what is raised in a finalizer, as of an object that an import leaves behind, and says so."""
    done = purge_after(
        "from purger.cli import early_signals\n"
        "class Left:\n"
        "    def __init__(self, end): self.end = end\n"
        "    def __del__(self): self.end()\n"
        "catch = early_signals.catch\n"
        "def catch_and_lose(): catch(); Left(lambda: 1 // 0); Left(lambda: os.kill(os.getpid(), signal.SIGTERM))\n"
        "early_signals.catch = catch_and_lose"
    )
    assert (done.returncode, json.loads(done.stdout)["exit_code"]) == (143, 143), done.stderr
    assert "ZeroDivisionError" in done.stderr, "others are said"
    assert "Terminated" not in done.stderr
    assert done.stderr.endswith("error: Stopped by SIGTERM.\n")


@pytest.mark.parametrize(
    ("words", "module", "name", "code"),
    [
        pytest.param(["--version"], "purger.cli.output", "code_of_a_text", 0, id="a text"),
        pytest.param(["list", "a/b/c/d/e", "--json"], "purger.report.json_document", "json_chunks", 2, id="an error"),
        pytest.param(["list", "--oops", "--json"], "purger.report.json_document", "to_json", 2, id="wrong arguments"),
    ],
)
def test_a_signal_while_an_early_result_is_written_waits(words: list[str], module: str, name: str, code: int) -> None:
    signalled = (
        f"import sys; words = {words!r}; sys.argv[1:] = words\n"
        f"import {module} as module\n"
        f"write = module.{name}\n"
        "def write_and_hear(*given, **named): os.kill(os.getpid(), signal.SIGTERM); return write(*given, **named)\n"
        f"module.{name} = write_and_hear"
    )
    done = purge_after(signalled)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert "Stopped by" not in done.stderr
    if "--json" in words:
        assert json.loads(done.stdout)["exit_code"] == code


@pytest.mark.parametrize("module", ["asyncio.selector_events", "purger.cli.hearing"])
def test_a_signal_while_the_event_loop_is_made_ends_it_with_a_report(module: str) -> None:
    done = purge_after(
        "import socket; pair = socket.socketpair\n"
        "def pair_and_hear(*given):\n"
        f"    if sys._getframe(1).f_globals['__name__'] == {module!r}:\n"
        "        socket.socketpair = pair; os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return pair(*given)\n"
        "socket.socketpair = pair_and_hear"
    )
    assert (done.returncode, done.stderr) == (143, "error: Stopped by SIGTERM.\n")
    assert json.loads(done.stdout)["exit_code"] == 143


@pytest.mark.parametrize("words", [["--version"], ["list", "--help"]])
def test_signals_in_the_last_moment_leave_the_exit_code(words: list[str]) -> None:
    done = purge_after(
        "import atexit\n"
        "atexit.register(lambda: [os.kill(os.getpid(), number) for number in (signal.SIGTERM, signal.SIGINT)])\n"
        f"sys.argv[1:] = {words!r}"
    )
    assert (done.returncode, done.stderr) == (0, "")
