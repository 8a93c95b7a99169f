"""A Ctrl-C that an import swallowed still stops the run, before anything is done."""

import signal

import pytest

from purger import early
from purger.errors import StoppedError
from purger.interruptible import run_to_the_end


def test_a_swallowed_ctrl_c_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "_came", False)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    done: list[str] = []

    async def job() -> None:
        done.append("begun")

    try:
        early.heed()
        assert run_to_the_end(job(), None) is None
        early.heed()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(run_to_the_end(job(), None), StoppedError)
    assert done == ["begun"]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        early.heed()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
