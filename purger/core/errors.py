"""What can go wrong, each kind with its exit code; a message says what happened, where, and what to do."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The exit codes of every command: an interface that other people's scripts depend on."""

    OK = 0
    REMAINS = 1
    USAGE = 2
    ACCESS = 3
    SITE = 4
    BROWSER = 5
    NOT_A_CACHE_PROBLEM = 7
    INTERRUPTED = 130
    TERMINATED = 143


class PurgerError(Exception):
    """The base of all errors that a person is told about.

    `what` happened is one sentence; `where` is the address or file that it happened on; `remedy` says what to
    do next. `str()` gives what and where; whoever shows the error adds the remedy.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.REMAINS

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} ({self.where})" if self.where else self.what


class InputError(PurgerError):
    """An option, an argument, a file or a variable holds something impossible."""

    exit_code = ExitCode.USAGE


class AccessError(PurgerError):
    """Not signed in, the token was refused, the repository was not found, or a right is missing."""

    exit_code = ExitCode.ACCESS


class SiteError(PurgerError):
    """The site did not answer, or not in a way that we understand."""

    exit_code = ExitCode.SITE


class UnknownPageError(SiteError):
    """The page is not the one we know, so nothing that it shows can be relied on."""


class BrowserError(PurgerError):
    """There is no usable browser, or it does not start."""

    exit_code = ExitCode.BROWSER


class BrowserLostError(BrowserError):
    """The browser or its page died in the middle of the work; a new one may go on."""


class JobError(PurgerError):
    """A job can't be restarted now, or its restart came to no end that tells anything."""


class NotACacheProblemError(PurgerError):
    """A job failed although it fetched nothing that was deleted."""

    exit_code = ExitCode.NOT_A_CACHE_PROBLEM


class StoppedError(PurgerError):
    """A person or the system stopped the command."""

    exit_code = ExitCode.INTERRUPTED


class TerminatedError(StoppedError):
    """SIGTERM stopped the command."""

    exit_code = ExitCode.TERMINATED


class OutOfTimeError(PurgerError):
    """The time that `--timeout` gives the whole command is over."""
