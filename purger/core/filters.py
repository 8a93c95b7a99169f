"""Define the filters: what the user says of single caches, one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase, translate

from purger.core.cache import Cache, Kind
from purger.core.decision import Kept, Verdict
from purger.core.errors import InputError
from purger.core.options import KEEP, SELECT, text
from purger.core.text import visible
from purger.core.units import exact_age_text, exact_size_text, parse_duration_s, parse_size_bytes

CLOCK_STEP_S = 1.0
"""The dates of caches and of the site's clock have whole seconds."""

_GLOB = re.compile(r"[*?[]")
_CLASS = re.compile(r"\[(!?+\]?+[^\]]*)\]")
"""Characters in brackets as fnmatch reads them: a first `]` is one of them and closes nothing, as in `[]a]`."""
_NOT_IN_A_NAME = re.compile(
    r"[\x00-\x20\x7f~^:\\\[]|\.\.|@\{|//|(?:\A|/)\.|\.lock(?:/|\Z)|\A[-/]|[/.]\Z|\A@\Z", re.ASCII
)
"""What git allows in no branch's name."""
_NOT_REPLACED = re.compile(r"\$[\w{(]|\{\{|\}\}|%\w+%")
"""What a shell, a template or a batch file would have replaced."""


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
            _check_name("--branch", name)
        for name in self.exclude:
            _check_name("--exclude", name)
        if self.match is not None:
            _check_text("--match", self.match)
        _refuse_contradictions(self)

    @property
    def is_filtered(self) -> bool:
        """Whether there are filters."""
        given = (self.match, self.kind, self.older_than_s, self.newer_than_s, self.not_after)
        sizes = (self.larger_than_bytes, self.smaller_than_bytes)
        return bool(self.branches or self.exclude) or any(one is not None for one in (*given, *sizes))

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
    if any(is_glob(name) and fnmatchcase(cache.branch, name) for name in exclude):
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


def _check_text(option: str, given: str) -> None:
    """Raise InputError for a text that is in no name."""
    if given == "":
        raise InputError(f"{option} is empty", remedy=f"Leave {option} out to select everything.")
    if "\0" in given or not _is_utf8(given):
        raise InputError(
            f"{option} contains a NUL or bytes that are not text", remedy="No branch or cache has such a name."
        )


def _check_name(option: str, name: str) -> None:
    """Raise InputError for what is no branch's name or pattern: it would match nothing, and exclude nothing."""
    _check_text(option, name)
    if name.startswith("refs/"):
        raise InputError(
            f"{option} {visible(name)} is a reference, and no branch's name",
            remedy="Write the name as the site has it: main, not refs/heads/main; PR.7 for pull request 7.",
        )
    if _NOT_REPLACED.search(name):
        raise InputError(
            f"{option} {visible(name)} holds a variable that nothing replaced",
            remedy="Write the name itself, or let your shell replace it; a ? instead of the odd character matches it.",
        )
    single = [match[1].removeprefix("!") for match in _CLASS.finditer(name)]
    if any(one.startswith("^") or set(one) & set(",;\"' [") for one in single):
        raise InputError(
            f"{option} {visible(name)} holds more than single characters in its brackets",
            remedy=f"Give {option} once for each name; [abc] is one of these characters, [!abc] is any other one.",
        )
    # The translation of characters of which there are none (`[z-a]`) is an expression that nothing matches.
    if _NOT_IN_A_NAME.search(_CLASS.sub("x", name)) or "(?!)" in translate(name):
        raise InputError(
            f"{option} {visible(name)} can't be a branch's name",
            remedy=f"Give {option} once for each name. Git allows no blank, ~ ^ : \\ or .. in one, no - or / at its "
            "start, and no / or full stop at its end; a ? matches any character.",
        )


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
    if filters.exclude and all(_covers(filters.exclude, name) for name in wanted):
        raise InputError(
            "--exclude leaves no branch to select", remedy="Leave --exclude out, or select other branches."
        )


def _covers(exclude: tuple[str, ...], name: str) -> bool:
    """Whether all that a `--branch` value means is excluded, as far as that is plain."""
    before = _GLOB.split(name)[0]
    return any(
        pattern == name
        or (set(pattern) <= {"*", "?"} and "*" in pattern and pattern.count("?") < 2)
        or (not is_glob(name) and excludes(name, pattern))
        # All that begins so is excluded, in full names and in displayed ones.
        or (pattern.endswith("*") and before.startswith(pattern[:-1]))
        for pattern in exclude
    )


def matches(branch: str, pattern: str) -> bool:
    """Whether a full name is meant by a `--branch` value.

    A glob matches the displayed name, the last part. Only one with a slash matches the full name, too: the full names
    of some caches are not known, and of one branch all caches are selected or none.
    """
    if not is_glob(pattern):
        return branch == pattern
    return fnmatchcase(branch.rpartition("/")[2], pattern) or ("/" in pattern and fnmatchcase(branch, pattern))


def excludes(branch: str, pattern: str) -> bool:
    """Whether a full name is meant by an `--exclude` value: any glob matches the full name, too."""
    return matches(branch, pattern) or (is_glob(pattern) and fnmatchcase(branch, pattern))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_glob(name: str) -> bool:
    """Return whether a `--branch` value is a pattern. Git does not allow these characters in branch names."""
    return _GLOB.search(name) is not None
