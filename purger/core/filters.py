"""Define the filters: what the user says of single caches, one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from purger.core.branch_names import check_name, check_text, covers, excludes, is_glob, matches
from purger.core.cache import Cache, Kind
from purger.core.decision import Kept, Verdict
from purger.core.errors import InputError
from purger.core.options import KEEP, SELECT, declared, text
from purger.core.units import exact_age_text, exact_size_text, parse_duration_s, parse_size_bytes

CLOCK_STEP_S = 1.0
"""The dates of caches and of the site's clock have whole seconds."""


def _parse_age_s(age: str) -> float:
    return parse_duration_s(age, bare_seconds=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Filters, combined with *and*. Without filters every cache is selected.

    `branches` are full names or globs (`*`, `?`, `[…]`), combined with *or*. A glob matches the displayed name, and
    one with a slash the full name, too. `exclude` are names like these: what they match is never selected, and each
    of their globs also matches the full name where it is known. Ages are in seconds before `as_of`, which is fixed so
    that no cache becomes old enough while a purge runs. Caches modified later than `not_after` are not selected.
    Raises InputError for an empty pattern, one that no name can match, and filters that contradict each other.
    """

    branches: tuple[str, ...] = text(
        "--branch",
        "-b",
        default=(),
        raw=list[str],
        parse=tuple,
        metavar="NAME",
        shown="all",
        panel=SELECT,
        refuse_empty=True,
        help="Only this branch, in full; a glob (*, ?, [...]) matches displayed names. Repeatable.",
    )
    match: str | None = text(
        "--match",
        "-m",
        metavar="TEXT",
        shown="all",
        panel=SELECT,
        refuse_empty=True,
        help="Only caches whose name contains TEXT.",
    )
    kind: Kind | None = text(
        "--kind",
        raw=Kind,
        metavar="|".join(Kind),
        shown="both",
        panel=SELECT,
        refuse_empty=True,
        help="Only of pushes, or only of pull requests.",
    )
    older_than_s: float | None = text(
        "--older-than",
        parse=_parse_age_s,
        metavar="AGE",
        shown="any",
        panel=SELECT,
        refuse_empty=True,
        help="Only caches last modified longer ago: 45m, 12h, 30d, 2w.",
    )
    newer_than_s: float | None = text(
        "--newer-than",
        parse=_parse_age_s,
        metavar="AGE",
        shown="any",
        panel=SELECT,
        refuse_empty=True,
        help="Only caches last modified since then.",
    )
    larger_than_bytes: int | None = text(
        "--larger-than",
        parse=parse_size_bytes,
        metavar="SIZE",
        shown="any",
        panel=SELECT,
        refuse_empty=True,
        help="Only caches above this size: 500KB, 100MB, 1.5GB.",
    )
    smaller_than_bytes: int | None = text(
        "--smaller-than",
        parse=parse_size_bytes,
        metavar="SIZE",
        shown="any",
        panel=SELECT,
        refuse_empty=True,
        help="Only caches below this size.",
    )
    exclude: tuple[str, ...] = text(
        "--exclude",
        default=(),
        raw=list[str],
        parse=tuple,
        metavar="NAME",
        shown="none",
        panel=KEEP,
        refuse_empty=True,
        help="Never this branch, as for --branch; wins over everything. Repeatable.",
    )
    not_after: datetime | None = None
    as_of: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        for name in self.branches:
            check_name("--branch", name)
        for name in self.exclude:
            check_name("--exclude", name)
        if self.match is not None:
            check_text("--match", self.match)
        _refuse_contradictions(self)

    @property
    def is_filtered(self) -> bool:
        """Whether there are filters."""
        is_given = (getattr(self, each.name) != each.default for each, _ in declared(Filters))
        return self.not_after is not None or any(is_given)

    @property
    def literals(self) -> tuple[str, ...]:
        """The branches that are given by their full names, without duplicates."""
        return tuple(dict.fromkeys(name for name in self.branches if not is_glob(name)))

    @property
    def named(self) -> tuple[str, ...]:
        """The branches that are given by their full names, also those to exclude."""
        return (*self.literals, *(name for name in self.exclude if not is_glob(name)))

    @property
    def globs(self) -> tuple[str, ...]:
        """The branches that are given as patterns."""
        return tuple(name for name in self.branches if is_glob(name))

    def filtered(self, cache: Cache) -> Verdict:
        """Return what the filters say of the cache."""
        excluded = _is_excluded(cache, self.exclude)
        has_size, has_date = cache.is_sized, cache.is_dated
        decisions = [
            None if excluded is None else True,
            not self.branches or self._decide_branch(cache),
            self.match is None or has_in_its_name(cache, self.match),
            self.kind is None or _is_of_kind(cache, self.kind),
            not has_size or self.larger_than_bytes is None or cache.size_bytes > self.larger_than_bytes,
            not has_size or self.smaller_than_bytes is None or cache.size_bytes < self.smaller_than_bytes,
            self.not_after is None or cache.last_modified <= self.not_after,
            not has_date or self._decide_age(cache),
        ]
        if False in decisions:
            return Verdict(selected=False)
        if excluded:
            return Verdict(selected=False, kept=Kept.EXCLUDED)
        if not has_size and (self.larger_than_bytes, self.smaller_than_bytes) != (None, None):
            return Verdict(selected=False, kept=Kept.UNSIZED)
        if not has_date and (self.older_than_s, self.newer_than_s, self.not_after) != (None, None, None):
            return Verdict(selected=False, kept=Kept.UNDATED)
        return Verdict(selected=None if None in decisions else True)

    def _decide_branch(self, cache: Cache) -> bool | None:
        if cache.full_branch is not None and cache.full_branch in self.literals:
            return True
        if not cache.is_attributed:
            return None if self.globs or cache.below in self.literals else False
        return any(matches(cache.known_branch, glob) for glob in self.globs)

    def _decide_age(self, cache: Cache) -> bool:
        age_s = (self.as_of - cache.last_modified).total_seconds()
        is_old_enough = self.older_than_s is None or age_s > self.older_than_s
        # What is uploaded after the start is no part of what was there.
        return is_old_enough and (self.newer_than_s is None or -CLOCK_STEP_S <= age_s < self.newer_than_s)

    def __str__(self) -> str:
        """Describe the filters for messages: `of branch main, older than 30 days`."""
        parts = [f"of branch {name}" if not is_glob(name) else f"of branches like {name}" for name in self.branches]
        parts += [f"not of {'branches like ' if is_glob(name) else 'branch '}{name}" for name in self.exclude]
        if self.match is not None:
            parts.append(f"with {self.match!r} in their name")
        if self.kind is not None:
            parts.append("of pull requests" if self.kind is Kind.PULL_REQUEST else "of pushes")
        if self.older_than_s is not None:
            parts.append(f"older than {exact_age_text(self.older_than_s)}")
        if self.newer_than_s is not None:
            parts.append(f"newer than {exact_age_text(self.newer_than_s)}")
        if self.larger_than_bytes is not None:
            parts.append(f"larger than {exact_size_text(self.larger_than_bytes)}")
        if self.smaller_than_bytes is not None:
            parts.append(f"smaller than {exact_size_text(self.smaller_than_bytes)}")
        if self.not_after is not None:
            parts.append(f"from before {self.not_after:%Y-%m-%d %H:%M} UTC")
        return ", ".join(parts)


def _is_excluded(cache: Cache, exclude: tuple[str, ...]) -> bool | None:
    """Return whether a cache is of an excluded branch; None where its full name decides and is not known."""
    if not exclude:
        return False
    if cache.full_branch is not None:
        return any(excludes(cache.full_branch, name) for name in exclude)
    if not cache.is_attributed:
        return None
    # What is displayed is the last part of a branch: what lies before it is not known.
    if any(is_glob(name) and excludes(cache.branch, name) for name in exclude):
        return True
    may_be_meant = any(is_glob(name) or name.rpartition("/")[2] == cache.branch for name in exclude)
    return None if may_be_meant else False


def _is_of_kind(cache: Cache, kind: Kind) -> bool | None:
    """Return whether a cache is of this kind; None where its full name decides and is not known."""
    # A pushed branch `fix/PR.7` is displayed as `PR.7`, too; no pull request is displayed as anything else.
    may_be_either = not cache.is_attributed or Kind.of(cache.branch) is Kind.PULL_REQUEST
    return None if cache.full_branch is None and may_be_either else cache.kind is kind


def has_in_its_name(cache: Cache, text: str) -> bool | None:
    """Return whether the name of a cache contains a text; None where its whole name decides and is not known."""
    if text in cache.known_name:
        return True
    return None if cache.may_be_nested and cache.file_name is None else False


def _refuse_contradictions(filters: Filters) -> None:
    """Raise InputError for filters that no cache can pass."""
    older_s, newer_s = filters.older_than_s, filters.newer_than_s
    larger_bytes, smaller_bytes = filters.larger_than_bytes, filters.smaller_than_bytes
    if newer_s is not None and newer_s <= (older_s or 0.0):
        and_older = "" if older_s is None else f" and older than {exact_age_text(older_s)}"
        raise InputError(
            f"no cache is newer than {exact_age_text(newer_s)}{and_older}",
            remedy="Give --newer-than a longer age than --older-than, for what is in between.",
        )
    # Sizes are whole bytes.
    if smaller_bytes is not None and smaller_bytes <= (0 if larger_bytes is None else larger_bytes + 1):
        and_larger = "" if larger_bytes is None else f" and larger than {larger_bytes:,}"
        raise InputError(
            f"no cache is smaller than {smaller_bytes:,} bytes{and_larger}",
            remedy="Give --smaller-than a larger size than --larger-than, for what is in between.",
        )
    wanted = filters.branches or ("*",)
    if filters.exclude and all(covers(filters.exclude, name) for name in wanted):
        raise InputError(
            "--exclude leaves no branch to select", remedy="Leave --exclude out, or select other branches."
        )
