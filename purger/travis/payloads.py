"""Turn payloads into what the engine works with: caches, responses to deletions, dates, and the words of a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from purger.core.cache import UNDATED, UNSIZED, Cache
from purger.core.errors import SiteError
from purger.core.text import beginning
from purger.travis.decoding import CachePayload, seconds_in
from purger.travis.keys import is_front_of_file_name, is_whole_file_name, may_be_nested
from purger.travis.pages import is_page, titled

_PASSING = frozenset({408, 409, 421, 423, 425})
"""Refusals that say so themselves: too slow, in conflict, misdirected, locked, too early."""


def may_pass(status: int | None) -> bool:
    """Whether a request that was refused with this status, or got no answer (None), may succeed a moment later."""
    return status is None or status >= 500 or status in _PASSING


@dataclass(frozen=True, slots=True)
class Response:
    """The response to one deletion that the page requested.

    `branch` is None for the button that deletes all caches. `status` is None without a response. `words` describes a
    refusal. `deleted` is None if the response does not say what was deleted. `unsent` means that the click did not
    send a request.
    """

    branch: str | None
    status: int | None
    words: str
    deleted: tuple[Cache, ...] | None = None
    retry_after_s: float | None = None
    unsent: bool = False

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx. That does not prove that the caches are gone (docs/TRAVIS.md section 4)."""
        return self.status is not None and 200 <= self.status < 300


def caches_in(items: Iterable[Any]) -> list[Cache]:
    """Return the caches of a JSON list `[{name, branch, size, last_modified, …}, …]`.

    Raises SiteError for items of another form.
    """
    try:
        return caches_of(msgspec.convert(items, list[CachePayload]))
    except (msgspec.ValidationError, RecursionError) as error:
        raise _unknown_list() from error


def caches_of(items: Iterable[CachePayload]) -> list[Cache]:
    """Return the caches that a payload lists. Raises SiteError for dates that are none."""
    try:
        return [_cache_of(item) for item in items]
    except (ValueError, OverflowError) as error:
        raise _unknown_list() from error


def _unknown_list() -> SiteError:
    return SiteError(
        "the site's list of caches does not have the expected format",
        remedy="Open the page in a browser; purger may need an update.",
    )


def _cache_of(item: CachePayload) -> Cache:
    name, branch = item.name, item.branch
    return Cache(
        name=name,
        branch=branch,
        size_bytes=item.size or UNSIZED,
        last_modified=date_of(item.last_modified) or UNDATED,
        file_name=f"{branch}/{name}" if is_front_of_file_name(branch) and not is_whole_file_name(name) else None,
        may_be_nested=may_be_nested(branch, name),
    )


def date_of(text: str | None) -> datetime | None:
    """Parse a date of the API as UTC, or return None for no text.

    Raises ValueError for other text, OverflowError for a time that UTC can't express.
    """
    if not text:
        return None
    date = datetime.fromisoformat(text)
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)


def error_type_of(text: str) -> str | None:
    """Return the API's `error_type` in a response body, or None if the body is not the API's JSON."""
    payload = _error_in(text)
    return str(payload["error_type"]) if payload.get("error_type") else None


def is_object(text: str) -> bool:
    """Return whether a response body is a JSON object, as everything is that the API answers by itself."""
    return bool(_error_in(text))


def _error_in(text: str) -> dict[str, Any]:
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def words_of(status: int | None, text: str) -> str:
    """Describe a refusal on one line: its status, and the API's own words, plain text, or the title of a page."""
    start = "no answer" if status is None else f"answered {status}"
    if is_page(text):
        return f"{start} with a page{titled(text)}"
    payload = _error_in(text)
    text = str(payload.get("error_message") or payload.get("error_type") or text)
    text = "" if "<" in text[:200] else beginning(" ".join(text.split()), 160)
    return f"{start}: {text}" if text and text != start else start


def response_in(item: dict[str, Any]) -> Response:
    """Decode a response as page.js reports it: `{branch, status, words, deleted, retryAfter, unsent}`.

    Raises SiteError if `deleted` is not a list of caches.
    """
    deleted = item.get("deleted")
    retry_after = item.get("retryAfter")
    status = item["status"]
    return Response(
        branch=item["branch"],
        status=status,
        words=words_of(status, item.get("words", "")),
        deleted=None if deleted is None else tuple(caches_in(deleted)),
        retry_after_s=seconds_in(retry_after),
        unsent=bool(item.get("unsent")),
    )
