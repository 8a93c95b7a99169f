"""Find out whose cache a fetch asked for: by the branches that are known, else by the order in which a job asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
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
    candidates: tuple[tuple[Source, str | None], ...] = (("own", own), ("target", target), ("default", default))
    shown = last_part(unquote(branch))
    if not shown:
        return "unknown"
    for source, candidate in candidates:
        if candidate is not None and last_part(unquote(candidate)) == shown:
            return source
    for source, candidate in candidates:
        if candidate is not None and shown in _bare_spellings(candidate):
            return source
    # A job never looks for the cache of another pull request.
    return "own" if own is None and _PULL_REQUEST.fullmatch(shown) else "unknown"


def with_sources(
    log: JobLog, *, own: str | None = None, target: str | None = None, default: str | None = None
) -> JobLog:
    """Return the same log, with the source of each fetch set by `source_of`, and the branches that it may be of."""
    has_all = own is not None and default is not None and (target is not None or not _PULL_REQUEST.fullmatch(own))
    names = [name for name in (own, target, default) if name is not None] if has_all else []

    def with_source(fetch: Fetch) -> Fetch:
        source = source_of(fetch.branch, own=own, target=target, default=default)
        return replace(fetch, source=source, branches=_branches_of(fetch.branch, names))

    return _changed(log, with_source)


def _branches_of(shown: str, names: Iterable[str]) -> frozenset[str]:
    """Return those of the names under which a job looks for caches of these branches that a log shows like this.

    They are all of them where what is shown is a part of a file name.
    """
    spellings = {spelling for name in names for spelling in (unquote(name), *_bare_spellings(name))}
    alike = {spelling for spelling in spellings if last_part(spelling) == last_part(unquote(shown))}
    return frozenset(alike or spellings)


def with_sources_by_order(log: JobLog) -> JobLog:
    """Return the log with the source of each fetch derived from the spellings and the order in which a job asks.

    Each attempt of a log has its own order (docs/TRAVIS.md section 5). Where its beginning was not seen, only the name
    of a pull request tells something.
    """
    sources: dict[tuple[int, str], Source] = {}
    for attempt in dict.fromkeys(fetch.attempt for fetch in log.asked):
        names = dict.fromkeys(fetch.branch for fetch in log.asked if fetch.attempt == attempt and fetch.branch)
        for name, source in _by_order(names, is_beginning_seen=attempt >= 0):
            sources[attempt, name] = source

    def with_source(fetch: Fetch) -> Fetch:
        return replace(fetch, source=sources.get((fetch.attempt, fetch.branch), "unknown"))

    return _changed(log, with_source)


def _by_order(names: Iterable[str], *, is_beginning_seen: bool) -> Iterable[tuple[str, Source]]:
    place, previous = -1, None
    order: tuple[Source, ...] = ()
    for name in names:
        is_pull_request = _PULL_REQUEST.fullmatch(name) is not None
        if previous is None:
            order = _ORDERS[is_pull_request] if is_beginning_seen or is_pull_request else ()
        if previous is None or not _is_spelling_of(name, previous):
            place += 1
        previous = name
        yield name, order[place] if place < len(order) else "unknown"


def _is_spelling_of(name: str, previous: str) -> bool:
    """Whether a name may be the bare spelling of the branch that the previous name is the escaped one of.

    The log shows only the last part of the escaped one, so that the bare one may begin with more.
    """
    return any(name.endswith(bare) for bare in _bare_spellings(previous) if bare)


def _bare_spellings(branch: str) -> set[str]:
    """Return the name without the characters that a bare spelling leaves out, of ASCII alone and of all letters."""
    full = unquote(branch)
    return {re.sub(r"[^\w.\-]", "", full, flags=re.ASCII), re.sub(r"[^\w.\-]", "", full)}


def _changed(log: JobLog, change: Callable[[Fetch], Fetch]) -> JobLog:
    return replace(log, asked=tuple(map(change, log.asked)), fetched=tuple(map(change, log.fetched)))
