"""The demo: the embedded stand-in, filled with caches that look real, some of whose deletions take a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from purger.core.errors import InputError
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site

if TYPE_CHECKING:
    from purger.standin import StandIn

DELETION_DELAY_S = 3.0


@dataclass(frozen=True, slots=True)
class DemoSite:
    """A running stand-in, as a purge needs it: where it is, its token, and its one repository."""

    site: Site
    token: Token
    repository: Repository
    _stand_in: StandIn

    def tell_what_is_left(self, say: Callable[[str], None]) -> None:
        """Ask the server itself, not the page, how many archives it still has."""
        (repository,) = self._stand_in.repositories
        requests = self._stand_in.count("DELETE")
        say(f"The stand-in's own count: {len(repository.archives)} archives left, {requests} DELETE requests seen.")


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
            remedy="Install it: pip install 'purger[standin]'.",
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
