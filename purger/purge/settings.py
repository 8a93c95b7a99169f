"""One frozen set of settings for a run, validated once, before anything starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from purger.secrets import redaction
from purger.core.errors import AccessError, InputError
from purger.travis.addresses import Site


class Trace(StrEnum):
    """When a Playwright trace is kept."""

    OFF = "off"
    ON_FAILURE = "on-failure"
    ON = "on"


class Token:
    """An API token that does not show itself when it is printed, logged or compared in a test's message."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Raises AccessError for an empty token, InputError for one that no header may carry."""
        if not text.strip():
            raise AccessError("the token is empty", remedy="Set TRAVIS_TOKEN to an API token of Travis CI.")
        if not text.isascii() or not text.isprintable() or " " in text:
            raise InputError(
                "the token holds white space, control characters or letters that no token has",
                remedy="Copy it again, without a line end: TRAVIS_TOKEN=$(travis token --pro).",
            )
        redaction.remember(text)
        self._text = text

    def reveal(self) -> str:
        """The token itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Token(***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """Which browser, and how it shows itself. `slow_mo_ms` is the pause before each of Playwright's actions.

    `page_console` logs what the page writes to its console. Raises InputError for contradictions.
    """

    browser: str | None = None
    connect: str | None = None
    headed: bool = False
    slow_mo_ms: float = 0.0
    keep_open: bool = False
    allow_third_party: bool = False
    page_console: bool = False
    pause: bool = False

    def __post_init__(self) -> None:
        _at_least("--slow-mo", self.slow_mo_ms, 0)
        require_wait("--slow-mo", self.slow_mo_ms / 1000, 0)
        if self.connect is not None:
            if not _is_address(self.connect):
                raise InputError(
                    "--connect is not the address of a browser",
                    remedy="Give ws://HOST:PORT/ of a Playwright server, or http(s):// or wss:// of a CDP endpoint.",
                )
            if self.browser is not None or self.headed:
                raise InputError(
                    "--connect uses a browser that runs elsewhere: --browser and --headed can't change it",
                    remedy="Leave --browser and --headed out.",
                )
        for option, given in (("--keep-open", self.keep_open), ("--pause", self.pause)):
            if given and not self.headed:
                raise InputError(f"{option} without --headed would wait for ever", remedy="Add --headed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a purge needs to know besides what to purge. Times are in seconds; `max_rate` is a minute's.

    Raises InputError for a value or a combination that makes no sense.
    """

    site: Site
    token: Token
    browser: BrowserSettings = field(default_factory=BrowserSettings)
    batch_size: int = 100
    max_rate: int = 1500
    attempts: int = 4
    recheck_timeout_s: float = 300.0
    settle_s: float = 5.0
    answer_timeout_s: float = 30.0
    page_timeout_s: float = 60.0
    timeout_s: float | None = None
    jobs: int = 4
    trace: Trace = Trace.OFF

    def __post_init__(self) -> None:
        _at_least("--batch-size", self.batch_size, 1)
        _at_least("--max-rate", self.max_rate, 0)
        _at_least("--attempts", self.attempts, 1)
        _at_least("--jobs", self.jobs, 1)
        require_wait("--recheck-timeout", self.recheck_timeout_s, 0)
        require_wait("--settle", self.settle_s, 0)
        require_wait("--answer-timeout", self.answer_timeout_s, 0.1)
        require_wait("--page-timeout", self.page_timeout_s, 1)
        if self.timeout_s is not None:
            require_wait("--timeout", self.timeout_s, 0.1)


def trace_of(wanted: Trace | None, artifacts: Path | None) -> Trace:
    """When to keep a trace: as wanted, else on a failure where there is a place for it. Raises InputError."""
    if wanted not in {None, Trace.OFF} and artifacts is None:
        raise InputError("--trace has no place to be kept", remedy="Add --artifacts DIR.")
    return wanted or (Trace.ON_FAILURE if artifacts else Trace.OFF)


LONGEST_WAIT_S = 7 * 86_400.0
"""No single wait is longer than a week: timers overflow far beyond, and then do not wait at all."""


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"ws", "wss", "http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _at_least(option: str, value: float, least: float) -> None:
    if not value >= least:
        raise InputError(f"{option} {str(value)[:20]} is too small", remedy=f"Give {least:g} or more.")


def require_wait(option: str, seconds: float, least_s: float) -> None:
    """Raise InputError for a wait that is shorter than that, or than which no timer is longer."""
    _at_least(option, seconds, least_s)
    if seconds > LONGEST_WAIT_S:
        raise InputError(f"{option} is longer than a week", remedy="Give a week (1w) or less.")
