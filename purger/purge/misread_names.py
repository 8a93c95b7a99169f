"""Refuse names that certainly mean something else than they say, and warn of those that match nothing, over a run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from purger.core import events
from purger.core.errors import InputError
from purger.core.text import visible
from purger.purge.record import Record
from purger.purge.unmatched import Unmatched, in_common
from purger.travis.addresses import Repository
from purger.travis.api import Api
from purger.travis.keys import last_part
from purger.travis.refusals import NotFoundError

_EACH_BRANCH = "Nothing was deleted. Give --exclude once for each branch"
_BY_ITS_NAME = f"{_EACH_BRANCH}, by its full name."
_NO_REPOSITORIES = (
    f"{_EACH_BRANCH}; a shell's variable that stands for one may be empty. To spare a repository, name the others."
)


@dataclass(frozen=True, slots=True)
class _Misread:
    """A name that means something else than it says: `error` ends the run, and of a dry run `record` gets `warning`."""

    name: str
    record: Record
    warning: str
    error: InputError


async def check_names(api: Api, records: Sequence[Record], *, dry_run: bool, emit: events.Observer) -> None:
    """Warn once of each name that no repository has a cache of.

    Raises InputError, or warns in a dry run, where a name to exclude certainly means a branch that would be purged, or
    a repository; and where a branch to exclude is taken for a repository.
    """
    seen = [one for one in records if one.error is None and one.ledger.entries]
    is_only_one = len(records) == 1
    misread = [*_misspelt(seen, is_only_one=is_only_one), *_repositories(seen)]
    misread += [one async for one in _branches(api, records, seen)]
    for one in misread:
        if not dry_run:
            raise one.error
        one.record.warn(one.warning)
    misread_names = {one.name for one in misread}
    for unmatched in in_common(record.unmatched for record in seen) if seen else ():
        if unmatched.name in misread_names:
            continue
        if is_only_one:
            records[0].warn(str(unmatched))
        else:
            namesake = next((one for one in records if _is_called(unmatched, one.repository)), None)
            emit(events.Warned("", _spares_nothing_of(unmatched, namesake) if namesake else str(unmatched)))


def _misspelt(seen: Sequence[Record], *, is_only_one: bool) -> Iterator[_Misread]:
    for record in seen:
        for one in record.unmatched:
            if one.spares_nothing(is_only_one=is_only_one):
                what = one.sentence("" if is_only_one else f" of {record.name}")
                yield _Misread(one.name, record, str(one), InputError(what, remedy=_BY_ITS_NAME))


def _repositories(seen: Sequence[Record]) -> Iterator[_Misread]:
    """Yield repositories that are excluded as if they were branches.

    Of `--exclude $KEEP acme/widgets` the repository is the value where the variable is empty, and `acme/* --exclude
    acme/widgets` spares no repository.
    """
    for record in seen:
        for one in record.unmatched:
            if one.option == "--exclude" and _names(one.name, record.repository):
                what = _spares_nothing_of(one, record)
                yield _Misread(one.name, record, what, InputError(what, remedy=_NO_REPOSITORIES))


async def _branches(api: Api, records: Sequence[Record], seen: Sequence[Record]) -> AsyncIterator[_Misread]:
    """Yield branches that are given as repositories: `--exclude main feature/foo` excludes one branch alone."""
    excluding = [one for one in seen if one.ledger.selection.exclude]
    for lost in [one for one in records if isinstance(one.error, NotFoundError)]:
        said = f"{lost.name} is no repository that is found, but a branch that is not excluded, of"
        for record in excluding:
            if await _may_purge(record, lost.repository.slug, api):
                what = f"{said} {record.name}"
                yield _Misread(lost.name, record, what, InputError(what, remedy=_NO_REPOSITORIES))


def _spares_nothing_of(unmatched: Unmatched, record: Record) -> str:
    name = visible(unmatched.name)
    return f"--exclude {name} means a branch, and spares no caches of the repository {record.name}"


def _is_called(unmatched: Unmatched, repository: Repository) -> bool:
    """Return whether what is excluded is the bare name of the repository, which a branch may have, too."""
    return unmatched.option == "--exclude" and fnmatchcase(repository.name.lower(), unmatched.name.lower())


def _names(name: str, repository: Repository) -> bool:
    """Return whether this names the repository, or is a pattern of some of its owner's; `owner/*` may be branches."""
    owner, _, rest = name.lower().removeprefix(f"{repository.provider}/").partition("/")
    return owner == repository.owner.lower() and rest.strip("*") != "" and fnmatchcase(repository.name.lower(), rest)


async def _may_purge(record: Record, branch: str, api: Api) -> bool:
    """Return whether this is a branch of the repository, and may be that of a selected cache."""
    caches = [entry.cache for entry in record.ledger.selected]
    shown = last_part(branch)
    may_be = any(branch == one.full_branch if one.full_branch else shown == one.branch for one in caches)
    return may_be and record.repository_id is not None and branch in await api.branches(record.repository_id)
