"""What a run keeps of its page for people: pictures before and after, and a trace without secrets."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from purger.report.artifacts import Artifacts, trouble, write_whole
from purger.core.errors import PurgerError
from purger.purge.record import Record
from purger.secrets.token import Token
from purger.purge.settings import Trace
from purger.secrets.trace_scrubbing import TraceScrubError, scrub_trace
from purger.travis.page.cache_page import CachePage


class Keepsakes:
    """Pictures and trace of one repository's page. Nothing here fails a purge: what can't be kept is a warning."""

    def __init__(self, artifacts: Artifacts | None, trace: Trace, token: Token, record: Record) -> None:
        self._artifacts = artifacts
        self._trace = trace if artifacts else Trace.OFF
        self._token = token
        self.record = record

    async def before(self, page: CachePage) -> None:
        """Picture the page as it is before anything is clicked; once, also when a new browser goes on."""
        if self._artifacts and not self._artifacts.before(self.record.name).exists():
            await self._picture(page, self._artifacts.before(self.record.name))

    async def after(self, page: CachePage) -> None:
        """Picture the page as it is now."""
        if self._artifacts:
            await self._picture(page, self._artifacts.after(self.record.name))

    async def _picture(self, page: CachePage, path: Path) -> None:
        try:
            write_whole(path, await page.screenshot())
        except OSError as error:
            self.record.warn(trouble(path, error))
        except PurgerError as error:
            self.record.warn(f"{path.name} could not be taken: {error.what}.")

    @asynccontextmanager
    async def traced(self, context: BrowserContext) -> AsyncIterator[None]:
        """Trace what happens in the block, if asked to, and keep it: always, or where the block fails."""
        if self._trace is Trace.OFF or self._artifacts is None:
            yield
            return
        await context.tracing.start(screenshots=True, snapshots=True)
        try:
            yield
        except PurgerError:
            await self._keep(context, self._artifacts.trace(self.record.name))
            raise
        if self._trace is Trace.ON or not self.record.ok:
            await self._keep(context, self._artifacts.trace(self.record.name))

    async def _keep(self, context: BrowserContext, path: Path) -> None:
        raw = path.with_name(f".{path.name}.{os.getpid()}.raw")
        try:
            with contextlib.suppress(FileNotFoundError):
                raw.unlink()
            raw.touch(mode=0o600)
            await context.tracing.stop(path=raw)
            await asyncio.to_thread(scrub_trace, raw, path, [self._token.reveal()])
        except (PlaywrightError, TraceScrubError, OSError) as error:
            self.record.warn(f"The trace could not be kept: {str(error).splitlines()[0]}.")
        finally:
            raw.unlink(missing_ok=True)
