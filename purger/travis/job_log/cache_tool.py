"""Collect what Travis CI's cache tool writes to a log: the archives that it looked for, fetched and stored."""

from __future__ import annotations

from dataclasses import dataclass

from purger.travis.job_log.beginning import Beginning
from purger.travis.job_log.cuts import FRAMED_LINE, Cut, cut_of
from purger.travis.job_log.fetching import Fetching
from purger.travis.job_log.model import Fetch, Stored, Unknown
from purger.travis.job_log.scan import Rule, Statement
from purger.travis.job_log.shown import Part
from purger.travis.job_log.storing import Storing
from purger.travis.job_log.transfers import BlockTimes


@dataclass(frozen=True, slots=True)
class Findings:
    """What the tool did, in all; the names are those of `JobLog`."""

    asked: tuple[Fetch, ...]
    stored: tuple[Stored, ...]
    nothing_changed: bool
    fetched_unnamed: bool
    started_clean: bool | None
    unknown: Unknown | None
    unpacking_cut_off: bool
    stopped_storing: bool


class CacheTool:
    """What the tool wrote so far (docs/TRAVIS.md section 5).

    It uses the same words for caches and workspaces: only the result after a `fetching` or `uploading` line shows
    which it was.
    """

    def __init__(self) -> None:
        self.times = BlockTimes()
        self.beginning = Beginning(self._next_job_began)
        self._shown = self.beginning.shown
        self._fetching = Fetching(self.times, self._heard, self.beginning.answer_came)
        self._storing = Storing(self.times)
        self._earlier_unknown: Unknown | None = None
        self._stopped_storing = False

    def rules(self) -> list[Rule]:
        """Return the rules for the tool's statements."""
        own = [
            Rule(b"bin/casher:", rb"bin/casher:(?:\d+:in |\d+: | ?line \d+:)", self._on_crash),
            Rule(
                b"casher: ", rb"casher: (?:command not found|not found|No such file|Permission denied)", self._on_crash
            ),
            Rule(b"\n", FRAMED_LINE, self._on_framed_line),
        ]
        return own + self.beginning.rules() + self._fetching.rules() + self._storing.rules()

    @property
    def was_called(self) -> bool:
        """Whether the log has a cache part, or a sentence that only the tool writes."""
        return self.beginning.was_called or self._fetching.was_called or self._storing.was_called

    @property
    def is_of_several_jobs(self) -> bool:
        """Whether it shows more than one job, of which each attempts to download a cache once."""
        return self.beginning.is_of_several_jobs or self._fetching.sure_attempts > 1

    @property
    def is_job_over(self) -> bool:
        """Whether the log shows the end of the job; of several jobs, that of the last one."""
        return self._shown.job.is_over

    def command_began(self, statement: Statement) -> None:
        """Handle the echo of a command: a fetch without an answer has none."""
        self.beginning.command_began(statement)
        if statement.begins():
            self._fetching.interrupt(Unknown.NO_ANSWER)

    def command_ended(self, *, is_own: bool) -> None:
        """Handle a command's exit code; whether the command is surely the job's own, not one of its set-up."""
        self.beginning.rest_began(is_own=is_own)
        self._fetching.interrupt(Unknown.NO_ANSWER)
        self._storing.close()

    def job_stopped(self) -> None:
        """Handle the end of a job that was stopped, from inside or from outside."""
        self._fetching.interrupt(Unknown.STALLED)
        if self._storing.is_open:
            self._stopped_storing = True
            self._storing.fail("the job was stopped while it packed or uploaded")
        self._shown.job_stopped()
        self.beginning.rest_began(is_own=False)

    def job_ended(self, *, ran: bool) -> None:
        """Handle the end of the job, however it came; whether it surely ran its own commands before."""
        self.command_ended(is_own=ran)
        self.times.finish()
        self.beginning.job_ended()

    def finish(self) -> Findings:
        """Return what the tool did. Call it at the end of the log."""
        fetching, storing = self._fetching, self._storing
        self._settle()
        asked = fetching.fetches()
        named = any(fetch.found for fetch in asked)
        # What a comparison proves may be the fetch that is named; an answer of its own is another one's.
        unnamed = fetching.found_unnamed or (storing.proves_fetch and not named)
        fetched = named or unnamed
        unknown = None if fetched else self._unknown() or self._earlier_unknown
        return Findings(
            asked=asked,
            stored=storing.archives(),
            nothing_changed=storing.nothing_changed,
            fetched_unnamed=unnamed,
            started_clean=False if fetched else (fetching.none_found and unknown is None) or None,
            unknown=unknown,
            unpacking_cut_off=fetched and fetching.unpacking_cut_off,
            stopped_storing=self._stopped_storing,
        )

    def _settle(self) -> None:
        """Handle the end of what is shown of a job: what has no answer yet gets none."""
        self._fetching.settle(Unknown.NO_ANSWER if self.is_job_over else Unknown.ENDS_EARLY)
        self._storing.settle(job_ended=self.is_job_over)
        self.times.finish()

    def _next_job_began(self) -> None:
        """Handle the beginning of another job: what is not known of the one before it stays unknown."""
        self._settle()
        self._earlier_unknown = self._earlier_unknown or self._unknown()

    def _unknown(self) -> Unknown | None:
        """Return why it is not known whether a cache was fetched; None where it is known that none was."""
        if self._fetching.unanswered:
            return self._fetching.unanswered[-1]
        if self._fetching.none_found or self._fetching.asked:
            return self._shown.unknown_of_the_last_part()
        if self._storing.is_of_a_cache and self._shown.part is Part.MISSING:
            return Unknown.BEGINS_LATE
        return self._shown.unknown()

    def _heard(self, kind: str) -> None:
        """Handle an attempt or an answer of the tool, about a cache or a workspace."""
        self._storing.part = kind
        if kind == "cache":
            self.beginning.tool_began()
        else:
            self._shown.uses_workspaces = True

    def _on_framed_line(self, statement: Statement) -> None:
        """Handle what may stand in the place of lines that somebody cut out."""
        cut = cut_of(statement.match[1])
        if cut is not None:
            self._shown.cut(cut)
            if cut is Cut.WORDS:  # a slow upload prints dots
                self._storing.cut()
            if statement.match[1].strip(b" \t>") != b".":  # a slow download prints single dots
                self._fetching.cut()
            else:
                self._fetching.interrupt(Unknown.CUT_OUT)

    def _on_crash(self, _: Statement) -> None:
        self._shown.job.is_crashed = True
        self._fetching.interrupt(Unknown.CRASHED)
        self._storing.fail("the cache tool crashed")
