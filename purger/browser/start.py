"""Finding a browser, starting it or connecting to it, and its contexts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from loguru import logger
from playwright.async_api import Browser, BrowserContext, BrowserType, Playwright, Route, async_playwright
from playwright.async_api import Error as PlaywrightError

from purger.secrets import child_environment as environment
from purger.core.errors import BrowserError
from purger.browser.settings import BrowserSettings

CHANNELS = ("chrome", "msedge")
_HEADLESS_COMMANDS = ("chromium-headless-shell",)
"""Debian's name for Chromium's small form without windows, which starts three times as fast."""
_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
)
_MAC_APPLICATIONS = ("Chromium", "Google Chrome", "Microsoft Edge")
HOW_TO_GET_ONE = (
    "Run `playwright install chromium`, install Chrome, Edge or Chromium (on Debian: apt-get install chromium), "
    "or name one with --browser."
)
_LAST_WORDS = re.compile(r":FATAL:[^\]\n]*\] *(.+)|: (error while loading shared libraries: .+)")
CLOSING_S = 1.5
CONNECTING_S = 30.0


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Playwright for the time of a `with` block; its process, and so the browser, is told none of our secrets."""
    environment.forget_secrets()
    manager = async_playwright()
    try:
        playwright = await manager.start()
    except BaseException as error:
        # What is left of its process is cleared away after the loop, and would complain of that.
        sys.unraisablehook = lambda _complaint: None
        if not isinstance(error, Exception):
            raise
        raise BrowserError(
            f"Playwright's driver does not start: {str(error) or type(error).__name__}",
            remedy="Install it again (pip install --force-reinstall playwright); is NODE_OPTIONS set?",
        ) from None
    try:
        yield playwright
    finally:
        with contextlib.suppress(TimeoutError, PlaywrightError):
            async with asyncio.timeout(CLOSING_S):
                await playwright.stop()


def driver_is_gone(error: PlaywrightError) -> bool:
    """Whether Playwright's own process died: it tells that by the message alone, and no browser is told of it."""
    return "Connection closed while reading from the driver" in error.message


def driver_error(where: str | None = None) -> BrowserError:
    """What is told when Playwright's own process died, on the page of this address."""
    return BrowserError("Playwright's driver died", where=where, remedy="Run it again.")


def find_browser(playwright: Playwright, wanted: str | None, *, headed: bool = False) -> str | None:
    """The browser to start: a path, or the name of a channel that Playwright knows; None is Playwright's own.

    `wanted` is what `--browser` says. Without it: Playwright's own, else the first Chromium, Chrome or Edge that the
    system has; unless `headed`, one that is made to run without windows first. Raises BrowserError where there is none.
    """
    own = Path(playwright.chromium.executable_path)
    if wanted in CHANNELS:
        return wanted
    if wanted not in {None, "chromium"}:
        found = shutil.which(str(wanted))
        if found is None:
            raise BrowserError(f"there is no browser at {wanted!r}", remedy=HOW_TO_GET_ONE)
        return found
    if own.exists() or (not headed and _has_headless_shell(own)):
        return None
    found = next(_installed(headed=headed), None)
    if found is None:
        raise BrowserError("no browser was found", remedy=HOW_TO_GET_ONE)
    return found


def _has_headless_shell(own: Path) -> bool:
    """Whether `playwright install --only-shell` left its folder beside that of Playwright's whole Chromium."""
    folders = (parent for parent in own.parents if parent.name.startswith("chromium-"))
    return any(
        folder.with_name(folder.name.replace("chromium", "chromium_headless_shell")).exists() for folder in folders
    )


def _installed(*, headed: bool) -> Iterator[str]:
    for command in _COMMANDS if headed else (*_HEADLESS_COMMANDS, *_COMMANDS):
        if path := shutil.which(command):
            yield path
    if sys.platform == "darwin":
        for name in _MAC_APPLICATIONS:
            path = f"/Applications/{name}.app/Contents/MacOS/{name}"
            if Path(path).exists():
                yield path


def launch_arguments(hosts: Sequence[str], *, allow_third_party: bool) -> list[str]:
    """The browser's own switches: where only the site's hosts are allowed, every other name leads nowhere.

    This keeps third parties out without Playwright's routing, which sends each request through the driver and takes
    the preflights away from the server (docs/TRAVIS.md, section 6).
    """
    arguments = ["--disable-quic", "--no-default-browser-check"]
    if not allow_third_party:
        rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in hosts)])
        arguments.append(f"--host-resolver-rules={rules}")
    return arguments


async def launch(playwright: Playwright, settings: BrowserSettings, hosts: Sequence[str]) -> Browser:
    """Start a browser that reaches these hosts alone. Raises BrowserError with the remedy.

    The sandbox is on, except for root, for whom Chromium has none; where the system forbids it (many containers do)
    the browser is started without, and that is said.
    """
    found = find_browser(playwright, settings.browser, headed=settings.headed)
    if settings.headed and not has_display():
        raise BrowserError(
            "there is no display for a headed browser",
            remedy="Leave --headed out, or start a virtual display: xvfb-run -a purger …",
        )
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        return await _start(playwright.chromium, settings, hosts, found, sandbox=not root)
    except PlaywrightError as error:
        if root or "sandbox" not in error.message.lower():
            raise _does_not_start(found, error) from None
    logger.warning("The browser's sandbox can't be used here: it starts without.")
    try:
        return await _start(playwright.chromium, settings, hosts, found, sandbox=False)
    except PlaywrightError as error:
        raise _does_not_start(found, error) from None


def has_display() -> bool:
    """Whether a headed browser has something to show itself on."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def _start(
    chromium: BrowserType,
    settings: BrowserSettings,
    hosts: Sequence[str],
    found: str | None,
    *,
    sandbox: bool,
) -> Browser:
    return await chromium.launch(
        channel=found if found in CHANNELS else None,
        executable_path=None if found in CHANNELS else found,
        headless=not settings.headed,
        slow_mo=settings.slow_mo_ms,
        args=launch_arguments(hosts, allow_third_party=settings.allow_third_party),
        env=dict(environment.for_children()),
        chromium_sandbox=sandbox,
        # Ctrl-C and SIGTERM are purger's to handle: it writes its report first.
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )


async def connect(playwright: Playwright, address: str) -> Browser:
    """Connect to a browser that runs elsewhere: `ws://` is a Playwright server, all else a CDP endpoint.

    Raises BrowserError with the remedy when it is not there, refuses, or is of another version.
    """
    try:
        if address.startswith("ws://"):
            return await playwright.chromium.connect(address, timeout=CONNECTING_S * 1000)
        return await playwright.chromium.connect_over_cdp(address, timeout=CONNECTING_S * 1000)
    except PlaywrightError as error:
        said = " ".join(error.message.split()).replace(address, "")[:300]
        shown = "{0.scheme}://{0.hostname}:{0.port}".format(urlsplit(address))
        raise BrowserError(
            f"the remote browser can't be used: {said}",
            where=shown,
            remedy=(
                f"Start a server of the same version there (playwright {_playwright_version()} run-server), or a "
                "Chromium with --remote-debugging-port and give its http:// address."
            ),
        ) from None


def _playwright_version() -> str:
    from importlib.metadata import version

    return version("playwright")


async def keep_third_parties_out(context: BrowserContext, hosts: Sequence[str]) -> None:
    """Let a context of a remote browser reach these hosts alone.

    Its switches are not ours to set, so requests take the slower way through Playwright's routing.
    """

    async def stop_others(route: Route) -> None:
        if urlsplit(route.request.url).hostname in hosts:
            await route.continue_()
        else:
            await route.abort()

    await context.route(lambda address: not address.startswith(("data:", "blob:")), stop_others)


def _does_not_start(found: str | None, error: PlaywrightError) -> BrowserError:
    name = found or "Playwright's own Chromium"
    # Playwright's first line tells only that the browser ended; the browser's own last words tell why.
    last_words = _LAST_WORDS.search(error.message)
    said = (last_words[1] or last_words[2]) if last_words else error.message.partition("\n")[0]
    too_long = "Socket path too long" in said
    return BrowserError(
        f"{name} does not start: {said or 'no reason was given'}",
        remedy="Set TMPDIR to a folder with a shorter name: its sockets lie there." if too_long else HOW_TO_GET_ONE,
    )


async def new_context(browser: Browser) -> BrowserContext:
    """A fresh context that stores nothing, downloads nothing and lets no service worker stand between."""
    return await browser.new_context(
        accept_downloads=False,
        service_workers="block",
        viewport={"width": 1280, "height": 900},
        locale="en-US",
    )


async def close_context(context: BrowserContext) -> None:
    """Close a context and all its pages; one whose browser is gone or stuck is no fault."""
    with contextlib.suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(CLOSING_S):
            await context.close()
