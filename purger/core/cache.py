"""The words of the house as types: archives, rows, what became of each, and how they are grouped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LIST_CAP = 1000
"""The most archives that the site lists at once; those beyond show up when the first are gone (docs/TRAVIS.md, 4)."""


class Kind(StrEnum):
    """What a branch's cache was made for."""

    PUSH = "push"
    PULL_REQUEST = "pull-request"

    @classmethod
    def of(cls, branch: str) -> Kind:
        """The kind that a branch's name tells.

        Pull requests are stored as `PR.123`. The page is laxer: it takes every name that holds `PR` and one more
        character for a pull request, `SPRINT` too; a filter that deleted that would delete too much.
        """
        return cls.PULL_REQUEST if re.fullmatch(r"PR\.\d+", branch, re.ASCII) else cls.PUSH


class Outcome(StrEnum):
    """What became of an archive."""

    DELETED = "deleted"
    REMAINING = "remaining"
    RECREATED = "recreated"
    FAILED = "failed"
    SKIPPED = "skipped"


class How(StrEnum):
    """By what an archive was deleted."""

    ICON = "icon"
    BUTTON = "button"
    API = "api"


Version = tuple[str, str, datetime, int]
"""What tells one stored archive from another: displayed branch, name, date and size."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One stored cache file.

    `branch` is the name that the site shows: the last part of the real one. `full_branch` is the real one, where
    it is known for sure. Sizes are in bytes, dates in UTC.
    """

    name: str
    branch: str
    size_bytes: int
    last_modified: datetime
    full_branch: str | None = None

    @property
    def kind(self) -> Kind:
        """Push or pull request."""
        return Kind.of(self.branch)

    @property
    def version(self) -> Version:
        """What stays the same from look to look while nobody uploads the archive again."""
        return (self.branch, self.name, self.last_modified, self.size_bytes)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the cache page: all archives of one displayed branch, with one delete icon."""

    branch: str
    archives: tuple[Archive, ...]

    @property
    def kind(self) -> Kind:
        """Push or pull request."""
        return Kind.of(self.branch)

    @property
    def size_bytes(self) -> int:
        """The archives' sizes, summed as the page sums them."""
        return sum(archive.size_bytes for archive in self.archives)

    @property
    def newest(self) -> datetime:
        """The date of the newest archive."""
        return max(archive.last_modified for archive in self.archives)


def rows_of(archives: Iterable[Archive]) -> list[Row]:
    """The rows that the page makes of a list of archives, in the order of their first archive."""
    by_branch: dict[str, list[Archive]] = {}
    for archive in archives:
        by_branch.setdefault(archive.branch, []).append(archive)
    return [Row(branch, tuple(members)) for branch, members in by_branch.items()]


def versions(archives: Iterable[Archive]) -> Counter[Version]:
    """How often each version occurs: branches that differ before their last part can share one."""
    return Counter(archive.version for archive in archives)


def without(archives: Sequence[Archive], others: Iterable[Archive]) -> list[Archive]:
    """The archives left when each of the others is taken away once."""
    taken = versions(others)
    left = []
    for archive in archives:
        if taken[archive.version] > 0:
            taken[archive.version] -= 1
        else:
            left.append(archive)
    return left


def last_part(branch: str) -> str:
    """What the site shows of a branch's name: the part behind the last slash."""
    return branch.rpartition("/")[2]
