"""Define a cache, what may become of one, and the comparison of two lists of caches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Kind(StrEnum):
    """Whether a cache belongs to a pushed branch or to a pull request."""

    PUSH = "push"
    PULL_REQUEST = "pull-request"

    @classmethod
    def of(cls, branch: str) -> Kind:
        """Return the kind of cache that a displayed branch name stands for.

        The page matches `/PR./`, so it shows `SPRINT` as a pull request
        (docs/TRAVIS.md section 3). A filter with the page's rule would delete too much.
        """
        return cls.PUSH if pull_request_of(branch) is None else cls.PULL_REQUEST


def pull_request_of(branch: str) -> int | None:
    """Return the number of the pull request whose caches are stored under this name: `PR.123` (docs/TRAVIS.md)."""
    match = re.fullmatch(r"PR\.([1-9]\d{0,14})", branch, re.ASCII)
    return int(match[1]) if match else None


def branch_of_pull_request(number: int) -> str:
    """Return the name under which the caches of a pull request are stored."""
    return f"PR.{number}"


class Outcome(StrEnum):
    """What happened to a cache."""

    DELETED = "deleted"
    REMAINING = "remaining"
    RECREATED = "recreated"
    FAILED = "failed"
    SKIPPED = "skipped"


class Method(StrEnum):
    """How a cache was deleted."""

    ICON = "icon"
    BUTTON = "button"
    API = "api"


UNDATED = datetime.fromtimestamp(0, UTC)
"""The date of a cache where the site names none: no cache is as old."""
UNSIZED = 0
"""The size of a cache where the site names none: no cache is as small."""
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")

Version = tuple[str, str, datetime, int]
"""The identity of one upload of a cache: displayed branch, name, date and size in bytes."""


@dataclass(frozen=True, slots=True)
class Cache:
    """One stored cache file.

    `branch` and `name` are the parts that the site shows. `full_branch` is the full name of its branch and `file_name`
    its whole file name; each is None where it is not known for certain. `may_be_nested` means that the file name may
    hold a slash, so that `branch` is a part of it and no branch (docs/TRAVIS.md section 4). Such a cache may be `below`
    a branch: of that one, or of another whose name begins with it. Dates are in UTC.
    """

    name: str
    branch: str
    size_bytes: int
    last_modified: datetime
    full_branch: str | None = None
    file_name: str | None = None
    may_be_nested: bool = False
    below: str | None = None

    @property
    def is_attributed(self) -> bool:
        """Whether its branch is known: by its full name or, as far as the site shows it, by the last part of that."""
        return self.full_branch is not None or not self.may_be_nested

    @property
    def known_branch(self) -> str:
        """The name of its branch as far as it is known."""
        return self.full_branch or self.branch

    @property
    def known_name(self) -> str:
        """Its file name as far as it is known."""
        return self.file_name or self.name

    @property
    def is_dated(self) -> bool:
        """Whether the site names its date."""
        return self.last_modified > UNDATED

    @property
    def is_sized(self) -> bool:
        """Whether the site names its size."""
        return self.size_bytes > UNSIZED

    @property
    def job_kind(self) -> str | None:
        """Which kind of job made it: its file name without the 64-digit hash; None where not all of it is known."""
        if self.may_be_nested and self.file_name is None:
            return None
        return _HASH.sub("", self.known_name, count=1)

    @property
    def shown_kind(self) -> tuple[str, str]:
        """What the site shows of it, without the hash: the same for all caches of one branch and kind of job."""
        return _HASH.sub("", self.branch), _HASH.sub("", self.name)

    @property
    def kind(self) -> Kind:
        """Push or pull request; as the page shows it where its branch is not known."""
        return Kind.of(self.known_branch)

    @property
    def version(self) -> Version:
        """The identity of this upload. It changes only when the cache is uploaded again."""
        return (self.branch, self.name, self.last_modified, self.size_bytes)


def count_rows(caches: Iterable[Cache]) -> int:
    """Return in how many rows the page shows these caches: one for each displayed branch, with one delete icon."""
    return len({cache.branch for cache in caches})


def versions(caches: Iterable[Cache]) -> Counter[Version]:
    """Count each version. Nested branches with the same last part can share a version."""
    return Counter(cache.version for cache in caches)


def within(caches: Sequence[Cache], others: Iterable[Cache]) -> list[Cache]:
    """Return the caches of which the others hold the version, each as often as it occurs there."""
    available = versions(others)
    found = []
    for cache in caches:
        if available[cache.version] > 0:
            available[cache.version] -= 1
            found.append(cache)
    return found


def without(caches: Sequence[Cache], others: Iterable[Cache]) -> list[Cache]:
    """Return the caches that are left when each of the others is removed once, by version."""
    removed = versions(others)
    left = []
    for cache in caches:
        if removed[cache.version] > 0:
            removed[cache.version] -= 1
        else:
            left.append(cache)
    return left
