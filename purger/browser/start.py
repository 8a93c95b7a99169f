"""Start a browser that can reach only the site's hosts, and open its contexts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loguru import logger
from playwright.async_api import Browser, BrowserContext, BrowserType, Playwright, ProxySettings
from playwright.async_api import Error as PlaywrightError

from purger.browser.causes import HOW_TO_GET_ONE, Cause, forbidden, known_cause, last_words
from purger.browser.display import display_fault
from purger.browser.driver import driver_error, driver_is_gone
from purger.browser.find import Candidate, candidates
from purger.browser.machine import forbidding_policies, limits_fault, system_fault, temporary_folder_fault
from purger.browser.reach import Reach
from purger.browser.settings import CLOSING_S, BrowserSettings
from purger.core.errors import BrowserError, InputError
from purger.core.hosts import host_and_port, in_brackets
from purger.secrets import child_environment

STARTING_S = 60.0

_ANY_THIRD_PARTY = "https://third-party.invalid"
_NO_SANDBOX = re.compile(r"sandbox|new namespace|zygote_host|\bcredentials\.cc", re.IGNORECASE)
"""How a browser says that the system forbids its sandbox. Debian's helper for it speaks of namespaces alone."""


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


@dataclass(frozen=True, slots=True)
class _How:
    """How every candidate is started: with these settings, switches and proxy."""

    settings: BrowserSettings
    arguments: list[str]
    proxy: ProxySettings | None


def proxy_except(places: Iterable[tuple[str, int]], server: str) -> ProxySettings:
    """Return the settings of a proxy for all but these places (host and port), this machine's other ones included."""
    # Named first, this rule of Chromium's cancels its own one for loopback, and not those after it.
    return {"server": server, "bypass": ",".join(["<-loopback>", *(f"{in_brackets(h)}:{p}" for h, p in places)])}


def proxy_settings(reach: Reach, gate: str | None, *, allow_third_party: bool) -> ProxySettings | None:
    """Return what Playwright is given as the proxy: the gate, or with `allow_third_party` the user's own.

    Raises InputError for a SOCKS5 proxy with a user name or a password, which Chromium does not support.
    """
    if not allow_third_party:
        return proxy_except(reach.direct, gate) if gate else None
    proxies = reach.network.proxies
    proxy = proxies.for_address(_ANY_THIRD_PARTY)
    if proxy is None:
        return None
    if proxy.scheme == "socks5" and proxy.username is not None:
        raise InputError(
            f"browsers can't give a user name or a password to a SOCKS5 proxy ({proxy.source})",
            remedy="Use an HTTP proxy, or a SOCKS5 one without them; or leave --allow-third-party out.",
        )
    settings: ProxySettings = {
        "server": proxy.address,
        "bypass": ",".join(["localhost", *proxies.no_proxy.bypass_rules()]),
    }
    if proxy.username is not None:
        settings |= {"username": proxy.username, "password": proxy.password or ""}
    return settings


async def launch(playwright: Playwright, settings: BrowserSettings, reach: Reach) -> Browser:
    """Start a browser with this reach. Raises the errors of `launch_first`."""
    browser, _ = await launch_first(playwright, settings, reach)
    return browser


async def launch_first(
    playwright: Playwright, settings: BrowserSettings, reach: Reach, gate: str | None = None
) -> tuple[Browser, Candidate]:
    """Start the first browser that can be started, and return which one it is.

    Raises InputError for a proxy that the browser can't use, and BrowserError that names all that were tried, each
    with its cause. Where the cause is the machine's, such as a full disk, no other is tried.
    """
    if settings.headed and (fault := await asyncio.to_thread(display_fault)):
        raise BrowserError(fault.what, remedy=fault.remedy)
    how = _How(
        settings,
        launch_arguments(reach, gate, allow_third_party=settings.allow_third_party),
        proxy_settings(reach, gate, allow_third_party=settings.allow_third_party),
    )
    tried: dict[Candidate, Cause] = {}
    for candidate in candidates(playwright, settings.browser, headed=settings.headed):
        try:
            browser = await _sandboxed(playwright.chromium, how, candidate)
        except PlaywrightError as error:
            if driver_is_gone() and not limits_fault():
                raise driver_error() from None
            tried[candidate] = await asyncio.to_thread(_cause_of, error.message, candidate)
            logger.debug("{} does not start: {}.", candidate, tried[candidate].what)
            if tried[candidate].of_machine:
                break
        else:
            logger.debug("The browser is {}, version {}.", candidate, browser.version)
            if fault := limits_fault():
                logger.warning("The browser may crash: {}. {}", fault.what, fault.remedy)
            return browser, candidate
    raise _none_starts(tried)


async def _sandboxed(chromium: BrowserType, how: _How, candidate: Candidate) -> Browser:
    """Start a browser with its sandbox on, except for root, which Chromium does not support.

    If the system forbids the sandbox, as many containers do, the browser starts without it and a warning is logged.
    """
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        return await _usable(chromium, how, candidate, sandbox=not root)
    except PlaywrightError as error:
        if root or not _NO_SANDBOX.search(error.message) or known_cause(error.message):
            raise
    logger.warning("The browser's sandbox is not available here: the browser starts without it.")
    return await _usable(chromium, how, candidate, sandbox=False)


async def _usable(chromium: BrowserType, how: _How, candidate: Candidate, *, sandbox: bool) -> Browser:
    """Start a browser. One with a policy that may forbid it to be driven has to open a page, too."""
    browser = await _start(chromium, how, candidate, sandbox=sandbox)
    if forbidding_policies(str(candidate)):
        try:
            page = await browser.new_page()
            await page.close()
        except PlaywrightError:
            await browser.close()
            raise
    return browser


async def _start(
    chromium: BrowserType,
    how: _How,
    candidate: Candidate,
    *,
    sandbox: bool,
) -> Browser:
    return await chromium.launch(
        channel=candidate.channel,
        executable_path=candidate.path,
        headless=not how.settings.headed,
        timeout=STARTING_S * 1000,
        slow_mo=how.settings.slow_mo_ms,
        args=how.arguments,
        proxy=how.proxy,
        env=dict(child_environment.for_children()),
        chromium_sandbox=sandbox,
        # purger handles Ctrl-C and SIGTERM itself: it writes its report before it closes the browser.
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )


def _cause_of(words: str, candidate: Candidate) -> Cause:
    """Return why a browser does not start: as its words say, else as far as it can be looked up."""
    if known := known_cause(words):
        return known
    if fault := limits_fault() or temporary_folder_fault() or system_fault():
        return fault
    if policies := forbidding_policies(str(candidate)):
        return forbidden("a browser that is driven by a program", ", ".join(policies))
    return Cause(last_words(words), HOW_TO_GET_ONE)


def _none_starts(tried: Mapping[Candidate, Cause]) -> BrowserError:
    remedies = " ".join(dict.fromkeys(cause.remedy for cause in tried.values()))
    if len(tried) == 1:
        ((candidate, cause),) = tried.items()
        return BrowserError(f"{candidate} does not start: {cause.what}", remedy=remedies)
    each = "; ".join(f"{candidate}: {cause.what}" for candidate, cause in tried.items())
    return BrowserError(f"none of {len(tried)} browsers starts: {each}", remedy=remedies)


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
