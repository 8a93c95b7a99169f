"""Tell why a browser does not start or work, from its own last words and Playwright's; each cause with its remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from purger.core.errors import BrowserError

HOW_TO_GET_ONE = (
    "Run `playwright install chromium`, install Chrome, Edge or Chromium (on Debian: apt-get install chromium), "
    "or name one with --browser."
)
ONLY_CHROMIUM = (
    "Name Chromium, or what is made of it, such as Chrome or Edge, with --browser, or leave that out and unset "
    "PURGER_BROWSER: purger drives no other browser, and no driver of one."
)
OWN_FOLDER = "purger-driver-"
"""How the name of the driver's own folder begins, in the folder for temporary files."""
_LONGEST_WORDS = 300
_ENDED = re.compile(r"<process did exit: exitCode=(\w+), signal=(\w+)>")
_FATAL = re.compile(r":(?:FATAL|ERROR):[^\]\n]*\] *(?:Check failed: [^\n]*?\. )?(.+)")
_OWN_WORDS = re.compile(r"^\[pid=\d+\]\[(?:err|out)\] *(.+)$", re.MULTILINE)
_FOLDER_ERRORS = {
    "ENOENT": "does not exist",
    "ENOTDIR": "is not a folder",
    "EROFS": "is read-only",
    "EACCES": "may not be written",
    "EPERM": "may not be written",
    "ENOSPC": "is full",
    "EDQUOT": "is full",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a browser does not work: a clause, and what to do. Where it is `of_machine`, no other browser would work."""

    what: str
    remedy: str
    of_machine: bool = False

    def error(self) -> BrowserError:
        """Return the error for a browser that started, and does not work for this cause."""
        return BrowserError(f"the browser does not work: {self.what}", remedy=self.remedy)


def forbidden(what: str, policy: str) -> Cause:
    """Return the cause for a managed policy."""
    return Cause(
        f"your administrator forbids {what} (the policy {policy}, see chrome://policy)",
        "Use a browser without this policy (`playwright install chromium`, or --browser), or a remote one (--connect).",
    )


def unusable_folder(folder: str, code: str) -> Cause:
    """Return the cause for a folder for temporary files; `code` is the system's name for what is wrong with it."""
    return Cause(
        f"the folder for temporary files, {folder}, {_FOLDER_ERRORS.get(code, f'can not be used ({code})')}",
        "Set TMPDIR to a folder that exists, may be written and has room.",
        of_machine=True,
    )


def too_few(what: str, why: str, flag: str | None = None) -> Cause:
    """Return the cause for a limit that is too low; `flag` is for `ulimit`, where it limits something else."""
    flag = flag or ("-n 4096" if what == "open files" else "-u 4096")
    return Cause(
        f"there are too few {what} for a browser: {why}",
        f"Raise the limit: `ulimit {flag}`, in a container --ulimit or --pids-limit.",
        of_machine=True,
    )


def dead_display(why: str) -> Cause:
    """Return the cause for a display that can't be opened."""
    return Cause(why, "Start a virtual display, xvfb-run -a purger …, or leave --headed out.", of_machine=True)


def _missing_libraries(found: re.Match[str]) -> Cause:
    missing = sorted(set(re.findall(r"\b(lib[\w.+-]+\.so[\w.]*)", found.string)))
    return Cause(
        f"system libraries are missing: {', '.join(missing) or found[0]}",
        "Install them: `playwright install-deps chromium` (as root), or install the system's own package chromium.",
    )


def _versions_differ(found: re.Match[str]) -> Cause:
    return Cause(
        f"it and Playwright {version('playwright')} are too far apart: it does not understand {found[1]}",
        "Update the browser and Playwright (pip install --upgrade playwright), or use Playwright's own: "
        "`playwright install chromium`.",
    )


def _folder(found: re.Match[str]) -> Cause:
    folder = re.sub(rf"/{OWN_FOLDER}[^/]*\Z", "", found[2].rpartition("/")[0])
    return unusable_folder(folder or "/", found[1])


_KNOWN: list[tuple[str, Callable[[re.Match[str]], Cause]]] = [
    (r"remote debugging is disallowed", lambda _: forbidden("remote debugging", "RemoteDebuggingAllowed")),
    (r"[Hh]eadless mode is disallowed", lambda _: forbidden("browsers without a window", "HeadlessMode")),
    # What Playwright makes of a page that it may not attach to.
    (r"reading '_page'", lambda _: forbidden("the developer tools", "DeveloperToolsAvailability")),
    (r"ERR_BLOCKED_BY_ADMINISTRATOR", lambda _: forbidden("this address", "URLBlocklist")),
    (r"Socket path too long[^\n]*", lambda found: Cause(
        found[0], "Set TMPDIR to a folder with a shorter name: the browser's sockets are there.", of_machine=True)),
    (r"(E[A-Z]+): [^,\n]*, (?:mkdtemp|mkdir|open) '([^'\n]+)'", _folder),
    (r"No space left on device|ENOSPC", lambda _: Cause(
        "the disk is full", "Make room, or set TMPDIR to a folder that has some.", of_machine=True)),
    (r"EMFILE|ENFILE|[Tt]oo many open files", lambda _: too_few("open files", "the limit is reached")),
    (r"EAGAIN|Resource temporarily unavailable|[Cc]annot fork|could not fork|unable to create new native thread",
     lambda _: too_few("processes", "the limit is reached")),
    (r"ENOMEM|Cannot allocate memory", lambda _: Cause(
        "there is not enough memory", "Give the machine or the container more memory.", of_machine=True)),
    (r"error while loading shared libraries: [^\n]+|missing dependencies to run browsers", _missing_libraries),
    (r"/dev/shm", lambda found: Cause(  # noqa: S108 - a message's word
        f"{found[0]}, where browsers share memory, can not be used",
        "Make it writable (`chmod 1777 /dev/shm`), or start the container with --ipc=host or --shm-size=1g.",
        of_machine=True)),
    (r"Missing X server|[Cc]an(?:'t|not) open display|Unable to open X display|platform failed to initialize",
     lambda _: dead_display("the display can not be opened")),
    (r"\blaunch: Timeout \d+ms exceeded", lambda _: Cause(
        "it does not answer as a Chromium does when it starts", f"{ONLY_CHROMIUM} If it is one, run it again.")),
    (r"ENOEXEC|[Ee]xec format error|cannot execute binary file", lambda _: Cause(
        "it is made for another kind of processor, or is no program", HOW_TO_GET_ONE)),
    (r"Protocol error \(([\w.]+)\): [^\n]*(?:wasn't found|not supported|[Ii]nvalid parameters|not implemented)",
     _versions_differ),
]  # fmt: skip


def known_cause(words: str) -> Cause | None:
    """Return the cause that these words of the browser or of Playwright mean, or None."""
    # Playwright repeats the command line, which holds such words too.
    said = re.sub(r"<launching>[^\n]*", "", words)
    for pattern, cause in _KNOWN:
        if found := re.search(pattern, said):
            return cause(found)
    return None


def last_words(words: str) -> str:
    """Return why a browser ended in one line: its fatal error, else its last lines, else how, else the first one."""
    if found := list(_FATAL.finditer(words.partition("\nCall log:")[0])):
        return found[-1][1].strip()
    if own := [line.strip() for line in _OWN_WORDS.findall(words) if line.strip() and not line.startswith("<")]:
        # The reason is often above the last line, which may be but a command or an address.
        return " ".join(line for at, line in enumerate(own) if len(" ".join(own[at:])) <= _LONGEST_WORDS) or own[-1]
    if (ended := _ENDED.search(words)) and ended[2] != "SIGKILL":  # that may be Playwright's
        how = f"by the signal {ended[2]}" if ended[1] == "null" else f"with the exit code {ended[1]}"
        return f"it ended without a word, {how}"
    return re.sub(r"^\w+\.\w+: ", "", words.partition("\n")[0].strip()) or "no reason was given"
