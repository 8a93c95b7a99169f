"""Find out whose cache a fetch asked for: by the branches that are known, else by the order in which a job asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from urllib.parse import unquote

from purger.travis.job_log.model import Fetch, JobLog, Source
from purger.travis.keys import last_part

_PULL_REQUEST = re.compile(r"PR\.\d+")
_ORDERS: dict[bool, tuple[Source, ...]] = {True: ("own", "target", "default"), False: ("own", "default")}


def source_of(branch: str, *, own: str | None, target: str | None, default: str | None) -> Source:
    """Return which of the job's branches a fetch from `branch` belongs to.

    Args:
        branch: the branch as the log shows it.
        own: the job's branch, or `PR.123` for a job of a pull request; it may be a full, nested name.
        target: the branch that the pull request merges into.
        default: the repository's default branch.
    """
    return _place_of(branch, _places(own=own, target=target, default=default), after=-1)[0]


def with_sources(
    log: JobLog, *, own: str | None = None, target: str | None = None, default: str | None = None
) -> JobLog:
    """Return the same log, with the source of each fetch set by `source_of`, and the branches that it may be of.

    Branches may be shown alike (`feature/main`, `main`): which one a fetch is of follows from those before it. Where
    none is known, the sources follow from the spellings and the order in which a job asks.
    """
    if (own, target, default) == (None, None, None):
        return _with_sources_by_order(log)
    has_all = own is not None and default is not None and (target is not None or not _PULL_REQUEST.fullmatch(own))
    names = [name for name in (own, target, default) if name is not None] if has_all else []
    places = _places(own=own, target=target, default=default)
    asked: list[Fetch] = []
    place = -1
    for run in _runs(log.asked):
        if not asked or asked[-1].attempt != run[0].attempt:
            place = -1
        source, place = _place_of(run[0].branch, places, after=place)
        branches = _branches_of(run[0].branch, names)
        asked += [replace(fetch, source=source, branches=branches) for fetch in run]
    return _with_asked(log, asked)


def _places(**branches: str | None) -> list[tuple[Source, set[str]]]:
    """Return how a log shows the names that a job asks for, in the job's order: two spellings of each branch."""
    sources: tuple[Source, ...] = _ORDERS[True]
    first = {unquote(name): source for source in reversed(sources) if (name := branches[source]) is not None}
    known = sorted(first.items(), key=lambda item: sources.index(item[1]))
    return [(source, each) for name, source in known for each in ({last_part(name)}, _bare_spellings(name))]


def _place_of(branch: str, places: Sequence[tuple[Source, set[str]]], after: int) -> tuple[Source, int]:
    """Return whose branch this is, and its place among the names that a job asks for: behind `after`, if it can be."""
    shown = last_part(unquote(branch))
    alike = [number for number, (_, spellings) in enumerate(places) if shown and shown in spellings]
    if alike:
        place = min(alike, key=lambda number: (number <= after, number % 2, number))
        return places[place][0], place
    # A job never looks for the cache of another pull request.
    is_own = _PULL_REQUEST.fullmatch(shown) and all(source != "own" for source, _ in places)
    return "own" if is_own else "unknown", after


def _runs(asked: Iterable[Fetch]) -> list[list[Fetch]]:
    """Return the fetches that follow each other with the same name of a branch, together."""
    return [list(run) for _, run in groupby(asked, key=lambda fetch: (fetch.attempt, fetch.branch))]


def _branches_of(shown: str, names: Iterable[str]) -> frozenset[str]:
    """Return those of the names under which a job looks for caches of these branches that a log shows like this.

    They are all of them where what is shown is a part of a file name.
    """
    spellings = {spelling for name in names for spelling in (unquote(name), *_bare_spellings(name))}
    alike = {spelling for spelling in spellings if last_part(spelling) == last_part(unquote(shown))}
    return frozenset(alike or spellings)


def _with_sources_by_order(log: JobLog) -> JobLog:
    """Return the log with the source of each fetch, where no branch is known.

    Each attempt of a log has its own order (docs/TRAVIS.md section 5). Where its beginning was not seen, only the name
    of a pull request tells something.
    """
    asked: list[Fetch] = []
    for attempt, fetches in groupby(log.asked, key=lambda fetch: fetch.attempt):
        runs = _runs(fetches)
        names = [run[0].branch for run in runs if run[0].branch]
        sources = _by_order(names, is_beginning_seen=attempt >= 0)
        for run in runs:
            source = next(sources) if run[0].branch else "unknown"
            asked += [replace(fetch, source=source) for fetch in run]
    return _with_asked(log, asked)


def _by_order(names: Iterable[str], *, is_beginning_seen: bool) -> Iterator[Source]:
    place, previous = -1, None
    order: tuple[Source, ...] = ()
    for name in names:
        is_pull_request = _PULL_REQUEST.fullmatch(name) is not None
        if previous is None:
            order = _ORDERS[is_pull_request] if is_beginning_seen or is_pull_request else ()
        if previous is None or not _is_spelling_of(name, previous):
            place += 1
        previous = name
        yield order[place] if place < len(order) else "unknown"


def _is_spelling_of(name: str, previous: str) -> bool:
    """Whether a name may be the bare spelling of the branch that the previous name is the escaped one of.

    The log shows only the last part of the escaped one, so that the bare one may begin with more.
    """
    return any(name.endswith(bare) for bare in _bare_spellings(previous) if bare)


def _bare_spellings(branch: str) -> set[str]:
    """Return the name without the characters that a bare spelling leaves out, of ASCII alone and of all letters."""
    full = unquote(branch)
    return {re.sub(r"[^\w.\-]", "", full, flags=re.ASCII), re.sub(r"[^\w.\-]", "", full)}


def _with_asked(log: JobLog, asked: Sequence[Fetch]) -> JobLog:
    return replace(log, asked=tuple(asked), fetched=tuple(fetch for fetch in asked if fetch.found))
