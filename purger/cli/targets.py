"""Which repositories a command is about: as named, else as the CI job says, else this folder's git remote."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from purger.secrets import child_environment as environment
from purger.core.errors import InputError
from purger.travis.addresses import Owner, Repository, Site, is_address, parse_repository, parse_target


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several equal parts of the repositories: `2/5` is the second of five.

    The split is stable: a repository stays in its part whatever others come or go.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The part that `2/5` means. Raises InputError."""
        match = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", text.strip(), re.ASCII)
        if not match or int(match[1]) > int(match[2]):
            raise InputError(f"--shard {text!r} is not a part of a whole", remedy="Write 2/5 for the second of five.")
        return cls(int(match[1]), int(match[2]))

    def holds(self, repository: Repository) -> bool:
        """Whether the repository is in this part."""
        name = f"{repository.provider}/{repository.slug}".lower()
        return zlib.crc32(name.encode()) % self.of == self.number - 1


def targets_from(
    names: Sequence[str], from_file: str | None, site: Site
) -> tuple[list[Repository | Owner], str | None]:
    """The repositories and owners meant, each once, and where the name came from if none was given.

    `from_file` is a path, or `-` for stdin: one a line, with `#` comments. Raises InputError for a name that is none,
    a file that can't be read, and where nothing is given and nothing is found.
    """
    given = [*names, *(_names_in(from_file) if from_file is not None else ())]
    if given or from_file is not None:
        return list(dict.fromkeys(parse_target(name, site) for name in given)), None
    if slug := os.environ.get("TRAVIS_REPO_SLUG"):
        return [parse_repository(slug, site)], "TRAVIS_REPO_SLUG"
    remote = _git_remote() or ""
    if is_address(remote):  # else it is a folder, whose name says nothing
        return [parse_repository(remote, site)], "the git remote origin"
    raise InputError(
        "no repository is named, and this folder has no git remote origin on a host to take one from",
        remedy="Name it: purger purge owner/name.",
    )


def _names_in(path: str) -> list[str]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the list of repositories can't be read: {error}", where=path, remedy="Give a text file, one name a line."
        ) from None
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _git_remote() -> str | None:
    try:
        told = subprocess.run(
            ["git", "remote", "get-url", "origin"],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            env=environment.for_children(),
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() or None
