"""The last words of real browsers and of Playwright, and the cause that each of them means."""

from __future__ import annotations

import pytest

from purger.browser.causes import Cause, known_cause, last_words, unusable_folder

CLOSED = "BrowserType.launch: Target page, context or browser has been closed\nBrowser logs:\n\n"
ENDED = "it ended without a word, "
LAUNCHING = "<launching> /usr/bin/chromium --disable-dev-shm-usage --no-sandbox\n<launched> pid=7\n"


def said(line: str) -> str:
    return f"{CLOSED}{LAUNCHING}[pid=7][err] {line}\nCall log:\n  - [pid=7][err] {line}\n  - [pid=7] <kill>\n"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (said("DevTools remote debugging is disallowed by the system admin."), "RemoteDebuggingAllowed"),
        (
            said("[7:7:1126/040741.3:ERROR:chrome/x.cc:1023] Headless mode is disallowed by the system admin."),
            "HeadlessMode",
        ),
        (
            "BrowserContext.new_page: Cannot read properties of undefined (reading '_page')",
            "DeveloperToolsAvailability",
        ),
        ("Page.goto: net::ERR_BLOCKED_BY_ADMINISTRATOR at https://app.travis-ci.com/", "URLBlocklist"),
        (said("[7:7:1126/0407.6:ERROR:ui/ozone/x11.cc:257] Missing X server or $DISPLAY"), "display can not be opened"),
        (said("[7:7:FATAL:a/b_posix.cc:315] Socket path too long: /t"), "Socket path too long"),
        ("ENOENT: no such file or directory, mkdtemp '/nope/playwright-artifacts-el6aug'", "/nope, does not exist"),
        ("EROFS: read-only file system, mkdtemp '/ro/playwright-artifacts-m'", "/ro, is read-only"),
        ("EACCES: permission denied, mkdtemp '/x/y/playwright-artifacts-m'", "/x/y, may not be written"),
        ("ENOSPC: no space left on device, mkdir '/full/a'", "/full, is full"),
        ("ENOSPC: no space left on device, mkdtemp '/full/purger-driver-a_1/playwright-m'", "/full, is full"),
        ("EDQUOT: disk quota exceeded, mkdtemp '/home/a'", "/home, is full"),
        (said("[7:7:FATAL:base/files.cc:1] write: No space left on device (28)"), "disk is full"),
        ("BrowserType.launch: Failed to launch: Error: spawn /usr/bin/chromium EMFILE", "too few open files"),
        (said("[1:FATAL:base/epoll.cc:143] Check failed: . : Too many open files (24)"), "too few open files"),
        ("Cannot launch Node.js executable at /x/node: [Errno 24] Too many open files", "too few open files"),
        (said("[1:ERROR:base/thread.cc:1] pthread_create: Resource temporarily unavailable (11)"), "too few processes"),
        ("BrowserType.launch: Failed to launch: Error: spawn /usr/bin/chromium EAGAIN", "too few processes"),
        (said("/bin/sh: 1: Cannot fork"), "too few processes"),
        ("BrowserType.launch: Failed to launch: Error: spawn ENOMEM", "not enough memory"),
        (
            said("/opt/chrome: error while loading shared libraries: libnss3.so: cannot open shared object file"),
            "missing: libnss3.so",
        ),
        (
            "║ Host system is missing dependencies to run browsers. ║\n║     libatk-1.0.so.0 ║\n║     libgbm.so.1 ║",
            "libatk-1.0.so.0, libgbm.so.1",
        ),
        (
            said("[7:7:FATAL:shm.cc:1] This is frequently caused by incorrect permissions on /dev/shm."),
            "/dev/shm, where browsers share memory",
        ),
        (
            "BrowserType.launch: Timeout 60000ms exceeded.\nCall log:\n  - <launching> /x",
            "does not answer as a Chromium",
        ),
        (said("/x/chrome: 1: Exec format error"), "another kind of processor"),
        (
            "Launch: Protocol error (Browser.setDownloadBehavior): 'Browser.setDownloadBehavior' wasn't found",
            "too far apart: it does not understand Browser.setDownloadBehavior",
        ),
    ],
)
def test_words_have_a_cause_with_a_remedy(words: str, what: str) -> None:
    cause = known_cause(words)
    assert cause is not None
    assert what in cause.what
    assert cause.remedy
    assert "see chrome://policy" in cause.what or "administrator" not in cause.what


@pytest.mark.parametrize(
    "words",
    [
        said("[7:7:1126/0406.0:ERROR:dbus/bus.cc:405] Failed to connect to the bus"),
        f"{CLOSED}{LAUNCHING}<process did exit: exitCode=0, signal=null>",
        "Page.goto: net::ERR_NAME_NOT_RESOLVED at https://app.travis-ci.com/",
        "BrowserContext.new_page: Target crashed",
        "Page.goto: Timeout 30000ms exceeded.",
        "Protocol error (Target.createTarget): Target closed",
        "",
    ],
)
def test_other_words_have_none(words: str) -> None:
    assert known_cause(words) is None


@pytest.mark.parametrize(
    ("words", "last"),
    [
        (said("[7:7:1125/0426.6:FATAL:a/b.cc:315] Oh no: x"), "Oh no: x"),
        (said("something went wrong"), "something went wrong"),
        (
            said("Command '/usr/bin/chromium-browser' requires the chromium snap to be installed.").replace(
                "Call log",
                "[pid=7][err] Please install it with:\n[pid=7][err]\n[pid=7][err] snap install chromium\nCall log",
            ),
            "Command '/usr/bin/chromium-browser' requires the chromium snap to be installed. Please install it with: "
            "snap install chromium",
        ),
        (said("x" * 200).replace("Call log", f"[pid=7][err] {'y' * 200}\nCall log"), "y" * 200),
        (said("z" * 400), "z" * 400),
        (f"{CLOSED}{LAUNCHING}[pid=7] <process did exit: exitCode=0, signal=null>", ENDED + "with the exit code 0"),
        (
            f"{CLOSED}{LAUNCHING}[pid=7] <process did exit: exitCode=null, signal=SIGILL>",
            ENDED + "by the signal SIGILL",
        ),
        (
            f"{CLOSED}{LAUNCHING}[pid=7] <process did exit: exitCode=null, signal=SIGKILL>",
            "Target page, context or browser has been closed",
        ),
        ("BrowserType.launch: spawn failed\nCall log:\n  - x", "spawn failed"),
        ("", "no reason was given"),
    ],
)
def test_the_last_words_of_a_browser_are_one_line(words: str, last: str) -> None:
    assert last_words(words) == last


def test_an_error_of_a_folder_that_has_no_words_is_named_as_the_system_does() -> None:
    assert unusable_folder("/x", "EIO") == Cause(
        "the folder for temporary files, /x, can not be used (EIO)",
        "Set TMPDIR to a folder that exists, may be written and has room.",
        of_machine=True,
    )
