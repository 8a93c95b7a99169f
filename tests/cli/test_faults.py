"""Every fault becomes an error of ours with a sentence: what the machine lacks is no bug of purger's."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from purger.cli.early_signals import Terminated
from purger.cli.faults import known
from purger.core.errors import AccessError, ExitCode, MachineError, SiteError, UnexpectedError


@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(),
        RuntimeError("can't start new thread"),
        ImportError("libx.so: failed to map segment from shared object"),
        OSError(errno.EMFILE, "Too many open files"),
        ExceptionGroup("", [AccessError("x"), OSError(errno.ENOMEM, "")]),
    ],
)
def test_what_the_machine_lacks_is_no_bug(fault: Exception) -> None:
    error = known(fault)
    assert isinstance(error, MachineError)
    assert "ulimit" in str(error.remedy)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how a disk is mounted")
@pytest.mark.parametrize(("flags", "said"), [(0, "too little memory"), (getattr(os, "ST_NOEXEC", 0), "noexec")])
def test_a_disk_whose_programs_may_not_be_run_is_no_lack_of_memory(
    monkeypatch: pytest.MonkeyPatch, flags: int, said: str
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_flag=flags))
    fault = ImportError("/x/_core.so: failed to map segment from shared object", path="/x/_core.so")
    assert said in str(known(fault))


@pytest.mark.parametrize("fault", [RuntimeError("x"), OSError(errno.EIO, ""), ValueError("can't start new thread")])
def test_another_fault_is_one_of_purgers(fault: Exception) -> None:
    assert isinstance(known(fault), UnexpectedError)


@pytest.mark.parametrize("module", ["rich.text", "msgspec", "loguru", "typer.completion"])
def test_a_module_that_is_missing_is_a_fault_of_the_installation(module: str) -> None:
    code = f'import sys; sys.modules["{module}"] = None; from purger.__main__ import main; main()'
    done = subprocess.run([sys.executable, "-c", code, "list", "a/b"], capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.BROWSER
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    assert f"not installed in full, or other modules are in the place of its own: import of {module}" in done.stderr
    assert "PYTHONPATH" in done.stderr


def test_what_ends_a_command_has_its_own_exit_code() -> None:
    assert known(KeyboardInterrupt()).exit_code is ExitCode.INTERRUPTED
    assert known(Terminated(signal.SIGTERM)).exit_code is ExitCode.TERMINATED
    assert known(ExceptionGroup("", [SiteError("a"), AccessError("b")])).exit_code is ExitCode.SITE


def test_a_fault_is_shown_where_loguru_can_not_be_imported() -> None:
    code = 'import sys; sys.modules["loguru"] = None; from purger.__main__ import main; main()'
    done = subprocess.run(
        [sys.executable, "-c", code, "list", "a/b", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitCode.BROWSER
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["exit_code"] == ExitCode.BROWSER


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold processes to this limit")
def test_a_thread_for_which_there_is_no_memory_is_told_as_that() -> None:
    code = """
import resource, threading, sys
threading.stack_size(1 << 30)
from purger.__main__ import main
import purger.cli.check_log, purger.cli.list_caches, purger.jobs.check_log, asyncio
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 28),) * 2)
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "check-log", "-"], input="x", capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitCode.BROWSER, done.stderr
    assert "too little memory" in done.stderr
    assert "bug" not in done.stderr
