"""Which archives the user wants gone: the filters, one and the same for looking, asking and deleting."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from purger.core.cache import Archive, Kind
from purger.core.errors import InputError
from purger.core.units import age_text, parse_duration_s, parse_size_bytes, size_text

FILTER_VARIABLES = ("PURGER_BRANCH", "PURGER_MATCH", "PURGER_KIND", "PURGER_OLDER_THAN", "PURGER_LARGER_THAN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Filters that are combined by *and*; without any, everything is selected.

    `branches` are full names, or globs (`*`, `?`, `[…]`) that match displayed names, and full ones where they are
    known; several are combined by *or*. `older_than_s` is in seconds before `as_of`, which is fixed so that nothing
    grows old enough while a purge runs. `not_after` leaves alone what was modified later. Raises InputError for an
    empty pattern.
    """

    branches: tuple[str, ...] = ()
    match: str | None = None
    kind: Kind | None = None
    older_than_s: float | None = None
    larger_than_bytes: int | None = None
    not_after: datetime | None = None
    as_of: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        for option, texts in (("--branch", self.branches), ("--match", (self.match,))):
            for text in texts:
                if text == "":
                    raise InputError(f"{option} is empty", remedy=f"Leave {option} out to select everything.")
                if text is not None and ("\0" in text or not _is_utf8(text)):
                    raise InputError(
                        f"{option} holds a NUL or bytes that are no text",
                        remedy="No branch or archive has such a name.",
                    )

    @property
    def everything(self) -> bool:
        """Whether there is no filter at all."""
        return not self.branches and self.match is None and self.kind is None and not self._by_number

    @property
    def _by_number(self) -> bool:
        return any(given is not None for given in (self.older_than_s, self.larger_than_bytes, self.not_after))

    @property
    def literals(self) -> tuple[str, ...]:
        """The branches that are named in full."""
        return tuple(dict.fromkeys(name for name in self.branches if not is_glob(name)))

    @property
    def globs(self) -> tuple[str, ...]:
        """The branches that are given as patterns."""
        return tuple(name for name in self.branches if is_glob(name))

    def selects(self, archive: Archive) -> bool:
        """Whether the archive is wanted gone. One whose full branch is unknown is never the one named in full."""
        return (
            (not self.branches or self._selects_branch(archive))
            and (self.match is None or self.match in archive.name)
            and (self.kind is None or archive.kind is self.kind)
            and (self.older_than_s is None or self._age_s(archive) > self.older_than_s)
            and (self.larger_than_bytes is None or archive.size_bytes > self.larger_than_bytes)
            and (self.not_after is None or archive.last_modified <= self.not_after)
        )

    def _selects_branch(self, archive: Archive) -> bool:
        if archive.full_branch is not None and archive.full_branch in self.literals:
            return True
        names = {archive.branch, archive.full_branch or archive.branch}
        return any(fnmatchcase(name, glob) for glob in self.globs for name in names)

    def _age_s(self, archive: Archive) -> float:
        return (self.as_of - archive.last_modified).total_seconds()

    def __str__(self) -> str:
        """The filters in words, for messages: `of branch main, older than 30 days`."""
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


def parse_selection(
    branches: list[str] | None, match: str | None, kind: Kind | None, older_than: str | None, larger_than: str | None
) -> Selection:
    """The selection that the options of the command line mean. Raises InputError.

    A filter's variable that is set and empty is refused: the filter was meant, and without it everything would go.
    """
    for variable in FILTER_VARIABLES:
        if not os.environ.get(variable, "unset").strip():
            raise InputError(f"{variable} is empty", remedy="Give it a value, or unset it to select everything.")
    return Selection(
        branches=tuple(branches or ()),
        match=match,
        kind=kind,
        older_than_s=None if older_than is None else parse_duration_s(older_than, bare_seconds=False),
        larger_than_bytes=None if larger_than is None else parse_size_bytes(larger_than),
    )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_glob(name: str) -> bool:
    """Whether a `--branch` is a pattern. Git allows none of these characters in a branch's name."""
    return any(character in name for character in "*?[")
