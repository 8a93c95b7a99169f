"""Find where the jobs of a log begin, and how much it shows of the parts before their own commands."""

from __future__ import annotations

import re
from collections.abc import Callable

from purger.travis.job_log.scan import Rule, Statement
from purger.travis.job_log.shown import Shown

# What the build script itself runs before the job's own commands. Some of it comes before the cache part.
_OF_THE_SET_UP = re.compile(
    rb"(?:git|cd|export|source|eval|unset|mkdir|sudo|apt-get|curl|wget|openssl|bash -c|rvm|nvm|pyenv|phpenv|"
    rb"jdk_switcher|rustup|gimme|go env|composer self-update|npm config|perlbrew|kiex|kerl|brew|ssh-keyscan|ssh-add|"
    rb"docker login|sdk|lein|install-jdk|printf|echo|chmod|rm|mv|ln|tar|pip install --upgrade pip"
    rb"|travis_(?!retry\b|wait\b)\w+)\b"
    rb"|\S+ (?:-{0,2}version|-[vV])\s"
)
_OWN_STAGE = re.compile(r"(?:before_)?(?:install|script)")
HEADINGS = (b"Worker information", b"Using worker:")
"""What the first line of a job says."""
_INSTALLING = b"Installing caching utilities"
_COMMANDS_OF_THE_PART = (b"export CASHER", _INSTALLING, b"export PATH=")


class Beginning:
    """Reads the parts before the job's own commands, and notes in `shown` what is seen of them.

    `on_next_job` is called where another job begins, before `shown` is of that one.
    """

    def __init__(self, on_next_job: Callable[[], None]) -> None:
        self._on_next_job = on_next_job
        self.shown = Shown()
        self.was_called = False  # whether something was seen that only a log of Travis CI holds
        self.is_of_several_jobs = False
        self._was_at_work = False  # whether a command began, or the tool answered: more than a quoted end

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
    def is_early(self) -> bool:
        """Whether neither the job's own commands nor the cache part was seen of the job."""
        return not (self.shown.job.is_past or self.shown.job.is_tool_seen)

    def answer_came(self) -> bool:
        """Handle what looks like an answer; return whether it can be the tool's, and no output of the job's own."""
        job = self.shown.job
        self._was_at_work = True
        job.was_passed_over |= job.is_past
        return not job.is_past

    def tool_began(self) -> None:
        """Handle an attempt of the tool, or an answer."""
        self.was_called = True
        self.shown.tool_began()

    def fold(self, name: str) -> None:
        """Handle the start of a fold."""
        if name.startswith("worker_info"):
            self._job_began()
        elif name.startswith("git.checkout"):
            self.shown.job.has_clone |= self.shown.has_worker
        elif name.startswith("cache.1"):
            self._part_began()
        elif name.startswith("cache."):
            self.shown.uses_caches = True
        elif _OWN_STAGE.match(name):  # whatever its commands look like
            self.shown.job.has_own_command = True
        self.shown.has_folds = True

    def command_began(self, statement: Statement) -> None:
        """Handle a command's echo: one that is not of the cache part ends it."""
        end = statement.match.end()
        if statement.begins() and not statement.text.startswith(_COMMANDS_OF_THE_PART, end):
            self._was_at_work = True
            self.shown.part_passed()
            if _OF_THE_SET_UP.match(statement.text, end) is None:
                self.shown.job.is_past = self.shown.job.has_own_command = True

    def rest_began(self, *, is_own: bool) -> None:
        """Handle the end of a command or a job; where it is not the job's own, it may come before the cache part."""
        job = self.shown.job
        job.has_rest = job.is_past = True
        job.has_own_command |= is_own
        self.shown.part_passed()

    def job_ended(self) -> None:
        """Handle the end of the job: what begins after it is another one."""
        self.shown.job.is_over = True

    def another_ended(self) -> None:
        """Handle the last line of another job, of which nothing else may have been seen."""
        if self.shown.job.is_over:
            self._job_began()
            self.shown.has_worker = False

    def _job_began(self) -> None:
        shown = self.shown
        if shown.job.has_begun:
            # A sentence about a command's end, and nothing more, is what somebody quotes above the log.
            if self._was_at_work or shown.is_more_than_an_end:
                self._next_job_began()
                shown.is_silent_later_job = True
            shown.next_job()
        shown.has_worker = True
        shown.job.is_past = shown.job.has_own_command = False  # a command before it, as `$ cat job.log`, is not its own

    def _part_began(self) -> None:
        if self.shown.job.is_over:
            self._next_job_began()
        self.shown.part_began()

    def _next_job_began(self) -> None:
        self.is_of_several_jobs = True
        self._on_next_job()  # of what is known of the one before

    def _on_worker(self, statement: Statement) -> None:
        if statement.begins():
            self._job_began()

    def _on_clone(self, _: Statement) -> None:
        # Where line ends were lost it stands in the middle of one.
        if self.shown.has_worker:
            self.shown.job.has_clone = self.was_called = True

    def _on_part(self, _: Statement) -> None:
        self.was_called = True
        if not self.shown.part.unknown:
            self._part_began()

    def _on_label(self, statement: Statement) -> None:
        if statement.begins():
            self._part_began()

    def _on_use(self, statement: Statement) -> None:
        self.shown.uses_caches |= statement.begins()

    def _on_installation(self, statement: Statement) -> None:
        self.shown.installs_tool |= statement.begins() and not self.shown.job.is_past

    def _on_disabled(self, statement: Statement) -> None:
        if statement.begins():
            job = self.shown.job
            job.was_passed_over |= job.is_past
            job.is_disabled |= not job.is_past
