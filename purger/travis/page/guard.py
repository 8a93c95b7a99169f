"""Guard a page: dismiss its dialogs, close its windows and cancel its downloads, and record each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from playwright.async_api import BrowserContext, Dialog, Download, Page
from playwright.async_api import Error as PlaywrightError

from purger.core.text import beginning

MAX_NOTES = 20
_MAX_LENGTH = 200


class PageGuard:
    """Guards the only page of a context.

    `refused` has a sentence for each different thing that the page attempted. `questions` are the texts of its
    dialogs, the latest last.
    """

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.questions: list[str] = []
        self._context: BrowserContext | None = None
        self._is_opening = False
        self._closing: set[asyncio.Task[None]] = set()

    async def open_page(self, context: BrowserContext) -> Page:
        """Open a guarded page. Every other page that appears in its context is closed."""
        if context is not self._context:
            context.on("page", self._on_page)
            self._context = context
        self._is_opening = True
        try:
            page = await context.new_page()
        finally:
            self._is_opening = False
        page.on("dialog", self._on_dialog)
        page.on("download", self._on_download)
        return page

    def note_questions(self, texts: Iterable[str]) -> None:
        """Record questions of the page that were answered with no."""
        for text in texts:
            shortened = beginning(text, _MAX_LENGTH)
            self.questions = [*self.questions[-MAX_NOTES:], shortened]
            self._note(f"The page asked {shortened!r}, which purger dismissed.")

    async def _on_dialog(self, dialog: Dialog) -> None:
        self.note_questions([dialog.message])
        with suppress(PlaywrightError):
            await dialog.dismiss()

    def _on_page(self, page: Page) -> None:
        if self._is_opening:
            return
        self._note("The page opened a window, which purger closed.")
        task = asyncio.create_task(_close(page))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _on_download(self, download: Download) -> None:
        name = beginning(download.suggested_filename, _MAX_LENGTH)
        self._note(f"The page offered a file, {name!r}, which purger refused.")
        with suppress(PlaywrightError):
            await download.cancel()

    def _note(self, sentence: str) -> None:
        if len(self.refused) < MAX_NOTES and sentence not in self.refused:
            self.refused.append(sentence)


async def _close(page: Page) -> None:
    with suppress(PlaywrightError):
        await page.close()
