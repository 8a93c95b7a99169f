"""Names and URLs of repositories, owners and installations."""

from __future__ import annotations

import pytest

from purger.core.errors import InputError
from purger.travis.addresses import Owner, Repository, Site, parse_repository, parse_target
from purger.travis.job_names import parse_job

COM = Site()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme/widgets", Repository("github", "acme", "widgets")),
        ("gitlab/acme/widgets", Repository("gitlab", "acme", "widgets")),
        ("  acme/widgets ", Repository("github", "acme", "widgets")),
        ("https://app.travis-ci.com/github/acme/widgets/caches", Repository("github", "acme", "widgets")),
        ("https://app.travis-ci.com/bitbucket/acme/widgets", Repository("bitbucket", "acme", "widgets")),
        ("https://app.travis-ci.com/acme/widgets/caches?x=1#y", Repository("github", "acme", "widgets")),
        ("https://app.travis-ci.com/github/acme/widgets/jobs/12", Repository("github", "acme", "widgets")),
        ("https://travis-ci.com/acme/widgets", Repository("github", "acme", "widgets")),
        ("http://www.Travis-CI.com/github/acme/widgets/builds/1", Repository("github", "acme", "widgets")),
        ("app.travis-ci.com/gitlab/acme/widgets/caches", Repository("gitlab", "acme", "widgets")),
        ("https://github.com/acme/wid.gets.git", Repository("github", "acme", "wid.gets")),
        ("https://gitlab.com/acme/widgets/-/tree/main", Repository("gitlab", "acme", "widgets")),
        ("git@github.com:acme/widgets.git", Repository("github", "acme", "widgets")),
        ("ssh://git@bitbucket.org/acme/widgets.git", Repository("bitbucket", "acme", "widgets")),
        ("acme/widgets/", Repository("github", "acme", "widgets")),
        ("acme/widgets.git", Repository("github", "acme", "widgets")),
        ("gitlab/acme/widgets.git", Repository("gitlab", "acme", "widgets")),
        ("acme/widgets.git/", Repository("github", "acme", "widgets")),
        ("GitLab/acme/widgets", Repository("gitlab", "acme", "widgets")),
        ("X/X", Repository("github", "X", "X")),
    ],
)
def test_a_repository_is_parsed_from_names_and_urls(text: str, expected: Repository) -> None:
    assert parse_repository(text, COM) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acme",
        "acme/",
        "/widgets",
        "a b/c",
        "acme/..",
        "-acme/widgets",
        "acme/.git",
        "acme/wid gets",
        "acme/widgets/more/parts",
        "sourcehut/a/b",
        "https://example.org/acme/widgets",
        "https://app.travis-ci.com.evil.org/a/b",
        "https://travis-ci.com.evil.org/a/b",
        "https://travis-ci.org/a/b",
        "app.travis-ci.com/a",
        "travis-ci.org/a/b",
        "acme/wid%0Agets",
        "https://app.travis-ci.com/",
        "https://app.travis-ci.com/github/acme/uni/../widgets/caches",
        "https://app.travis-ci.com/github/acme/uni/%2e%2E/widgets",
        "https://app.travis-ci.com/github/./acme/uni",
        "https://app.travis-ci.com/organizations/acme/repositories",
        "https://app.travis-ci.com/account/preferences",
        "https://github.com/orgs/acme/repositories",
    ],
)
def test_text_that_names_no_repository_is_rejected(text: str) -> None:
    with pytest.raises(InputError) as error:
        parse_repository(text, COM)
    assert error.value.remedy


def test_a_repository_is_parsed_from_an_enterprise_url() -> None:
    site = Site.at("https://travis.acme.org")
    assert parse_repository("https://travis.acme.org/github/a/b/settings", site) == Repository("github", "a", "b")
    assert str(Repository("gitlab", "a", "b")) == "gitlab/a/b"


@pytest.mark.parametrize("path", ["travis", "X", "ci/travis"])
def test_a_repository_is_parsed_from_a_page_of_a_site_below_a_path(path: str) -> None:
    site = Site.at(f"https://acme.org/{path}/")
    for page in (f"{site.url}/gitlab/a/b/caches", f"{site.url}/gitlab/a/b"):
        assert parse_repository(page, site) == Repository("gitlab", "a", "b")
    assert parse_repository(f"{site.url}/a/b", site) == Repository("github", "a", "b")


@pytest.mark.parametrize("text", ["*/*", "hg/acme/*", "gitlab/*/*", "acme/uni/more/*"])
def test_an_owner_that_is_none_is_refused_as_it_was_given(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_target(text, COM)
    assert repr(text) in caught.value.what
    assert "any" not in caught.value.what


@pytest.mark.parametrize(
    "text", ["acme", "acme/web-*", "https://github.com/acme/*", f"{COM.url}/acme", "acme/a,acme/b", "acme/a acme/b"]
)
def test_who_means_several_repositories_is_told_how_to_name_them(text: str) -> None:
    with pytest.raises(InputError, match="does not name a repository") as caught:
        parse_target(text, COM)
    assert "take several, each on its own, and owner/* for all of an owner's" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://travis-ci.org/acme/widgets", "Repositories that were moved from there are on https://app."),
        ("https://www.travis-ci.org/acme/widgets.svg", "travis-ci.org was shut down"),
        ("https://travis.acme.org/a/b", "For another installation add --url."),
        ("https://travis-ci.organ/a/b", "For another installation add --url."),
    ],
)
def test_a_page_that_is_not_on_the_site_is_told_where_it_is(text: str, said: str) -> None:
    for parse in (parse_repository, parse_job):
        with pytest.raises(InputError) as caught:
            parse(text, COM)
        assert said in (caught.value.remedy or "")


def test_an_unknown_provider_is_named_beside_those_that_are_known() -> None:
    with pytest.raises(InputError, match=r"^'sourcehut' in 'sourcehut/a/b' is not a provider") as caught:
        parse_repository("sourcehut/a/b", COM)
    assert caught.value.remedy == "The providers are github, gitlab, bitbucket, assembla."


@pytest.mark.parametrize("text", ["acme//widgets", "acme//widgets/caches", "acme/widgets//caches"])
def test_an_owner_before_an_empty_part_is_not_taken_for_a_provider(text: str) -> None:
    with pytest.raises(InputError, match=f"^'{text}' does not name a repository") as caught:
        parse_repository(text, COM)
    assert "Name it owner/name" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("url", "api_url", "expected"),
    [
        (None, None, Site("https://app.travis-ci.com", "https://api.travis-ci.com")),
        ("https://travis.acme.org/", None, Site("https://travis.acme.org", "https://travis.acme.org/api")),
        (None, "https://travis.acme.org/api/", Site("https://travis.acme.org", "https://travis.acme.org/api")),
        (None, "https://api.travis-ci.com/", Site("https://app.travis-ci.com", "https://api.travis-ci.com")),
        ("http://127.0.0.1:80", "http://localhost:99/x/", Site("http://127.0.0.1", "http://localhost:99/x")),
        ("https://HOST.org/CI-X", None, Site("https://host.org/CI-X", "https://host.org/CI-X/api")),
        ("https://HOST.org:8443", None, Site("https://host.org:8443", "https://host.org:8443/api")),
    ],
)
def test_a_missing_address_is_derived_from_the_other(url: str | None, api_url: str | None, expected: Site) -> None:
    assert Site.at(url, api_url) == expected


@pytest.mark.parametrize(
    "address",
    [
        "https://travis-ci.com",
        "https://www.travis-ci.com/",
        "https://app.travis-ci.com/github/acme/widgets",
        "https://API.travis-ci.com:443",
        "https://app.travis-ci.com.",
    ],
)
def test_all_addresses_of_the_hosted_service_mean_its_own_two(address: str) -> None:
    assert {Site.at(address), Site.at(api_url=address), Site.at(address, COM.api_url)} == {COM}


@pytest.mark.parametrize("address", ["https://travis-ci.org", "https://api.travis-ci.org/"])
def test_no_token_is_meant_for_the_service_that_was_shut_down(address: str) -> None:
    for named in ({"url": address}, {"api_url": address}):
        with pytest.raises(InputError, match=r"is of travis-ci\.org, which was shut down$"):
            Site.at(**named)


def test_an_installation_of_a_similar_name_is_its_own() -> None:
    assert Site.at("https://travis-ci.com.acme.org").api_url == "https://travis-ci.com.acme.org/api"
    assert Site.at("https://my-travis-ci.com").url == "https://my-travis-ci.com"


@pytest.mark.parametrize(
    "url",
    [
        "travis.acme.org",
        "ftp://travis.acme.org",
        "https://",
        "https://u:p@host.org",
        "https://host.org?x",
        "https://ho st.org",
        "http://travis.acme.org",
        "https://[::1",
        "https://host.org:99999",
        "http://127.0.0.1.evil.org",
        "https://travis..acme.org",
        f"https://{'a' * 64}.acme.org",
        "https://[::g]",
        "https://[fe80::1%25lo]",
        "https://a\\b",
        "https://a|b.org",
        "https://a%2eb",
        "https://-",
        "http://evil.org\\.localhost:9",
    ],
)
def test_an_invalid_or_unsafe_url_is_rejected(url: str) -> None:
    with pytest.raises(InputError):
        Site.at(url)


def test_urls_of_a_repository() -> None:
    repository = Repository("github", "acme", "widgets")
    assert COM.cache_page(repository) == "https://app.travis-ci.com/github/acme/widgets/caches"
    assert COM.repository_call(repository) == "https://api.travis-ci.com/repo/github/acme%2Fwidgets"
    assert COM.origin == "https://app.travis-ci.com"


def test_a_target_is_an_owner_or_a_repository() -> None:
    assert parse_target(" acme/* ", COM) == Owner("github", "acme")
    assert parse_target("gitlab/acme/*", COM) == Owner("gitlab", "acme")
    assert parse_target("acme/widgets", COM) == Repository("github", "acme", "widgets")
    assert parse_target("https://app.travis-ci.com/acme/widgets/*", COM) == Repository("github", "acme", "widgets")
    with pytest.raises(InputError, match="does not name a repository"):
        parse_target("/*", COM)


def test_a_target_may_be_named_by_an_alias_of_a_host_or_by_the_code_host_of_its_site() -> None:
    alias = {"work": "GitLab.com"}
    assert parse_target("git@work:acme/*", COM, alias.__getitem__) == Owner("gitlab", "acme")
    assert parse_target("git@work:acme/widgets", COM, alias.__getitem__) == Repository("gitlab", "acme", "widgets")
    assert parse_target("git@code.acme.org:team/*", Site.at("https://travis.acme.org")) == Owner("github", "team")


@pytest.mark.parametrize(
    ("named", "text"),
    [
        (Owner("github", "acme"), "acme/*"),
        (Owner("gitlab", "acme"), "gitlab/acme/*"),
        (Repository("github", "acme", "widgets"), "acme/widgets"),
    ],
)
def test_github_is_left_out_of_names(named: Owner | Repository, text: str) -> None:
    assert str(named) == text


def test_names_in_api_urls_are_encoded() -> None:
    assert COM.repositories_call(Owner("github", "a/X b")).endswith("/owner/github/a%2FX%20b/repos?limit=100&offset=0")
    assert COM.repository_call(Repository("github", "aX", "b")) == "https://api.travis-ci.com/repo/github/aX%2Fb"


@pytest.mark.parametrize("option", ["--url", "--api-url"])
def test_the_option_with_the_bad_address_is_named(option: str) -> None:
    with pytest.raises(InputError, match=f"^{option} 'x y' is not a web address") as caught:
        Site.at(**{option[2:].replace("-", "_"): "x y"})
    assert caught.value.remedy == f"Give {option} as https://HOST, the address that the browser shows."


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("https://[0:0:0:0:0:0:0:1]:8443", "https://[::1]:8443"),
        ("https://[FD00::0001]", "https://[fd00::1]"),
    ],
)
def test_the_origin_is_the_one_that_browsers_write_and_pages_of_it_are_its_own(url: str, origin: str) -> None:
    site = Site.at(url)
    assert (site.origin, site.url, site.api_url) == (origin, origin, f"{origin}/api")


def test_a_page_of_a_site_with_an_international_name_is_recognised_in_either_form() -> None:
    for url in ("https://travis.bücher.example", "https://travis.xn--bcher-kva.example"):
        for page in (
            "https://travis.bücher.example/github/o/n/caches",
            "https://travis.xn--bcher-kva.example/github/o/n",
        ):
            assert parse_repository(page, Site.at(url)) == Repository("github", "o", "n")
