"""Define the browser's settings: the options of the panel "Browser"."""

from __future__ import annotations

from dataclasses import dataclass

from purger.core.errors import InputError
from purger.core.hosts import is_address
from purger.core.options import BROWSER, check_ranges, flag, number, text

CLOSING_S = 1.5
"""How long a trace, a page, a context or a browser may take to close before it is left to what closes it next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """Which browser to use and how to run it. `slow_mo_ms` is the pause before each of Playwright's actions.

    Raises InputError for options that contradict each other.
    """

    headed: bool = flag("--headed", panel=BROWSER, help="Show the browser.")
    slow_mo_ms: float = number(
        "--slow-mo",
        default=0.0,
        metavar="MS",
        at_least=0,
        seconds_a_unit=0.001,
        panel=BROWSER,
        help="Pause this long before each of the browser's actions.",
    )
    keep_open: bool = flag(
        "--keep-open", panel=BROWSER, help="Leave the headed browser open at the end until you close it."
    )
    pause: bool = flag(
        "--pause", panel=BROWSER, help="Open Playwright's inspector before the first click and on a failure."
    )
    browser: str | None = text(
        "--browser",
        metavar="PATH|chrome|msedge|chromium",
        is_path=True,
        shown="the first one found",
        panel=BROWSER,
        help="Which browser to use.",
    )
    connect: str | None = text(
        "--connect",
        metavar="URL",
        shown="none",
        panel=BROWSER,
        help="Use a remote browser: ws:// for a Playwright server, http(s):// or wss:// for a CDP endpoint.",
    )
    allow_third_party: bool = flag(
        "--allow-third-party",
        panel=BROWSER,
        help="Let the page load third-party content (analytics, chat, payments).",
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.connect is not None:
            if not is_address(self.connect, {"ws", "wss", "http", "https"}):
                raise InputError(
                    "--connect is not the address of a browser",
                    remedy="Give ws://HOST:PORT/ for a Playwright server, or http(s):// or wss:// for a CDP endpoint.",
                )
            if self.browser is not None or self.headed:
                raise InputError(
                    "--connect uses a remote browser, so --browser and --headed can't be used with it",
                    remedy="Leave --browser and --headed out, and unset PURGER_BROWSER and PURGER_HEADED.",
                )
        for option, is_on in (("--keep-open", self.keep_open), ("--pause", self.pause)):
            if is_on and not self.headed:
                raise InputError(f"{option} without --headed would wait forever", remedy="Add --headed.")
