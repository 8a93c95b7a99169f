"""Collect which archives the cache tool looked for, and each answer: found, not there, or none."""

from __future__ import annotations

import re
from collections.abc import Callable

from purger.travis.job_log.model import Fetch, Unknown
from purger.travis.job_log.scan import NOISE, Rule, Statement
from purger.travis.job_log.transfers import KEY, MAX_ARCHIVES, BlockTimes, Transfer

_END_OF_SENTENCE = re.compile(rb"[ \t\r]*(?:\Z|\n|travis_|adding |\d[\d.]*s)")
_ADDED = re.compile(NOISE + rb"adding /")
_GOES_ON = re.compile(rb"[ \t]+[a-z0-9]|[-_:/.,]")


class Fetching:
    """What the tool asked for at the start of a job (docs/TRAVIS.md section 5).

    A `fetching` line counts at the start of a line or directly after another statement of the tool. Anywhere else it
    counts only if its result follows directly. `on_heard` is called with "cache" or "workspace" at each attempt and
    answer; `may_answer` tells whether an answer to a question that was not seen can be the tool's.
    """

    def __init__(self, times: BlockTimes, on_heard: Callable[[str], None], may_answer: Callable[[], bool]) -> None:
        self.was_called = False
        self.none_found = False
        self.found_unnamed = False
        self.unpacking_cut_off = False
        self.unanswered: list[Unknown] = []
        self.asked: list[Transfer] = []
        self.attempted: str | None = None
        self._times = times
        self._on_heard = on_heard
        self._may_answer = may_answer
        self._is_attempt_sure = False
        self._asking: list[Transfer] = []
        self._attempts = 0
        self._number = 0
        self._interrupted: Unknown | None = None
        self._is_over = False

    def rules(self) -> list[Rule]:
        """Return the rules for the tool's statements."""
        rules = [
            Rule(b"fetching ", rb"fetching " + KEY, self._on_fetching),
            Rule(b"running `casher ", rb"running `casher (fetch|add)", self._on_aborted),
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
            ]
        return rules

    @property
    def is_pending(self) -> bool:
        """Whether it asked for a cache, and no answer was seen yet."""
        return bool(self._pending()) or (self.attempted == "cache" and self._is_attempt_sure)

    def interrupt(self, why: Unknown) -> None:
        """Handle what ends a fetch without an answer. The first reason counts, and only while it is pending."""
        if self.is_pending:
            # After the echo of a command, or its end, what looks like an answer is that command's own.
            self._is_over |= why is Unknown.NO_ANSWER
            self._interrupted = self._interrupted or why

    def fetches(self) -> tuple[Fetch, ...]:
        """Return the archives that it looked for. Call it after `settle`, when they have their times."""
        return tuple(
            Fetch(each.branch or "", each.archive or "", each.at, found=each.succeeded, attempt=each.attempt)
            for each in self.asked
        )

    def settle(self, otherwise: Unknown = Unknown.NO_ANSWER) -> None:
        """Handle a fetch without an answer: it was interrupted, or the line was not written by the tool."""
        asking = self._pending()
        if not asking and self.attempted == "cache" and self._is_attempt_sure:
            nameless = Transfer(None, None, 0, is_sure=True, attempt=self._number)
            asking = [self._times.add(nameless)]
        if asking:
            self.unanswered.append(self._interrupted or otherwise)
            for each in asking[:-1]:
                each.succeeded = False
            self._asking = asking
            self._end("cache")
        self._forget()

    def _on_attempt(self, statement: Statement) -> None:
        self.settle()
        self.attempted = statement.group(1)
        self._is_attempt_sure = statement.begins()
        self._attempts += 1
        self._number = self._attempts
        self._on_heard(self.attempted)

    def _on_fetching(self, statement: Statement) -> None:
        last = self._asking[-1] if self._asking else None
        if last and not last.is_sure and not statement.directly_after(last.end):
            self._asking.clear()
        if self._number == 0:
            self._attempts += 1
            self._number = -self._attempts
        if len(self._asking) < MAX_ARCHIVES:
            transfer = Transfer.of(statement, is_sure=statement.begins(), attempt=self._number)
            self._asking.append(self._times.add(transfer))

    def _on_found(self, statement: Statement) -> None:
        if not self._asking:
            self._on_found_unnamed(statement)
            return
        last = self._asking[-1]
        is_expected = last.is_sure and (self.attempted is not None or last.is_cache_by_name())
        if statement.directly_after(last.end) or (is_expected and statement.begins()):
            for each in self._asking:
                each.succeeded = each is last
            self._on_heard(statement.group(1))
            self._end(statement.group(1))

    def _on_found_unnamed(self, statement: Statement) -> None:
        """Handle a `found cache` whose `fetching` line is missing: it counts only where no answer came before."""
        is_whole = _END_OF_SENTENCE.match(statement.text, statement.match.end()) is not None
        if self.none_found or self.asked or statement.group(1) != "cache" or not (is_whole and statement.begins()):
            return
        # What was found is added next, and hardly any other program's output goes on like that.
        is_added = _ADDED.match(statement.text, statement.match.end()) is not None
        if self.attempted is not None or is_added or self._may_answer():
            self.was_called = self.found_unnamed = True
            self._on_heard("cache")
            self._forget()

    def _on_not_found(self, statement: Statement) -> None:
        end = statement.match.end()
        goes_on = _GOES_ON.match(statement.text, end) and not _END_OF_SENTENCE.match(statement.text, end)
        is_asked = bool(self._asking) or self.attempted is not None
        if not statement.begins() or goes_on:
            return
        if not self._is_over if is_asked else self._may_answer():
            self.none_found |= statement.group(1) == "cache"
            for each in self._asking:
                each.succeeded = False
            self._on_heard(statement.group(1))
            self._end(statement.group(1))

    def _on_aborted(self, statement: Statement) -> None:
        if not statement.begins():
            return
        if statement.group(1) == "add":
            self.unpacking_cut_off = True
        elif self.is_pending:
            self._interrupted = Unknown.ABORTED
        elif not self.asked and not self.none_found and self.attempted is None:
            # Its beginning was not seen.
            self._interrupted, self.attempted, self._is_attempt_sure = Unknown.ABORTED, "cache", True

    def _pending(self) -> list[Transfer]:
        return [
            each
            for each in self._asking
            if each.is_sure and (self.attempted == "cache" if self.attempted else each.is_cache_by_name())
        ]

    def _end(self, kind: str) -> None:
        self.was_called = True
        if kind == "cache":
            self.asked += self._asking[: MAX_ARCHIVES - len(self.asked)]
        self._forget()

    def _forget(self) -> None:
        self._asking = []
        self.attempted = None
        self._interrupted = None
        self._is_over = False
        self._number = 0
