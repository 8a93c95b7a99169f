"""The frame of every command: logging, errors as sentences and exit codes, and a task run to its end and reported."""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from loguru import logger

from purger.cli import ci, console, question, results
from purger.cli.early_signals import Terminated, keep_waiting
from purger.cli.faults import known
from purger.cli.log import held_back, set_up_logging
from purger.cli.options import ArtifactOptions
from purger.cli.output import Output
from purger.cli.progress import ProgressView
from purger.cli.signals import run_to_the_end
from purger.core.errors import ExitCode, InstallationError, MachineError, PurgerError, UnexpectedError
from purger.core.events import Event
from purger.purge.record import Record
from purger.purge.run import Hooks
from purger.purge.settings import Settings
from purger.report.artifacts import Artifacts
from purger.report.build import repository_report, run_report
from purger.report.model import Report
from purger.report.phrases import headline, list_headline
from purger.report.timeline import Timeline


class Task(Protocol):
    """What a command does: it may be cancelled at any time, and reports what was done until then."""

    async def execute(self) -> None:
        """Do it all; errors are kept for the report."""

    def report(self, started_at: datetime, stopped: PurgerError | None) -> Report:
        """Return what was done so far; `stopped` is what ended it from outside."""


@contextmanager
def frame(*, json: bool, verbosity: int, wide: bool = False) -> Iterator[Output]:
    """Set up logging for a command's body, and turn an error into a message and its exit code."""
    output = Output(json, verbosity, console.stdout(wide=wide), console.stderr(), wide)
    set_up_logging(output.notes, verbosity)
    started_at = datetime.now(UTC)
    try:
        yield output
    except (Exception, KeyboardInterrupt, Terminated) as caught:  # noqa: BLE001 - nothing ends in a traceback
        keep_waiting()
        error = _known(caught)
        report = run_report([], error, started_at)
        if report.error:
            console.show_error(output.notes, report.error)
        _annotate(output, ci.detect(os.environ), report)
        if json:
            output.print_json(report)
        raise SystemExit(error.exit_code) from None


def _known(fault: BaseException) -> PurgerError:
    """Return the error to show for a fault, and log where one happened that is none of ours."""
    error = known(fault)
    if isinstance(error, UnexpectedError | MachineError | InstallationError):
        logger.trace("{}", "".join(traceback.format_exception(fault)))
    return error


def execute(
    output: Output,
    settings: Settings,
    make_task: Callable[[Hooks], Task],
    *,
    yes: bool = True,
    as_table: Literal["rows", "caches"] | None = None,
    keep: ArtifactOptions | None = None,
) -> ExitCode:
    """Do a task, show its result, keep its artifacts, tell the CI, and return the exit code.

    Without `yes` a person is asked before the first deletion; `as_table` shows the selected caches on stdout (unless
    that gets JSON), by row or one by one. Raises InputError where nothing can be written to the folder for artifacts.
    """
    artifacts = Artifacts(keep.artifacts) if keep and keep.artifacts else None
    started_at = datetime.now(UTC)
    place = ci.detect(os.environ)
    timeline = Timeline()
    with artifacts.held() if artifacts else nullcontext():
        with _folded(output, place) as unfold:
            with ProgressView(output.notes) as progress:
                hooks = _hooks(output, progress, timeline, yes=yes)
                if artifacts and keep:
                    from purger.report.page_record import ArtifactRecorders

                    hooks = replace(hooks, recorders=ArtifactRecorders(artifacts, keep.trace_mode, settings.token))
                task = make_task(hooks)
                stopped: PurgerError | None = None
                try:
                    run_to_the_end(task.execute(), settings.pace.timeout_s)
                except Exception as fault:  # noqa: BLE001 - what was done until then is reported, whatever ended it
                    stopped = _known(fault)
            report = task.report(started_at, stopped)
            if not report.ok and not place.annotates:
                unfold()  # else nobody would see what is not well
            results.show_report(output, report, as_table=as_table)
        if report.ok and place.folds:  # the folded part hides it
            output.notes.out(place.line(list_headline(report) if as_table else headline(report)), highlight=False)
        _keep_and_tell(output, report, timeline, artifacts, place, as_list=as_table is not None)
    if output.json:
        output.print_json(report)
    else:
        output.check_stdout()
    code = report.exit_code
    return output.code_of_a_result(code) if as_table else code


def _hooks(output: Output, progress: ProgressView, timeline: Timeline, *, yes: bool) -> Hooks:
    def observe(event: Event) -> None:
        timeline.see(event)
        progress.see(event)

    async def confirm(records: Sequence[Record]) -> bool:
        if yes:
            return True
        repositories = []
        for record in records:
            repositories.append(repository_report(record, None, dry_run=True))
            await asyncio.sleep(0)  # many repositories take long, and a browser starts meanwhile
        with progress.paused(), held_back():
            return await question.ask(output, repositories, records[0].ledger.selection.as_of)

    return Hooks(observe=observe, confirm=confirm)


@contextmanager
def _with_a_warning() -> Iterator[None]:
    """Turn any fault into a warning, so that the result of the command is written all the same."""
    try:
        yield
    except Exception as fault:  # noqa: BLE001 - see above
        logger.warning("Not all was kept that should be: {}.", _known(fault))


@_with_a_warning()
def _keep_and_tell(
    output: Output, report: Report, timeline: Timeline, artifacts: Artifacts | None, place: ci.Ci, *, as_list: bool
) -> None:
    """Write the artifacts, and what the CI reads; a file that can't be written is a warning."""
    problems: list[str | None] = []
    written = None
    if artifacts:
        problems += artifacts.delete_former()  # before its report is replaced
        problems += [artifacts.write_report(report), artifacts.write_html(report, timeline.entries)]
        written = artifacts.report if artifacts.has(artifacts.report) else None
        console.show_artifacts(output.notes, artifacts, [repository.name for repository in report.repositories])
    problems += ci.write_github_files(report, os.environ, written, as_list=as_list)
    for problem in filter(None, problems):
        logger.warning("{}", problem)
    _annotate(output, place, report)


def _annotate(output: Output, place: ci.Ci, report: Report) -> None:
    """Let the CI show the errors and warnings of the report beside its log."""
    for line in place.annotations(report):
        output.notes.out(line, highlight=False)


@contextmanager
def _folded(output: Output, place: ci.Ci) -> Iterator[Callable[[], None]]:
    """Put what is written meanwhile into a part of the CI's log that can be folded, where it has such parts.

    The function that it yields ends that part at once, before the end of the block.
    """
    marks = [mark for mark in place.fold("purger") if mark]

    def write_mark() -> None:
        if marks:
            output.notes.out(marks.pop(0), highlight=False)

    write_mark()
    try:
        yield write_mark
    finally:
        write_mark()
