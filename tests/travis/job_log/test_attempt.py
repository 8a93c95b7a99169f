"""Whether an attempt of the cache tool is at a cache, and what ends it without an answer."""

from __future__ import annotations

import pytest

from purger.travis.job_log import Unknown
from purger.travis.job_log.attempt import Attempt
from purger.travis.job_log.transfers import Transfer

CACHE = Transfer("main", "cache-a.tgz", 0, is_sure=True)
WORKSPACE = Transfer("1", "a.tgz", 0, is_sure=True)
QUOTED = Transfer("main", "cache-a.tgz", 0, is_sure=False)


@pytest.mark.parametrize(
    ("attempt", "of_caches", "is_pending"),
    [
        (Attempt(), [], False),
        (Attempt("cache", is_sure=True), [], True),
        (Attempt("cache"), [], False),
        (Attempt("cache", is_sure=True, asking=[WORKSPACE]), [WORKSPACE], True),
        (Attempt("workspace", is_sure=True, asking=[CACHE]), [], False),
        (Attempt(asking=[CACHE, WORKSPACE]), [CACHE], True),
        (Attempt(asking=[QUOTED]), [], False),
    ],
)
def test_its_kind_or_else_its_names_tell_whether_it_asks_for_a_cache(
    attempt: Attempt, of_caches: list[Transfer], *, is_pending: bool
) -> None:
    assert (attempt.of_caches, attempt.is_pending) == (of_caches, is_pending)


def test_the_first_reason_counts_and_only_while_it_is_pending() -> None:
    attempt = Attempt("cache", is_sure=True)
    for why in (Unknown.CRASHED, Unknown.NO_ANSWER):
        attempt.interrupt(why)
    assert (attempt.interrupted, attempt.is_over) == (Unknown.CRASHED, True)
    idle = Attempt()
    idle.interrupt(Unknown.CRASHED)
    assert idle == Attempt()
