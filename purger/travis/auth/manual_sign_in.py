"""The login command: a person does it in a headed browser, and purger notices by itself that it is done."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

from playwright.async_api import Browser, BrowserContext
from playwright.async_api import Error as PlaywrightError

from purger.browser.start import close_context, driver, has_display, launch
from purger.cli.ci import detect
from purger.core.errors import AccessError, BrowserError, InputError, StoppedError
from purger.cli.signals import run_to_the_end
from purger.travis.rate_limit import Budget
from purger.browser.settings import BrowserSettings
from purger.secrets.token import Token
from purger.travis.api import Api
from purger.travis.auth.stored_sign_in import open_sign_in_page, token_in
from purger.travis.auth.sessions import Session, Sessions
from purger.travis.auth.tokens import first_token
from purger.travis.addresses import Site
from purger.core.units import seconds_text

POLL_S = 0.3
PAGE_TIMEOUT_S = 60.0
_LOOK_TIMEOUT_S = 5.0


class SignInByHand:
    """One sign-in on a site; `session` is there once it went well.

    `timeout_s` is how long the person may take. `tell` is told what to do, a sentence each.
    """

    def __init__(self, site: Site, browser: str | None, *, timeout_s: float, tell: Callable[[str], None]) -> None:
        self.session: Session | None = None
        self.site = site
        self.tell = tell
        self._timeout_s = timeout_s
        # Whoever signs people in (GitHub, and what it loads) is a third party.
        self._browser = BrowserSettings(browser=browser, headed=True, allow_third_party=True)

    async def run(self) -> None:
        """Do it.

        Raises AccessError when the time is over or the token is refused, StoppedError when the person closes the
        window, SiteError and BrowserError as other commands do.
        """
        async with driver() as playwright:
            browser = await launch(playwright, self._browser, self.site.hosts)
            try:
                token = await self.in_browser(browser)
            finally:
                await _close(browser)
            async with Api.open(playwright, self.site, token, Budget(0)) as api:
                user = await api.user()
            self.session = Session(token, user.login)

    async def in_browser(self, browser: Browser) -> Token:
        """Wait until the person has signed in, in a window of this browser; raises as `run` does."""
        try:
            async with asyncio.timeout(self._timeout_s):
                context = await browser.new_context(accept_downloads=False, no_viewport=True)
                page = await context.new_page()
                self.tell(
                    f"Sign in to {self.site.url} in the browser window; purger notices when you are done. "
                    f"You have {seconds_text(self._timeout_s)}; closing the window ends it."
                )
                await open_sign_in_page(page, self.site, timeout_s=min(PAGE_TIMEOUT_S, self._timeout_s))
                token = await self._until_signed_in(context)
                await close_context(context)
                return token
        except PlaywrightError:
            raise self._window_closed() from None
        except TimeoutError:
            raise AccessError(
                f"nobody had signed in after {seconds_text(self._timeout_s)}",
                where=self.site.url,
                remedy="Try again, with more time: --timeout 15m.",
            ) from None

    async def _until_signed_in(self, context: BrowserContext) -> Token:
        while context.pages:
            for page in context.pages:
                try:
                    async with asyncio.timeout(_LOOK_TIMEOUT_S):
                        token = await token_in(page, self.site)
                except TimeoutError:
                    continue
                if token is not None:
                    return token
            await asyncio.sleep(POLL_S)
        raise self._window_closed()

    def _window_closed(self) -> StoppedError:
        return StoppedError("the window was closed before anybody had signed in", where=self.site.url)


async def _close(browser: Browser) -> None:
    try:
        async with asyncio.timeout(_LOOK_TIMEOUT_S):
            await browser.close()
    except (PlaywrightError, TimeoutError):
        pass


def log_in(by_hand: SignInByHand, sessions: Sessions, *, print_it: bool) -> None:
    """Let a person sign in, and save the session, or print its token to stdout instead.

    Raises PurgerError: before any window opens where nobody is there to sign in, or the session can't be kept.
    """
    _require_a_person()
    if print_it:
        _require_a_pipe()
    _require_a_display(by_hand.site)
    if not print_it:
        sessions.prepare()
    wins = first_token(by_hand.site)
    if stopped := run_to_the_end(by_hand.run(), None):
        raise stopped
    session = by_hand.session
    assert session is not None  # noqa: S101 - run() raises where there is none
    by_hand.tell(f"Signed in to {by_hand.site.url} as {session.login}.")
    if print_it:
        _print_token(session.token)
        return
    sessions.save(by_hand.site, session)
    by_hand.tell(f"The session is kept in {sessions.path}; `purger logout` forgets it.")
    if wins:
        by_hand.tell(f"Note that the token from {wins.source} comes first.")


def _require_a_person() -> None:
    is_ci = bool(detect(os.environ))
    if is_ci or not sys.stdin.isatty():
        why = "this is CI" if is_ci else "stdin is no terminal"
        raise InputError(
            f"nobody is here to sign in by hand: {why}",
            remedy="Set TRAVIS_TOKEN instead. `purger login --print-token`, run at a desk, prints one that can be "
            "piped into a secret store.",
        )


def _require_a_display(site: Site) -> None:
    if not has_display():
        raise BrowserError(
            "there is no display to sign in on",
            remedy=f"Set TRAVIS_TOKEN to an API token, from {site.url}/account/preferences; or sign in where there is "
            "a display, and copy the session file here (see --session-file).",
        )


def _print_token(token: Token) -> None:
    # Past the stream that cuts secrets out.
    text = token.reveal().encode()
    try:
        while text:
            text = text[os.write(sys.stdout.fileno(), text) :]
    except OSError as error:
        raise InputError(f"the token can't be written to stdout: {error.strerror}") from None


def _require_a_pipe() -> None:
    if sys.stdout.isatty():
        raise InputError(
            "stdout is a terminal, where the token would be seen",
            remedy="Pipe it into a secret store: purger login --print-token | gh secret set TRAVIS_TOKEN",
        )
