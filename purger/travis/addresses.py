"""Parse and build addresses: installations, repositories, and the URLs of their pages and API calls."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import quote, unquote, urlsplit

from purger.core.errors import InputError
from purger.core.hosts import canonical_host, is_loopback, origin_of
from purger.core.shown_address import shown_address
from purger.travis.remote_addresses import is_address, provider_beside, provider_of, read_address, repository_path

DEFAULT_URL = "https://app.travis-ci.com"
DEFAULT_API_URL = "https://api.travis-ci.com"
Provider = Literal["github", "gitlab", "bitbucket", "assembla"]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
_PART = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_BETWEEN_NAMES = re.compile(r"[\s,;]")
_UPWARDS = re.compile(r"[/:]\.{1,2}(?:[/?#]|\Z)")
_NO_OWNERS = frozenset({"account", "login", "orgs", "organizations", "search", "settings", "users"})
"""What stands in the place of an owner in addresses of other pages of Travis CI and GitHub; nobody is called so."""
_SERVICE = re.compile(
    r"(?:https?://)?(?P<label>(?:www|app|api)\.)?travis-ci\.(?P<domain>com|org)(?::443)?(?=[/?#]|\Z)", re.IGNORECASE
)
"""The hosted service's addresses. People know those that lead to the front end, too (docs/TRAVIS.md section 1)."""
_HOW_TO_NAME = (
    "Name it owner/name, provider/owner/name, or by the URL of one of its pages. "
    "`purge` and `list` take several, each on its own, and owner/* for all of an owner's."
)


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """A repository as Travis CI names it: provider, owner and name."""

    provider: Provider
    owner: str
    name: str

    @property
    def slug(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    def __str__(self) -> str:
        return self.slug if self.provider == PROVIDERS[0] else f"{self.provider}/{self.slug}"


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """A user or an organisation as a target, which means all its repositories. It is written `owner/*`."""

    provider: Provider
    login: str

    def __str__(self) -> str:
        return f"{self.login}/*" if self.provider == PROVIDERS[0] else f"{self.provider}/{self.login}/*"


@dataclass(frozen=True, slots=True)
class Site:
    """An installation of Travis CI: the URLs of its front end and its API, without a final slash."""

    url: str = DEFAULT_URL
    api_url: str = DEFAULT_API_URL

    @classmethod
    def at(cls, url: str | None = None, api_url: str | None = None) -> Site:
        """Return the installation with this front end and API. If one is missing, it is derived from the other.

        An enterprise installation has its API at `HOST/api` (docs/TRAVIS.md section 1); all addresses of the hosted
        service mean its own two. Raises InputError for an address that is not http(s), has a user, a query or a
        fragment, is plain http beyond loopback, or is of travis-ci.org.
        """
        front = _checked(url, "--url", DEFAULT_URL) if url else None
        api = _checked(api_url, "--api-url", DEFAULT_API_URL) if api_url else None
        if front is None:
            front = DEFAULT_URL if api in {None, DEFAULT_API_URL} else (api or "").removesuffix("/api")
        if api is None:
            api = DEFAULT_API_URL if front == DEFAULT_URL else f"{front}/api"
        return cls(front, api)

    @property
    def origin(self) -> str:
        """The front end's origin, in the form of `location.origin`."""
        return origin_of(self.url)

    @property
    def addresses(self) -> tuple[str, str]:
        """The URLs of the front end and the API."""
        return (self.url, self.api_url)

    def cache_page(self, repository: Repository) -> str:
        """Return the URL of the repository's cache page (docs/TRAVIS.md section 1)."""
        return f"{self.url}/{repository.provider}/{repository.slug}/caches"

    def job_page(self, repository_slug: str, job_id: int, provider: str = PROVIDERS[0]) -> str:
        """Return the URL of a job's page."""
        return f"{self.url}/{provider}/{repository_slug}/jobs/{job_id}"

    def job_call(self, job_id: int) -> str:
        """Return the API URL of the job. Its log and its restart are below it (docs/TRAVIS.md section 4)."""
        return f"{self.api_url}/job/{job_id}"

    def build_call(self, build_id: int) -> str:
        """Return the API URL of the build."""
        return f"{self.api_url}/build/{build_id}"

    def repositories_call(self, owner: Owner) -> str:
        """Return the API URL of the first page of the owner's repositories (docs/TRAVIS.md section 4)."""
        return f"{self.api_url}/owner/{owner.provider}/{quote(owner.login, safe='')}/repos?limit=100&offset=0"

    def repository_call(self, repository: Repository) -> str:
        """Return the API URL of the repository (docs/TRAVIS.md section 4)."""
        return f"{self.api_url}/repo/{repository.provider}/{quote(repository.slug, safe='')}"


def front_end_address(text: str) -> str:
    """Return the address of a page with the hosted service's front end in place of what leads to it.

    That is another host of the service's, or its own one without `https://`.
    """
    found = _SERVICE.match(text)
    if found is None or found["domain"].lower() == "org" or (found["label"] or "").lower() == "api.":
        return text
    return DEFAULT_URL + text[found.end() :]


def why_elsewhere(text: str) -> str:
    """Return the end of the remedy for an address that is not on the site: where to look for it, or what to add."""
    found = _SERVICE.match(text.strip())
    if found and found["domain"].lower() == "org":
        return f"travis-ci.org was shut down. Repositories that were moved from there are on {DEFAULT_URL}."
    return "For another installation add --url."


def _checked(address: str, option: str, of_service: str) -> str:
    remedy = f"Give {option} as https://HOST, the address that the browser shows."
    try:
        parts = urlsplit(address.strip())
        host, _ = canonical_host(parts.hostname or ""), parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or "%" in host or re.search(r"[\s\x00-\x1f]", address.strip()):
        raise InputError(f"{option} {shown_address(address)!r} is not a web address", remedy=remedy)
    if parts.username is not None or parts.query or parts.fragment:
        raise InputError(f"{option} has a user, a query or a fragment, which are not allowed", remedy=remedy)
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError(
            f"{option} {shown_address(address)!r} is not encrypted: others could read the token",
            remedy="Use https://; plain http:// is allowed for loopback only.",
        )
    plain = f"{origin_of(address.strip())}{parts.path.rstrip('/')}"
    found = _SERVICE.match(plain)
    if found and found["domain"].lower() == "org":
        raise InputError(
            f"{option} {shown_address(address)!r} is of travis-ci.org, which was shut down",
            remedy=f"Its repositories are on {DEFAULT_URL} now: leave {option} out, and unset its variable.",
        )
    return of_service if found else plain


def _same(host: str) -> str:
    return host


def parse_target(text: str, site: Site, real_host: Callable[[str], str] = _same) -> Repository | Owner:
    """Parse a target: `owner/*`, or any name of a repository. Raises InputError."""
    if not text.strip().endswith("/*") or "://" in text:
        return parse_repository(text, site, real_host)
    try:
        any_repository = parse_repository(text.strip()[:-1] + "any", site, real_host)
    except InputError:
        return parse_repository(text, site, real_host)  # which is none either, and is refused as it was given
    return Owner(any_repository.provider, any_repository.owner)


def parse_repository(text: str, site: Site, real_host: Callable[[str], str] = _same) -> Repository:
    """Parse `owner/name`, `provider/owner/name`, the URL of any page of a repository, or the address of a git remote.

    The URL may be of `site`, of the provider, or of the installation's own code host. `real_host` is asked which host
    an alias of ssh's configuration means. Without a provider it is GitHub (docs/TRAVIS.md section 1).
    Raises InputError.
    """
    wanted = front_end_address(text.strip())
    if is_address(wanted):
        if _UPWARDS.search(unquote(wanted)):  # a browser would go to another page than the one that is named
            raise _no_repository(text)
        provider, path = _split_address(wanted, site, real_host)
    else:
        provider, path = None, wanted.rstrip("/").removesuffix(".git")  # git adds it to a name; no name ends so
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if provider is None and len(parts) >= 3:
        first = parts.pop(0)
        provider = provider_of(first) or first.lower()
    known = next((each for each in PROVIDERS if each == (provider or PROVIDERS[0])), None)
    if known is None and all((provider, *parts)) and not _BETWEEN_NAMES.search(path):
        raise InputError(
            f"{shown_address(str(provider))!r} in {shown_address(text)!r} is not a provider",
            remedy=f"The providers are {', '.join(PROVIDERS)}.",
        )
    is_named = len(parts) == 2 and all(_PART.fullmatch(part) and part.strip(".") for part in parts)
    is_named = is_named and not parts[0].startswith("-")  # a line that takes a repository out of an owner's, elsewhere
    if known is None or not is_named or (known == PROVIDERS[0] and parts[0].lower() in _NO_OWNERS):
        raise _no_repository(text)
    return Repository(known, parts[0], parts[1])


def _no_repository(text: str) -> InputError:
    name, equals, _ = shown_address(text).partition("=")  # behind it may be a secret: TRAVIS_TOKEN=...
    return InputError(f"{name + (equals and '=…')!r} does not name a repository", remedy=_HOW_TO_NAME)


def _split_address(text: str, site: Site, real_host: Callable[[str], str]) -> tuple[str, str]:
    """Split an address into its provider and the path that names the repository."""
    address = read_address(text)
    if address is not None:
        front = urlsplit(site.url)
        below = f"{front.path.strip('/')}/".lstrip("/")
        if address.is_page and origin_of(text) == site.origin and address.path.startswith(below):
            parts = address.path.removeprefix(below).removesuffix(".git").split("/")
            return (parts[0], "/".join(parts[1:3])) if parts[0] in PROVIDERS else (PROVIDERS[0], "/".join(parts[:2]))
        host = address.host
        if address.by_ssh and provider_of(host) is None:
            host = real_host(host).lower()
        provider = provider_of(host)
        if provider is None and site.url != DEFAULT_URL:
            provider = provider_beside(host, front.hostname or "")
        if provider is not None:
            return provider, repository_path(address, provider)
    raise InputError(
        f"{shown_address(text)!r} is neither on {site.url} nor on a known provider's host",
        remedy=f"{_HOW_TO_NAME} {why_elsewhere(text)}",
    )
