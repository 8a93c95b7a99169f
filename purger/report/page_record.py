"""What a run keeps of its page for people: pictures before and after, and a trace without secrets."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from purger.browser.driver import STOPPING_AT_ONCE_S
from purger.browser.machine import own_folder
from purger.browser.settings import CLOSING_S
from purger.core.errors import PurgerError
from purger.purge.record import Record
from purger.report.artifacts import Artifacts, TraceMode, trouble
from purger.secrets import redaction
from purger.secrets.files import write_whole
from purger.secrets.token import Token
from purger.secrets.trace_scrubbing import TraceScrubError, scrub_trace
from purger.travis.page.cache_page import CachePage
from purger.travis.page.supervised_page import lost_browser

_MOST_BYTES_AT_ONCE = 50_000_000
"""A trace that is scrubbed within seconds."""


class ArtifactRecorder:
    """Keep pictures and a trace of one repository's page. What can't be kept is a warning, never an error."""

    def __init__(self, artifacts: Artifacts, trace: TraceMode, token: Token, record: Record) -> None:
        self._artifacts = artifacts
        self._trace = trace
        self._token = token
        self.record = record

    async def before(self, page: CachePage) -> None:
        """Picture the page as it is before anything is clicked; once, also when a new browser goes on."""
        path = self._artifacts.before(self.record.name)
        if not self._artifacts.has(path):
            await self._picture(page, path)

    async def after(self, page: CachePage) -> None:
        """Picture the page as it is now."""
        await self._picture(page, self._artifacts.after(self.record.name))

    async def _picture(self, page: CachePage, path: Path) -> None:
        try:
            await asyncio.to_thread(write_whole, path, await page.screenshot())
            self._artifacts.add(path)
        except OSError as error:
            self.record.warn(trouble(path, error))
        except PurgerError as error:
            self.record.warn(f"{path.name} could not be taken: {error.what}.")

    @asynccontextmanager
    async def traced(self, context: BrowserContext) -> AsyncIterator[None]:
        """Trace what happens in the block, if asked to, and keep it: always, or where the block fails or is stopped."""
        if self._trace is TraceMode.OFF:
            yield
            return
        try:
            await context.tracing.start(screenshots=True, snapshots=True)
        except PlaywrightError as error:
            raise lost_browser(error, self.record.url) from None
        is_wanted, within_s = False, None
        try:
            yield
            is_wanted = self._trace is TraceMode.ON or not self.record.ok
        except PurgerError:
            is_wanted = True
            raise
        except asyncio.CancelledError:
            is_wanted, within_s = True, STOPPING_AT_ONCE_S
            raise
        finally:
            if is_wanted:
                await self._keep(context, self._artifacts.trace(self.record.name), within_s)
            else:
                await _discard_trace(context)

    async def _keep(self, context: BrowserContext, path: Path, within_s: float | None) -> None:
        """Scrub the trace and keep it. With `within_s` somebody waits for the end: it has to be there by then."""
        secrets = [self._token.reveal(), *redaction.remembered()]
        try:
            with _private_folder() as folder:
                raw = folder / path.name
                await _write_trace(context, raw, within_s)
                await asyncio.to_thread(_scrub, raw, path, secrets, at_once=within_s is not None)
                self._artifacts.add(path)
        except (PlaywrightError, TraceScrubError, OSError) as error:
            self.record.warn(f"The trace could not be kept: {str(error).splitlines()[0]}.")


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Make a folder that only this user may read, for a trace with its secrets, and remove it afterwards.

    Raises OSError where there is none whose path Playwright's driver understands: it would write to a folder that
    nobody cleans up.
    """
    with own_folder("purger-trace-") as folder:
        if str(folder).encode("utf-8", "replace") != os.fsencode(folder):
            raise OSError(f"the path of the folder for temporary files, {folder.parent}, is not UTF-8: set TMPDIR")
        yield folder


async def _write_trace(context: BrowserContext, raw: Path, within_s: float | None) -> None:
    """End the trace and write it. Raises TraceScrubError where that takes longer."""
    try:
        async with asyncio.timeout(within_s):
            await context.tracing.stop(path=raw)
    except TimeoutError:
        raise TraceScrubError(f"the browser did not give it within {within_s:g} s") from None


def _scrub(raw: Path, path: Path, secrets: Sequence[str], *, at_once: bool) -> None:
    """Scrub the trace. Raises what `scrub_trace` raises, also for a trace that is too large to be scrubbed at once."""
    if at_once and raw.stat().st_size > _MOST_BYTES_AT_ONCE:
        raise TraceScrubError("it is too large to remove its secrets before the end")
    scrub_trace(raw, path, secrets)


async def _discard_trace(context: BrowserContext) -> None:
    """End a trace that is not kept: else Playwright's driver leaves a temporary folder behind."""
    with contextlib.suppress(PlaywrightError, TimeoutError):  # the browser may be gone or stuck
        async with asyncio.timeout(CLOSING_S):
            await context.tracing.stop()


@dataclass(frozen=True, slots=True)
class ArtifactRecorders:
    """Make the recorder of each repository's page."""

    artifacts: Artifacts
    trace: TraceMode
    token: Token

    def expect(self, repositories: Sequence[str]) -> list[str]:
        """Prepare for these repositories; return a sentence about each problem."""
        return self.artifacts.expect(repositories)

    def of(self, record: Record) -> ArtifactRecorder:
        """Return the recorder of one repository's page."""
        return ArtifactRecorder(self.artifacts, self.trace, self.token, record)
