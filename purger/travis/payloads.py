"""What the site answers about archives, read the same way from the page's answers and from the API's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from purger.core.cache import Archive
from purger.core.errors import SiteError


@dataclass(frozen=True, slots=True)
class Answer:
    """How one deletion by the page was answered.

    `branch` is None for the button. `status` is None where no answer came; `deleted` is None where the answer did
    not say what it deleted. `unsent` means that the click sent nothing at all.
    """

    branch: str | None
    status: int | None
    words: str
    deleted: tuple[Archive, ...] | None = None
    retry_after_s: float | None = None
    unsent: bool = False

    @property
    def ok(self) -> bool:
        """Whether the site said that it did it, which is not yet a proof that it did."""
        return self.status is not None and 200 <= self.status < 300


def archives_in(items: Iterable[Any], full_branch: str | None = None) -> list[Archive]:
    """The archives of a JSON list `[{name, branch, size, last_modified, …}, …]`.

    `full_branch` is set on each, where the caller knows it. Raises SiteError for items that say something else.
    """
    try:
        return [
            Archive(
                name=str(item["name"]),
                branch=str(item["branch"]),
                size_bytes=int(item["size"] or 0),
                last_modified=date_of(item["last_modified"]) or datetime.fromtimestamp(0, UTC),
                full_branch=full_branch,
            )
            for item in items
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SiteError(
            "the site's list of caches is not written as we know it",
            remedy="Look at the page by hand; purger may need an update.",
        ) from error


def date_of(text: str | None) -> datetime | None:
    """A date of the API's, in UTC; raises ValueError for what is none."""
    if not text:
        return None
    date = datetime.fromisoformat(text)
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def error_type_of(text: str) -> str | None:
    """The API's own word for an error, in its body; None where the body is not the API's JSON."""
    told = _error_in(text)
    return str(told["error_type"]) if told.get("error_type") else None


def _error_in(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def words_of(status: int | None, text: str) -> str:
    """A refusal in words: the status and what the body says, shortened to one line."""
    told = _error_in(text)
    text = str(told.get("error_message") or told.get("error_type") or text)
    text = "" if "<" in text[:200] else " ".join(text.split())[:160]
    start = "no answer" if status is None else f"answered {status}"
    return f"{start}: {text}" if text and text != start else start


def answer_in(item: dict[str, Any]) -> Answer:
    """An answer as page.js tells it: `{branch, status, words, deleted, retryAfter, unsent}`. Raises SiteError."""
    deleted = item.get("deleted")
    retry_after = item.get("retryAfter")
    status = item["status"]
    return Answer(
        branch=item["branch"],
        status=status,
        words=words_of(status, item.get("words", "")),
        deleted=None if deleted is None else tuple(archives_in(deleted)),
        retry_after_s=float(retry_after) if retry_after and retry_after.isdigit() else None,
        unsent=bool(item.get("unsent")),
    )
