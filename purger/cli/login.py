"""The command `login`: sign in by hand in a headed browser, and keep the session."""

from __future__ import annotations

import os
import sys
from typing import Annotated

from purger.browser.network import NetworkSettings
from purger.browser.settings import BrowserSettings
from purger.cli.options import LoginOptions, SiteOptions
from purger.cli.output import Output
from purger.cli.parameters import Default, Only, command
from purger.core.errors import BrowserError, ExitCode, InputError
from purger.purge.settings import Pace
from purger.secrets.token import Token
from purger.travis.addresses import Site


@command(
    "login",
    examples=("purger login", "purger login --print-token | gh secret set TRAVIS_TOKEN"),
    exits="0 signed in, 2 no one to ask, 3 out of time or refused, 4 site, 5 no display or browser, 130 window closed",
    has_result=False,
)
def login(
    output: Output,
    options: LoginOptions,
    pace: Annotated[Pace, Only("timeout_s"), Default("timeout_s", "5m")],
    browser: Annotated[BrowserSettings, Only("browser")],
    site_options: SiteOptions,
    network: NetworkSettings,
) -> ExitCode:
    """Sign in by hand in a browser window, and keep the session for the other commands."""
    from purger.cli.signals import run_to_the_end
    from purger.travis.auth.manual_sign_in import ManualSignIn
    from purger.travis.auth.sessions import Sessions
    from purger.travis.auth.tokens import first_token

    site, notify = site_options.site, output.notes.print
    reached_by = network.network(os.environ)
    sessions = Sessions(site_options.session_file)
    _require_a_person()
    if options.print_token:
        _require_a_pipe()
    _require_a_display(site)
    if not options.print_token:
        sessions.prepare(site)
    takes_precedence = first_token(site)
    assert pace.timeout_s is not None  # noqa: S101 - it has a default here
    signing_in = ManualSignIn(site, reached_by, browser.browser, timeout_s=pace.timeout_s, notify=notify)
    session = run_to_the_end(signing_in.run(), None)
    notify(f"Signed in to {site.url} as {session.login}.")
    if options.print_token:
        _print_token(session.token)
        return ExitCode.OK
    sessions.save(site, session)
    notify(f"The session is kept in {sessions.path}; `{sessions.command('logout', site)}` forgets it.")
    if takes_precedence:
        notify(f"Note that the token from {takes_precedence.source} comes first.")
    return ExitCode.OK


def _require_a_person() -> None:
    from purger.cli.ci import detect

    is_ci = bool(detect(os.environ))
    if is_ci or not sys.stdin.isatty():
        why = "this is CI" if is_ci else "stdin is no terminal"
        raise InputError(
            f"nobody is here to sign in by hand: {why}",
            remedy="Set TRAVIS_TOKEN instead. `purger login --print-token`, run at a desk, prints one that can be "
            "piped into a secret store.",
        )


def _require_a_display(site: Site) -> None:
    from purger.browser.find import has_display

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
