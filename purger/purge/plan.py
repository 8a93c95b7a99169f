"""Decide which method deletes a cache and nothing else: its row's icon, an exact API call, or none. Pure, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from purger.core.cache import Cache, Method, Version, versions
from purger.travis.keys import LIST_CAP, last_part

SHARED_NAME = "no call deletes it alone: a cache that is not selected has the same name below the same branch"


@dataclass(frozen=True, slots=True)
class Deletion:
    """One deletion: by the icon of a row, or by the API for a folder and, maybe, a text in the name.

    A folder of the object store is a full branch or, for file names with a slash, a branch and the front of the name.
    """

    method: Method
    folder: str
    match: str | None
    caches: tuple[Cache, ...]


@dataclass(frozen=True, slots=True)
class Undeletable:
    """Caches that can't be deleted without deleting another or guessing, and why."""

    caches: tuple[Cache, ...]
    reason: str


def plan_deletions(
    folder: str, listing: Sequence[Cache], selected: Counter[Version], wanted: Sequence[Cache]
) -> list[Deletion | Undeletable]:
    """Return how to delete the wanted caches of one folder without deleting one that is not selected.

    `listing` is what the API lists for the folder, which is also what a deletion of it deletes: everything below it,
    nested branches too. `selected` counts all selected versions of the repository. The icon of a row sends its
    displayed name, so it will do where that is the folder and everything that it reaches is selected. A listing that is
    full may hide what a deletion of the folder reaches by the time that it arrives; a text in the name limits both.
    """
    if len(listing) < LIST_CAP and are_selected(listing, selected):
        has_row = last_part(folder) == folder and any(cache.branch == folder for cache in listing)
        method = Method.ICON if has_row else Method.API
        return [Deletion(method, folder, None, tuple(wanted))]
    found: list[Deletion | Undeletable] = []
    by_name: dict[str, list[Cache]] = {}
    for cache in wanted:
        by_name.setdefault(cache.name, []).append(cache)
    for name, caches in by_name.items():
        reached = [cache for cache in listing if name in cache.name]
        if name and are_selected(reached, selected):
            found.append(Deletion(Method.API, folder, name, tuple(caches)))
        else:
            found.append(Undeletable(tuple(caches), SHARED_NAME))
    return found


def are_selected(caches: Iterable[Cache], selected: Counter[Version]) -> bool:
    """Whether each of the caches is among the selected versions, as often as it occurs.

    `Counter.__le__` would go through all selected versions each time.
    """
    return all(selected[version] >= count for version, count in versions(caches).items())


def without_nested(ways: Sequence[Deletion | Undeletable]) -> list[Deletion | Undeletable]:
    """Return the ways without those that another one does as well, since it deletes the folder of their branch.

    Both in one go would delete what a job uploads between them, which no filter has seen.
    """
    folders = {way.folder for way in ways if isinstance(way, Deletion) and way.match is None}
    return [way for way in ways if isinstance(way, Undeletable) or folders.isdisjoint(_parents(way.folder))]


def _parents(folder: str) -> list[str]:
    return [folder[:end] for end, character in enumerate(folder) if character == "/"]


def by_displayed_name(branches: Iterable[str]) -> dict[str, list[str]]:
    """Return the full names of branches by the name that the page displays for them."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(branches):
        found.setdefault(last_part(name), []).append(name)
    return found


def unknown_branch_reason(displayed: str) -> str:
    """Return why a cache of a displayed branch can't be deleted when no full name leads to it."""
    return (
        f"its full branch name is unknown: the page shows only {displayed!r}, and no branch of the repository "
        "leads to it; name the branch in full with --branch"
    )
