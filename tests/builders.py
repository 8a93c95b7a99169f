"""Small builders that the pure tests share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from purger.core.cache import Archive

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def archive(
    branch: str = "main", name: str = "cache-a.tgz", *, age_s: float = 3600, size: int = 10, full: str | None = None
) -> Archive:
    return Archive(name, branch, size, NOW - timedelta(seconds=age_s), full)
