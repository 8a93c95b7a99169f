"""No token goes to a host that was not named together with the front end."""

from __future__ import annotations

import pytest

from purger.cli.site_variables import settle_site_variables
from purger.core.errors import InputError

ACME, ACME_API, OTHER = "https://ci.acme.org", "https://ci.acme.org/api", "https://other.org/api"
PUBLIC, PUBLIC_API = "https://app.travis-ci.com", "https://api.travis-ci.com/"
FRONT, API, ENDPOINT = "PURGER_URL", "PURGER_API_URL", "TRAVIS_ENDPOINT"
FILE = frozenset({FRONT, API})


@pytest.mark.parametrize(
    ("environ", "url", "api_url", "from_file"),
    [
        ({}, None, None, ()),
        ({}, ACME, OTHER, ()),
        ({FRONT: ACME}, None, None, ()),
        ({ENDPOINT: OTHER}, None, None, ()),
        ({API: OTHER}, None, None, ()),
        ({FRONT: ACME, API: OTHER}, None, None, ()),
        ({FRONT: ACME, API: OTHER}, None, None, FILE),
        ({FRONT: ACME, API: OTHER}, ACME + "/", None, ()),
        ({FRONT: ACME, API: OTHER}, None, OTHER, ()),
        ({FRONT: ACME, API: ACME_API}, None, None, {API}),
        ({FRONT: ACME, ENDPOINT: ACME_API + "/"}, None, None, ()),
        ({FRONT: ACME, ENDPOINT: "https://CI.acme.org:443/other"}, None, None, ()),
        ({FRONT: PUBLIC, ENDPOINT: PUBLIC_API}, None, None, ()),
        ({API: OTHER, ENDPOINT: OTHER + "/"}, None, None, ()),
        ({ENDPOINT: ACME_API}, ACME, None, ()),
        ({ENDPOINT: ""}, ACME, None, ()),
        ({FRONT: ACME, ENDPOINT: OTHER, API: OTHER}, ACME, OTHER, ()),
        ({FRONT: ACME}, None, ACME_API, ()),
        ({FRONT: "nonsense", API: OTHER}, None, None, {API}),
    ],
)
def test_addresses_that_were_named_together_or_agree_stay(
    environ: dict[str, str], url: str | None, api_url: str | None, from_file: frozenset[str]
) -> None:
    before = dict(environ)
    assert settle_site_variables(environ, url, api_url, from_file) == []
    assert environ == before


@pytest.mark.parametrize("url", [ACME, PUBLIC])
def test_an_explicit_url_decides_over_the_endpoint(url: str) -> None:
    environ = {ENDPOINT: OTHER}
    (warning,) = settle_site_variables(environ, url, None, ())
    assert environ == {}
    assert "TRAVIS_ENDPOINT names another installation than --url" in warning


@pytest.mark.parametrize(
    ("environ", "url", "api_url", "from_file", "named"),
    [
        ({FRONT: ACME, ENDPOINT: OTHER}, None, None, (), (ENDPOINT, FRONT)),
        ({FRONT: PUBLIC, ENDPOINT: OTHER}, None, None, (), (ENDPOINT, FRONT)),
        ({API: ACME_API, ENDPOINT: OTHER}, None, None, (), (ENDPOINT, API)),
        ({FRONT: ACME, API: ACME_API, ENDPOINT: OTHER}, None, None, (), (ENDPOINT, API)),
        ({API: OTHER}, ACME, None, (), (API, "--url")),
        ({FRONT: "https://third.org", API: OTHER}, ACME, None, (), (API, "--url")),
        ({FRONT: ACME, API: OTHER}, None, None, {API}, (API, FRONT)),
        ({FRONT: ACME, API: OTHER}, None, None, {FRONT}, (API, FRONT)),
        ({FRONT: ACME, API: OTHER}, ACME, None, {API}, (API, "--url")),
        ({FRONT: ACME}, None, OTHER, (), (FRONT, "--api-url")),
        ({FRONT: ACME}, None, "https://ci.acme.org:8443/api", (), (FRONT, "--api-url")),
    ],
)
def test_variables_that_contradict_each_other_are_refused_by_name(
    environ: dict[str, str], url: str | None, api_url: str | None, from_file: frozenset[str], named: tuple[str, str]
) -> None:
    with pytest.raises(InputError) as refused:
        settle_site_variables(environ, url, api_url, from_file)
    assert all(name in str(refused.value) for name in named)
