"""Whoever does not read stderr holds up nothing else, and whoever reads it slowly loses nothing."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import pytest

from purger.secrets import patient_stream, redaction
from purger.secrets.patient_stream import PatientStream, let_be_first, patient

LINES = [f"line {number} of what nobody has read yet ☃\n" for number in range(5000)]
"""More than a pipe holds."""
SHORT_S = 0.02


@dataclass
class Pipe:
    """A pipe, the stream at its writing end, and a thread that reads all of it, once it is started."""

    stream: PatientStream
    reading: int
    read: bytes = b""

    def start_reading(self) -> threading.Thread:
        """Read to the end of what is written."""

        def run() -> None:
            while part := os.read(self.reading, 65536):
                self.read += part

        thread = threading.Thread(target=run)
        thread.start()
        return thread


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    """A pipe that nobody reads."""
    monkeypatch.setattr(patient_stream, "_MOMENT_S", SHORT_S / 2)
    monkeypatch.setattr(atexit, "register", lambda _: None)
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        yield Pipe(PatientStream(stream, SHORT_S), reading)
        os.close(reading)


def test_a_slow_reader_loses_nothing(pipe: Pipe) -> None:
    pipe.stream.writelines(LINES)
    assert pipe.stream.keeps_any
    thread = pipe.start_reading()
    pipe.stream.drain(patience_s=60)
    pipe.stream._stream.close()
    thread.join()
    assert pipe.read.decode() == "".join(LINES)


def test_what_there_is_room_for_waits_for_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atexit, "register", lambda _: None)
    monkeypatch.setattr(threading.Thread, "start", lambda _: None)
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        try:
            os.pwritev(writing, [b"first\n"], -1, os.RWF_NOWAIT)
        except (AttributeError, OSError):
            pytest.skip("this system can't say whether a pipe has room")
        written = PatientStream(stream, SHORT_S)
        written.writelines(LINES[:10])
        assert not written.keeps_any
    with os.fdopen(reading, "rb") as read:
        assert read.read().decode() == "".join(["first\n", *LINES[:10]])


def test_a_system_that_can_not_say_whether_there_is_room_has_the_thread(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    thread = pipe.start_reading()
    pipe.stream.writelines(LINES)
    pipe.stream.drain(patience_s=60)
    pipe.stream._stream.close()
    thread.join()
    assert pipe.read.decode() == "".join(LINES)


def test_nobody_is_waited_for_for_ever(pipe: Pipe) -> None:
    pipe.stream.writelines(LINES)
    pipe.stream.drain()
    with pytest.raises(TimeoutError):
        pipe.stream.write("more\n")


def test_whoever_reads_a_little_at_a_time_is_waited_for(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    assert patient_stream._unread_bytes(pipe.reading) == 0
    os.write(pipe.stream.fileno(), b"four")
    assert patient_stream._unread_bytes(pipe.stream.fileno()) == 4
    pipe.stream.writelines(LINES)
    unread = [*range(10)]  # of a page of the pipe, so that the system has no room for more meanwhile

    def unread_bytes(_descriptor: int) -> int:
        if len(unread) == 1:
            threads.append(pipe.start_reading())
            pipe.stream._patience_s = 60
        return unread.pop() if unread else 0

    threads: list[threading.Thread] = []
    monkeypatch.setattr(patient_stream, "_unread_bytes", unread_bytes)
    pipe.stream.drain()
    pipe.stream._stream.close()
    threads[0].join()
    assert pipe.read.decode() == "four" + "".join(LINES)


def test_no_more_is_kept_than_there_is_memory_for(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_stream, "_MOST_BYTES", 1000)
    with pytest.raises(TimeoutError):
        pipe.stream.writelines(LINES)
    assert not pipe.stream.keeps_any


def test_a_reader_that_goes_away_is_an_error(pipe: Pipe) -> None:
    pipe.stream.writelines(LINES)
    with Path(os.devnull).open() as null:
        os.dup2(null.fileno(), pipe.reading)
    pipe.stream.drain(patience_s=60)
    with pytest.raises(BrokenPipeError):
        pipe.stream.write("more\n")


def test_what_is_kept_comes_before_what_another_stream_writes_to_the_same_place(pipe: Pipe) -> None:
    with os.fdopen(os.dup(pipe.stream.fileno()), "w", encoding="utf-8") as other:
        out = redaction.RedactingStream(other, before=lambda: let_be_first(cast(TextIO, pipe.stream), other))
        pipe.stream.writelines(LINES)
        thread = pipe.start_reading()
        out.write("the result\n")
        out.flush()
    pipe.stream._stream.close()
    thread.join()
    assert pipe.read.decode() == "".join([*LINES, "the result\n"])


def test_only_what_a_reader_can_hold_up_has_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atexit, "register", lambda _: None)

    def is_patient(descriptor: int) -> bool:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            return isinstance(patient(stream), PatientStream)

    reading, writing = os.pipe()
    main, terminal = os.openpty()
    other = os.dup(writing)
    assert is_patient(writing)
    assert is_patient(terminal)
    assert not is_patient(os.open(os.devnull, os.O_WRONLY))

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert not is_patient(other)
    for descriptor in (reading, main):
        os.close(descriptor)
