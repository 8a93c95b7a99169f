"""Parse what names a job or a build: its number, or the address of its page or in the API."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from purger.core.errors import InputError
from purger.core.hosts import origin_of
from purger.core.shown_address import shown_address
from purger.travis.addresses import PROVIDERS, Site, front_end_address, why_elsewhere

HOW_TO_NAME = (
    "Give the URL of the job's page (.../jobs/123), or the number in it; what pages show as #12.3 is another one."
)
_REPOSITORY = re.compile(rf"(?:{'|'.join(PROVIDERS)})/[^/]+/[^/]+(?:/|\Z)|[^/]+/[^/]+/(?=(?:jobs?|builds?)/)")
"""What stands before a job or a build in the path of a page; an owner or a repository may be called `jobs`."""
_JOB = re.compile(r"(?:.*/)?jobs?/(\d{1,18})(?:/|\Z)", re.ASCII)
_BUILD = re.compile(r"(?:.*/)?builds?/(\d{1,18})(?:/|\Z)", re.ASCII)


def parse_job(text: str, site: Site) -> int:
    """Return the id of a job given as a number, as the URL of its page, or as its API URL.

    Raises InputError for anything else, for a build, and for a URL on another site.
    """
    wanted = front_end_address(text.strip())
    if re.fullmatch(r"\d{1,18}", wanted, re.ASCII):
        return int(wanted)
    path = _path_of(wanted, site)
    if path is None and "://" in wanted:
        raise InputError(
            f"{shown_address(text)!r} is not on {site.url}",
            remedy=f"{HOW_TO_NAME} {why_elsewhere(text)}",
        )
    if found := _JOB.match(path or ""):
        return int(found[1])
    if _BUILD.match(path or ""):
        raise InputError(
            f"{shown_address(text)!r} is a build, which may have several jobs",
            remedy=f"{HOW_TO_NAME} `purger check-log` with the URL of a build tells the numbers of its jobs.",
        )
    raise InputError(f"{shown_address(text)!r} does not name a job", remedy=HOW_TO_NAME)


def parse_build(text: str, site: Site) -> int | None:
    """Return the id of a build given as the URL of its page or as its API URL; None for anything else."""
    path = _path_of(text, site) or ""
    found = None if _JOB.match(path) else _BUILD.match(path)
    return int(found[1]) if found else None


def is_job_page(text: str, site: Site) -> bool:
    """Return whether this is the URL of a job's page on this site, which names its repository, too."""
    return _JOB.match(_path_of(text, site) or "") is not None


def _path_of(text: str, site: Site) -> str | None:
    """Return the path of an address, without the repository of a page; None for what is no address of this site."""
    address = front_end_address(text.strip())
    try:
        parts, origin = urlsplit(address), origin_of(address)
    except ValueError:
        return None
    # An installation may have its API below its front end.
    for base in sorted(site.addresses, key=len, reverse=True):
        below = f"{urlsplit(base).path}/"
        if parts.username is None and origin == origin_of(base) and parts.path.startswith(below):
            path = parts.path.removeprefix(below)
            repository = _REPOSITORY.match(path) if base == site.url else None
            return path[repository.end() :] if repository else path
    return None
