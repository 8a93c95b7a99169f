"""Keep what a log shows of its jobs, and tell why that does not prove whether a cache was fetched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from purger.travis.job_log.cuts import Cut
from purger.travis.job_log.model import Unknown


class Part(Enum):
    """What is seen of the cache part."""

    MISSING = auto()
    EMPTY = auto()
    FOLDED = auto()
    """Empty, although something is seen that comes after it."""
    ANSWERED = auto()

    @property
    def unknown(self) -> Unknown | None:
        """Why it tells nothing, where it is empty."""
        return {Part.EMPTY: Unknown.ENDS_EARLY, Part.FOLDED: Unknown.FOLDED}.get(self)


@dataclass(slots=True)
class JobShown:
    """What is seen of one job.

    Attributes:
        has_clone: the clone of its repository, below the job's heading.
        has_rest: the end of a command, or of the job.
        has_own_command: one of its own commands, before which the cache part would stand.
        is_past: its own commands run. What these write is not the tool's.
        is_over: its end.
        is_tool_seen: the cache part, or the tool at work.
        is_disabled: the tool says that there is no cache.
        is_crashed: the tool crashed.
        is_stopped: the job was stopped in the cache part, before the tool was at work.
        is_cut: lines were cut out that may have been those of the cache part.
        was_passed_over: what only the tool writes was taken for the output of a command.
    """

    has_clone: bool = False
    has_rest: bool = False
    has_own_command: bool = False
    is_past: bool = False
    is_over: bool = False
    is_tool_seen: bool = False
    is_disabled: bool = False
    is_crashed: bool = False
    is_stopped: bool = False
    is_cut: bool = False
    was_passed_over: bool = False

    @property
    def has_begun(self) -> bool:
        """Whether a heading below this is another job's: a job has one heading and then one clone."""
        return self.is_over or self.has_rest or self.has_clone or self.is_tool_seen

    @property
    def is_whole(self) -> bool:
        """Whether it is seen up to what comes after the cache part, and nothing was cut out."""
        return self.has_clone and self.has_rest and not self.is_cut


class Shown:
    """What is seen of the parts before the job's own commands: worker information, clone, cache part.

    Only a log that shows all of them, and what comes after, proves that a job uses no cache. Of several jobs in one
    file the last one has to show them; `job` is what is seen of it.
    """

    def __init__(self) -> None:
        self.job = JobShown()
        self.part = Part.MISSING
        self.has_worker = self.has_folds = False
        self.uses_caches = self.uses_workspaces = self.installs_tool = False  # for workspaces it is installed, too
        self.is_silent_later_job = False

    @property
    def is_more_than_an_end(self) -> bool:
        """Whether more is seen than the end of a command or a job."""
        return self.has_folds or self.uses_caches or self.job.has_clone or self.job.is_tool_seen

    def next_job(self) -> None:
        """Handle the beginning of another job."""
        if self.job.is_disabled:  # the part told that no cache was fetched: it says nothing of this job
            self.part = Part.MISSING
        self.job = JobShown()

    def part_began(self) -> None:
        """Handle the heading of a cache part."""
        self.part = Part.EMPTY
        self.job.is_tool_seen = True
        self.job.is_cut = self.job.is_past = self.job.is_crashed = self.job.is_stopped = False

    def job_stopped(self) -> None:
        """Handle a sentence about a job that was stopped; another one may follow."""
        self.job.is_stopped |= self.part is Part.EMPTY

    def part_passed(self) -> None:
        """Handle what comes only after the cache part."""
        if self.part is Part.EMPTY:
            self.part = Part.FOLDED

    def tool_began(self) -> None:
        """Handle an attempt of the tool, or an answer: the part, if there is one, is not empty."""
        if self.part.unknown:
            self.part = Part.ANSWERED
        self.job.is_tool_seen = True
        self.job.is_cut = self.job.is_past = self.is_silent_later_job = False

    def cut(self, cut: Cut) -> None:
        """Handle that somebody may have cut lines out, which may be those of the cache part.

        A program may print such lines, too: they count only before the job's own commands, and dots not at all where
        the markers are left, which nobody keeps who shortens a log by hand. Which commands of a pasted log are the
        job's own is not certain, so that words count there until one has ended.
        """
        job = self.job
        if self.has_folds:
            job.is_cut |= cut is Cut.WORDS and not job.is_past
        else:
            job.is_cut |= not (job.has_rest if cut is Cut.WORDS else job.is_past)

    def unknown(self) -> Unknown | None:
        """Return why the log does not tell whether a cache was fetched, where nothing of the tool is seen."""
        job, has_part = self.job, self.part is not Part.MISSING
        if job.is_disabled:
            return None
        if has_part and job.is_crashed:
            return Unknown.CRASHED
        if job.is_cut and (has_part or self.has_worker):
            return Unknown.CUT_OUT
        if has_part:
            return Unknown.STALLED if job.is_stopped else self.part.unknown or Unknown.BEGINS_LATE
        if not self.has_worker:
            return Unknown.BEGINS_LATE if job.has_rest else Unknown.FRAGMENT
        if self.uses_caches or (self.installs_tool and not self.uses_workspaces) or job.was_passed_over:
            return Unknown.FRAGMENT
        if job.has_rest and not job.has_own_command:
            return Unknown.IN_SET_UP
        return None if job.is_whole else Unknown.ENDS_EARLY

    def unknown_of_the_last_part(self) -> Unknown | None:
        """Return why the last cache part tells nothing, or is not seen of the last job, where an earlier one did."""
        if self.part.unknown:
            return self.part.unknown
        if not self.is_silent_later_job or self.job.is_whole:
            return None
        if self.job.is_cut:
            return Unknown.CUT_OUT
        return Unknown.ENDS_EARLY if self.has_worker else Unknown.BEGINS_LATE
