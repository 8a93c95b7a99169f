"""What all commands share: one place that shows errors, prints the report and ends with the exit code."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger
from rich.console import Console

from purger.cli import ci, console
from purger.report.artifacts import Artifacts
from purger.core.errors import ExitCode, InputError, PurgerError, StoppedError
from purger.cli.signals import plain_signals, run_to_the_end
from purger.cli.options import unknown_variables
from purger.purge.record import Record
from purger.report.build import report_of, to_json
from purger.report.phrases import headline
from purger.secrets.token import Token
from purger.cli.targets import targets_from
from purger.report.timeline import Timeline
from purger.travis.auth.tokens import find_token
from purger.travis.addresses import Owner, Repository, Site
from purger.cli.progress import Watcher

if TYPE_CHECKING:
    from purger.jobs.check_log import CheckedLog
    from purger.jobs.retry import Retry
    from purger.purge.run import Run


@dataclass(slots=True)
class Output:
    """How a command tells what it does: consoles for data and for everything else, and whether data is JSON."""

    json: bool
    verbosity: int
    data: Console
    notes: Console

    def targets(self, names: Sequence[str], from_file: str | None, site: Site) -> list[Repository | Owner]:
        """What a command is about; a repository that was not named is said aloud."""
        targets, source = targets_from(names, from_file, site)
        if source:
            self.notes.print(f"Repository {targets[0]}, from {source}.")
        return targets

    def repository(self, name: str | None, site: Site) -> Repository:
        """The one repository that a command is about. Raises InputError where an owner or none is named."""
        target = self.targets([name] if name else [], None, site)[0]
        if not isinstance(target, Repository):
            raise InputError(f"{name!r} means many repositories", remedy="Name one: owner/name.")
        return target

    def token(self, site: Site, session_file: Path | None) -> Token:
        """The token for the site; the file that it comes from is said aloud, and whether others can read it."""
        found = find_token(site, session_file)
        if found.file:
            self.notes.print(f"Token from {found.source}.")
        for warning in found.warnings:
            logger.warning("{}", warning)
        return found.token

    def print_json(self, report: dict[str, object]) -> None:
        """The one document on stdout. A reader that is gone is said aloud; the exit code still tells the result."""
        utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        sys.stdout.write(to_json(report, ascii_only=not utf8) + "\n")
        self.check_stdout()

    def check_stdout(self) -> None:
        """Say it where what was written to stdout did not arrive."""
        sys.stdout.flush()
        if (fault := getattr(sys.stdout, "fault", None)) is not None:
            console.show_lost_stdout(self.notes, fault)


@contextmanager
def command(*, json: bool, verbosity: int) -> Iterator[Output]:
    """The frame of a command's body: logging set up, and an error shown and turned into its exit code."""
    output = Output(json, verbosity, console.stdout(), console.stderr())
    console.set_up_logging(output.notes, verbosity)
    for name in unknown_variables(os.environ):
        logger.warning("{} means nothing to purger: is it mistyped?", name)
    started_at = datetime.now(UTC)
    try:
        yield output
    except (PurgerError, KeyboardInterrupt) as caught:
        error = caught if isinstance(caught, PurgerError) else StoppedError("stopped by SIGINT")
        console.show_error(output.notes, error)
        if json:
            output.print_json(report_of([], error, started_at))
        raise SystemExit(error.exit_code) from None


def require_an_answer(*, yes: bool, instead: str = "") -> None:
    """Refuse to start where a question would have no one to answer it; `instead` ends the remedy."""
    if not yes and not sys.stdin.isatty():
        raise InputError(
            "nobody is here to answer the question before deleting: stdin is no terminal",
            remedy=f"Add --yes to delete without being asked{instead}.",
        )


def execute(
    output: Output, run: Run | Retry, *, yes: bool = True, as_table: bool = False, artifacts: Path | None = None
) -> ExitCode:
    """Do a run or a retry, show what came of it, keep its artifacts, tell the CI, and give the exit code.

    Without `yes` a person is asked first; `as_table` shows the selected caches on stdout (unless that gets JSON).
    Raises InputError where nothing can be written to the folder for artifacts.
    """
    settings = run.settings
    console.set_up_logging(output.notes, output.verbosity, settings.token)
    run.artifacts = None if artifacts is None else Artifacts(artifacts)
    started_at = datetime.now(UTC)
    place = ci.detect(os.environ)
    timeline = Timeline()
    with _folded(output, place), Watcher(output.notes) as watcher:
        run.observers = (timeline.see, watcher.see)
        if not yes:
            started = time.monotonic()
            run.confirm = lambda records: _asked(output, watcher, records, settings.timeout_s, started)
        stopped = run_to_the_end(run.execute(), settings.timeout_s)
        run.error = run.error or stopped
        _show(output, run, started_at, as_table=as_table)
    report = run.report(started_at)
    if report["ok"] and place.folds:  # the folded part hides it; what is not well is annotated
        output.notes.out(headline(report), highlight=False)
    problems = []
    if run.artifacts:
        problems += [run.artifacts.write_report(report), run.artifacts.write_html(report, timeline.entries)]
        console.show_artifacts(output.notes, run.artifacts, [record.name for record in run.records])
    problems += ci.write_github_files(report, os.environ, run.artifacts.report if run.artifacts else None)
    for problem in filter(None, problems):
        logger.warning("{}", problem)
    for line in place.annotations(report):
        output.notes.out(line, highlight=False)
    if output.json:
        output.print_json(report)
    return ExitCode(report["exit_code"])


@contextmanager
def _folded(output: Output, place: ci.Ci) -> Iterator[None]:
    """Put what is written meanwhile into a part of the CI's log that can be folded, where it knows such parts."""
    start, end = place.fold("purger")
    if start:
        output.notes.out(start, highlight=False)
    try:
        yield
    finally:
        if end:
            output.notes.out(end, highlight=False)


def _show(output: Output, run: Run | Retry, started_at: datetime, *, as_table: bool) -> None:
    """What came of each repository and each job, for people."""
    settings = run.settings
    for record in run.purges:
        if record.error and run.error is None:
            console.show_error(output.notes, record.error, settings.token)
        if run.dry_run and record.ledger.left and not output.json:
            output.data.print(console.table_of(record, [entry.archive for entry in record.ledger.left], started_at))
        untouched = run.error is not None and not record.passes
        if record.error is None and record.surveyed and not untouched and not (as_table and record.ledger.left):
            console.show_result(output.notes, record, dry_run=run.dry_run)
    for outcome in run.job_outcomes:
        if isinstance(outcome, str):
            console.show_good_news(output.notes, outcome)
        elif outcome is not run.error:
            console.show_error(output.notes, outcome, settings.token)
    if run.error:
        console.show_error(output.notes, run.error, settings.token)


def show_checked_log(output: Output, checked: CheckedLog) -> None:
    """What a log told: as text for people on stdout, or as the one JSON document."""
    from purger.jobs.log_phrases import checked_log_value, lines_about

    if output.json:
        output.print_json(checked_log_value(checked))
        return
    for line in lines_about(checked):
        output.data.print(console.printable(line))


def _asked(
    output: Output, watcher: Watcher, records: Sequence[Record], timeout_s: float | None, started: float
) -> bool:
    with watcher.paused(), plain_signals(timeout_s, started):
        return console.ask(output.notes, records, datetime.now(UTC))
