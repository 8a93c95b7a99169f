"""Define the exit codes and the errors; each error says what happened, where, and what to do about it."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar, Self

from purger.core.shown_address import shown_value
from purger.core.text import beginning

_LONGEST_REASON = 200


class ExitCode(IntEnum):
    """The exit codes of all commands. They are a public interface: scripts in other people's CI depend on them."""

    OK = 0
    REMAINS = 1
    USAGE = 2
    ACCESS = 3
    SITE = 4
    BROWSER = 5
    UNKNOWN = 6
    NOT_A_CACHE_PROBLEM = 7
    UNWRITTEN = 8
    INTERRUPTED = 130
    TERMINATED = 143


class PurgerError(Exception):
    """Base class of all errors that are shown to the user.

    `what` is a clause that says what happened, `where` the URL or file concerned, `remedy` a sentence that says what
    to do next. `str()` contains `what` and `where`; the code that shows the error adds the remedy.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.REMAINS

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def about(self, clause: str) -> Self:
        """Return the same error with a clause before it, which says what it ended."""
        what = f"{clause}: {self.what}"
        error = type(self).__new__(type(self), what)
        vars(error).update(vars(self) | {"what": what})
        return error

    def __str__(self) -> str:
        return f"{self.what} ({shown_value(self.where)})" if self.where else self.what


class InputError(PurgerError):
    """An option, an argument, a file or a variable has an invalid value."""

    exit_code = ExitCode.USAGE


class AccessError(PurgerError):
    """Not signed in, the token was rejected, the repository was not found, or a permission is missing."""

    exit_code = ExitCode.ACCESS


class SiteError(PurgerError):
    """The site did not answer, or sent a response that purger does not understand."""

    exit_code = ExitCode.SITE


class NoAnswerError(SiteError):
    """A server, or the proxy before it, sent no response, or not a whole one. It may do so a little later."""


class LastingSiteError(SiteError):
    """The site can't be reached as things are: another attempt would meet the same fault."""


class UnknownPageError(SiteError):
    """The cache page does not have the expected structure, so nothing on it is clicked."""


class BrowserError(PurgerError):
    """No usable browser was found, or it does not start."""

    exit_code = ExitCode.BROWSER


class BrowserLostError(BrowserError):
    """The browser or its page crashed. The work can continue in a new one; `REMEDY` is for one that does so again."""

    REMEDY: ClassVar[str] = "Is there memory enough? Try another with --browser."

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = REMEDY) -> None:
        super().__init__(what, where=where, remedy=remedy)


class JobError(PurgerError):
    """A job can't be restarted now, or a restarted job did not finish conclusively."""


class NotACacheProblemError(PurgerError):
    """A job failed without fetching a deleted cache."""

    exit_code = ExitCode.NOT_A_CACHE_PROBLEM


class StoppedError(PurgerError):
    """The user or the system stopped the command."""

    exit_code = ExitCode.INTERRUPTED


class TerminatedError(StoppedError):
    """SIGTERM stopped the command."""

    exit_code = ExitCode.TERMINATED


class UnexpectedError(PurgerError):
    """A fault of purger's own that nothing else names."""

    exit_code = ExitCode.BROWSER

    @classmethod
    def of(cls, fault: BaseException) -> UnexpectedError:
        """Return the error for a fault, with its kind and its first line."""
        first = _words_of(fault)
        return cls(
            f"purger failed in a way that it does not know: {type(fault).__name__}" + (f": {first}" if first else ""),
            remedy="Please report this as a bug of purger's, with the output of the same command with -vv.",
        )


class MachineError(PurgerError):
    """The machine has too little memory, or allows this process too few threads or open files."""

    exit_code = ExitCode.BROWSER

    @classmethod
    def of(cls, fault: BaseException) -> MachineError:
        """Return the error for a fault, with the words of the system."""
        words = _words_of(fault) or "no memory is left"
        return cls(
            f"the machine gives purger too little memory, or too few threads or open files: {words}",
            remedy="Give it more: see `ulimit -a`, in a container --memory, --pids-limit and --ulimit.",
        )


class InstallationError(PurgerError):
    """A module that purger is built on is missing, damaged, or another one of that name."""

    exit_code = ExitCode.BROWSER

    @classmethod
    def of(cls, fault: ImportError) -> InstallationError:
        """Return the error for an import that failed, with Python's words."""
        words = _words_of(fault)
        return cls(
            f"purger is not installed in full, or other modules are in the place of its own: {words}",
            remedy="Install it again in an environment of its own, as pipx does, and unset PYTHONPATH if that is set.",
        )


class OutOfTimeError(PurgerError):
    """The command did not finish within `--timeout`."""


def _words_of(fault: BaseException) -> str:
    """Return what a fault of somebody else's says, in one line of a readable length."""
    return beginning(" ".join(str(fault).split()), _LONGEST_REASON)
