"""The interface to what keeps pictures and a trace of a page during a purge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from purger.purge.record import Record

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

    from purger.travis.page.cache_page import CachePage


class PageRecorder(Protocol):
    """Keeps pictures and a trace of one repository's page. None of its methods fails a purge."""

    async def before(self, page: CachePage, /) -> None:
        """Picture the page before anything is clicked."""

    async def after(self, page: CachePage, /) -> None:
        """Picture the page as it is now."""

    def traced(self, context: BrowserContext, /) -> AbstractAsyncContextManager[None]:
        """Trace what happens in the block."""


class PageRecorders(Protocol):
    """Makes the recorder of each repository of a run."""

    def expect(self, repositories: Sequence[str], /) -> list[str]:
        """Prepare for these repositories (names as people write them); return sentences about what failed."""

    def of(self, record: Record, /) -> PageRecorder:
        """Return the recorder for the repository of this record."""


class NoRecorder:
    """Keeps nothing."""

    async def before(self, _page: CachePage) -> None:
        """Do nothing."""

    async def after(self, _page: CachePage) -> None:
        """Do nothing."""

    @asynccontextmanager
    async def traced(self, _context: BrowserContext) -> AsyncIterator[None]:
        """Do nothing besides the block."""
        yield


class NoRecorders:
    """Keeps nothing of any repository."""

    def expect(self, _repositories: Sequence[str]) -> list[str]:
        """Return no problems."""
        return []

    def of(self, _record: Record) -> PageRecorder:
        """Return a recorder that keeps nothing."""
        return NoRecorder()
