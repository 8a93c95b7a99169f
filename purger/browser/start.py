"""Start a browser that can reach only the site's hosts, and open its contexts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Iterable

from loguru import logger
from playwright.async_api import Browser, BrowserContext, BrowserType, Playwright, ProxySettings
from playwright.async_api import Error as PlaywrightError

from purger.browser.find import CHANNELS, HOW_TO_GET_ONE, find_browser, has_display
from purger.browser.reach import Reach
from purger.browser.settings import CLOSING_S, BrowserSettings
from purger.core.errors import BrowserError, InputError
from purger.core.hosts import host_and_port, in_brackets
from purger.secrets import child_environment

_FATAL_ERROR = re.compile(r":FATAL:[^\]\n]*\] *(.+)|: (error while loading shared libraries: .+)")

_ANY_THIRD_PARTY = "https://third-party.invalid"


def launch_arguments(reach: Reach, gate: str | None, *, allow_third_party: bool) -> list[str]:
    """Return the browser's command-line switches. Unless `allow_third_party`, only the site's hosts can be resolved.

    `gate` is the address of the gate that leads to the user's proxy, if there is one; what is behind it is never
    resolved here. Playwright's routing could block third parties too, but it sends each request through the driver
    and answers preflights itself (docs/TRAVIS.md section 6).
    """
    arguments = ["--disable-quic", "--no-default-browser-check"]
    if not allow_third_party:
        hosts = dict.fromkeys([*(host for host, _ in reach.direct), *([host_and_port(gate)[0]] if gate else [])])
        rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in hosts)])
        arguments.append(f"--host-resolver-rules={rules}")
        if gate is None:
            # Else it would obey the desktop's settings, which the API calls do not know.
            arguments.append("--no-proxy-server")
    if reach.pins:
        # These keys, and no others: any other certificate is judged by the browser itself.
        arguments.append(f"--ignore-certificate-errors-spki-list={','.join(reach.pins)}")
    return arguments


def proxy_except(places: Iterable[tuple[str, int]], server: str) -> ProxySettings:
    """Return the settings of a proxy for all but these places (host and port), this machine's other ones included."""
    # Named first, this rule of Chromium's cancels its own one for loopback, and not those after it.
    return {"server": server, "bypass": ",".join(["<-loopback>", *(f"{in_brackets(h)}:{p}" for h, p in places)])}


def proxy_settings(reach: Reach, gate: str | None, *, allow_third_party: bool) -> ProxySettings | None:
    """Return what Playwright is given as the proxy: the gate, or with `allow_third_party` the user's own.

    Raises InputError for a SOCKS5 proxy with a password, which Chromium does not support.
    """
    if not allow_third_party:
        return proxy_except(reach.direct, gate) if gate else None
    proxies = reach.network.proxies
    proxy = proxies.for_address(_ANY_THIRD_PARTY)
    if proxy is None:
        return None
    if proxy.scheme == "socks5" and proxy.password is not None:
        raise InputError(
            f"browsers can't give a password to a SOCKS5 proxy ({proxy.source})",
            remedy="Use an HTTP proxy, or a SOCKS5 one without a password; or leave --allow-third-party out.",
        )
    settings: ProxySettings = {
        "server": proxy.address,
        "bypass": ",".join(["localhost", *proxies.no_proxy.bypass_rules()]),
    }
    if proxy.username is not None:
        settings |= {"username": proxy.username, "password": proxy.password or ""}
    return settings


async def launch(playwright: Playwright, settings: BrowserSettings, reach: Reach, gate: str | None = None) -> Browser:
    """Start a browser with this reach, by a gate if there is one. Raises BrowserError and InputError with the remedy.

    The sandbox is on, except for root, which Chromium does not support. If the system forbids the sandbox, as many
    containers do, the browser starts without it and a warning is logged.
    """
    found = find_browser(playwright, settings.browser, headed=settings.headed)
    if settings.headed and not has_display():
        raise BrowserError(
            "there is no display for a headed browser",
            remedy="Leave --headed out, or start a virtual display: xvfb-run -a purger …",
        )
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        return await _start(playwright.chromium, settings, (reach, gate), found, sandbox=not root)
    except PlaywrightError as error:
        if root or "sandbox" not in error.message.lower():
            raise _does_not_start(found, error) from None
    logger.warning("The browser's sandbox is not available here: the browser starts without it.")
    try:
        return await _start(playwright.chromium, settings, (reach, gate), found, sandbox=False)
    except PlaywrightError as error:
        raise _does_not_start(found, error) from None


async def _start(
    chromium: BrowserType,
    settings: BrowserSettings,
    ways: tuple[Reach, str | None],
    found: str | None,
    *,
    sandbox: bool,
) -> Browser:
    return await chromium.launch(
        channel=found if found in CHANNELS else None,
        executable_path=None if found in CHANNELS else found,
        headless=not settings.headed,
        slow_mo=settings.slow_mo_ms,
        args=launch_arguments(*ways, allow_third_party=settings.allow_third_party),
        proxy=proxy_settings(*ways, allow_third_party=settings.allow_third_party),
        env=dict(child_environment.for_children()),
        chromium_sandbox=sandbox,
        # purger handles Ctrl-C and SIGTERM itself: it writes its report before it closes the browser.
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )


def _does_not_start(found: str | None, error: PlaywrightError) -> BrowserError:
    name = found or "Playwright's own Chromium"
    # The first line of Playwright's message only says that the browser ended; the browser's own output says why.
    found_reason = _FATAL_ERROR.search(error.message)
    reason = (found_reason[1] or found_reason[2]) if found_reason else error.message.partition("\n")[0]
    is_path_too_long = "Socket path too long" in reason
    return BrowserError(
        f"{name} does not start: {reason or 'no reason was given'}",
        remedy=(
            "Set TMPDIR to a folder with a shorter name: the browser's sockets are there."
            if is_path_too_long
            else HOW_TO_GET_ONE
        ),
    )


async def new_context(browser: Browser, proxy: ProxySettings | None = None) -> BrowserContext:
    """Open a fresh context that accepts no downloads and blocks service workers; `proxy` is its own, if any."""
    return await browser.new_context(
        accept_downloads=False,
        service_workers="block",
        proxy=proxy,
        viewport={"width": 1280, "height": 900},
        locale="en-US",
    )


async def close_context(context: BrowserContext) -> None:
    """Close a context and all its pages. Errors and a timeout are ignored: the browser may be gone or stuck."""
    with contextlib.suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(CLOSING_S):
            await context.close()
