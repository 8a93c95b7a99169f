"""Know where the public API of the repositories' host is, and which token is for it. Only GitHub's is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from purger.secrets.child_environment import HOST_TOKEN_VARIABLE
from purger.secrets.token import Token
from purger.travis.addresses import DEFAULT_API_URL, PROVIDERS, Repository, Site

GITHUB_API_URL = "https://api.github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """Where the host's API is, and a token for GitHub's own. Without `api_url`, it is GitHub's for the public site.

    Another installation of Travis CI may have another host, on which the same names mean other repositories.
    """

    api_url: str | None = None
    token: Token | None = None

    def address_of(self, repository: Repository, site: Site) -> str | None:
        """Return the address of the repository in the host's API; None where that is not known."""
        if repository.provider != PROVIDERS[0]:
            return None
        base = self.api_url or (GITHUB_API_URL if site.api_url == DEFAULT_API_URL else None)
        return None if base is None else f"{base}/repos/{repository.slug}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every call. The token is for GitHub's own API alone."""
        headers = {"Accept": "application/vnd.github+json"}
        if self.token is not None and self.api_url in {None, GITHUB_API_URL}:
            headers["Authorization"] = f"Bearer {self.token.reveal()}"
        return headers


def host_token(environ: Mapping[str, str]) -> Token | None:
    """Return the token for GitHub's API, if there is one. Raises InputError for one that can't be sent."""
    text = environ.get(HOST_TOKEN_VARIABLE, "").strip()
    renewal = f"Copy it again, or unset {HOST_TOKEN_VARIABLE}: GitHub also answers a few questions without it."
    return Token(text, name=HOST_TOKEN_VARIABLE, renewal=renewal) if text else None
