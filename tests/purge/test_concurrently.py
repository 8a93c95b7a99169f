"""Calls at the same time: their results in order, and one error as it is."""

from __future__ import annotations

import asyncio

import pytest

from purger.core.errors import SiteError
from purger.purge.concurrently import all_of


async def test_results_are_in_the_order_of_the_calls() -> None:
    first_done = asyncio.Event()

    async def slow() -> list[str]:
        await first_done.wait()
        return ["a", "b"]

    async def fast() -> list[str]:
        first_done.set()
        return ["c"]

    assert await all_of([slow(), fast()]) == ["a", "b", "c"]
    assert await all_of([]) == []


async def test_a_known_error_is_raised_as_it_is_and_ends_the_other_calls() -> None:
    ended = asyncio.Event()

    async def endless() -> list[str]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return []

    async def failing() -> list[str]:
        raise SiteError("the site is gone")

    with pytest.raises(SiteError, match="gone"):
        await all_of([endless(), failing()])
    assert ended.is_set()


async def test_an_unknown_error_is_not_hidden_by_a_known_one() -> None:
    async def failing(error: Exception) -> list[str]:
        raise error

    with pytest.raises(ExceptionGroup) as caught:
        await all_of([failing(SiteError("gone")), failing(ZeroDivisionError())])
    assert len(caught.value.exceptions) == 2
