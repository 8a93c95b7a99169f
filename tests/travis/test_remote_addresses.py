"""Addresses of git remotes as they occur: understood as the repository that they mean, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purger.core.errors import InputError
from purger.travis.addresses import Repository, Site, parse_repository
from purger.travis.remote_addresses import is_address, provider_beside, provider_of, read_address

COM, ENTERPRISE = Site(), Site.at("https://travis.acme.org")
ALIASES = {"github.com-work": "github.com", "work": "ssh.github.com", "lab": "GitLab.com"}

UNDERSTOOD = [
    # git's short form
    ("git@github.com:acme/widgets.git", "acme/widgets"),
    ("git@github.com:acme/widgets", "acme/widgets"),
    ("git@github.com:/acme/widgets.git", "acme/widgets"),
    ("git@github.com:acme/widgets.git/", "acme/widgets"),
    ("git@github.com:acme//widgets", "acme/widgets"),
    ("git@GitHub.com:Acme/Widgets.git", "Acme/Widgets"),
    ("github.com:acme/widgets", "acme/widgets"),
    ("org-123@github.com:acme/widgets.git", "acme/widgets"),
    ("@github.com:acme/widgets", "acme/widgets"),
    ("git@github.com.:acme/widgets", "acme/widgets"),
    ("[git@github.com:443]:acme/widgets.git", "acme/widgets"),
    ("git@[github.com]:acme/widgets.git", "acme/widgets"),
    ("git@ssh.github.com:acme/widgets.git", "acme/widgets"),
    ("git@gitlab.com:acme/widgets.git", "gitlab/acme/widgets"),
    ("git@altssh.gitlab.com:acme/widgets.git", "gitlab/acme/widgets"),
    ("git@bitbucket.org:acme/widgets.git", "bitbucket/acme/widgets"),
    ("git@github.com:acme/wid.gets.js.git", "acme/wid.gets.js"),
    ("git@github.com:acme/.github.git", "acme/.github"),
    # aliases of ssh's configuration
    ("git@github.com-work:acme/widgets.git", "acme/widgets"),
    ("work:acme/widgets", "acme/widgets"),
    ("ssh://git@github.com-work/acme/widgets.git", "acme/widgets"),
    ("git@lab:acme/widgets", "gitlab/acme/widgets"),
    # URLs
    ("ssh://git@github.com/acme/widgets.git", "acme/widgets"),
    ("ssh://git@ssh.github.com:443/acme/widgets.git", "acme/widgets"),
    ("ssh://git@altssh.bitbucket.org:443/acme/widgets.git", "bitbucket/acme/widgets"),
    ("SSH://git@GITHUB.com:22/acme/widgets", "acme/widgets"),
    ("ssh://github.com//acme/widgets/", "acme/widgets"),
    ("git+ssh://git@github.com/acme/widgets.git", "acme/widgets"),
    ("ssh+git://git@github.com/acme/widgets.git", "acme/widgets"),
    ("git://github.com/acme/widgets.git", "acme/widgets"),
    ("https://github.com/acme/widgets", "acme/widgets"),
    ("https://github.com/acme/widgets.git", "acme/widgets"),
    ("https://github.com/acme/widgets/", "acme/widgets"),
    ("http://github.com/acme/widgets.git", "acme/widgets"),
    ("https://www.github.com/acme/widgets.git", "acme/widgets"),
    ("https://WWW.GitHub.com:443/acme/widgets.git", "acme/widgets"),
    ("https://someone@github.com/acme/widgets.git", "acme/widgets"),
    ("https://x-access-token:s3cret@github.com/acme/widgets.git", "acme/widgets"),
    ("https://someone@bitbucket.org/acme/widgets.git", "bitbucket/acme/widgets"),
    ("https://oauth2:s3cret@gitlab.com/acme/widgets.git", "gitlab/acme/widgets"),
    ("git+https://github.com/acme/widgets.git", "acme/widgets"),
    ("https://github.com/acme/widgets/tree/main/src", "acme/widgets"),
    ("https://gitlab.com/acme/widgets/-/tree/main", "gitlab/acme/widgets"),
    ("https://bitbucket.org/acme/widgets/src/main/", "bitbucket/acme/widgets"),
]
REFUSED = [
    "git@codeberg.org:acme/widgets.git",
    "https://git.sr.ht/~acme/widgets",
    "git@github.com.evil.org:acme/widgets.git",
    "git@notgithub.com:acme/widgets.git",
    "https://github.com@evil.org/acme/widgets",
    "https://evil.org/github.com/acme/widgets",
    "https://gist.github.com/acme/0123456789abcdef",
    "git@github.com:widgets.git",
    "git@github.com:acme/group/widgets.git",
    "git@github.com:22/acme/widgets.git",
    "git@gitlab.com:acme/group/widgets.git",
    "https://gitlab.com/acme/group/widgets.git",
    "https://gitlab.com/acme/group/widgets/-/tree/main",
    "ssh://git@github.com:acme/widgets.git",
    "ssh://git@github.com/~/widgets.git",
    "ssh://-oProxyCommand=touch${IFS}x/acme/widgets",
    "-oProxyCommand=x:acme/widgets",
    "git@-oProxyCommand=x:acme/widgets",
    "ext::sh -c touch% x",
    "codecommit::eu-west-1://widgets",
    "file:///srv/acme/widgets",
    "ftp://github.com/acme/widgets",
    "https://[::1/acme/widgets",
    "https://github.com:port/acme/widgets",
    "https:///acme/widgets",
    "git@:acme/widgets",
    "git@github.com:",
    "https://github.com/",
    "https://github.com/acme",
    "https://github.com/acme%2Fwidgets",
    "git@git hub.com:acme/widgets",
    "git@github.com:acme/wid gets",
    "git@github.com:acme/..",
    "git@github.acme.org:acme/widgets.git",
    "https://github.acme.org/acme/widgets",
]


def real_host(alias: str) -> str:
    return ALIASES.get(alias, alias)


@pytest.mark.parametrize(("address", "expected"), UNDERSTOOD)
@pytest.mark.parametrize("site", [COM, ENTERPRISE], ids=["travis-ci.com", "enterprise"])
def test_an_address_means_the_repository_that_it_names(address: str, expected: str, site: Site) -> None:
    assert is_address(address)
    assert str(parse_repository(address, site, real_host)) == expected


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_understood_is_refused(address: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_repository(address, COM, real_host)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("address", "url", "expected"),
    [
        ("git@github.acme.org:acme/widgets.git", "https://travis.acme.org", "acme/widgets"),
        ("https://someone:s3cret@git.acme.org/acme/widgets.git", "https://travis.acme.org", "acme/widgets"),
        ("ssh://git@acme.org:2222/acme/widgets.git", "https://travis.acme.org", "acme/widgets"),
        ("git@git.build.acme.co.uk:acme/widgets.git", "https://travis.build.acme.co.uk", "acme/widgets"),
        ("git@git.acme.co.uk:acme/widgets.git", "https://travis.acme.co.uk", "acme/widgets"),
        ("git@gitlab.acme.org:acme/widgets.git", "https://travis.acme.org", "gitlab/acme/widgets"),
        ("https://127.0.0.1/acme/widgets.git", "https://127.0.0.1", "acme/widgets"),
        ("https://git.acme.org/acme/widgets/pull/3", "https://ci.acme.org/travis", "acme/widgets"),
        ("git@work-git:acme/widgets", "https://travis.acme.org", "acme/widgets"),
        ("git@github.acme.org:acme/widgets.git", "https://travis-ci.org.example", None),
        ("git@git.other.co.uk:acme/widgets.git", "https://travis.acme.co.uk", None),
        ("git@codeberg.org:acme/widgets.git", "https://travis.acme.org", None),
        ("https://10.0.0.7/acme/widgets.git", "https://127.0.0.1", None),
        ("git@git.acme.org:acme/group/widgets.git", "https://travis.acme.org", None),
    ],
)
def test_a_code_host_of_an_installations_own_organisation(address: str, url: str, expected: str | None) -> None:
    aliases = {"work-git": "git.acme.org"}
    if expected is None:
        with pytest.raises(InputError):
            parse_repository(address, Site.at(url), lambda host: aliases.get(host, host))
    else:
        assert str(parse_repository(address, Site.at(url), lambda host: aliases.get(host, host))) == expected


@pytest.mark.parametrize(
    "text", ["acme/widgets", "/srv/acme/widgets", "../widgets", "C:/acme/widgets", "C:\\w", "", "."]
)
def test_names_and_folders_are_no_addresses(text: str) -> None:
    assert not is_address(text)
    assert read_address(text) is None


def test_only_aliases_of_ssh_are_looked_up() -> None:
    asked: list[str] = []

    def ask(host: str) -> str:
        asked.append(host)
        return host

    for address, _ in UNDERSTOOD:
        try:
            parse_repository(address, COM, ask)
        except InputError:
            continue
    assert set(asked) == {"github.com-work", "work", "lab"}


@given(st.text(max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    address = read_address(text)
    assert address is None or provider_of(address.host) is None or "." in address.host
    for site in (COM, ENTERPRISE):
        try:
            found = parse_repository(text, site)
        except InputError:
            continue
        assert isinstance(found, Repository)


def test_hosts_of_other_organisations_are_not_beside_a_front_end() -> None:
    assert provider_beside("git.acme.org", "travis.acme.org") == "github"
    assert provider_beside("org", "travis.acme.org") is None
    assert provider_beside("acme.org", "acme.com") is None
