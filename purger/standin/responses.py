"""Build responses: errors, and pages of lists."""

from __future__ import annotations

from typing import Any

from aiohttp import web


class Refusal(Exception):  # noqa: N818 - it carries a response, and is not a failure of the stand-in
    """A response with an error status, raised to end a call early."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(f"answered {response.status}")
        self.response = response


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
