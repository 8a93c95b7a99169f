"""What a run leaves for people and machines: pictures, reports, traces, the CI's own files."""

from __future__ import annotations

import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from purger.secret_forms import find_secret
from purger.standin import DeleteFault, ListFault, StandIn
from purger.standin.repository import Repository
from tests.browser.conftest import Purger, loads

PICTURED = {"after.png", "trace.zip", "report.json", "report.html"}

PNG = b"\x89PNG"


def test_artifacts_of_a_purge(purger: Purger, site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(6)
    repository.add("%0A::error::x")
    repository.add("<img src=x>")
    ended = purger("purge", "acme/widgets", "--yes", "--artifacts", "kept", CI="true")
    assert ended.code == 0, ended.err
    kept = tmp_path / "kept"
    assert sorted(path.name for path in kept.iterdir()) == ["after.png", "before.png", "report.html", "report.json"]
    assert json.loads((kept / "report.json").read_text()) == ended.report
    for name in ("before.png", "after.png"):
        assert (kept / name).read_bytes().startswith(PNG)
    page = (kept / "report.html").read_text()
    assert "<img src=x>" not in page
    assert page.count("data:image/png") == 2
    assert "open report.html in a browser" in ended.err


def test_a_failure_leaves_pictures_a_report_and_a_clean_trace(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(3)
    repository.add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    ended = purger("purge", "acme/widgets", "--yes", "--attempts", "1", "--artifacts", "kept")
    assert ended.code == 1
    with zipfile.ZipFile(tmp_path / "kept" / "trace.zip") as trace:
        assert trace.testzip() is None
        assert not [name for name in trace.namelist() if find_secret(trace.read(name), [site.token])]
    assert "playwright show-trace kept/trace.zip" in ended.err


def test_a_page_that_changed_is_pictured(purger: Purger, site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(3)
    site.faults.changed_page = "icon-class"
    ended = purger("purge", "acme/widgets", "--yes", "--artifacts", "kept", "--page-timeout", "2s")
    assert ended.code == 4
    assert "not the one we know" in ended.err
    assert {path.name for path in (tmp_path / "kept").iterdir()} >= PICTURED
    assert {cache["outcome"] for cache in ended.repository["caches"]} == {"remaining"}
    assert len(repository.archives) == 3


def test_a_list_that_never_comes_is_pictured(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(3)

    def break_the_list() -> None:
        while loads(site) == 0:
            time.sleep(0.01)
        site.faults.list_fault = ListFault(kind="hang")

    with ThreadPoolExecutor() as beside:
        beside.submit(break_the_list)
        ended = purger("purge", "acme/widgets", "--yes", "--artifacts", "kept", "--page-timeout", "2s")
    assert ended.code == 4
    assert "did not show its list of caches within 2 s" in ended.err
    assert {path.name for path in (tmp_path / "kept").iterdir()} >= PICTURED
    assert ended.repository["error"]["exit_code"] == 4
    assert ended.repository["remaining"] == len(repository.archives) == 3
    assert ended.seconds < 30


def test_several_repositories_have_folders_of_their_own(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    for name in ("acme/a", "acme/b"):
        site.add_repository(name).fill(2)
    assert purger("purge", "acme/*", "--yes", "--artifacts", "kept", "--trace", "on").code == 0
    for folder in ("acme--a", "acme--b"):
        assert sorted(path.name for path in (tmp_path / "kept" / folder).iterdir()) == [
            "after.png", "before.png", "trace.zip",
        ]  # fmt: skip


@pytest.mark.parametrize("place", ["/proc/purger", "a-file/below"])
def test_a_place_that_can_not_be_written(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path, place: str
) -> None:
    repository.fill(2)
    (tmp_path / "a-file").write_text("")
    ended = purger("purge", "acme/widgets", "--yes", "--artifacts", place)
    assert ended.code == 2
    assert "can't be written" in ended.err
    assert len(repository.archives) == 2


def test_github_actions(purger: Purger, site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(2)
    repository.add("%0A::error::x")
    site.faults.delete_fault = [DeleteFault("%0A::error::x", 403)]
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "GITHUB_OUTPUT": str(tmp_path / "output")}
    ended = purger("purge", "acme/widgets", "--yes", CI="true", GITHUB_ACTIONS="true", **files)
    assert ended.code == 1
    assert "::group::purger" in ended.err
    assert any(line.startswith(("::error", "::warning")) for line in ended.err.splitlines())
    assert "acme/widgets" in (tmp_path / "summary.md").read_text()
    assert "exit_code<<" in (tmp_path / "output").read_text()


def test_travis_folds(purger: Purger, repository: Repository) -> None:
    repository.fill(1)
    ended = purger("purge", "acme/widgets", "--yes", CI="true", TRAVIS="true", TRAVIS_REPO_SLUG="acme/widgets")
    assert "travis_fold:start:purger" in ended.err
    folded, _, after = ended.err.partition("travis_fold:end:purger")
    assert "look 1:" in folded
    assert "1 cache of acme/widgets is gone" in after
