"""Collect which archives the cache tool looked for, and each answer: found, not there, or none."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

from purger.travis.job_log.attempt import Attempt
from purger.travis.job_log.beginning import HEADINGS
from purger.travis.job_log.model import Fetch, Unknown
from purger.travis.job_log.scan import NOISE, Rule, Statement
from purger.travis.job_log.transfers import KEY, MAX_ARCHIVES, ON_NEXT_LINE, TOOK_LONGER, BlockTimes, Transfer

_END_OF_SENTENCE = re.compile(rb"[ \t\r]*(?:\Z|\n|travis_|adding |\d[\d.]*s)")
_ADDED = re.compile(NOISE + rb"adding /")
_ATTEMPTING = b"attempting to download "
_GOES_ON = re.compile(rb"[ \t]+[a-z0-9]|[-:/.,]|_(?!_)")


class Fetching:
    """What the tool asked for at the start of a job (docs/TRAVIS.md section 5).

    A `fetching` line counts at the start of a line or directly after another statement of the tool. Anywhere else it
    counts only if its result follows directly. `on_heard` is called with "cache" or "workspace" at each attempt and
    answer; `on_unasked` is called at an answer to a question that was not seen, and tells whether it can be the tool's.
    """

    def __init__(self, times: BlockTimes, on_heard: Callable[[str], None], on_unasked: Callable[[], bool]) -> None:
        self.was_called = self.none_found = self.found_unnamed = self.unpacking_cut_off = False
        self.unanswered: list[Unknown] = []
        self.asked: list[Transfer] = []
        self.sure_attempts = 0
        self._times, self._on_heard, self._on_unasked = times, on_heard, on_unasked
        self._attempt = Attempt()
        self._numbers = count(1)  # of attempts; below zero where the order of names does not tell whose they are
        self._is_told_by_words_alone = False

    def rules(self) -> list[Rule]:
        """Return the rules for the tool's statements."""
        rules = [
            *(Rule(heading, re.escape(heading), self._on_beginning) for heading in HEADINGS),
            Rule(b"running `casher ", rb"running `casher (fetch|add)", self._on_aborted),
            Rule(b"running casher ", rb"running casher (fetch|add)" + TOOK_LONGER, self._on_aborted),
        ]
        key = ON_NEXT_LINE + KEY
        for words in (b"fetching ", b"fetching\n"):  # a mail may break the line before a long name
            rules += [
                Rule(words, words + key, self._on_fetching),
                Rule(words, words + rb"(?!" + key + rb")[^\n]{0,600}", self._on_fetching_unnamed),
            ]
        for kind in (b"cache", b"workspace"):
            # "cached" and "caches" do not count, but a lost line end may join any other word to it.
            name = rb"(" + kind + rb")(?!d\b|s\b)"
            rules += [
                Rule(_ATTEMPTING + kind, _ATTEMPTING + name + rb"(?: archive)?", self._on_attempt),
                Rule(b"found " + kind, rb"found " + name, self._on_found),
                Rule(b"could not download " + kind, rb"could not download " + name, self._on_not_found),
            ]
        return rules

    def interrupt(self, why: Unknown) -> None:
        """Handle what ends a fetch without an answer."""
        self._is_told_by_words_alone &= why is not Unknown.NO_ANSWER  # no person writes before a log's commands
        self._attempt.interrupt(why)

    def cut(self) -> None:
        """Handle that lines were cut out, which may have held more names and answers."""
        if self._attempt.has_begun:
            self._attempt.is_cut = True
            self._lose_place()
        self.interrupt(Unknown.CUT_OUT)

    def fetches(self) -> tuple[Fetch, ...]:
        """Return the archives that it looked for. Call it after `settle`, when they have their times."""
        return tuple(map(_fetch, self.asked))

    def settle(self, otherwise: Unknown = Unknown.NO_ANSWER) -> None:
        """Handle a fetch without an answer: it was interrupted, or the line was not written by the tool."""
        attempt = self._attempt
        asking = attempt.of_caches
        if not asking and attempt.is_surely_of_a_cache:
            asking = [self._times.add(Transfer(None, None, 0, is_sure=True, attempt=attempt.number))]
        if asking:
            self.unanswered.append(attempt.interrupted or otherwise)
            # Of a name that the end of the log cuts off hardly anything is known: the one before stays without answer.
            asking = [each for each in asking if each.archive] or asking[-1:]
            for each in asking[:-1]:
                each.succeeded = False
            self._end("cache", asking)
        self._attempt = Attempt()

    def _on_beginning(self, statement: Statement) -> None:
        """Handle a log's own beginning: words before it are a person's, as "there is no `found cache` in this:"."""
        if self._is_told_by_words_alone and statement.begins():
            self.found_unnamed = self._is_told_by_words_alone = False

    def _on_attempt(self, statement: Statement) -> None:
        self.settle()
        kind = statement.group(1)
        self._attempt = Attempt(kind, statement.begins(), next(self._numbers))
        self._on_beginning(statement)
        self.sure_attempts += self._attempt.is_surely_of_a_cache
        self._on_heard(kind)

    def _on_fetching(self, statement: Statement) -> None:
        last = self._attempt.last
        if last and not last.is_sure and not statement.directly_after(last.end):
            self._attempt.asking.clear()
        if self._attempt.number == 0:
            self._lose_place()
        self._ask(Transfer.of(statement, is_sure=statement.begins(), attempt=self._attempt.number))

    def _on_fetching_unnamed(self, statement: Statement) -> None:
        """Handle a line whose name is not whole, as one that was wrapped: the answer is not that of the one before."""
        attempt = self._attempt
        is_asking = attempt.kind is not None or (attempt.last and attempt.last.is_sure)
        if is_asking and statement.begins():
            self._ask(Transfer(None, None, statement.end, is_sure=True, attempt=attempt.number))

    def _ask(self, question: Transfer) -> None:
        attempt = self._attempt
        if attempt.is_over:
            return
        attempt.is_cut = False
        if len(attempt.asking) < MAX_ARCHIVES:
            attempt.asking.append(self._times.add(question))
        if question.branch is None:
            self._lose_place()

    def _lose_place(self) -> None:
        """Handle a name that is not known, or a beginning that was not seen."""
        self._attempt.number = -next(self._numbers)

    def _on_found(self, statement: Statement) -> None:
        attempt, kind = self._attempt, statement.group(1)
        last = attempt.last
        if last is None:
            self._on_found_unnamed(statement)
            return
        is_expected = last.is_sure and (attempt.kind is not None or last.is_cache_by_name())
        if attempt.is_over or not (statement.directly_after(last.end) or (is_expected and statement.begins())):
            return
        is_named = last.archive is not None and not attempt.is_cut
        for each in attempt.asking:
            each.succeeded = each is last if is_named or each is not last else None
        self.found_unnamed |= kind == "cache" and not is_named
        is_of_another = attempt.is_cut and attempt.kind == "workspace"  # the attempt at the cache was cut out
        self._on_heard(kind)
        self._end(kind, [] if is_of_another else attempt.named)

    def _on_found_unnamed(self, statement: Statement) -> None:
        """Handle a `found cache` whose `fetching` line is missing: it counts only where no answer came before."""
        is_whole = _END_OF_SENTENCE.match(statement.text, statement.match.end()) is not None
        if self.none_found or self.asked or statement.group(1) != "cache" or not (is_whole and statement.begins()):
            return
        # What was found is added next, and hardly any other program's output goes on like that.
        is_added = _ADDED.match(statement.text, statement.match.end()) is not None
        if self._attempt.kind is not None or is_added or self._on_unasked():
            self.was_called = self.found_unnamed = True
            self._is_told_by_words_alone = self._attempt.kind is None and not is_added
            if not self._is_told_by_words_alone:
                self._on_heard("cache")
            self._attempt = Attempt()

    def _on_not_found(self, statement: Statement) -> None:
        end = statement.match.end()
        goes_on = _GOES_ON.match(statement.text, end) and not _END_OF_SENTENCE.match(statement.text, end)
        if not statement.begins() or goes_on:
            return
        attempt, kind = self._attempt, statement.group(1)
        if not attempt.is_over if attempt.has_begun else self._on_unasked():
            self.none_found |= kind == "cache"
            for each in attempt.asking:
                each.succeeded = False
            self._on_heard(kind)
            self._end(kind, attempt.named)

    def _on_aborted(self, statement: Statement) -> None:
        if not statement.begins():
            return
        attempt = self._attempt
        if statement.group(1) == "add":
            self.unpacking_cut_off = True
        elif attempt.is_pending:
            attempt.interrupted = Unknown.ABORTED
        elif not self.asked and not self.none_found and attempt.kind is None:
            # Its beginning was not seen.
            attempt.interrupted, attempt.kind, attempt.is_sure = Unknown.ABORTED, "cache", True

    def _end(self, kind: str, asked: list[Transfer]) -> None:
        self.was_called = True
        if kind == "cache":
            self.asked += asked[: MAX_ARCHIVES - len(self.asked)]
        self._attempt = Attempt()


def _fetch(asked: Transfer) -> Fetch:
    return Fetch(asked.branch or "", asked.archive or "", asked.at, found=asked.succeeded, attempt=asked.attempt)
