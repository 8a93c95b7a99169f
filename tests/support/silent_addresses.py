"""A name with two addresses, of which the first one never answers: as a broken IPv6 network has them."""

from __future__ import annotations

import asyncio
import socket
from asyncio.selector_events import BaseSelectorEventLoop
from typing import Any

import pytest

SILENT = "192.0.2.1"


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets `two.test` be an address that is silent, and this machine."""
    look_up, connect = socket.getaddrinfo, BaseSelectorEventLoop.sock_connect

    def both(host: Any, *more: Any, **named: Any) -> Any:
        if host != "two.test":
            return look_up(host, *more, **named)
        return [found for one in (SILENT, "127.0.0.1") for found in look_up(one, *more, **named)]

    async def silent(loop: BaseSelectorEventLoop, one: socket.socket, address: Any) -> None:
        if address[0] == SILENT:
            await asyncio.Event().wait()
        await connect(loop, one, address)

    monkeypatch.setattr(socket, "getaddrinfo", both)
    monkeypatch.setattr(BaseSelectorEventLoop, "sock_connect", silent)
