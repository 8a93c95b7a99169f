"""Define the selection: the filters that decide which caches are listed, previewed and deleted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from purger.core.cache import Cache, Kind
from purger.core.errors import InputError
from purger.core.options import SELECT, text
from purger.core.units import age_text, parse_duration_s, parse_size_bytes, size_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Filters, combined with *and*. Without filters every cache is selected.

    `branches` are full names or globs (`*`, `?`, `[…]`), combined with *or*. A glob matches the displayed name, and
    the full name where it is known. `older_than_s` is in seconds before `as_of`, which is fixed so that no cache
    becomes old enough while a purge runs. `clock_offset_s` is how far the site's clock is ahead of this machine's;
    None means that they were not compared, so that `as_of` is this machine's time. Caches modified later than
    `not_after` are not selected.
    Raises InputError for an empty pattern or one that no name can match.
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
        parse=lambda age: parse_duration_s(age, bare_seconds=False),
        metavar="AGE",
        shown="any",
        panel=SELECT,
        refuse_empty=True,
        help="Only caches last modified longer ago: 45m, 12h, 30d, 2w.",
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
    not_after: datetime | None = None
    as_of: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock_offset_s: float | None = None

    def __post_init__(self) -> None:
        for option, texts in (("--branch", self.branches), ("--match", (self.match,))):
            for pattern in texts:
                if pattern == "":
                    raise InputError(f"{option} is empty", remedy=f"Leave {option} out to select everything.")
                if pattern is not None and ("\0" in pattern or not _is_utf8(pattern)):
                    raise InputError(
                        f"{option} contains a NUL or bytes that are not text",
                        remedy="No branch or cache has such a name.",
                    )

    @property
    def everything(self) -> bool:
        """Whether there are no filters."""
        return not self.branches and self.match is None and self.kind is None and not self._has_limits

    @property
    def _has_limits(self) -> bool:
        return any(limit is not None for limit in (self.older_than_s, self.larger_than_bytes, self.not_after))

    @property
    def literals(self) -> tuple[str, ...]:
        """The branches that are given by their full names, without duplicates."""
        return tuple(dict.fromkeys(name for name in self.branches if not is_glob(name)))

    @property
    def globs(self) -> tuple[str, ...]:
        """The branches that are given as patterns."""
        return tuple(name for name in self.branches if is_glob(name))

    def at_site_time(self, offset: timedelta, site_now: datetime) -> Selection:
        """Return the selection with `as_of` on the site's clock, and never later than the site's time.

        `offset` is the site's time less this machine's. What was compared before keeps its `as_of`.
        """
        as_of = self.as_of + offset if self.clock_offset_s is None else self.as_of
        return replace(self, as_of=min(as_of, site_now), clock_offset_s=offset.total_seconds())

    def selects(self, cache: Cache) -> bool:
        """Whether the cache is certainly to be deleted."""
        return self.decide(cache) is True

    def decide(self, cache: Cache) -> bool | None:
        """Return whether the cache is to be deleted; None where that can't be told without knowing its branch or name.

        A cache whose full branch is unknown is never of a branch that is named in full: those are listed one by one.
        """
        decisions = [
            not self.branches or self._decide_branch(cache),
            self.match is None or self._decide_name(cache, self.match),
            self.kind is None or (cache.kind is self.kind if cache.is_attributed else None),
            self.older_than_s is None or self._age_s(cache) > self.older_than_s,
            self.larger_than_bytes is None or cache.size_bytes > self.larger_than_bytes,
            self.not_after is None or cache.last_modified <= self.not_after,
        ]
        if False in decisions:
            return False
        return None if None in decisions else True

    def _decide_branch(self, cache: Cache) -> bool | None:
        if cache.full_branch is not None and cache.full_branch in self.literals:
            return True
        if not cache.is_attributed:
            return None if self.globs else False
        names = {cache.known_branch, cache.known_branch.rpartition("/")[2]}
        return any(fnmatchcase(name, glob) for glob in self.globs for name in names)

    @staticmethod
    def _decide_name(cache: Cache, text: str) -> bool | None:
        if text in cache.known_name:
            return True
        return None if cache.may_be_nested and cache.file_name is None else False

    def _age_s(self, cache: Cache) -> float:
        return (self.as_of - cache.last_modified).total_seconds()

    def __str__(self) -> str:
        """Describe the filters for messages: `of branch main, older than 30 days`."""
        parts = [f"of branch {name}" if not is_glob(name) else f"of branches like {name}" for name in self.branches]
        if self.match is not None:
            parts.append(f"with {self.match!r} in their name")
        if self.kind is not None:
            parts.append("of pull requests" if self.kind is Kind.PULL_REQUEST else "of pushes")
        if self.older_than_s is not None:
            parts.append(f"older than {age_text(self.older_than_s)}")
        if self.larger_than_bytes is not None:
            parts.append(f"larger than {size_text(self.larger_than_bytes)}")
        if self.not_after is not None:
            parts.append(f"from before {self.not_after:%Y-%m-%d %H:%M} UTC")
        return ", ".join(parts)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_glob(name: str) -> bool:
    """Return whether a `--branch` value is a pattern. Git does not allow these characters in branch names."""
    return any(character in name for character in "*?[")
