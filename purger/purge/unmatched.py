"""Find what is given to `--branch`, `--exclude` and `--match` and matches no cache: most likely it is mistyped."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import unquote

from purger.core.branch_names import excludes, is_glob, matches
from purger.core.cache import Cache, Kind
from purger.core.errors import PurgerError
from purger.core.filters import Filters, has_in_its_name
from purger.core.text import visible
from purger.purge.branch_listings import BranchListings
from purger.travis.keys import last_part

_REMOTE = re.compile(r"^(?:heads/|(?:remotes/)?(?:origin|upstream)/)")
_PULL_REQUEST = re.compile(r"(?:#|!|pr[-_ /#]?|pull/|\A(?=\d+/(?:head|merge)\Z))(\d+)(?:/head|/merge)?")
"""A pull request as people and hosts name it; `7/merge` is GITHUB_REF_NAME."""
_AROUND = "[](){}<>\"'`^$|=\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a"
"""What people and programs put around names: `--exclude==main`, and the quotes of an editor."""
_DECIMAL = re.compile(r"\d+\.\d+", re.ASCII)
"""A name that YAML reads as a number: `1.10` becomes `1.1`, and `3.0` becomes `3`."""
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]")
_LONGEST_SLUG = 63
"""`feature-foo` is what GitLab's `CI_COMMIT_REF_SLUG` makes of `feature/Foo`."""
_BEFORE = "@!+"
"""What a shell's patterns and lists of rules put before them: `@(main|dev)`, `!main`."""
_BETWEEN = re.compile(r"[\s,;|\u3001]+")
_BRACES = re.compile(r"(.*?)\{([^{}]*,[^{}]*)\}(.*)")
_MOST_EXPANDED = 100
_MEANS = {"--branch": matches, "--exclude": excludes}
"""Whether a value of the option means a branch."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A name that matches no cache, the option that it was given to, and what is alike: a branch, or a part of a name.

    `is_meant` says that the name certainly means that branch, in another spelling: `origin/main`, `main,dev`, `Main`.
    """

    option: str
    name: str
    similar: str | None = None
    is_meant: bool = False

    @property
    def may_be_of_another(self) -> bool:
        """Whether another one of several repositories may have a branch of this very name."""
        return self.similar is not None and self.name in _made_of(self.similar)

    def spares_nothing(self, *, is_only_one: bool) -> bool:
        """Whether a branch would be purged that the name is certainly meant to exclude.

        `is_only_one` is whether it is given for this repository alone.
        """
        return self.is_meant and self.option == "--exclude" and (is_only_one or not self.may_be_of_another)

    def __str__(self) -> str:
        return self.sentence()

    def sentence(self, of: str = "") -> str:
        """Return a sentence that warns of it, with ` of` a repository where the run has several."""
        meant = f": is {visible(self.similar)} meant?" if self.similar else ""
        return f"{self.option} {visible(self.name)} matches no listed cache{of}{meant}"


async def unmatched_names(filters: Filters, caches: Sequence[Cache], listings: BranchListings) -> list[Unmatched]:
    """Return what matches none of these caches, which are all that are listed; nothing where that is not known.

    Where a cache's full name is not known, the branches of the repository tell whether it can be meant. Raises
    SiteError where a branch can't be listed of which a name to exclude is another spelling.
    """
    if not caches:
        return []
    return [*_unmatched_text(filters.match, caches), *await _unmatched_branches(filters, caches, listings)]


def _unmatched_text(text: str | None, caches: Sequence[Cache]) -> Iterator[Unmatched]:
    """Yield the text if it is in no cache's name. It is no pattern, and its case counts."""
    if text is None or any(has_in_its_name(cache, text) is not False for cache in caches):
        return
    meant = re.compile(re.escape(text.strip("*\"' ")), re.IGNORECASE)
    alike = next(filter(None, (meant.search(cache.known_name) for cache in caches)), None)
    yield Unmatched("--match", text, alike.group() if alike else None)


async def _unmatched_branches(filters: Filters, caches: Sequence[Cache], listings: BranchListings) -> list[Unmatched]:
    if not (filters.branches or filters.exclude):
        return []
    known = {cache.known_branch for cache in caches if cache.is_attributed}
    names = _without_a_match(filters, known, {cache.full_branch for cache in caches})
    if not names:
        return []
    left = _without_excluded(known, filters)
    try:
        branches = await listings.branches()
    except PurgerError:
        # A warning is not worth a failure. A branch to exclude in another spelling is more: it would be purged.
        meant = ((option, name, _meant(name, left)) for option, name in names if option == "--exclude")
        return [Unmatched(option, name, one, is_meant=True) for option, name, one in meant if one is not None]
    unnamed = [cache for cache in caches if cache.full_branch is None]
    shown = {cache.branch for cache in unnamed if cache.is_attributed}
    view = _View(known, left, branches, shown, any_may_be=not all(cache.is_attributed for cache in unnamed))
    # A branch that is named in full is listed on its own, so that all of its caches are known.
    may_be = [name not in filters.literals and view.may_be_meant(option, name) for option, name in names]
    found = [
        await _unmatched(option, name, view, listings, may_be=one)
        for (option, name), one in zip(names, may_be, strict=True)
    ]
    return [one for one in found if one is not None]


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


@dataclass(frozen=True, slots=True)
class _View:
    """The names of branches that are `known` to have caches, those `left` by --exclude, and all of the repository.

    Of some caches, only the last parts of their branches' names are `shown`; `any_may_be` if not even that of some.
    """

    known: Collection[str]
    left: Collection[str]
    branches: Mapping[str, bool | None]
    shown: Collection[str]
    any_may_be: bool

    def may_be_meant(self, option: str, name: str) -> bool:
        """Whether a cache may be meant of which the full name is not known."""
        if self.any_may_be and Kind.of(name) is Kind.PULL_REQUEST:
            return True  # those are no branches
        return any(_MEANS[option](branch, name) and self._may_have_caches(branch) for branch in self.branches)

    def written_otherwise(self, name: str) -> list[str]:
        """Return the branches that may have such a cache, and of which the name is another spelling."""
        others = (branch for branch in self.branches if branch != name and self._may_have_caches(branch))
        return sorted(branch for branch in others if _is_written_otherwise(name, branch))

    def _may_have_caches(self, branch: str) -> bool:
        return self.any_may_be or last_part(branch) in self.shown


async def _unmatched(
    option: str, name: str, view: _View, listings: BranchListings, *, may_be: bool
) -> Unmatched | None:
    """Return what is to be said of a name that matches no known branch; None where it `may_be` a cache's after all."""
    is_a_branch = view.branches.get(name) is not None
    known = [branch for branch in view.known if branch != name]
    meant = None if is_a_branch else _meant(name, view.left if option == "--exclude" else known)
    if option == "--exclude" and not is_a_branch and not (may_be and is_glob(name)):
        meant = meant or await _nested_meant(name, view, listings)
        if meant is not None and not (may_be and await listings.own(name)):
            return Unmatched(option, name, meant, is_meant=True)
    if may_be:
        return None
    if option == "--branch" and meant is None and not is_a_branch:
        meant = next(iter(view.written_otherwise(name)), None)
    alike = [] if is_glob(name) else difflib.get_close_matches(name, known)
    return Unmatched(option, name, meant or next(iter(alike), None), is_meant=meant is not None)


def _meant(name: str, branches: Iterable[str]) -> str | None:
    """Return the first of the branches of which the name is another spelling."""
    return next((one for one in sorted(branches) if _is_written_otherwise(name, one)), None)


async def _nested_meant(name: str, view: _View, listings: BranchListings) -> str | None:
    """Return the first such branch that has caches: only listing it tells, where but the last part is shown."""
    for branch in view.written_otherwise(name):
        if await listings.own(branch):
            return branch
    return None


def _is_written_otherwise(name: str, branch: str) -> bool:
    """Whether a name is the branch's in another spelling: case, Unicode, a remote, quotes, a URL, a list of names.

    So is what others make of it: what the page and `purger list` show, a number, a slug.
    """
    names = islice(_expanded(_plain(_REMOTE.sub("", name))), _MOST_EXPANDED)
    parts = [part for one in names for part in _BETWEEN.split(one)]
    bare = [part.lstrip(_BEFORE).strip(_AROUND).removesuffix("/") for part in parts]
    decoded = [_plain(unquote(part)) for part in bare if "%" in part]
    spellings = (_PULL_REQUEST.sub(r"pr.\1", _REMOTE.sub("", one)) for one in (*parts, *bare, *decoded) if one)
    meant = _plain(branch)
    return name in _made_of(branch) or any(excludes(meant, one) for one in spellings)


def _made_of(branch: str) -> set[str]:
    """Return what the page, YAML and CIs make of a name: what is displayed, the number that it is, and its slug."""
    number = branch.rstrip("0").rstrip(".") if _DECIMAL.fullmatch(branch) else branch
    # Not without hyphens at its ends, which a CI drops: what is left may well be another branch.
    slug = _NOT_IN_A_SLUG.sub("-", branch.lower())[:_LONGEST_SLUG]
    return {last_part(branch), number, *([slug] if slug != branch.lower() else [])}


def _expanded(name: str) -> Iterator[str]:
    """Yield the names that some shells make of braces, as in `release-{1,2}`; others, as cron's, leave them."""
    found = _BRACES.fullmatch(name)
    if found is None:
        yield name
        return
    for one in found[2].split(","):
        yield from _expanded(f"{found[1]}{one}{found[3]}")


def _plain(name: str) -> str:
    """Return the name in small letters that are composed, without characters that nobody sees."""
    return "".join(one for one in unicodedata.normalize("NFKC", name).casefold() if one.isprintable())


def _without_excluded(branches: Iterable[str], filters: Filters) -> set[str]:
    """Return the branches that no value of `--exclude` matches as it is written: another spelling may mean them."""
    return {branch for branch in branches if not any(excludes(branch, name) for name in filters.exclude)}


def _without_a_match(
    filters: Filters, known: Collection[str], in_full: Collection[str | None]
) -> list[tuple[str, str]]:
    """Return the names that mean none of these branches, with their options.

    A branch that is selected by its full name is listed on its own: what is shown by that name alone is of another one.
    """
    literals = filters.literals
    selected = [("--branch", name) for name in filters.branches if name not in in_full]
    excluded = [("--exclude", name) for name in filters.exclude]
    return [
        (option, name)
        for option, name in dict.fromkeys([*selected, *excluded])
        if (option == "--branch" and name in literals) or not any(_MEANS[option](branch, name) for branch in known)
    ]
