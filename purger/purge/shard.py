"""A stable part of the repositories of a run, for a CI matrix."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from purger.core.errors import InputError
from purger.core.shown_address import quoted
from purger.travis.addresses import Repository


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of the repositories: `2/5` is the second of five.

    A checksum of its name decides, so the parts are equal only roughly, and a part of few repositories may be empty.
    The split is stable: a repository stays in its part whatever others come or go.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The part that `2/5` means. Raises InputError."""
        match = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", text.strip(), re.ASCII)
        if not match or int(match[1]) > int(match[2]):
            raise InputError(f"{quoted(text)} is not a part of a whole", remedy="Write 2/5 for the second of five.")
        return cls(int(match[1]), int(match[2]))

    def holds(self, repository: Repository) -> bool:
        """Whether the repository is in this part."""
        name = f"{repository.provider}/{repository.slug}".lower()
        return zlib.crc32(name.encode()) % self.of == self.number - 1
