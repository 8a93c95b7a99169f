"""Show a person how a run goes: each event as a log line or, on a terminal, in bars below the lines."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from loguru import logger
from rich.cells import cell_len
from rich.console import Console

from purger.cli.console import is_terminal
from purger.cli.phrases import sentence
from purger.cli.table import SHORTEST_NAME, begun, shortened
from purger.core import events
from purger.core.sudden_end import undone_at_a_sudden_end
from purger.core.text import visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

WIDTH_FOR_A_BAR = 100
"""Columns of a terminal below which there is no bar beside the numbers."""
WIDTH_FOR_WORDS = 40
"""Columns below which there is nothing but the name and the numbers."""
_SPINNER_AND_TIME = 1 + 7 + 4
"""Cells of the columns that every bar has, and of the gaps between the five."""


class ProgressView:
    """Log each event as a line and, on a terminal, keep bars below the lines.

    Use it in a `with` block; the bars disappear at its end, and while `paused`.
    """

    def __init__(self, console: Console) -> None:
        self._width = console.width
        # A third of a line at most for the name; what is done has all that the others leave.
        self._room = max(console.width // 3 - 4, 8)
        self._progress = _bars_on(console, self._room) if is_terminal(console) else None
        self._shown = ExitStack()
        self._bars: dict[str, TaskID] = {}
        self._gone: dict[str, int] = {}

    def __enter__(self) -> ProgressView:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> None:
        if self._progress:
            self._shown.enter_context(undone_at_a_sudden_end(partial(_show_cursor, self._progress.console)))
            self._shown.callback(self._progress.stop)
            self._progress.start()

    def _stop(self) -> None:
        self._shown.close()

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
                self._bars[name] = progress.add_task(self._short(name), total=total, doing="starting")
            case events.BatchClicked(accepted=accepted):
                self._set(name, "deleting", completed=self._gone.get(name, 0) + accepted)
            case events.PageLoaded(gone=gone, left=left, complete=complete):
                self._gone[name] = gone
                self._set(name, "rechecking", completed=gone)
                self._set_total(name, gone + left if complete else None)
            case events.Waiting(why=why):
                self._set(name, f"waiting: {why}")
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
            room = self._room_for_words(self._progress)
            self._progress.update(self._bars[name], completed=completed, doing=begun(visible(doing), room))

    def _room_for_words(self, progress: Progress) -> int:
        """Return how many cells the other columns and the gaps between them leave of a line."""
        name = max(cell_len(task.description) for task in progress.tasks)
        count = max(2 * len(str(int(task.total or task.completed))) + 1 for task in progress.tasks)
        bar = self._room + 1 if self._width >= WIDTH_FOR_A_BAR else 0
        return max(self._width - _SPINNER_AND_TIME - name - count - bar, SHORTEST_NAME)

    def _short(self, text: str) -> str:
        return shortened(visible(text), self._room)

    def _set_total(self, name: str, total: int | None) -> None:
        """Set how many caches there are in all, None while a full list hides that."""
        if self._progress and name in self._bars:
            # `update` takes None for "as before".
            self._progress.tasks[self._progress.task_ids.index(self._bars[name])].total = total


def _show_cursor(console: Console) -> None:
    """Show the cursor of a terminal, which bars hide; past the stream, and not where the terminal is stopped."""
    descriptor = console.file.fileno()
    if select.select([], [descriptor], [], 0)[1]:
        os.write(descriptor, b"\x1b[?25h")


def _bars_on(console: Console, room: int) -> Progress:
    """Return bars that fit the console; `room` is the width of each of their three parts that may grow."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
    if console.width >= WIDTH_FOR_A_BAR:
        columns.append(BarColumn(bar_width=room))
    columns.append(MofNCompleteColumn())
    if console.width >= WIDTH_FOR_WORDS:
        columns += [TextColumn("{task.fields[doing]}", markup=False), TimeElapsedColumn()]
    return Progress(*columns, console=console, transient=True)


def log_event(event: events.Event) -> None:
    """Log one event as one line."""
    level, text = sentence(event)
    logger.log(level, f"{event.repository}: {text}" if event.repository else text[0].upper() + text[1:])
