"""How the site names what it stores: keys, their split into branch and file name, and the cap of a list.

A cache is stored under `REPOSITORY-ID/BRANCH/FILE-NAME`. Branch and file name may both hold slashes, and the API splits
the key at its last two: what it returns as `branch` is the last part of the branch's name or, for a file name with a
slash, a part of the file name (docs/TRAVIS.md section 4, "A file name may hold a slash").
"""

from __future__ import annotations

import re

LIST_CAP = 1000
"""The most caches that one list holds; the rest is listed once the first are deleted (docs/TRAVIS.md section 4)."""
_START = "cache-"
_HASH = re.compile(r"[0-9a-f]{64}")


def last_part(branch: str) -> str:
    """Return what the site shows as the name of a branch: the part behind the last slash."""
    return branch.rpartition("/")[2]


def begins_like_file_name(name: str) -> bool:
    """Whether this begins as all file names do: the rest of one (`cache-store.gemfile.tgz`) seldom does."""
    return name.startswith(_START)


def is_whole_file_name(name: str) -> bool:
    """Whether this is certainly a whole file name: its beginning is followed by a hash, a configuration, or both.

    The job's configuration is behind two hyphens.
    """
    return begins_like_file_name(name) and ("--" in name or _HASH.search(name) is not None)


def is_front_of_file_name(displayed: str) -> bool:
    """Whether what is displayed as a branch is the beginning of a file name.

    The part of a file name that holds the job's configuration begins with two hyphens.
    """
    return displayed.startswith(_START) and "--" in displayed


def may_be_nested(displayed: str, name: str) -> bool:
    """Whether a listed cache may have a file name with a slash, so that what is displayed is no branch."""
    return not is_whole_file_name(name) or is_front_of_file_name(displayed)
