"""The report for people: one HTML file that needs no network, made from the report, the timeline and the pictures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from purger.core.cache import Outcome
from purger.core.text import many, sentence_of, visible
from purger.core.units import seconds_text, size_text
from purger.report.chart import Bar, Course, bars_of, course_of
from purger.report.model import CacheReport, Report, RepositoryReport, TimelineEntry, time_text
from purger.report.phrases import error_words, headline, job_words, state_of, verdict_of

MOST_ROWS = 6000
"""The most caches in all tables together: those that are not gone come first, all are in report.json."""
MOST_PICTURE_BYTES = 16_000_000
_TAIL = 16
_CONTENT_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
_WORST_FIRST = [Outcome.FAILED, Outcome.RECREATED, Outcome.REMAINING, Outcome.SKIPPED, Outcome.DELETED]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the page: its caption, and its data as an address, or words about why it is missing."""

    caption: str
    data: str | None
    missing: str


@dataclass(frozen=True, slots=True)
class Row:
    """A cache as the table shows it: a label, what deleted it, and why it is not gone."""

    cache: CacheReport
    label: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Section:
    """Everything that is shown of one repository."""

    repository: RepositoryReport
    state: str
    verdict: str
    facts: list[tuple[str, str, str]]
    pictures: list[Picture]
    bars: list[Bar]
    course: Course | None
    rows: list[Row]
    counts: list[tuple[str, int]]
    rows_left_out: int


def write_html(report: Report, timeline: Sequence[TimelineEntry], pictures: Mapping[str, Path]) -> str:
    """Return the page as text.

    `pictures` are PNG files by `NAME before` and `NAME after`, with the name of the repository; any may be missing.
    """
    state = state_of(ok=report.ok, dry_run=report.dry_run, exit_code=report.exit_code)
    css, script = _part("report.css"), _part("report.js")
    return (
        _environment()
        .from_string(_part("report.html.j2"))
        .render(
            report=report,
            state=state,
            headline=headline(report),
            facts=list(_facts_of_run(report)),
            sections=list(_sections(report, timeline, pictures)),
            css=Markup(css),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=_policy(css, script),
        )
    )


def _policy(css: str, script: str) -> str:
    """Return a policy that allows no request, and no style or script but our own two, whatever a name holds."""
    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src '{_hash(css)}'; script-src '{_hash(script)}'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _part(name: str) -> str:
    return files("purger.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        visible=visible,
        size=size_text,
        ends=_ends,
        clock=_clock,
        iso=time_text,
        error_words=error_words,
        job_words=job_words,
        sentence=sentence_of,
    )
    environment.globals.update(many=many)
    return environment


def _ends(name: str) -> tuple[str, str]:
    """Split a name in two parts: the second one is always shown, the first is cut where there is no room."""
    shown = visible(name)
    return (shown[:-_TAIL], shown[-_TAIL:]) if len(shown) > 2 * _TAIL else (shown, "")


def _clock(time: datetime) -> str:
    """Return a time as people read it: `2026-03-01 12:00`, in UTC like the report."""
    return f"{time:%Y-%m-%d %H:%M}"


def _facts_of_run(report: Report) -> Iterator[tuple[str, str]]:
    yield "started", f"{_clock(report.started_at)} UTC"
    yield "took", seconds_text((report.finished_at - report.started_at).total_seconds())
    yield "exit code", str(report.exit_code)
    yield "purger", report.version


def _sections(report: Report, timeline: Sequence[TimelineEntry], pictures: Mapping[str, Path]) -> Iterator[Section]:
    room = MOST_ROWS
    for repository in sorted(report.repositories, key=lambda repository: repository.ok):
        section = _section(repository, timeline, pictures, dry_run=report.dry_run, room=room)
        room -= len(section.rows)
        yield section


def _section(
    repository: RepositoryReport,
    timeline: Sequence[TimelineEntry],
    pictures: Mapping[str, Path],
    *,
    dry_run: bool,
    room: int,
) -> Section:
    """Build a section with at most `room` rows."""
    worst_first = sorted(repository.caches, key=lambda cache: (_WORST_FIRST.index(cache.outcome), -cache.size_bytes))
    rows = [_row(cache, dry_run=dry_run) for cache in worst_first]
    shown = rows[:room]
    error = repository.error
    return Section(
        repository=repository,
        state=state_of(
            ok=repository.ok or (dry_run and not error), dry_run=dry_run, exit_code=error.exit_code if error else 0
        ),
        verdict=verdict_of(repository, dry_run=dry_run),
        facts=list(_facts(repository, dry_run=dry_run)),
        pictures=list(_pictures(repository.name, pictures)),
        bars=bars_of(repository.caches, dry_run=dry_run),
        course=course_of([entry for entry in timeline if entry.repository in {repository.name, ""}]),
        rows=shown,
        counts=[
            (label, sum(row.label == label for row in shown)) for label in dict.fromkeys(row.label for row in rows)
        ],
        rows_left_out=len(rows) - len(shown),
    )


def _row(cache: CacheReport, *, dry_run: bool) -> Row:
    untouched = dry_run and cache.selected and cache.outcome is Outcome.REMAINING
    attempts = f" in {many(cache.attempts, 'attempt')}" if cache.attempts > 1 else ""
    return Row(
        cache,
        label="selected" if untouched else str(cache.outcome),
        by=f"{cache.how or ''}{attempts}".strip(),
        why="" if untouched else (cache.reason or ""),
    )


def _facts(repository: RepositoryReport, *, dry_run: bool) -> Iterator[tuple[str, str, str]]:
    """Yield what the tiles show: a label, a value and what it is out of."""
    if dry_run:
        yield "would be freed", size_text(repository.selected_bytes), ""
        yield "selected", f"{repository.selected:,}", f"of {repository.seen:,}"
        return
    left = len(repository.left)
    yield "freed", size_text(repository.bytes_deleted), ""
    yield "deleted", f"{repository.selected - left:,}", f"of {repository.selected:,}"
    yield "left", f"{left:,}", ""
    yield "loads", f"{repository.looks:,}", ""
    yield "requests", f"{repository.requests:,}", ""
    yield "time", seconds_text(repository.seconds), ""


def _pictures(name: str, pictures: Mapping[str, Path]) -> Iterator[Picture]:
    paths = {when: pictures.get(f"{name} {when}") for when in ("before", "after")}
    if any(paths.values()):
        yield _picture("Before", paths["before"])
        yield _picture("After", paths["after"])


def _picture(caption: str, path: Path | None) -> Picture:
    if path is None:
        return Picture(caption, None, "There is no picture: the run ended before it was taken.")
    try:
        if path.stat().st_size > MOST_PICTURE_BYTES:
            return Picture(caption, None, f"The picture is too large for this page: see {path.name} beside it.")
        content = path.read_bytes()
    except OSError as error:
        return Picture(caption, None, f"The picture could not be read: {error.strerror or error}.")
    kind = _CONTENT_TYPES.get(path.suffix.lower(), "image/png")
    return Picture(caption, f"data:{kind};base64,{base64.b64encode(content).decode()}", "")
