"""Read the address of a git remote or of a page: the host, the path on it, and whether ssh looks the host up."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from purger.core.hosts import canonical_host

_SCP_LIKE = re.compile(
    r"(?:(?P<user>[^@/:\[\]]*)@)?(?:\[(?P<bracketed>[^\]/]+)\]|(?P<host>[^@/:\[\]]+)):(?P<path>(?!:).*)"
)
"""git's short form, `user@host:path`; `[user@host:port]:path` and `[IPv6]:path` are forms of it."""
_OF_SSH = {"ssh", "git+ssh", "ssh+git"}
_OF_GIT = {*_OF_SSH, "git"}
_OF_WEB = {"http", "https", "git+https", "git+http"}
_PROVIDERS = {"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"}
_OTHER_NAMES = {
    "ssh.github.com": "github.com",  # ssh through port 443, for networks that let nothing else out
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_IS_HOST = re.compile(r"[a-z0-9][a-z0-9._-]{0,252}")


@dataclass(frozen=True, slots=True)
class RemoteAddress:
    """An address as it is used: a host in lower case, and the path without slashes around it.

    A page's path may go on behind the repository's name; that of a git remote ends there. `by_ssh` means that the host
    may be an alias of ssh's configuration.
    """

    host: str
    path: str
    is_page: bool
    by_ssh: bool = False


def read_address(text: str) -> RemoteAddress | None:
    """Return what an address means; None for a name, for a folder, and for an address of a form that is not known."""
    scheme, has_scheme, _ = text.partition("://")
    if has_scheme:
        return _of_url(text, scheme.lower())
    found = _SCP_LIKE.fullmatch(text)
    if not found or re.match(r"[A-Za-z]:", text):  # a drive of Windows
        return None
    host = found["host"] or re.sub(r":\d+$", "", found["bracketed"].rpartition("@")[2])
    return _checked(host, found["path"], is_page=False, by_ssh=True)


def is_address(text: str) -> bool:
    """Return whether a text is meant as an address: it has a scheme, or a colon before any slash."""
    return "://" in text or (":" in text.partition("/")[0] and not re.match(r"[A-Za-z]:", text))


def provider_of(host: str) -> str | None:
    """Return the provider whose host this is; its other names (`www.`, ssh through port 443) count too."""
    plain = host.lower().rstrip(".").removeprefix("www.")
    return _PROVIDERS.get(_OTHER_NAMES.get(plain, plain))


def provider_beside(host: str, front_end_host: str) -> str | None:
    """Return the provider of a code host that belongs to the same organisation as an installation's front end.

    They are the same host, or differ in one label below the same domain: `github.acme.org` and `travis.acme.org`. It is
    GitHub Enterprise unless the host is named after another provider.
    """
    ours, theirs = host.split("."), front_end_host.split(".")
    same = 0
    while same < min(len(ours), len(theirs)) and ours[-1 - same] == theirs[-1 - same]:
        same += 1
    is_number = ours[-1].isdigit() or ":" in host
    if host != front_end_host and (is_number or same < 2 or same < min(len(ours), len(theirs)) - 1):
        return None
    return next((name for name in ("gitlab", "bitbucket") if name in ours[0]), "github")


def repository_path(address: RemoteAddress, provider: str) -> str:
    """Return the part of the path that names a repository on the provider's host; it may have too many parts.

    GitLab has groups in groups: what follows the repository there stands behind `/-/`.
    """
    path = re.sub(r"/{2,}", "/", address.path)
    if not address.is_page:
        return path.removesuffix(".git")
    if provider == "gitlab":
        return path.split("/-/")[0].removesuffix("/-").removesuffix(".git")
    found = re.match("[^/]+/[^/]+", path)
    return (found[0] if found else path).removesuffix(".git")


def _of_url(text: str, scheme: str) -> RemoteAddress | None:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, half an IPv6 address
        return None
    if scheme in _OF_GIT:
        return _checked(host, parts.path, is_page=False, by_ssh=scheme in _OF_SSH)
    return _checked(host, parts.path, is_page=True) if scheme in _OF_WEB else None


def _checked(host: str, path: str, *, is_page: bool, by_ssh: bool = False) -> RemoteAddress | None:
    host = host.lower()
    with suppress(ValueError):
        host = canonical_host(host)
    host = host.rstrip(".")
    if not _IS_HOST.fullmatch(host):
        return None
    return RemoteAddress(host, path.strip("/"), is_page, by_ssh)
