"""The command `demo`: a purge of the embedded stand-in, whose caches look real and whose deletions take a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from purger.browser.settings import BrowserSettings
from purger.cli.options import ArtifactOptions, DemoOptions
from purger.cli.output import Output
from purger.cli.parameters import Only, command
from purger.cli.purge import PurgeTask
from purger.core.errors import ExitCode, InputError
from purger.core.text import many
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site

if TYPE_CHECKING:
    from purger.standin import StandIn

DELETION_DELAY_S = 3.0
WHAT_NEXT = """
Next, with a repository of your own. Copy a token from
{site}/account/preferences, or sign in by hand:
  export TRAVIS_TOKEN=...              the token; or: purger login
  purger doctor owner/name             would a purge work?
  purger list owner/name               show the caches
  purger purge owner/name --dry-run    show what would be deleted
  purger purge owner/name              ask, delete, and recheck
"""


@dataclass(frozen=True, slots=True)
class DemoSite:
    """A running stand-in, as a purge needs it: where it is, its token, and its one repository."""

    site: Site
    token: Token
    repository: Repository
    _stand_in: StandIn

    def show_what_is_left(self, notify: Callable[[str], None]) -> None:
        """Report how many caches the server itself, not the page, still has."""
        (repository,) = self._stand_in.repositories
        left, seen = many(len(repository.caches), "cache"), many(self._stand_in.count("DELETE"), "DELETE request")
        notify(f"The stand-in's own count: {left} left, {seen} seen.")


@contextmanager
def demo_site(caches: int) -> Iterator[DemoSite]:
    """A stand-in with this many caches, for the time of a `with` block.

    Raises InputError where its server library is not installed.
    """
    try:
        from purger.standin import StandIn
    except ModuleNotFoundError as error:
        raise InputError(
            f"the stand-in needs the package {error.name}",
            remedy="Install it: pip install 'purger[demo]'.",
        ) from None
    with StandIn() as stand_in:
        stand_in.add_repository("acme/widgets").fill(caches)
        stand_in.faults.deletion_delay_s = DELETION_DELAY_S
        yield DemoSite(
            Site.at(stand_in.url, stand_in.api_url),
            Token(stand_in.token),
            Repository("github", "acme", "widgets"),
            stand_in,
        )


@command("demo", examples=("purger demo", "purger demo --headed --slow-mo 200 --caches 40"), exits="those of `purge`")
def demo(
    output: Output,
    options: DemoOptions,
    browser: Annotated[BrowserSettings, Only("headed", "slow_mo_ms", "keep_open", "browser")],
    keep: ArtifactOptions,
) -> ExitCode:
    """Purge an embedded stand-in of the site; nothing needs to be configured."""
    from purger.cli.frame import execute
    from purger.purge.run import Request, Run

    with demo_site(options.caches) as site:
        settings = Settings(site=site.site, token=site.token, browser=browser, page_console=output.verbosity > 1)
        request = Request(repositories=[site.repository])
        code = execute(output, settings, lambda hooks: PurgeTask(Run(settings, request, hooks)), keep=keep)
        site.show_what_is_left(output.notes.print)
    if code is ExitCode.OK:  # else the error's remedy is what to do next
        output.notes.out(WHAT_NEXT.rstrip().format(site=Site().url), highlight=False)
    return code
