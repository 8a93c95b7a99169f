"""A hostile or odd `.env`, against the stand-in: nothing of a stranger runs or hears the token, no filter is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger, environment
from tests.support.commands import RunCommand, run_process

pytestmark = pytest.mark.browser

PURGE = ["purge", "acme/widgets", "--yes"]


@pytest.fixture
def stranger() -> Iterator[StandIn]:
    with StandIn(costs=False) as stand_in:
        yield stand_in


def without_addresses(site: StandIn, **more: str) -> dict[str, str]:
    """The variables of a command, with the token, and with the site's addresses only where `more` has them."""
    return {
        name: text
        for name, text in environment(site, **more).items()
        if name in more or name not in {"PURGER_URL", "PURGER_API_URL"}
    }


@pytest.mark.parametrize("name", ["PURGER_URL", "PURGER_API_URL", "TRAVIS_ENDPOINT"])
def test_a_stranger_hears_no_token(
    run_command: RunCommand, site: StandIn, stranger: StandIn, tmp_path: Path, name: str
) -> None:
    address = stranger.url if name == "PURGER_URL" else stranger.api_url
    (tmp_path / ".env").write_text(f"{name}={address}\n")
    ended = run_command(PURGE, without_addresses(site), tmp_path)
    assert ended.code == 2
    assert f"{name} in .env decides where a token goes" in ended.err
    assert stranger.requests == []


def test_an_endpoint_of_another_installation_hears_no_token(
    run_command: RunCommand, site: StandIn, stranger: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(2)
    variables = without_addresses(site, PURGER_URL=site.url, TRAVIS_ENDPOINT=stranger.api_url)
    refused = run_command(PURGE, variables, tmp_path)
    assert refused.code == 2, refused.err
    assert "TRAVIS_ENDPOINT names another installation than PURGER_URL" in refused.err
    variables = without_addresses(site, TRAVIS_ENDPOINT=stranger.api_url)
    run_command([*PURGE, "--url", site.url], variables, tmp_path)
    assert stranger.requests == []


def test_a_script_of_a_stranger_does_not_run(
    run_command: RunCommand, site: StandIn, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PURGER_BROWSER", raising=False)
    repository.fill(2)
    script = tmp_path / "x.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/it-ran\n")
    script.chmod(0o755)
    addresses = {"PURGER_URL": site.url, "PURGER_API_URL": site.api_url}
    (tmp_path / ".env").write_text(f"PURGER_BROWSER={script}\n")
    ended = run_command(PURGE, without_addresses(site, **addresses), tmp_path)
    assert (ended.code, len(repository.caches)) == (2, 2)
    assert "PURGER_BROWSER in .env names a program" in ended.err
    (tmp_path / ".env").write_text(
        f"NODE_OPTIONS=--require={script}\nPLAYWRIGHT_NODEJS_PATH={script}\nPATH={tmp_path}\n"
    )
    ended = run_process(PURGE, without_addresses(site, **addresses), tmp_path)
    assert (ended.code, len(repository.caches)) == (0, 0), ended.err
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbfPURGER_BRANCH=main\r\n", b"\xff\xfe" + "PURGER_BRANCH=main\r\n".encode("utf-16-le")],
)
def test_exactly_the_caches_of_a_filter_after_a_mark_are_deleted(
    purger: Purger, repository: Repository, tmp_path: Path, content: bytes
) -> None:
    for branch in ("main", "dev"):
        repository.add(branch)
    (tmp_path / ".env").write_bytes(content)
    ended = purger("purge", "acme/widgets", "--yes")
    assert ended.code == 0, ended.err
    assert [cache.branch for cache in repository.caches] == ["dev"]


def test_nothing_is_deleted_with_a_filter_that_is_not_understood(
    purger: Purger, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(3)
    (tmp_path / ".env").write_text("purger_branch=main\n")
    ended = purger("purge", "acme/widgets", "--yes")
    assert (ended.code, len(repository.caches)) == (2, 3)
    assert ended.report["exit_code"] == 2
