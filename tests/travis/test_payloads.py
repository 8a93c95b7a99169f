"""Payloads of the site are decoded, and whatever has another form is an error of the site or no detail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from purger.core.errors import SiteError
from purger.travis.payloads import caches_in, date_of, error_type_of, response_in, words_of

ITEM = {"name": "cache-a.tgz", "branch": "foo", "size": 12, "last_modified": "2026-03-01T12:00:00Z"}


def test_a_list_of_caches_is_decoded() -> None:
    (cache,) = caches_in([ITEM | {"repository_id": 7, "slug": "x"}])
    assert (cache.name, cache.branch, cache.full_branch, cache.size_bytes) == ("cache-a.tgz", "foo", None, 12)
    assert cache.last_modified == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert caches_in([]) == []


def test_a_cache_without_a_size_or_date_is_still_a_cache() -> None:
    (cache,) = caches_in([ITEM | {"size": None, "last_modified": None}])
    assert (cache.size_bytes, cache.last_modified) == (0, datetime.fromtimestamp(0, UTC))


@pytest.mark.parametrize(
    "items",
    [
        [{"name": "a"}],
        [ITEM | {"size": "many"}],
        [ITEM | {"last_modified": "yesterday"}],
        [ITEM | {"last_modified": 7}],
        ["cache"],
        [None],
        None,
        7,
    ],
)
def test_items_of_another_form_are_an_error_of_the_site(items: Any) -> None:
    with pytest.raises(SiteError, match="does not have the expected format"):
        caches_in(items)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        (None, None),
        ("", None),
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, 0, tzinfo=UTC)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12, 0, tzinfo=UTC)),
        ("2026-03-01T13:00:00+01:00", datetime(2026, 3, 1, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_date_without_a_zone_is_in_utc(text: str | None, date: datetime | None) -> None:
    assert date_of(text) == date


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (None, "", "no answer"),
        (None, "no answer", "no answer"),
        (500, "", "answered 500"),
        (500, "oh\n  no", "answered 500: oh no"),
        (500, "<html><p>oh no", "answered 500 with a page"),
        (403, "<html><title>Blocked by\n a filter</title>", 'answered 403 with a page ("Blocked by a filter")'),
        (403, '{"error_type": "x", "error_message": "not allowed"}', "answered 403: not allowed"),
        (403, '{"error_type": "insufficient_access"}', "answered 403: insufficient_access"),
        (500, "x" * 500, f"answered 500: {'x' * 160}"),
    ],
)
def test_a_refusal_is_described_on_one_line(status: int | None, text: str, words: str) -> None:
    assert words_of(status, text) == words


@pytest.mark.parametrize(
    ("text", "error_type"),
    [
        ('{"error_type": "login_required"}', "login_required"),
        ('{"error_type": null}', None),
        ("{}", None),
        ("[1]", None),
        ("not JSON", None),
        ("[" * 100_000, None),
    ],
    ids=range(6),
)
def test_only_the_apis_json_has_an_error_type(text: str, error_type: str | None) -> None:
    assert error_type_of(text) == error_type


def test_a_response_of_the_page_is_decoded() -> None:
    accepted = response_in({"branch": "foo", "status": 200, "deleted": [ITEM]})
    assert (accepted.ok, accepted.words, accepted.unsent) == (True, "answered 200", False)
    assert accepted.deleted == tuple(caches_in([ITEM]))
    refused = response_in({"branch": None, "status": 429, "words": "slow down", "retryAfter": "7"})
    assert (refused.ok, refused.words, refused.retry_after_s) == (False, "answered 429: slow down", 7.0)
    assert refused.deleted is None
    unsent = response_in({"branch": "foo", "status": None, "unsent": True, "retryAfter": "soon"})
    assert (unsent.ok, unsent.unsent, unsent.retry_after_s) == (False, True, None)


@pytest.mark.parametrize(("status", "ok"), [(199, False), (200, True), (204, True), (299, True), (300, False)])
def test_only_a_status_of_2xx_accepts_a_deletion(status: int, ok: bool) -> None:
    assert response_in({"branch": "foo", "status": status}).ok is ok
