"""Tell how much of a job's beginning a log shows, and whether the cache part is in it."""

from __future__ import annotations

import re
from collections.abc import Callable

from purger.travis.job_log.cuts import Cut
from purger.travis.job_log.model import Unknown
from purger.travis.job_log.scan import Rule, Statement

# What the build script itself runs before the job's own commands. Some of it comes before the cache part.
_OF_THE_SET_UP = re.compile(
    rb"(?:git|cd|export|source|eval|unset|mkdir|sudo|apt-get|curl|wget|openssl|bash -c|rvm|nvm|pyenv|phpenv|"
    rb"jdk_switcher|rustup|gimme|go env|composer self-update|npm config|perlbrew|kiex|kerl|brew|ssh-keyscan|ssh-add|"
    rb"docker login|sdk|lein|install-jdk|printf|echo|chmod|rm|mv|ln|tar|pip install --upgrade pip"
    rb"|travis_(?!retry\b|wait\b)\w+)\b"
    rb"|\S+ (?:-{0,2}version|-[vV])\s"
)
HEADINGS = (b"Worker information", b"Using worker:")
"""What the first line of a job says."""
_INSTALLING = b"Installing caching utilities"
_COMMANDS_OF_THE_PART = (b"export CASHER", _INSTALLING, b"export PATH=")


class Beginning:
    """What is seen of the parts before the job's own commands: worker information, clone, cache part.

    Only a log that shows all of them, and what comes after, proves that a job uses no cache. Of several jobs in one
    file the last one has to show them. `on_next_job` is called where another one begins.
    """

    def __init__(self, on_next_job: Callable[[], None]) -> None:
        self._on_next_job = on_next_job
        self.was_called = False  # whether something was seen that only a log of Travis CI holds
        self.is_job_over = self.is_of_several_jobs = self.is_disabled = False
        # Whether the job's own commands run: what these write is not the tool's, and they come after the cache part.
        self.is_past = False
        self.was_passed_over = False  # whether what only the tool writes was taken for the output of such a command
        self.was_at_work = False  # whether a command began, or the tool answered: more than a quoted end
        self.uses_workspaces = self._is_tool_installed = False  # for workspaces, the tool is installed, too
        self._has_folds = self._is_cut = self._is_silent_later_job = self._uses_caches = False
        self._has_worker = self._has_clone = self._has_rest = self._is_tool_seen = False
        self._has_part = self._is_part_empty = self._is_part_over = False

    def rules(self) -> list[Rule]:
        """Return the rules for what stands at the beginning of a log."""
        literal = (
            (self._on_worker, HEADINGS),
            (self._on_clone, (b"$ git clone ", b"Cloning into ")),
            (self._on_part, (b"Setting up build cache", b"Setting up package cache", b"setup build cache")),
            (self._on_disabled, (b"Failed to fetch casher from GitHub, disabling cache",)),
            (self._on_installation, (b"$ export CASHER_", *(start + _INSTALLING for start in (b"", b"$ ")))),
            (self._on_use, (b"cache uploaded",)),
        )
        return [
            *(Rule(words, re.escape(words), handler) for handler, all_words in literal for words in all_words),
            Rule(b"cache.", rb"cache\.1(?=\s|\Z)", self._on_label),
            # Only a job with caches writes these, wherever its cache part is; one with workspaces writes others, too.
            Rule(b"cache.", rb"cache\.[2-9](?=\s|\Z)", self._on_use),
            Rule(b"adding /", rb"adding /[^\n]{1,300} to cache(?=\s|\Z)", self._on_use),
        ]

    @property
    def shows_a_part(self) -> bool:
        """Whether it has the cache part, of whatever length."""
        return self._has_part

    @property
    def is_early(self) -> bool:
        """Whether neither the job's own commands nor the cache part was seen of the job."""
        return not (self.is_past or self._is_tool_seen)

    def tool_began(self) -> None:
        """Handle an attempt of the tool, or an answer: the part, if there is one, is not empty."""
        self.was_called = self._is_tool_seen = True
        self._is_part_empty = self._is_silent_later_job = self._is_cut = self.is_past = False

    def fold(self, name: str) -> None:
        """Handle the start of a fold."""
        if name.startswith("worker_info"):
            self._job_began()
        elif name.startswith("git.checkout"):
            self._has_clone |= self._has_worker
        elif name.startswith("cache.1"):
            self._open_part()
        elif name.startswith("cache."):
            self._uses_caches = True
        self._has_folds = True

    def command_began(self, statement: Statement) -> None:
        """Handle a command's echo: one that is not of the cache part ends it."""
        end = statement.match.end()
        if statement.begins() and not statement.text.startswith(_COMMANDS_OF_THE_PART, end):
            self.was_at_work = True
            self._is_part_over |= self._is_part_empty
            self.is_past |= _OF_THE_SET_UP.match(statement.text, end) is None

    def cut(self, cut: Cut) -> None:
        """Handle that somebody may have cut lines out, which may be those of the cache part.

        A program may print such lines, too: they count only before the job's own commands, and dots not at all where
        the markers are left, which nobody keeps who shortens a log by hand. Which commands of a pasted log are the
        job's own is not certain, so that words count there until one has ended.
        """
        if self._has_folds:
            self._is_cut |= cut is Cut.WORDS and not self.is_past
        else:
            self._is_cut |= not (self._has_rest if cut is Cut.WORDS else self.is_past)

    def rest_began(self) -> None:
        """Handle a sentence that comes only after the place of the cache part."""
        self._has_rest = self.is_past = True
        self._is_part_over |= self._is_part_empty

    def job_ended(self) -> None:
        """Handle the end of the job: what begins after it is another one."""
        self.is_job_over = True

    def another_ended(self) -> None:
        """Handle the last line of another job, of which nothing else may have been seen."""
        if self.is_job_over:
            self._job_began()
            self._has_worker = False

    def unknown(self, *, crashed: bool, stopped: bool) -> Unknown | None:
        """Return why the log does not tell whether a cache was fetched, where nothing of the tool is seen."""
        if self.is_disabled:
            return None
        if self._has_part and crashed:
            return Unknown.CRASHED
        if self._is_cut and (self._has_part or self._has_worker):
            return Unknown.CUT_OUT
        if self._has_part:
            if self._is_part_empty and self._is_part_over and not stopped:
                return Unknown.FOLDED
            if stopped:
                return Unknown.STALLED
            return Unknown.ENDS_EARLY if self._is_part_empty else Unknown.BEGINS_LATE
        if self._has_worker:
            uses_caches = self._uses_caches or (self._is_tool_installed and not self.uses_workspaces)
            if uses_caches or self.was_passed_over:
                return Unknown.FRAGMENT
            return None if self._has_clone and self._has_rest else Unknown.ENDS_EARLY
        return Unknown.BEGINS_LATE if self._has_rest else Unknown.FRAGMENT

    def open_part_unknown(self) -> Unknown | None:
        """Return why the last cache part tells nothing, or is not seen of the last job, where an earlier one did."""
        if self._is_part_empty:
            return Unknown.FOLDED if self._is_part_over else Unknown.ENDS_EARLY
        if not self._is_silent_later_job or (self._has_clone and self._has_rest and not self._is_cut):
            return None
        if self._is_cut:
            return Unknown.CUT_OUT
        return Unknown.ENDS_EARLY if self._has_worker else Unknown.BEGINS_LATE

    def _job_began(self) -> None:
        # A job has one heading and then one clone, so that the next heading is another's, however the first ended.
        if self.is_job_over or self._has_rest or self._has_clone or self._is_tool_seen:
            # A sentence about a command's end, and nothing more, is what somebody quotes above the log.
            if self.was_at_work or self._has_folds or self._uses_caches or self._has_clone or self._is_tool_seen:
                self.is_of_several_jobs = True
                self._on_next_job()  # of what is known of the one before
                self._is_silent_later_job = True
            if self.is_disabled:  # the part told that no cache was fetched: it says nothing of this job
                self._has_part = self._is_part_empty = False
            self.is_job_over = self.is_disabled = self._has_clone = self._has_rest = False
            self._is_cut = self.was_passed_over = self._is_tool_seen = False
        self._has_worker, self.is_past = True, False  # a command before it, as `$ cat job.log`, is not the job's

    def _open_part(self) -> None:
        if self.is_job_over:
            self.is_of_several_jobs = True
            self._on_next_job()
        self._has_part = self._is_tool_seen = self._is_part_empty = True
        self._is_part_over = self._is_cut = self.is_past = False

    def _on_worker(self, statement: Statement) -> None:
        if statement.begins():
            self._job_began()

    def _on_clone(self, _: Statement) -> None:
        # Where line ends were lost it stands in the middle of one.
        if self._has_worker:
            self._has_clone = self.was_called = True

    def _on_part(self, _: Statement) -> None:
        self.was_called = True
        if not self._is_part_empty:
            self._open_part()

    def _on_label(self, statement: Statement) -> None:
        if statement.begins():
            self._open_part()

    def _on_use(self, statement: Statement) -> None:
        self._uses_caches |= statement.begins()

    def _on_installation(self, statement: Statement) -> None:
        self._is_tool_installed |= statement.begins() and not self.is_past

    def _on_disabled(self, statement: Statement) -> None:
        if statement.begins():
            self.was_passed_over |= self.is_past
            self.is_disabled |= not self.is_past
