"""Collect what the cache tool did at the end of a job: compared, packed, stored a cache, or failed to."""

from __future__ import annotations

from purger.travis.job_log.model import Stored
from purger.travis.job_log.scan import Rule, Statement
from purger.travis.job_log.transfers import KEY, MAX_ARCHIVES, ON_NEXT_LINE, TOOK_LONGER, BlockTimes, Transfer

_PACKING = b"packing new archive"
_LONGEST_PACKING = 2 * 1024  # bytes that the tool and tar may write between two of its statements
_ABORTED = "packing and uploading took too long and was aborted"
_FAILED_UPLOAD = "the upload failed"
_NO_ADDRESS = "the address of the store was not configured"


class Storing:
    """What the tool wrote at the end of a job (docs/TRAVIS.md section 5).

    It compares only what it had downloaded: `proves_fetch` is set by the sentences that come of a comparison.
    """

    def __init__(self, times: BlockTimes) -> None:
        self.was_called = False
        self.nothing_changed = False
        self.proves_fetch = False
        self._proved_before = False
        self.part: str | None = None
        self.stored: list[Transfer] = []
        self._times = times
        self._began: int | None = None
        self._is_open = False
        self._is_cut = False
        self._uploading: Transfer | None = None

    def rules(self) -> list[Rule]:
        """Return the rules for the tool's statements."""
        rules = [
            Rule(b"store build cache", rb"store build (cache)", self._on_part),
            Rule(_PACKING, _PACKING, self._on_packing),
            Rule(b"uploading ", rb"uploading (?:" + ON_NEXT_LINE + KEY + rb"|archive|/(?=\s|\Z))", self._on_uploading),
            Rule(b"uploading\n", b"uploading\n" + KEY, self._on_uploading),
            Rule(b"nothing changed", rb"nothing changed(?:, not updating (\w+))?", self._on_nothing_changed),
            Rule(b"change detected", rb"change detected(?: \(content changed|: )", self._on_change),
            Rule(b"changes detected", rb"changes detected \(content changed", self._on_change),
            Rule(b"running `casher push", rb"running `casher push", self._on_aborted),
            Rule(b"running casher push", rb"running casher push" + TOOK_LONGER, self._on_aborted),
            Rule(b"unable to upload cache", rb"unable to upload cache", self._on_refused),
            Rule(b"cache will not be uploaded", rb"cache will not be uploaded", self._on_refused),
            Rule(b"No directory has been added", rb"No directory has been added to the cache", self._on_refused),
        ]
        for kind in (b"cache", b"workspace"):
            name = rb"(" + kind + rb")(?!d\b|s\b)"
            rules += [
                Rule(kind + b" uploaded", rb"(" + kind + rb") uploaded", self._on_uploaded),
                Rule(b"failed to upload " + kind, rb"failed to upload " + name, self._on_upload_failed),
            ]
        return rules

    @property
    def is_of_a_cache(self) -> bool:
        """Whether the end of a job with a cache was seen."""
        return bool(self.stored) or self._began is not None

    @property
    def is_open(self) -> bool:
        """Whether it began to store a cache, and no result was seen yet."""
        return self._is_open or (self._uploading is not None and self._uploading.is_sure)

    def fail(self, reason: str) -> None:
        """Handle what ends an open part without a result of the tool's own."""
        if not self.is_open:
            return
        if self._uploading is None:
            self._fail_unnamed(reason)
        else:
            self._uploading.succeeded, self._uploading.reason = False, reason
            self.settle(job_ended=False)

    def close(self) -> None:
        """Handle a sentence that comes only after the part."""
        self._is_open = False

    def cut(self) -> None:
        """Handle that lines were cut out: the failure of an upload may have been among them."""
        self._is_cut = True

    def settle(self, *, job_ended: bool) -> None:
        """Handle an upload without a result."""
        upload, self._uploading = self._uploading, None
        if upload is None or not upload.is_sure:
            return
        if upload.reason == _NO_ADDRESS:
            upload.succeeded = False
        elif upload.archive is None and upload.succeeded is None and job_ended and not self._is_cut:
            # The old tool does not name its upload, and writes nothing if it succeeds.
            upload.succeeded = True
        self._store(upload, is_cache=upload.is_cache_by_name() and self.part != "workspace")

    def archives(self) -> tuple[Stored, ...]:
        """Return what it stored or failed to. Call it after `settle`, when they have their times."""
        return tuple(Stored(each.branch, each.archive, each.at, each.succeeded, each.reason) for each in self.stored)

    def _on_part(self, statement: Statement) -> None:
        self.part = "cache"
        self.was_called = True
        self._began = statement.end
        self._is_open = statement.begins()

    def _is_in_part(self, statement: Statement) -> bool:
        return self._began is not None and 0 <= statement.start - self._began <= _LONGEST_PACKING

    def _on_packing(self, statement: Statement) -> None:
        self._is_open |= self._is_in_part(statement)

    def _on_uploading(self, statement: Statement) -> None:
        self.settle(job_ended=False)
        at = statement.match.start()
        was_packing = _PACKING in statement.text[max(0, at - _LONGEST_PACKING) : at]
        is_nowhere = statement.match[0].endswith(b"/")
        if is_nowhere and not (was_packing or self._is_in_part(statement)):
            return
        upload = Transfer.of(statement, is_sure=was_packing or statement.begins())
        upload.reason = _NO_ADDRESS if is_nowhere else None
        self._uploading, self._is_cut = self._times.add(upload), False

    def _on_uploaded(self, statement: Statement) -> None:
        self._end(statement, succeeded=True)

    def _on_upload_failed(self, statement: Statement) -> None:
        if self._uploading is None and statement.begins() and statement.group(1) == "cache":
            self._fail_unnamed(_FAILED_UPLOAD)
        self._end(statement, succeeded=False)

    def _end(self, statement: Statement, *, succeeded: bool) -> None:
        upload = self._uploading
        if upload is None:
            return
        if statement.directly_after(upload.end) or (upload.is_sure and statement.begins()):
            self.was_called = True
            upload.succeeded = succeeded
            upload.reason = None if succeeded else upload.reason or _FAILED_UPLOAD
            self._store(upload, is_cache=statement.group(1) == "cache")

    def _on_aborted(self, statement: Statement) -> None:
        if not statement.begins():
            return
        if self.is_open:
            self.fail(_ABORTED)
        else:
            self._fail_unnamed(_ABORTED)

    def _on_refused(self, statement: Statement) -> None:
        if self._is_in_part(statement) or statement.begins():
            self._fail_unnamed("a path or a list that it needs was missing")

    def _fail_unnamed(self, reason: str) -> None:
        failed = Transfer(None, None, 0, is_sure=True, succeeded=False, reason=reason)
        self._store(self._times.add(failed), is_cache=True)

    def _store(self, upload: Transfer, *, is_cache: bool) -> None:
        self._uploading = None
        self._is_open = False
        if is_cache:
            self._began = None  # what follows is no part of it
            self._proved_before = self.proves_fetch
        else:
            self.proves_fetch = self._proved_before  # what was compared was a workspace
        if is_cache and len(self.stored) < MAX_ARCHIVES:
            self.was_called = True
            self.stored.append(upload)

    def _on_nothing_changed(self, statement: Statement) -> None:
        kind = statement.group(1)
        if statement.begins() and (kind == "cache" or (not kind and self._is_in_part(statement))):
            self.was_called = self.nothing_changed = self.proves_fetch = self._proved_before = True
            self._is_open = False

    def _on_change(self, statement: Statement) -> None:
        is_sentence = statement.match[0].endswith(b"content changed") and self.part != "workspace"
        if statement.begins() and (is_sentence or self._is_in_part(statement)):
            self._proved_before = self.proves_fetch
            self.was_called = self.proves_fetch = True
