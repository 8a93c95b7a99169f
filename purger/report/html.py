"""The report for people: one HTML file that needs no network, made from the report, the timeline and the pictures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from purger.core.errors import ExitCode
from purger.core.filters import Filters
from purger.core.text import hidden, many, sentence_of, visible
from purger.core.units import seconds_text, size_text
from purger.report.chart import Bar, Course, bars_of, course_of
from purger.report.html_pictures import Pictures
from purger.report.html_rows import Room, Rows
from purger.report.model import Report, RepositoryReport, TimelineEntry
from purger.report.phrases import (
    archive_text,
    error_words,
    headline,
    job_words,
    remedy_lines,
    state_of,
    verdict_of,
)

MOST_BYTES = 6_000_000
"""The size of the page. Rows come first, and pictures get what is left."""
_REST_BYTES = 500_000
"""What everything but rows and pictures takes of the page, and more."""
_TAIL = 16
_LONGEST_FACT = 1000
"""The most characters of one fact: repositories and filters may be hundreds of names."""


@dataclass(frozen=True, slots=True)
class Section:
    """Everything that is shown of one repository; `is_former` if it is of an attempt of a retry before the last."""

    repository: RepositoryReport
    state: str
    verdict: str
    facts: list[tuple[str, str, str]]
    bars: list[Bar]
    course: Course | None
    rows: Rows
    is_former: bool = False


def html_chunks(report: Report, timeline: Sequence[TimelineEntry], pictures: Mapping[str, Path]) -> Iterator[str]:
    """Yield the page, piece by piece, so that it is never in memory as a whole.

    `pictures` are PNG files by `NAME before` and `NAME after`, with the name of the repository; any may be missing.
    """
    css, script = _part("report.css"), _part("report.js")
    room = Room()
    sections = [_section(repository, timeline, room, dry_run=report.dry_run) for repository in _worst_first(report)]
    sections += _former_sections(report, room)
    return _template().generate(
        report=report,
        state=state_of(ok=report.ok, dry_run=report.dry_run, exit_code=report.exit_code),
        headline=headline(report),
        facts=[list(_what_was_asked(report)), list(_facts_of_run(report))],
        sections=sections,
        pictures=Pictures(pictures, MOST_BYTES - _REST_BYTES - room.used_bytes),
        css=Markup(css),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=_policy(css, script),
    )


def _former_sections(report: Report, room: Room) -> Iterator[Section]:
    """Yield what the purges before the last one of a retry deleted; the course and the pictures are of all of them."""
    for attempt in report.attempts[:-1]:
        if attempt.purge and attempt.purge.selected:
            section = _section(attempt.purge, [], room, dry_run=False)
            yield replace(section, is_former=True, verdict=f"Attempt {attempt.number}: {section.verdict}")


def _worst_first(report: Report) -> list[RepositoryReport]:
    return sorted(report.repositories, key=lambda repository: repository.ok)


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
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        visible=visible,
        size=size_text,
        ends=_ends,
        clock=_clock,
        archive_text=archive_text,
        error_words=error_words,
        remedy_lines=remedy_lines,
        job_words=job_words,
        sentence=sentence_of,
    )
    environment.globals.update(many=many)
    return environment.from_string(_part("report.html.j2"))


def _ends(name: str) -> tuple[str, str]:
    """Split a name in two parts: the second one is always shown, the first is cut where there is no room."""
    shown = visible(hidden(name) if len(name) > 2 * _TAIL else name)
    return (shown[:-_TAIL], shown[-_TAIL:]) if len(shown) > 2 * _TAIL else (shown, "")


def _clock(time: datetime) -> str:
    """Return a time as people read it: `2026-03-01 12:00`, in UTC like the report."""
    return f"{time:%Y-%m-%d %H:%M}"


def _what_was_asked(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what the run was about: its repositories, the site, and what selected their caches."""
    repositories = _worst_first(report)
    if repositories:
        names = ", ".join(repository.name for repository in repositories)
        yield "repository" if len(repositories) == 1 else "repositories", visible(names, _LONGEST_FACT)
    sites = dict.fromkeys(one.url.partition(f"/{one.provider}/{one.repository}")[0] for one in repositories)
    if sites:
        yield "site", visible(", ".join(sites))
    if report.selection is not None:
        selection = report.selection.selection()
        yield "filters", visible(Filters.__str__(selection), _LONGEST_FACT) or "none"
        policies = str(selection.policies)
        yield "policies", (f"all {policies}" if policies.startswith("but") else policies) or "none"


def _facts_of_run(report: Report) -> Iterator[tuple[str, str]]:
    yield "started", f"{_clock(report.started_at)} UTC"
    yield "took", seconds_text((report.finished_at - report.started_at).total_seconds())
    yield "exit code", str(report.exit_code)
    yield "purger", report.version


def _section(repository: RepositoryReport, timeline: Sequence[TimelineEntry], room: Room, *, dry_run: bool) -> Section:
    error = repository.error
    return Section(
        repository=repository,
        state=state_of(
            ok=repository.ok or (dry_run and not error),
            dry_run=dry_run,
            exit_code=error.exit_code if error else ExitCode.OK,
        ),
        verdict=verdict_of(repository, dry_run=dry_run),
        facts=list(_facts(repository, dry_run=dry_run)),
        bars=bars_of(repository.caches, dry_run=dry_run),
        course=course_of([entry for entry in timeline if entry.repository in {repository.name, ""}]),
        rows=Rows(repository.caches, room, dry_run=dry_run),
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
