"""Define a call as the origins see it, whether it came over HTTP/1.1 or over a stream of HTTP/2."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Literal

from aiohttp import web
from multidict import CIMultiDict

NoResponse = Literal["reset", "hang", "reset_stream", "refuse_stream"]
"""How a call can end without a response; the meaning of each is that of the kind in `DeleteFault`."""

HttpVersion = Literal["1.1", "2"]

_POLL_S = 0.05


class Call(ABC):
    """A received call. `raw_path` is its path with the query, not decoded."""

    version: HttpVersion

    def __init__(self, method: str, raw_path: str, headers: CIMultiDict[str], body: bytes) -> None:
        self.method = method
        self.raw_path = raw_path
        self.headers = headers
        self.body = body

    @property
    @abstractmethod
    def is_gone(self) -> bool:
        """Whether the client no longer waits for the response."""

    @abstractmethod
    def end(self, how: NoResponse) -> None:
        """End the call without a response."""


class NoResponseError(Exception):
    """The call ends without a response, on purpose."""

    def __init__(self, how: NoResponse) -> None:
        super().__init__(how)
        self.how: NoResponse = how


Respond = Callable[[Call], Awaitable["web.Response | None"]]
"""Answers a call; None if it was ended without a response."""


async def wait_until_gone(call: Call, closing: asyncio.Event) -> None:
    """Wait until the client gave the call up or the stand-in stops."""
    while not call.is_gone:
        try:
            async with asyncio.timeout(_POLL_S):
                await closing.wait()
                return
        except TimeoutError:
            continue
