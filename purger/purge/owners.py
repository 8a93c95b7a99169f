"""Find the repositories that a run is about: those that are named, and all that the API lists of an owner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from purger.core import events
from purger.core.errors import PurgerError
from purger.travis.addresses import Owner, Repository
from purger.travis.api import VIEW, VIEW_AND_DELETE, Api, RepositoryFacts
from purger.travis.refusals import NotAllowedError, NotFoundError

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Expanded:
    """The repositories, each once, with the facts of those that are from an owner's list.

    `error` is that of the first owner of whom there are none: unknown, or all are forbidden.
    """

    repositories: Mapping[Repository, RepositoryFacts | None]
    error: PurgerError | None


async def expand(
    api: Api, targets: Sequence[Repository | Owner], *, to_delete: bool, emit: events.Observer
) -> Expanded:
    """Return the repositories that are meant. An owner stands for all active ones that the token may purge.

    Raises the error of an owner where nothing else is left to do, and any other PurgerError.
    """
    found: dict[Repository, RepositoryFacts | None] = {}
    needed = set(VIEW_AND_DELETE if to_delete else VIEW)
    first: PurgerError | None = None
    for target in targets:
        if isinstance(target, Repository):
            found.setdefault(target, None)
            continue
        try:
            async for repository, facts in _of_owner(api, target, needed, emit):
                found.setdefault(repository, facts)
        except (NotFoundError, NotAllowedError) as error:
            first = first or error
            emit(events.Warned("", f"Nothing is done for {target}: {error}."))
    if first and not found:
        raise first
    return Expanded(_once_each(found), first)


async def _of_owner(
    api: Api, owner: Owner, needed: set[str], emit: events.Observer
) -> AsyncIterator[tuple[Repository, RepositoryFacts]]:
    """Yield the owner's active repositories for which the token has the permissions; emit why others are left out.

    Raises NotAllowedError or NotFoundError where all active ones are left out: to do nothing then would be no success.
    """
    listed = await api.repositories(owner)
    _require_one(owner, listed, needed)
    for repository, facts in listed:
        missing = needed - facts.permissions
        why = _why_left_out(owner, repository, facts) or (_lacks(missing) if missing else None)
        if repository and not why:
            yield repository, facts
        else:
            emit(events.Warned(str(repository or facts.slug), f"left out of {owner}: {why}"))


def _require_one(owner: Owner, listed: Sequence[tuple[Repository | None, RepositoryFacts]], needed: set[str]) -> None:
    """Raise NotAllowedError or NotFoundError where active repositories are listed, and none of them can be purged."""
    active = [facts for _, facts in listed if facts.active]
    usable = [facts for repository, facts in listed if not _why_left_out(owner, repository, facts)]
    if active and not usable:
        slugs = ", ".join(facts.slug for facts in active[:_MOST_NAMED])
        raise NotFoundError(
            f"of {owner} the API lists only repositories of another owner, or with several slashes: {slugs}",
            remedy="Name one by itself: owner/name. Purger knows no page of one with several slashes.",
        )
    missing = [needed - facts.permissions for facts in usable]
    if missing and all(missing):
        raise NotAllowedError(
            f"{_lacks(set().union(*missing))} for every repository of {owner}",
            remedy="Use the token of somebody who may push to them.",
        )


def _why_left_out(owner: Owner, repository: Repository | None, facts: RepositoryFacts) -> str | None:
    """Return why a repository in an owner's list is not purged, whatever the token may do; None if it is purged."""
    if repository is None:
        return "purger knows no page of a repository whose name has several slashes"
    if repository.owner.casefold() != owner.login.casefold():
        return "it is of another owner"
    return None if facts.active else "it is not active"


def _lacks(permissions: set[str]) -> str:
    return f"the token lacks {' and '.join(sorted(permissions))}"


def _once_each(found: Mapping[Repository, RepositoryFacts | None]) -> dict[Repository, RepositoryFacts | None]:
    """Leave out what is there already in another case: purged twice at once, each would spoil the other.

    The spelling that the API lists counts, else the first one.
    """
    listed_first = sorted(found, key=lambda one: found[one] is None)
    firsts = {str(repository).casefold(): repository for repository in reversed(listed_first)}
    return {one: facts for one, facts in found.items() if firsts[str(one).casefold()] is one}
