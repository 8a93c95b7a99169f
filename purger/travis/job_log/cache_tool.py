"""Collect what Travis CI's cache tool writes to a log: the archives that it looked for, fetched and stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from purger.travis.job_log.model import Fetch, Stored
from purger.travis.job_log.scan import Rule, Statement

MAX_ARCHIVES = 1000
"""A real log names a handful; the limit keeps memory flat for any other input."""

_KEY = rb"((?:(?!fetching |uploading )[^/\x00-\x1f]){1,250})/([^/\s]{1,400}?\.(?:tgz|tbz))"
_PACKING = b"packing new archive"
_LONGEST_PACKING = 2 * 1024  # bytes that the tool and tar may write between packing and uploading


@dataclass(slots=True)
class _Transfer:
    """An archive that the tool looked for or uploaded. Its time and its result may still be unknown.

    `is_sure` means that the line stood where the tool writes its lines, so the transfer counts without a result too.
    """

    branch: str | None
    archive: str | None
    end: int
    is_sure: bool
    block: str | None = None
    at: datetime | None = None
    succeeded: bool | None = None

    def is_cache_by_name(self) -> bool:
        return self.archive is None or self.archive.startswith("cache")


class BlockTimes:
    """Sets the times of transfers from the timed blocks around them, whose times are in their end markers."""

    def __init__(self) -> None:
        self._block: str | None = None
        self._last_finish: datetime | None = None
        self._undated: list[_Transfer] = []

    def add(self, transfer: _Transfer) -> None:
        """Add a transfer that is in the current block."""
        transfer.block = self._block
        if len(self._undated) < MAX_ARCHIVES:
            self._undated.append(transfer)

    def block_started(self, block: str) -> None:
        """Handle the start of a timed block."""
        self._block = block

    def block_ended(self, block: str, start: datetime | None, finish: datetime | None) -> None:
        """Handle the end of a timed block. Its transfers get the block's start as their time."""
        self._date(start, block=block)
        self._last_finish = finish or self._last_finish
        self._block = None

    def finish(self) -> None:
        """Handle the end of the log: the last transfers get the end of the last block as their time."""
        self._date(self._last_finish, block=None)

    def _date(self, moment: datetime | None, *, block: str | None) -> None:
        for transfer in self._undated:
            # A copied log may have lost the start marker of the block, so a transfer without a block counts too.
            encloses = block is not None and transfer.block in (None, block)
            transfer.at = moment if encloses else self._last_finish or moment
        self._undated = []


class CacheTool:
    """What the tool wrote so far (docs/TRAVIS.md section 5).

    It uses the same words for caches and workspaces: only the result after a `fetching` or `uploading` line shows
    which it was. Such a line counts at the start of a line or directly after another statement of the tool. Anywhere
    else it counts only if its result follows directly.
    """

    def __init__(self) -> None:
        self.was_called = False
        self.none_found = False
        self.nothing_changed = False
        self._part: str | None = None
        self._attempted: str | None = None
        self._asking: list[_Transfer] = []
        self._asked: list[_Transfer] = []
        self._uploading: _Transfer | None = None
        self._stored: list[_Transfer] = []
        self.times = BlockTimes()

    def rules(self) -> list[Rule]:
        """Return the rules for the tool's statements."""
        rules = [
            Rule(b"Setting up build cache", rb"Setting up build (cache)", self._on_part),
            Rule(b"store build cache", rb"store build (cache)", self._on_part),
            Rule(b"fetching ", rb"fetching " + _KEY, self._on_fetching),
            Rule(b"running `casher ", rb"running `casher ", self._on_gave_up),
            Rule(b"uploading ", rb"uploading (?:" + _KEY + rb"|archive)", self._on_uploading),
            Rule(b"nothing changed", rb"nothing changed(?:, not updating (\w+))?", self._on_nothing_changed),
        ]
        for kind in (b"cache", b"workspace"):
            # "cached" and "caches" do not count, but a lost line end may join any other word to it.
            name = rb"(" + kind + rb")(?!d\b|s\b)"
            rules += [
                Rule(
                    b"attempting to download " + kind,
                    rb"attempting to download " + name + rb"(?: archive)?",
                    self._on_attempt,
                ),
                Rule(b"found " + kind, rb"found " + name, self._on_found),
                Rule(b"could not download " + kind, rb"could not download " + name, self._on_not_found),
                Rule(kind + b" uploaded", rb"(" + kind + rb") uploaded", self._on_uploaded),
                Rule(b"failed to upload " + kind, rb"failed to upload " + name, self._on_upload_failed),
            ]
        return rules

    def finish(self, *, job_ended: bool) -> tuple[tuple[Fetch, ...], tuple[Stored, ...]]:
        """Return the archives that the tool looked for, and those that it stored. Call it at the end of the log."""
        self._settle_asking()
        self._settle_upload(job_ended=job_ended)
        self.times.finish()
        return (
            tuple(
                Fetch(each.branch or "", each.archive or "", each.at, found=bool(each.succeeded))
                for each in self._asked
            ),
            tuple(Stored(each.branch, each.archive, each.at, each.succeeded) for each in self._stored),
        )

    # At the start of a job

    def _on_part(self, statement: Statement) -> None:
        self._part = statement.group(1)
        self.was_called |= self._part == "cache"

    def _on_attempt(self, statement: Statement) -> None:
        self._settle_asking()
        self._on_part(statement)
        self._attempted = statement.group(1)

    def _on_fetching(self, statement: Statement) -> None:
        last = self._asking[-1] if self._asking else None
        if last and not last.is_sure and not statement.directly_after(last.end):
            self._asking.clear()
        if len(self._asking) < MAX_ARCHIVES:
            self._asking.append(self._transfer(statement, is_sure=statement.begins()))

    def _on_found(self, statement: Statement) -> None:
        if not self._asking:
            return
        last = self._asking[-1]
        is_expected = last.is_sure and (self._attempted is not None or last.is_cache_by_name())
        if statement.directly_after(last.end) or (is_expected and statement.begins()):
            last.succeeded = True
            self._end_fetch(statement.group(1))

    def _on_not_found(self, statement: Statement) -> None:
        if statement.begins():
            self.none_found |= statement.group(1) == "cache"
            self._end_fetch(statement.group(1))

    def _on_gave_up(self, statement: Statement) -> None:
        if not statement.begins():
            return
        if self._uploading:
            self._uploading.succeeded = False
            self._settle_upload(job_ended=False)
        elif self._asking:
            self.none_found |= self._attempted == "cache"
            self._settle_asking()

    def _end_fetch(self, kind: str) -> None:
        self.was_called = True
        if kind == "cache":
            self._asked += self._asking[: MAX_ARCHIVES - len(self._asked)]
        self._asking = []
        self._attempted = None

    def _settle_asking(self) -> None:
        """Handle a fetch without a result: the log was cut, or the line was not written by the tool."""
        self._asking = [
            each
            for each in self._asking
            if each.is_sure and (self._attempted == "cache" if self._attempted else each.is_cache_by_name())
        ]
        if self._asking:
            self._end_fetch("cache")
        self._attempted = None

    # At the end of a job

    def _on_uploading(self, statement: Statement) -> None:
        self._settle_upload(job_ended=False)
        at = statement.match.start()
        was_packing = _PACKING in statement.text[max(0, at - _LONGEST_PACKING) : at]
        self._uploading = self._transfer(statement, is_sure=was_packing or statement.begins())

    def _on_uploaded(self, statement: Statement) -> None:
        self._end_upload(statement, succeeded=True)

    def _on_upload_failed(self, statement: Statement) -> None:
        self._end_upload(statement, succeeded=False)

    def _end_upload(self, statement: Statement, *, succeeded: bool) -> None:
        upload = self._uploading
        if upload is None:
            return
        if statement.directly_after(upload.end) or (upload.is_sure and statement.begins()):
            self.was_called = True
            upload.succeeded = succeeded
            self._store(upload, is_cache=statement.group(1) == "cache")

    def _settle_upload(self, *, job_ended: bool) -> None:
        upload, self._uploading = self._uploading, None
        if upload is None or not upload.is_sure:
            return
        if upload.archive is None and upload.succeeded is None and job_ended:
            # The old tool does not name its upload, and writes nothing if it succeeds.
            upload.succeeded = True
        self._store(upload, is_cache=upload.is_cache_by_name() and self._part != "workspace")

    def _store(self, upload: _Transfer, *, is_cache: bool) -> None:
        self._uploading = None
        if is_cache and len(self._stored) < MAX_ARCHIVES:
            self.was_called = True
            self._stored.append(upload)

    def _on_nothing_changed(self, statement: Statement) -> None:
        kind = statement.group(1)
        if kind == "cache" or (not kind and self._part == "cache" and statement.begins()):
            self.was_called = self.nothing_changed = True

    def _transfer(self, statement: Statement, *, is_sure: bool) -> _Transfer:
        transfer = _Transfer(
            branch=statement.group(1) or None,
            archive=statement.group(2) or None,
            end=statement.end,
            is_sure=is_sure,
        )
        self.times.add(transfer)
        return transfer
