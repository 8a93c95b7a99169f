"""Read a report that a former run wrote: a file holds a valid report, or reading it raises InputError."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from purger.core.errors import InputError
from purger.core.shown_address import shown_address
from purger.core.text import decoded, visible
from purger.report.model import SCHEMA, Report, RepositoryReport, SelectionReport
from purger.secrets.files import read_whole
from purger.secrets.spellings import REDACTED
from purger.travis.addresses import Site

_LONGEST_REASON = 200


def read_report(path: Path, what: str, *, to_select: bool = False) -> Report:
    """Return the report in this file; `what` names it in errors.

    Raises InputError where the file can't be read, or holds anything but a report of this schema; where it is read
    `to_select` caches as it says, also where it has a filter that this version does not know.
    """
    try:
        values = json.loads(decoded(read_whole(path)))
        _require_schema(values, path, what)
        if to_select:
            _refuse_unknown_filters(values)
        report = msgspec.convert(values, Report)
        _ = report.started_by_the_site, report.finished_by_the_site  # a calendar may have no such time
    except (OSError, ValueError, OverflowError, RecursionError) as error:
        raise InputError(
            f"{what} can't be read: {_reason(error)}",
            where=str(path),
            remedy="Give the report.json that a purge wrote.",
        ) from None
    return report


def refuse_another_site(
    repositories: Iterable[RepositoryReport], site: Site, *, remedy: str, where: str | None = None
) -> None:
    """Raise InputError where one of these repositories of a report is not on this site."""
    elsewhere = next((one.url for one in repositories if not one.url.startswith(f"{site.url}/")), None)
    if elsewhere is not None:
        raise InputError(f"the report is of another site: {shown_address(elsewhere)}", where=where, remedy=remedy)


def refuse_blanked_names(report: Report, what: str, *, remedy: str, where: str) -> None:
    """Raise InputError where a filter, or a name of a repository, a branch or a cache, lost the text of a secret.

    Such a filter selects something else, and such a cache is never found again. `what` names the report in the error.
    """
    if any(REDACTED in name for name in _names_in(report)):
        raise InputError(
            f"{what} lacks a part of a name, which is also the text of a secret: {REDACTED} stands there",
            where=where,
            remedy=remedy,
        )


def _names_in(report: Report) -> Iterator[str]:
    """Yield the filters of a report that are names, and the names of its repositories, branches and caches."""
    if report.selection:
        yield from (*report.selection.branches, *report.selection.exclude, report.selection.match or "")
    for repository in report.purges:
        yield repository.repository
        for cache in repository.caches:
            yield from (cache.branch, cache.name)


def _require_schema(values: Any, path: Path, what: str) -> None:
    """Raise ValueError where there is no schema number, and InputError where it is another one."""
    if not isinstance(values, dict) or "schema" not in values:
        raise ValueError("it has no schema number")
    schema = values["schema"]
    if schema != SCHEMA or isinstance(schema, bool):
        raise InputError(
            f"{what} is of another kind: schema {visible(str(schema), 20)}",
            where=str(path),
            remedy="Make one with this version of purger.",
        )


def _refuse_unknown_filters(values: dict[str, Any]) -> None:
    """Raise ValueError where the report's selection has a field that is not known: it may narrow what is selected."""
    selection = values.get("selection")
    unknown = set(selection) - set(SelectionReport.__struct_fields__) if isinstance(selection, dict) else set()
    if unknown:
        raise ValueError(f"it has a filter that this version of purger does not know ({min(unknown)})")


def _reason(error: Exception) -> str:
    match error:
        case OSError():
            return error.strerror or "unknown error"
        case RecursionError():
            return "it is nested too deeply"
        case OverflowError():
            return "a time in it is out of range"
        case UnicodeError():
            return "it holds bytes or characters that are not UTF-8"
        case json.JSONDecodeError() if not error.doc.strip():
            return "it is empty; a shell empties the file of a `>` before the command can read it"
        case json.JSONDecodeError():
            return f"it is not JSON (line {error.lineno})"
        case msgspec.ValidationError():
            return f"it is not a report of purger ({visible(str(error), _LONGEST_REASON)})"
    return visible(str(error), _LONGEST_REASON)
