"""Build responses: errors, pages of lists, and connections that end without a response."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from aiohttp import web

_POLL_S = 0.05


class Refusal(Exception):  # noqa: N818 - it carries a response, and is not a failure of the stand-in
    """A response with an error status, raised to end a call early."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(f"answered {response.status}")
        self.response = response


class ConnectionGoneError(Exception):
    """The connection ended without a response, on purpose."""


def json_error(status: int, error_type: str, message: str) -> web.Response:
    """Return a JSON error in the API's format."""
    payload = {"@type": "error", "error_type": error_type, "error_message": message}
    return web.json_response(payload, status=status)


def refusal(status: int, error_type: str, message: str) -> Refusal:
    """Return a JSON error that can be raised."""
    return Refusal(json_error(status, error_type, message))


def not_found(what: str) -> Refusal:
    """Return the API's 404 for things that are missing or that the token can't see."""
    return refusal(404, "not_found", f"{what} not found (or insufficient access)")


def page_of(items: list[Any], key: str, path: str, limit: int, offset: int) -> dict[str, Any]:
    """Return one page of a list with the API's `@pagination`."""
    end = offset + limit
    next_page = {"@href": f"{path}?limit={limit}&offset={end}", "offset": end, "limit": limit}
    return {
        "@type": key,
        "@pagination": {
            "limit": limit,
            "offset": offset,
            "count": len(items),
            "is_first": offset == 0,
            "is_last": end >= len(items),
            "next": next_page if end < len(items) else None,
        },
        key: items[offset:end],
    }


def reset(request: web.BaseRequest) -> None:
    """Reset the connection (RST) without a response."""
    transport = request.transport
    if transport is not None:
        no_linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        transport.abort()


async def hang(request: web.BaseRequest, closing: asyncio.Event) -> None:
    """Wait without a response until the client disconnects or the stand-in stops."""
    while request.transport is not None and not request.transport.is_closing():
        try:
            async with asyncio.timeout(_POLL_S):
                await closing.wait()
                return
        except TimeoutError:
            continue
