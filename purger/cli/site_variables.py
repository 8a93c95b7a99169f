"""Decide which variables name the site, so that a token is sent to no host that was not named with the front end."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping

from purger.core.errors import InputError
from purger.core.hosts import origin_of
from purger.travis.addresses import Site

FRONT_END = "PURGER_URL"
API = "PURGER_API_URL"
ENDPOINT = "TRAVIS_ENDPOINT"


def settle_site_variables(
    environ: MutableMapping[str, str], url: str | None, api_url: str | None, from_file: Collection[str]
) -> list[str]:
    """Remove what `--url` overrides, and return sentences that warn. Raises InputError for a contradiction, by name.

    `url` and `api_url` are the options as given, `from_file` the variables that `.env` set. An address of the API that
    is not derived from the front end counts only if it was named together with it: both as options, both in the
    environment, or both in `.env`.
    """
    front, api, endpoint = (environ.get(name, "").strip() for name in (FRONT_END, API, ENDPOINT))
    are_together = (FRONT_END in from_file) == (API in from_file)
    if api_url:
        if url is None and front and not (are_together and _is_same(api, api_url)):
            _require(front, api_url, FRONT_END, "--api-url")
        return []
    if url:
        are_together = are_together and _is_same(front, url)
        if api and not are_together:
            _require(url, api, API, "--url")
        if endpoint and not _agree(url, endpoint):
            del environ[ENDPOINT]
            return [f"{ENDPOINT} names another installation than --url, so it is ignored."]
        return []
    if api and endpoint and not _is_same(api, endpoint):
        raise _contradiction(ENDPOINT, API)
    if front and api and not are_together:
        _require(front, api, API, FRONT_END)
    if front and endpoint and not api:
        _require(front, endpoint, ENDPOINT, FRONT_END)
    return []


def _require(url: str, api_url: str, name: str, other: str) -> None:
    if not _agree(url, api_url):
        raise _contradiction(name, other)


def _contradiction(name: str, other: str) -> InputError:
    return InputError(
        f"{name} names another installation than {other}, and the token may go to one only",
        remedy="Unset one of them, or name both addresses together: --url URL --api-url URL.",
    )


def _is_same(address: str, other: str) -> bool:
    try:
        return bool(address) and Site.at(address).url == Site.at(other).url
    except InputError:
        return address == other


def _agree(url: str, api_url: str) -> bool:
    """Return whether the API is the one that is derived from the front end, or has its origin."""
    try:
        derived, api = Site.at(url), Site.at(api_url=api_url).api_url
    except InputError:
        return True  # the address itself is refused where it is read
    return api == derived.api_url or origin_of(api) == derived.origin
