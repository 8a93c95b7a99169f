"""The command `logout`: forget a session."""

from __future__ import annotations

from contextlib import suppress

from purger.cli.options import SiteOptions
from purger.cli.output import Output
from purger.cli.parameters import command
from purger.core.errors import ExitCode, PurgerError


@command(
    "logout",
    examples=("purger logout", "purger logout --url https://travis.acme.org"),
    exits="0 forgotten, 2 bad input",
    has_result=False,
)
def logout(output: Output, site_options: SiteOptions) -> ExitCode:
    """Forget the session that `purger login` keeps for the site."""
    from purger.travis.auth.sessions import Sessions
    from purger.travis.auth.tokens import first_token

    site, sessions = site_options.site, Sessions(site_options.session_file)
    result = "The session is forgotten" if sessions.forget(site) else "There is no session to forget"
    output.notes.print(f"{result}: {site.url}, in {sessions.path}.")
    with suppress(PurgerError):  # a token that can't be used, or a file that can't be read, signs nobody in
        if other := first_token(site):
            output.notes.print(f"Note that the token from {other.source} still signs in.")
    return ExitCode.OK
