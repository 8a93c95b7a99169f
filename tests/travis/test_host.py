"""Which host is asked about a repository, and where its token goes."""

from __future__ import annotations

import pytest

from purger.core.errors import InputError
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site
from purger.travis.host import HostSettings, host_token

PUBLIC = Site()
ELSEWHERE = Site.at("https://travis.acme.org")
WIDGETS = Repository("github", "acme", "widgets")


@pytest.mark.parametrize(
    ("repository", "site", "address"),
    [
        (WIDGETS, PUBLIC, "https://api.github.com/repos/acme/widgets"),
        (WIDGETS, ELSEWHERE, None),
        (Repository("gitlab", "acme", "widgets"), PUBLIC, None),
    ],
)
def test_only_githubs_own_repositories_of_the_public_site_have_an_address(
    repository: Repository, site: Site, address: str | None
) -> None:
    assert HostSettings().address_of(repository, site) == address


def test_the_token_is_for_githubs_own_api_alone() -> None:
    token = Token("host-token-of-tests")
    assert HostSettings(token=token).headers["Authorization"] == "Bearer host-token-of-tests"
    assert "Authorization" not in HostSettings(api_url="https://git.acme.org/api/v3", token=token).headers
    assert "Authorization" not in HostSettings().headers
    assert "host-token-of-tests" not in repr(HostSettings(token=token))


@pytest.mark.parametrize("environ", [{}, {"GITHUB_TOKEN": ""}, {"GITHUB_TOKEN": "  "}])
def test_without_a_token_there_is_none(environ: dict[str, str]) -> None:
    assert host_token(environ) is None


def test_a_token_that_cannot_be_sent_is_named() -> None:
    found = host_token({"GITHUB_TOKEN": "host-token-of-tests"})
    assert found is not None
    assert found.reveal() == "host-token-of-tests"
    with pytest.raises(InputError, match=r"^GITHUB_TOKEN contains white space"):
        host_token({"GITHUB_TOKEN": "two words"})
    with pytest.raises(InputError, match=r"^GITHUB_TOKEN begins as a reference") as caught:
        host_token({"GITHUB_TOKEN": "op://vault/github"})
    assert "vault" not in f"{caught.value} {caught.value.remedy}"
