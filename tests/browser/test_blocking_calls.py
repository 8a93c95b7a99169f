"""A call in a thread that nothing waits for."""

from __future__ import annotations

import asyncio
import threading

import pytest

from purger.browser.blocking_calls import in_daemon_thread


async def test_what_the_call_returns_or_raises_is_passed_on() -> None:
    assert await in_daemon_thread(lambda: threading.current_thread().daemon) is True
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 // 0)


def test_a_call_that_blocks_is_left_behind() -> None:
    may_end, ended = threading.Event(), threading.Event()

    def block() -> None:
        may_end.wait(30)
        ended.set()

    async def give_up() -> None:
        task = asyncio.create_task(in_daemon_thread(block))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert not ended.is_set()
    may_end.set()
    ended.wait(30)
