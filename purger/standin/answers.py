"""What the origins answer with: JSON, the site's kinds of errors, and connections that end without an answer."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from aiohttp import web

_LOOK_EVERY_S = 0.05


class Refusal(Exception):  # noqa: N818 - it is an answer like any other
    """An answer that ends a call early."""

    def __init__(self, response: web.Response) -> None:
        """Carry the response that is to be sent."""
        super().__init__(f"answered {response.status}")
        self.response = response


class ConnectionGoneError(Exception):
    """The connection ended without an answer, as it was meant to."""


def json_error(status: int, error_type: str, message: str) -> web.Response:
    """An error as the API writes most of its own."""
    told = {"@type": "error", "error_type": error_type, "error_message": message}
    return web.json_response(told, status=status)


def refusal(status: int, error_type: str, message: str) -> Refusal:
    """A JSON error to raise."""
    return Refusal(json_error(status, error_type, message))


def not_found(what: str) -> Refusal:
    """What the API says of things that are missing, and of those that the token may not see."""
    return refusal(404, "not_found", f"{what} not found (or insufficient access)")


def page_of(items: list[Any], key: str, path: str, limit: int, offset: int) -> dict[str, Any]:
    """One page of a list with the API's `@pagination`."""
    end = offset + limit
    following = {"@href": f"{path}?limit={limit}&offset={end}", "offset": end, "limit": limit}
    return {
        "@type": key,
        "@pagination": {
            "limit": limit,
            "offset": offset,
            "count": len(items),
            "is_first": offset == 0,
            "is_last": end >= len(items),
            "next": following if end < len(items) else None,
        },
        key: items[offset:end],
    }


def reset(request: web.BaseRequest) -> None:
    """Reset the connection (RST) without an answer."""
    transport = request.transport
    if transport is not None:
        linger_not = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        transport.abort()


async def hang(request: web.BaseRequest, closing: asyncio.Event) -> None:
    """Never answer: wait until the client goes away, or the stand-in ends."""
    while request.transport is not None and not request.transport.is_closing():
        try:
            async with asyncio.timeout(_LOOK_EVERY_S):
                await closing.wait()
                return
        except TimeoutError:
            continue
