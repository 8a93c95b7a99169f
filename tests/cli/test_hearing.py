"""Signals are heard wherever the process is, each once, and the others are left alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from purger.cli.hearing import hear
from tests.support.commands import handlers_kept

NOT_READ = """if True:
    import asyncio, os, signal, threading
    from purger.cli.hearing import hear
    from purger.cli.signals import run_to_the_end

    def send():
        may_send.wait()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.pthread_kill(threading.get_ident(), number)

    async def write_for_ever():
        may_send.set()
        while True:
            os.write(full, b'x')

    async def nothing():
        pass

    may_send = threading.Event()
    _, full = os.pipe()
    os.set_blocking(full, False)
    try:
        while True:
            os.write(full, b'x' * 4096)
    except BlockingIOError:
        os.set_blocking(full, True)
    threading.Thread(target=send).start()
"""


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("run_to_the_end(write_for_ever(), None)", id="during the job"),
        pytest.param("run_to_the_end(nothing(), None)\n    asyncio.run(write_for_ever())", id="after the job"),
    ],
)
def test_a_second_signal_ends_a_process_whose_main_thread_waits_for_a_reader_and_is_not_interrupted(
    moment: str,
) -> None:
    """The kernel gives a signal to another thread where the main one has not taken its last one yet."""
    done = subprocess.run([sys.executable, "-c", f"{NOT_READ}\n    {moment}"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, b"")


@pytest.mark.parametrize("name", ["signal", "set_wakeup_fd"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_signal_that_another_thread_takes_while_the_handlers_change_is_heard(
    monkeypatch: pytest.MonkeyPatch, name: str, moment: str
) -> None:
    told: set[signal.Signals] = set()
    change, now, taken, last = getattr(signal, name), *(threading.Event() for _ in range(3))

    def tell(number: signal.Signals) -> None:
        told.add(number)
        if number == signal.SIGHUP:
            last.set()

    def take() -> None:
        now.wait()
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        taken.set()

    def interrupted(*given: Any, **named: Any) -> None:
        if moment == "after":
            change(*given, **named)
        now.set()
        taken.wait()
        if moment == "before":
            change(*given, **named)

    with handlers_kept():
        signal.signal(signal.SIGTERM, lambda number, _: tell(signal.Signals(number)))
        threading.Thread(target=take).start()  # its mask is that of now
        monkeypatch.setattr(signal, name, interrupted)
        hear([signal.SIGTERM, signal.SIGHUP], tell)
        monkeypatch.undo()
        signal.raise_signal(signal.SIGHUP)
        last.wait()
    assert signal.SIGTERM in told


def test_each_signal_is_told_once_and_no_other_one() -> None:
    told: list[signal.Signals] = []
    last = threading.Event()

    def tell(number: signal.Signals) -> None:
        told.append(number)
        if number == signal.SIGHUP:
            last.set()

    with handlers_kept():
        hear([signal.SIGTERM], lambda _: told.clear())
        hear([signal.SIGTERM, signal.SIGHUP], tell)
        signal.signal(signal.SIGINT, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(number)
        last.wait()
    assert told == [signal.SIGTERM, signal.SIGTERM, signal.SIGHUP]
