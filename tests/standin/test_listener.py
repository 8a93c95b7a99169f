"""A listener that stops loses no connection: one that is on its way to be served is closed, too."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket

import pytest

from purger.standin.calls import Call
from purger.standin.listener import Listener


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_comes_while_it_stops_is_closed(turns: int) -> None:
    async def respond(_call: Call) -> None:
        return None

    listening = socket.create_server(("127.0.0.1", 0))
    listener = Listener(respond, listening)
    await listener.start()
    with socket.create_connection(listening.getsockname()) as client:
        for _ in range(turns):
            await asyncio.sleep(0)
        await listener.stop()
        gc.collect()  # what nobody closed would be a warning, and so a failure
        client.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
