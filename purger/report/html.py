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
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from purger.core.cache import Outcome
from purger.report.chart import Bar, Course, bars_of, course_of
from purger.report.phrases import Values, error_words, headline, job_words, left_of, name_of, selected_bytes, state_of, verdict_of
from purger.core.text import sentence_of, visible
from purger.core.units import seconds_text, size_text
from purger.core.text import many

MOST_ROWS = 6000
"""So many archives in all tables together; those that are not gone come first, the rest stands in report.json."""
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
class Section:
    """Everything that is shown of one repository."""

    name: str
    state: str
    values: Values
    verdict: str
    facts: list[tuple[str, str, str]]
    pictures: list[Picture]
    bars: list[Bar]
    course: Course | None
    rows: list[Values]
    counts: list[tuple[str, int]]
    rows_left_out: int


def write_html(report: Values, timeline: Sequence[Mapping[str, Any]], pictures: Mapping[str, Path]) -> str:
    """The page as text.

    `report` is what `report_of` returns, `timeline` what `Timeline.entries` gives (its repositories named as
    `name_of` names them), `pictures` PNG files by `NAME before` and `NAME after`; any of them may be missing.
    """
    state = state_of(ok=report["ok"], dry_run=report["dry_run"], exit_code=report["exit_code"])
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
    """Nothing is fetched from anywhere, and no style or script but our own two is obeyed, whatever a name holds."""
    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src '{_hash(css)}'; script-src '{_hash(script)}'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _part(name: str) -> str:
    return files("purger").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        visible=visible,
        size=size_text,
        seconds=seconds_text,
        ends=_ends,
        clock=_clock,
        error_words=error_words,
        job_words=job_words,
        sentence=sentence_of,
    )
    environment.globals.update(many=many)
    return environment


def _ends(name: str) -> tuple[str, str]:
    """A name as two parts: the second one is always shown, the first is cut where there is no room."""
    shown = visible(name)
    return (shown[:-_TAIL], shown[-_TAIL:]) if len(shown) > 2 * _TAIL else (shown, "")


def _clock(time: str) -> str:
    """An ISO 8601 time as people read it: `2026-03-01 12:00`, in UTC like the report."""
    return datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M")


def _facts_of_run(report: Values) -> Iterator[tuple[str, str]]:
    took_s = (
        datetime.fromisoformat(report["finished_at"]) - datetime.fromisoformat(report["started_at"])
    ).total_seconds()
    yield "started", f"{_clock(report['started_at'])} UTC"
    yield "took", seconds_text(took_s)
    yield "exit code", str(report["exit_code"])
    yield "purger", str(report["version"])


def _sections(report: Values, timeline: Sequence[Mapping[str, Any]], pictures: Mapping[str, Path]) -> Iterator[Section]:
    room = MOST_ROWS
    for repository in sorted(report["repositories"], key=lambda repository: bool(repository["ok"])):
        name, dry_run = name_of(repository), report["dry_run"]
        caches = [_shown(cache, dry_run=dry_run) for cache in repository["caches"]]
        caches.sort(key=lambda cache: (_WORST_FIRST.index(cache["outcome"]), -cache["size_bytes"]))
        rows, room = caches[:room], max(0, room - len(caches))
        counts = [(label, sum(row["label"] == label for row in rows)) for label in dict.fromkeys(_labels(caches))]
        error = repository["error"]
        yield Section(
            name=name,
            state=state_of(
                ok=repository["ok"] or (dry_run and not error),
                dry_run=dry_run,
                exit_code=error["exit_code"] if error else 0,
            ),
            values=repository,
            verdict=verdict_of(repository, dry_run=dry_run),
            facts=list(_facts(repository, dry_run=dry_run)),
            pictures=list(_pictures(name, pictures)),
            bars=bars_of(repository["caches"], dry_run=dry_run),
            course=course_of([entry for entry in timeline if entry["repository"] in {name, ""}]),
            rows=rows,
            counts=counts,
            rows_left_out=len(caches) - len(rows),
        )


def _labels(caches: Sequence[Values]) -> Iterator[str]:
    yield from (cache["label"] for cache in caches)


def _shown(cache: Values, *, dry_run: bool) -> Values:
    untouched = dry_run and cache["selected"] and cache["outcome"] == Outcome.REMAINING
    how = cache["how"] or ""
    tries = f" in {many(cache['attempts'], 'try')}" if cache["attempts"] > 1 else ""
    return cache | {
        "label": "selected" if untouched else str(cache["outcome"]),
        "why": "" if untouched else (cache["reason"] or ""),
        "by": (how + tries).strip(),
    }


def _facts(repository: Values, *, dry_run: bool) -> Iterator[tuple[str, str, str]]:
    """What the tiles show: a label, a value and what it is out of."""
    if dry_run:
        yield "would be freed", size_text(selected_bytes(repository)), ""
        yield "selected", f"{repository['selected']:,}", f"of {repository['seen']:,}"
        return
    yield "freed", size_text(repository["bytes_deleted"]), ""
    yield "deleted", f"{repository['selected'] - len(left_of(repository)):,}", f"of {repository['selected']:,}"
    yield "left", f"{len(left_of(repository)):,}", ""
    yield "looks", f"{repository['looks']:,}", ""
    yield "requests", f"{repository['requests']:,}", ""
    yield "time", seconds_text(repository["seconds"]), ""


def _pictures(name: str, pictures: Mapping[str, Path]) -> Iterator[Picture]:
    paths = {when: pictures.get(f"{name} {when}") for when in ("before", "after")}
    if any(paths.values()):
        yield _picture("Before", paths["before"])
        yield _picture("After", paths["after"])


def _picture(caption: str, path: Path | None) -> Picture:
    if path is None:
        return Picture(caption, None, "There is no picture: the run did not get so far.")
    try:
        if path.stat().st_size > MOST_PICTURE_BYTES:
            return Picture(caption, None, f"The picture is too large for this page: see {path.name} beside it.")
        content = path.read_bytes()
    except OSError as error:
        return Picture(caption, None, f"The picture could not be read: {error.strerror or error}.")
    kind = _CONTENT_TYPES.get(path.suffix.lower(), "image/png")
    return Picture(caption, f"data:{kind};base64,{base64.b64encode(content).decode()}", "")
