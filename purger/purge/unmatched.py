"""Find the names given to `--branch` and `--exclude` that match no cache: most likely they are mistyped."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from purger.core.cache import Cache, Kind
from purger.core.errors import PurgerError
from purger.core.filters import Filters, excludes, is_glob, matches
from purger.core.text import visible
from purger.purge.branch_listings import BranchListings
from purger.travis.keys import last_part

_REMOTE = re.compile(r"^(?:heads/|(?:remotes/)?(?:origin|upstream)/)")
_PULL_REQUEST = re.compile(r"(?:#|!|pr[-_ /#]?|pull/)(\d+)(?:/head|/merge)?")
_AROUND = "[](){}<>\"'`^$|"
"""What people and programs put around names."""
_MEANS = {"--branch": matches, "--exclude": excludes}
"""Whether a value of the option means a branch."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A name that matches no cache, the option that it was given to, and a name of a cache's branch that is alike.

    `is_meant` says that the name certainly means that branch, in another spelling: `origin/main`, `main,dev`, `Main`.
    """

    option: str
    name: str
    similar: str | None = None
    is_meant: bool = False

    def __str__(self) -> str:
        """Say it as a sentence that warns; no cache of the run matches, whatever is alike in one repository."""
        meant = f": is {visible(self.similar)} meant?" if self.similar else ""
        return f"{self.option} {visible(self.name)} matches no listed cache{meant}"


async def unmatched_names(filters: Filters, caches: Sequence[Cache], listings: BranchListings) -> list[Unmatched]:
    """Return the names that match none of these caches, which are all that are listed; none where that is not known.

    Where a cache's full name is not known, the branches of the repository tell whether it can be meant.
    """
    if not caches or not (filters.branches or filters.exclude):
        return []
    known = {cache.known_branch for cache in caches if cache.is_attributed}
    names = _without_a_match(filters, known)
    if not names:
        return []
    try:
        branches = await listings.branches()
    except PurgerError:
        return []  # a warning is not worth a failure
    unnamed = [cache for cache in caches if cache.full_branch is None]
    shown = {cache.branch for cache in unnamed if cache.is_attributed}
    any_may_be = not all(cache.is_attributed for cache in unnamed)
    return [
        _unmatched(option, name, known, is_a_branch=branches.get(name) is not None)
        for option, name in names
        # A branch that is named in full is listed on its own, so that all of its caches are known.
        if name in filters.literals or not _may_be_meant(option, name, branches, shown, any_may_be=any_may_be)
    ]


def in_common(found: Iterable[Sequence[Unmatched]]) -> list[Unmatched]:
    """Return what none of the repositories has a cache of; with several of them no name that is alike."""
    found = list(found)
    first, *others = found
    if not others:
        return list(first)
    named = [{(one.option, one.name): one for one in other} for other in found]
    pairs = ((one.option, one.name) for one in first)
    in_all = [[each[pair] for each in named] for pair in pairs if all(pair in each for each in named)]
    return [next((one for one in each if one.is_meant), replace(each[0], similar=None)) for each in in_all]


def _unmatched(option: str, name: str, known: Collection[str], *, is_a_branch: bool) -> Unmatched:
    meant = None if is_a_branch else next((one for one in sorted(known) if _is_written_otherwise(name, one)), None)
    alike = [] if is_glob(name) else difflib.get_close_matches(name, known, 1)
    return Unmatched(option, name, meant or next(iter(alike), None), is_meant=meant is not None)


def _is_written_otherwise(name: str, branch: str) -> bool:
    """Whether a name is the branch's in another spelling: case, Unicode, a remote, quotes, or a list of names."""
    parts = _plain(_REMOTE.sub("", name)).replace(",", " ").replace(";", " ").split()
    bare = [part.strip(_AROUND).removesuffix("/") for part in parts]
    spellings = (_PULL_REQUEST.sub(r"pr.\1", _REMOTE.sub("", one)) for one in (*parts, *bare) if one)
    meant = _plain(branch)
    return any(excludes(meant, one) for one in spellings)


def _plain(name: str) -> str:
    """Return the name in small letters that are composed, without characters that nobody sees."""
    return "".join(one for one in unicodedata.normalize("NFKC", name).casefold() if one.isprintable())


def _without_a_match(filters: Filters, known: Collection[str]) -> list[tuple[str, str]]:
    given = [*(("--branch", name) for name in filters.branches), *(("--exclude", name) for name in filters.exclude)]
    return [pair for pair in dict.fromkeys(given) if not any(_MEANS[pair[0]](branch, pair[1]) for branch in known)]


def _may_be_meant(option: str, name: str, branches: Iterable[str], shown: Collection[str], *, any_may_be: bool) -> bool:
    """Whether a cache may be meant that is shown with these last parts of names or, if `any_may_be`, without any."""
    if any_may_be and Kind.of(name) is Kind.PULL_REQUEST:
        return True  # those are no branches
    meant = (branch for branch in branches if _MEANS[option](branch, name))
    return any(any_may_be or last_part(branch) in shown for branch in meant)
