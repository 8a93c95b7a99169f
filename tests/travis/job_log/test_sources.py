"""Whose cache a fetch asked for: by the branches that are known, else by the spellings and the order."""

from __future__ import annotations

import pytest

from purger.travis.job_log import Source, read_log, source_of, with_sources
from tests.travis.job_log.corpus import read


@pytest.mark.parametrize(
    ("branch", "own", "target", "default", "source"),
    [
        ("main", "main", None, "main", "own"),
        ("main", "fix-42", None, "main", "default"),
        ("develop", "PR.12", "develop", "main", "target"),
        ("main", "PR.12", "develop", "main", "default"),
        ("main", "PR.12", "main", "main", "target"),
        ("PR.12", "PR.12", "develop", "main", "own"),
        ("PR.12", None, None, None, "own"),
        ("PR.7", None, None, None, "own"),
        ("PR.7", None, "develop", "main", "own"),
        ("PR.7", "PR.12", "develop", "main", "unknown"),
        ("PR.next", None, None, None, "unknown"),
        ("main", None, None, None, "unknown"),
        ("other", "fix-42", "develop", "main", "unknown"),
        ("foo", "feature/foo", None, "main", "own"),
        ("caf%C3%A9", "café", None, "main", "own"),
        ("teamcafé", "team/café", None, "main", "own"),
        ("teamcaf", "team/café", None, "main", "own"),
        ("teamlogin", "team/login", None, "main", "own"),
        ("teamlogin", "team/login", None, "teamlogin", "default"),
        ("", "main", None, "main", "unknown"),
    ],
)
def test_the_source_of_a_fetch_is_found_by_its_branch(
    branch: str, own: str | None, target: str | None, default: str | None, source: Source
) -> None:
    assert source_of(branch, own=own, target=target, default=default) == source


def test_with_sources_sets_the_source_of_each_fetch() -> None:
    log = with_sources(read("new_target.log"), own="PR.12", target="develop", default="main")
    assert [fetch.source for fetch in log.asked] == ["own", "own", "target"]
    assert [fetch.source for fetch in log.fetched] == ["target"]
    asked = b"".join(b"fetching %b/cache-a.tgz\n" % branch for branch in (b"fix-42", b"develop", b"main", b"other"))
    log = with_sources(read_log([asked + b"found cache"]), own="fix-42", target="develop", default="main")
    assert [fetch.source for fetch in log.asked] == ["own", "target", "default", "unknown"]


@pytest.mark.parametrize(
    ("shown", "own", "target", "default", "branches"),
    [
        ("login", "team/login", None, "main", {"team/login"}),
        ("teamlogin", "team/login", None, "main", {"teamlogin"}),
        ("login", "team/login", None, "login", {"team/login", "login"}),
        ("develop", "PR.12", "develop", "main", {"develop"}),
        ("cache-a--gemfile-gemfiles", "fix-42", None, "main", {"fix-42", "main"}),
        ("login", None, None, "login", set()),
        ("login", "login", None, None, set()),
        ("main", "PR.12", None, "main", set()),
    ],
)
def test_a_fetch_may_be_of_the_branches_that_are_shown_alike(
    shown: str, own: str | None, target: str | None, default: str | None, branches: set[str]
) -> None:
    log = read_log([f"fetching {shown}/cache-a.tgz\nfound cache\n".encode()])
    (fetch,) = with_sources(log, own=own, target=target, default=default).fetched
    assert fetch.branches == branches


@pytest.mark.parametrize("branch", ["login", "teamlogin"])
def test_both_spellings_of_a_known_branch_are_its_own(branch: str) -> None:
    assert source_of(branch, own="team/login", target=None, default="main") == "own"


@pytest.mark.parametrize(
    ("attempts", "sources"),
    [
        (["main"], "own"),
        (["fix main"], "own default"),
        (["login teamlogin main"], "own own default"),
        (["PR.5 next relnext main"], "own target target default"),
        (["PR.5 develop main"], "own target default"),
        (["PR.5 main"], "own target"),
        (["a b c"], "own default unknown"),
        (["caf%C3%A9 caf main"], "own own default"),
        (["PR.5 main", "fix main"], "own target own default"),
        (["main", "fix main"], "own own default"),
        (["main featuremain main"], "own own default"),
        (["PR.5 main releasemain main"], "own target target default"),
    ],
)
def test_whose_it_is_follows_from_spellings_and_order(attempts: list[str], sources: str) -> None:
    log = ""
    for names in attempts:
        log += "attempting to download cache archive\n"
        log += "".join(f"fetching {name}/cache-a.tgz\nfetching {name}/cache-b.tgz\n" for name in names.split())
        log += "could not download cache\n"
    asked = with_sources(read_log([log.encode()])).asked
    assert [fetch.source for fetch in asked[::2]] == sources.split()
    assert [fetch.source for fetch in asked[1::2]] == sources.split()


@pytest.mark.parametrize(
    ("own", "target", "asked", "sources"),
    [
        ("feature/main", None, "main featuremain main", "own own default"),
        ("feature/main", None, "main", "own"),
        ("feature/main", None, "featuremain main", "own default"),
        ("PR.5", "release/main", "PR.5 main releasemain main", "own target target default"),
        ("main", None, "main", "own"),
    ],
)
def test_branches_that_are_shown_alike_are_told_apart_by_what_was_asked_before(
    own: str, target: str | None, asked: str, sources: str
) -> None:
    names = "".join(f"fetching {name}/cache-a.tgz\nfetching {name}/cache-b.tgz\n" for name in asked.split())
    log = read_log([f"attempting to download cache archive\n{names}found cache\n".encode()] * 2)
    found = with_sources(log, own=own, target=target, default="main")
    assert [fetch.source for fetch in found.asked[::2]] == sources.split() * 2
    assert [fetch.source for fetch in found.fetched] == sources.split()[-1:] * 2


def test_the_order_tells_nothing_where_its_beginning_was_not_seen() -> None:
    log = with_sources(read_log([b"fetching main/cache-a.tgz\nfound cache\n"]))
    assert [fetch.source for fetch in log.fetched] == ["unknown"]
    log = with_sources(read_log([b"fetching PR.7/cache-a.tgz\nfetching next/cache-a.tgz\nfound cache\n"]))
    assert [fetch.source for fetch in log.asked] == ["own", "target"]
