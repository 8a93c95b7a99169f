"""Define what the cache tool transfers (an archive that it looks for or uploads), and date it by the blocks around."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from purger.travis.job_log.scan import Statement
from purger.travis.keys import is_front_of_file_name, is_whole_file_name

MAX_ARCHIVES = 1000
"""A real log names a handful; the limit keeps memory flat for any other input."""

# What stands in a name only where somebody shortened or blanked it: it is then as good as none.
_CHARACTER = rb"(?:(?!fetching |uploading |\.\.\.|\xe2\x80\xa6|\*\*\*|[<\[])[^/\x00-\x1f])"
KEY = rb"[ \t>]*+[*`\"']{0,3}+(" + _CHARACTER + rb"{1,250})/(" + _CHARACTER + rb"{1,400}?\.(?:tgz|tbz))"
"""The last two parts of a key, as the tool writes them; both may hold spaces.

Marks before them, which no key begins with, are what people put around a name to point at it, or mails before a line.
"""
ON_NEXT_LINE = rb"(?:[ \t]*\n)?"
"""What wraps lines at blanks leaves of these before a long name."""
_DASHES = str.maketrans({"\u2013": "--", "\u2014": "--"})
"""What word processors make of the two hyphens in a file name."""
_LOST = frozenset("?\ufffd\\")
"""What stands in a name, which is a part of a URL, only for a character that was lost or escaped on the way."""
_BROKEN = re.compile(
    r"(?<![0-9a-f])(?:[0-9a-f]{57,63}|[0-9a-f]{65,})(?![0-9a-f])|"
    r"(?<=[0-9a-f]{8})[^\w.\-](?=[0-9a-f]{8})|- | -"
)
"""Nearly the hash of a file name, or a blank at a hyphen: what wraps long lines left something, or took it away."""

TOOK_LONGER = rb"\b[^\n]{0,2000}? took longer than "
"""The rest of the sentence about a command of the tool that was aborted, where its backticks were lost in copying."""


@dataclass(slots=True)
class Transfer:
    """An archive that the tool looked for or uploaded. Its time and its result may still be unknown.

    `is_sure` means that the line stood where the tool writes its lines, so the transfer counts without a result too.
    `attempt` numbers the attempts of a log; it is negative where the beginning of the attempt was not seen.
    """

    branch: str | None
    archive: str | None
    end: int
    is_sure: bool
    attempt: int = 0
    block: str | None = None
    at: datetime | None = None
    succeeded: bool | None = None
    reason: str | None = None

    @classmethod
    def of(cls, statement: Statement, *, is_sure: bool, attempt: int = 0) -> Transfer:
        """Take the transfer from a statement whose groups are those of `KEY`."""
        branch, archive = statement.group(1) or None, statement.group(2).translate(_DASHES) or None
        if _LOST.intersection(f"{branch}{archive}") or (archive and _is_damaged(archive)):
            branch = archive = None
        if branch and is_front_of_file_name(branch.translate(_DASHES)):
            branch = branch.translate(_DASHES)
        if branch and archive and is_front_of_file_name(branch):
            # The file name holds a slash, so that the last two parts of the key do not tell the branch.
            branch, archive = None, f"{branch}/{archive}"
        return cls(branch, archive, statement.end, is_sure, attempt)

    def is_cache_by_name(self) -> bool:
        """Whether its name, if it is known, is that of a cache."""
        return self.archive is None or is_whole_file_name(self.archive) or self.archive.startswith("cache")


def _is_damaged(archive: str) -> bool:
    return not archive.isascii() or _BROKEN.search(archive) is not None


class BlockTimes:
    """Sets the times of transfers from the timed blocks around them, whose times are in their end markers."""

    def __init__(self) -> None:
        self._block: str | None = None
        self._last_finish: datetime | None = None
        self._undated: list[Transfer] = []

    def add(self, transfer: Transfer) -> Transfer:
        """Add a transfer that is in the current block, and return it."""
        transfer.block = self._block
        if len(self._undated) < MAX_ARCHIVES:
            self._undated.append(transfer)
        return transfer

    def block_started(self, block: str) -> None:
        """Handle the start of a timed block."""
        self._block = block

    def block_ended(self, block: str, start: datetime | None, finish: datetime | None) -> None:
        """Handle the end of a timed block. Its transfers get the block's start as their time."""
        self._date(start, block=block)
        self._last_finish = finish or self._last_finish
        self._block = None

    def finish(self) -> None:
        """Handle the end of a job: its last transfers get the end of its last block, which dates nothing after it."""
        self._date(self._last_finish, block=None)
        self._block = self._last_finish = None

    def _date(self, moment: datetime | None, *, block: str | None) -> None:
        for transfer in self._undated:
            # A copied log may have lost the start marker of the block, so a transfer without a block counts too.
            encloses = block is not None and transfer.block in (None, block)
            transfer.at = moment if encloses else self._last_finish or moment
        self._undated = []
