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
    listed = [(one, facts, _why_of_no_use(one, facts, owner)) for one, facts in await api.repositories(owner)]
    active = [facts for _, facts, why in listed if why is None]
    if active and all(needed - facts.permissions for facts in active):
        lacking = set[str]().union(*(needed - facts.permissions for facts in active))
        raise NotAllowedError(
            f"the token lacks {' and '.join(sorted(lacking))} for every repository of {owner}",
            remedy="Use the token of somebody who may push to them.",
        )
    if not active and any(facts.active for _, facts, _ in listed):
        slugs = ", ".join(facts.slug for _, facts, _ in listed[:_MOST_NAMED] if facts.active)
        raise NotFoundError(
            f"of {owner} the API lists only repositories of another owner, or with several slashes: {slugs}",
            remedy="Name one by itself: owner/name. Purger knows no page of one with several slashes.",
        )
    for repository, facts, why in listed:
        missing = needed - facts.permissions
        if repository and not (why or missing):
            yield repository, facts
        else:
            why = why or f"the token lacks {' and '.join(sorted(missing))}"
            emit(events.Warned(str(repository or facts.slug), f"left out of {owner}: {why}"))


def _why_of_no_use(repository: Repository | None, facts: RepositoryFacts, owner: Owner) -> str | None:
    """Return why a repository that is listed of an owner is not purged, whatever the token may do; None if it is."""
    if repository is None:
        return "purger knows no page of a repository whose name has several slashes"
    if repository.owner.casefold() != owner.login.casefold():
        return "it is of another owner"
    return None if facts.active else "it is not active"


def _once_each(found: Mapping[Repository, RepositoryFacts | None]) -> dict[Repository, RepositoryFacts | None]:
    """Leave out what is there already in another case: purged twice at once, each would spoil the other.

    The spelling that the API lists counts, else the first one.
    """
    listed_first = sorted(found, key=lambda one: found[one] is None)
    firsts = {str(repository).casefold(): repository for repository in reversed(listed_first)}
    return {one: facts for one, facts in found.items() if firsts[str(one).casefold()] is one}
