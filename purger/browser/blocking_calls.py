"""Run calls that may block for long, such as the look-up of a name, so that a cancellation does not wait for them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

_T = TypeVar("_T")


async def in_daemon_thread(call: Callable[[], _T]) -> _T:
    """Return what the call returns, or raise what it raises. It runs in a thread of its own.

    Unlike those of `asyncio.to_thread`, neither the event loop nor the process waits for it after a cancellation.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[_T] = loop.create_future()

    def settle(how: Callable[[], None]) -> None:
        if not result.cancelled():
            how()

    def run() -> None:
        try:
            how = partial(result.set_result, call())
        except BaseException as caught:  # noqa: BLE001 - it is raised where the result is awaited
            how = partial(result.set_exception, caught)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, how)

    threading.Thread(target=run, daemon=True).start()
    return await result


async def look_up(host: str, port: int, **hints: Any) -> list[Any]:
    """Return the addresses of a name, as the event loop's own `getaddrinfo` does, whose end a process waits for.

    A resolver that is silent is given up after up to a minute.
    """
    return await in_daemon_thread(partial(socket.getaddrinfo, host, port, **hints))
