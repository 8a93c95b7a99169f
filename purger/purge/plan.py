"""Which way deletes an archive and nothing else: its row's icon, an exact API call, or none; pure decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from purger.core.cache import LIST_CAP, Archive, How, Version, last_part, versions

SHARED_NAME = "no call deletes it alone: an archive that is not selected has the same name below the same branch"
CROWDED = f"its branch holds {LIST_CAP:,} archives or more, so what else a call would delete can't be seen"


@dataclass(frozen=True, slots=True)
class Way:
    """One deletion: by the icon of a row, or by the API for a full branch and, maybe, a text in the name."""

    how: How
    full_branch: str
    match: str | None
    archives: tuple[Archive, ...]


@dataclass(frozen=True, slots=True)
class NoWay:
    """Archives that can't be deleted without deleting another or guessing, and why."""

    archives: tuple[Archive, ...]
    reason: str


def exact_ways(
    full_branch: str, listing: Sequence[Archive], selected: Counter[Version], wanted: Sequence[Archive]
) -> list[Way | NoWay]:
    """The ways to delete the wanted archives of one full branch, none of which touches an unselected archive.

    `listing` is what the API lists for the branch, which is also what a deletion of the branch deletes: everything
    below it, nested branches too. `selected` counts all selected versions of the repository. The icon of a row
    sends its displayed name, so it will do where that is the full one and everything that it reaches is selected.
    """
    if len(listing) >= LIST_CAP:
        return [NoWay(tuple(wanted), CROWDED)]
    if versions(listing) <= selected:
        how = How.ICON if last_part(full_branch) == full_branch else How.API
        return [Way(how, full_branch, None, tuple(wanted))]
    found: list[Way | NoWay] = []
    by_name: dict[str, list[Archive]] = {}
    for archive in wanted:
        by_name.setdefault(archive.name, []).append(archive)
    for name, archives in by_name.items():
        reached = [archive for archive in listing if name in archive.name]
        if name and versions(reached) <= selected:
            found.append(Way(How.API, full_branch, name, tuple(archives)))
        else:
            found.append(NoWay(tuple(archives), SHARED_NAME))
    return found


def without_covered(ways: Sequence[Way | NoWay]) -> list[Way | NoWay]:
    """The ways but for those that another one does as well, since it deletes the folder that their branch is in.

    Both in one go would delete what a job uploads between them, which no filter has seen.
    """
    folders = {way.full_branch for way in ways if isinstance(way, Way) and way.match is None}
    return [
        way
        for way in ways
        if isinstance(way, NoWay) or not any(way.full_branch.startswith(f"{folder}/") for folder in folders)
    ]


def full_names(displayed: str, branches: Sequence[str]) -> list[str]:
    """The full names that the page may be showing as `displayed`: itself first, then what ends in it."""
    return [displayed, *(name for name in branches if name != displayed and last_part(name) == displayed)]


def unknown_branch(displayed: str) -> str:
    """Why an archive of a displayed branch can't be deleted when no full name leads to it."""
    return (
        f"its full branch name is unknown: the page shows only {displayed!r}, and no branch of the repository "
        "leads to it; name the branch in full with --branch"
    )
