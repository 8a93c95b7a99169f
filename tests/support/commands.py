"""Run purger's command line: in this process, with all that one of its own would have for itself, or in one."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import playwright.async_api
import pytest
from loguru import logger

from purger import __main__ as entry
from purger.core import text
from purger.secrets import env_file, redaction
from tests.support.shared_browsers import SharedBrowsers, surroundings

_T = TypeVar("_T")
PURGER = [sys.executable, "-W", "error", "-m", "purger"]


class Written(NamedTuple):
    """The exit code of a command, and what it wrote to stdout and stderr."""

    code: int
    out: str
    err: str


RunCommand = Callable[..., Written]


class _Asyncio:
    """The module `asyncio` whose `run` uses the loop of the shared browsers, and tidies up as the real one does."""

    def __init__(self, shared: SharedBrowsers) -> None:
        self._shared = shared

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    def run(self, job: Coroutine[Any, Any, _T]) -> _T:
        loop = self._shared.loop
        before = asyncio.all_tasks(loop)
        try:
            return loop.run_until_complete(job)
        finally:
            left = asyncio.all_tasks(loop) - before - self._shared.own_tasks
            for task in left:
                task.cancel()
            if left:  # of nothing, `gather` would ask for a current event loop, which a test may have closed
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.set_exception_handler(None)


class LentDriver:
    """What `async_playwright()` returns: shared browsers, or where variables differ a driver of the command's own."""

    def __init__(self, shared: SharedBrowsers) -> None:
        self._shared = shared

    async def start(self) -> Any:
        if self._shared.are_for(surroundings()):
            return await self._shared.lend()
        return await playwright.async_api.async_playwright().start()


def _streams(
    variables: Mapping[str, str], stdin: str | None
) -> tuple[io.TextIOWrapper, io.TextIOWrapper, io.TextIOWrapper]:
    """A stdin with this text, a stdout and a stderr, as Python makes them; commands ask for their numbers: files."""
    encoding = variables.get("PYTHONIOENCODING", "utf-8")
    read, out, err = (
        io.TextIOWrapper(tempfile.TemporaryFile(buffering=buffering), encoding=encoding, errors=errors)  # noqa: SIM115
        for buffering, errors in ((-1, "strict"), (-1, "strict"), (0, "backslashreplace"))
    )
    read.write(stdin or "")
    read.seek(0)
    return read, out, err


@contextlib.contextmanager
def handlers_kept() -> Iterator[None]:
    """Restore, at the end, what this process does on the signals that purger hears."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    woken = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(woken)


@contextlib.contextmanager
def state_kept() -> Iterator[None]:
    """Restore, at the end, what a command of this process leaves behind: environment, secrets, hooks, collector."""
    environ, collects_after = dict(os.environ), gc.get_threshold()
    blankers, hiders, hook = dict(redaction._blankers), list(text._hiders), sys.unraisablehook
    try:
        yield
    finally:
        redaction._blankers.clear()
        redaction._blankers.update(blankers)
        text._hiders[:] = hiders
        sys.unraisablehook = hook
        gc.set_threshold(*collects_after)
        env_file._current[0] = env_file.EnvFile()
        if environ != os.environ:
            os.environ.clear()
            os.environ.update(environ)


@contextlib.contextmanager
def _a_process_of_its_own(variables: Mapping[str, str], folder: Path, arguments: Sequence[str]) -> Iterator[None]:
    """Set what a process has for itself, and restore it: environment, folder, arguments, secrets, signals, log."""
    here, argv, streams = Path.cwd(), sys.argv, (sys.stdin, sys.stdout, sys.stderr)
    with state_kept():
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(folder)
        sys.argv = ["purger", *arguments]
        redaction._blankers.clear()
        env_file._current[0] = env_file.EnvFile()
        try:
            with handlers_kept():
                yield
        finally:
            logger.remove()
            sys.stdin, sys.stdout, sys.stderr = streams
            sys.argv = argv
            os.chdir(here)


def run_process(
    arguments: Sequence[str], variables: Mapping[str, str], folder: Path, stdin: str | None = None
) -> Written:
    """Run the command to its end as a process."""
    done = subprocess.run(
        [*PURGER, *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        env=dict(variables),
        cwd=folder,
        check=False,
    )
    return Written(done.returncode, done.stdout, done.stderr)


def run_here(
    shared: SharedBrowsers,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    folder: Path,
    stdin: str | None = None,
) -> Written:
    """Run the command to its end in this process, in shared browsers."""
    read, out, err = _streams(variables, stdin)
    with read, out, err, pytest.MonkeyPatch.context() as patches, _a_process_of_its_own(variables, folder, arguments):
        patches.setattr("purger.cli.signals.asyncio", _Asyncio(shared))
        patches.setattr("purger.browser.driver.async_playwright", lambda: LentDriver(shared))
        sys.stdin, sys.stdout, sys.stderr = read, out, err
        code: Any = 0
        try:
            entry.main()
        except SystemExit as ended:
            code = ended.code
        texts = []
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
            texts.append(stream.read())
    return Written(int(code or 0), *texts)


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Let no test find what another one left: a secret, say, that all later redaction would look for as well."""
    with state_kept():
        yield


@pytest.fixture
def run_command(request: pytest.FixtureRequest) -> RunCommand:
    """Runs a command with just these variables in a folder: in this process, or with --processes in one of its own."""
    if request.config.getoption("processes"):
        return run_process
    return functools.partial(run_here, request.getfixturevalue("shared_browsers"))


@pytest.fixture
def shared_driver(monkeypatch: pytest.MonkeyPatch, shared_browsers: SharedBrowsers) -> None:
    """For tests that run a job without the command around it: in the shared browsers, as commands do."""
    monkeypatch.setattr("purger.browser.driver.async_playwright", lambda: LentDriver(shared_browsers))
