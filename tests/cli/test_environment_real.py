"""A hostile or odd `.env`, against the stand-in: nothing of a stranger runs or hears the token, no filter is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import PURGER, Purger, environment

pytestmark = [pytest.mark.browser, pytest.mark.timeout(110)]


@pytest.fixture
def stranger() -> Iterator[StandIn]:
    with StandIn(costs=False) as stand_in:
        yield stand_in


def run_without_addresses(
    site: StandIn, folder: Path, *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the command with the token in the environment, and the site's addresses only where `more` has them."""
    variables = environment(site, **more)
    kept = {
        name: text for name, text in variables.items() if name in more or name not in {"PURGER_URL", "PURGER_API_URL"}
    }
    command = [*PURGER, "purge", "acme/widgets", "--yes", *arguments]
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=kept,
        cwd=folder,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize("name", ["PURGER_URL", "PURGER_API_URL", "TRAVIS_ENDPOINT"])
def test_a_stranger_hears_no_token(site: StandIn, stranger: StandIn, tmp_path: Path, name: str) -> None:
    address = stranger.url if name == "PURGER_URL" else stranger.api_url
    (tmp_path / ".env").write_text(f"{name}={address}\n")
    ended = run_without_addresses(site, tmp_path)
    assert ended.returncode == 2
    assert f"{name} in .env decides where a token goes" in ended.stderr
    assert stranger.requests == []


def test_an_endpoint_of_another_installation_hears_no_token(
    site: StandIn, stranger: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(2)
    refused = run_without_addresses(site, tmp_path, PURGER_URL=site.url, TRAVIS_ENDPOINT=stranger.api_url)
    assert refused.returncode == 2, refused.stderr
    assert "TRAVIS_ENDPOINT names another installation than PURGER_URL" in refused.stderr
    run_without_addresses(site, tmp_path, "--url", site.url, TRAVIS_ENDPOINT=stranger.api_url)
    assert stranger.requests == []


def test_a_script_of_a_stranger_does_not_run(
    site: StandIn, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PURGER_BROWSER", raising=False)
    repository.fill(2)
    script = tmp_path / "x.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/it-ran\n")
    script.chmod(0o755)
    addresses = {"PURGER_URL": site.url, "PURGER_API_URL": site.api_url}
    (tmp_path / ".env").write_text(f"PURGER_BROWSER={script}\n")
    ended = run_without_addresses(site, tmp_path, **addresses)
    assert (ended.returncode, len(repository.caches)) == (2, 2)
    assert "PURGER_BROWSER in .env names a program" in ended.stderr
    (tmp_path / ".env").write_text(
        f"NODE_OPTIONS=--require={script}\nPLAYWRIGHT_NODEJS_PATH={script}\nPATH={tmp_path}\n"
    )
    ended = run_without_addresses(site, tmp_path, **addresses)
    assert (ended.returncode, len(repository.caches)) == (0, 0), ended.stderr
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
