"""Show a person how a run goes: each event as a log line or, on a terminal, in bars below the lines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from loguru import logger
from rich.console import Console
from rich.markup import escape

from purger.cli import ci
from purger.cli.phrases import sentence
from purger.core import events
from purger.core.text import shorten

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressView:
    """Log each event as a line and, on a terminal, keep bars below the lines.

    Use it in a `with` block; the bars disappear at its end, and while `paused`.
    """

    def __init__(self, console: Console) -> None:
        # Whoever asks for colours (FORCE_COLOR) makes a log no terminal.
        on_terminal = console.is_terminal and console.file.isatty() and not ci.detect(os.environ)
        self._progress = _bars_on(console) if on_terminal else None
        self._bars: dict[str, TaskID] = {}
        self._gone: dict[str, int] = {}

    def __enter__(self) -> ProgressView:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> None:
        if self._progress:
            self._progress.start()

    def _stop(self) -> None:
        if self._progress:
            self._progress.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hide the bars, for a question."""
        self._stop()
        try:
            yield
        finally:
            self._start()

    def see(self, event: events.Event) -> None:
        """Show the event in its bar, and log it where no bar shows it."""
        name = event.repository
        if self._progress:
            self._draw(self._progress, name, event)
        if not (isinstance(event, events.BatchClicked | events.PageLoaded | events.Waiting) and name in self._bars):
            log_event(event)

    def _draw(self, progress: Progress, name: str, event: events.Event) -> None:
        match event:
            case events.Surveyed(selected=selected, complete=complete) if selected:
                total = selected if complete else None
                self._bars[name] = progress.add_task(escape(shorten(name)), total=total, doing="starting")
            case events.BatchClicked(answered=answered):
                self._set(name, "deleting", completed=self._gone.get(name, 0) + answered)
            case events.PageLoaded(gone=gone, left=left, complete=complete):
                self._gone[name] = gone
                self._set(name, "rechecking", completed=gone)
                self._set_total(name, gone + left if complete else None)
            case events.Waiting(why=why):
                self._set(name, f"waiting: {shorten(why, 60)}")
            case events.Finished():
                self._set(name, "done")
            case events.AttemptStarted() if name in self._bars:
                self._gone.pop(name, None)
                progress.remove_task(self._bars.pop(name))
            case events.JobChanged(job=job, state=state):
                self._set(name, f"job {job} is {state}")
            case _:
                pass

    def _set(self, name: str, doing: str, completed: int | None = None) -> None:
        if self._progress and name in self._bars:
            self._progress.update(self._bars[name], completed=completed, doing=escape(doing))

    def _set_total(self, name: str, total: int | None) -> None:
        """Set how many caches there are in all, None while a full list hides that."""
        if self._progress and name in self._bars:
            # `update` takes None for "as before".
            self._progress.tasks[self._progress.task_ids.index(self._bars[name])].total = total


def _bars_on(console: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[doing]}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def log_event(event: events.Event) -> None:
    """Log one event as one line."""
    level, text = sentence(event)
    logger.log(level, f"{event.repository}: {text}" if event.repository else text[0].upper() + text[1:])
