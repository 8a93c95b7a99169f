"""Without a folder for artifacts a purge keeps no pictures and no trace, and runs as ever."""

from __future__ import annotations

from typing import cast

import pytest
from playwright.async_api import BrowserContext

from purger.purge.page_recorder import NoRecorder, NoRecorders, PageRecorder
from purger.travis.page.cache_page import CachePage
from tests.report.samples import record


class Untouched:
    """A page or context that must not be used."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was used")


async def test_nothing_is_kept_and_the_page_is_not_used() -> None:
    recorders = NoRecorders()
    assert recorders.expect(["acme/widgets", "acme/gadgets"]) == []
    recorder: PageRecorder = recorders.of(record())
    page = cast(CachePage, Untouched())
    await recorder.before(page)
    entered = False
    async with recorder.traced(cast(BrowserContext, Untouched())):
        entered = True
    await recorder.after(page)
    assert entered


async def test_an_error_of_the_block_is_raised() -> None:
    with pytest.raises(RuntimeError, match="in the block"):
        async with NoRecorder().traced(cast(BrowserContext, Untouched())):
            raise RuntimeError("in the block")
