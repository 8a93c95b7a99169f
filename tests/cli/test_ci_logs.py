"""What a purge writes to the log, the summary and the outputs of the CI that runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.standin import DeleteFault, StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger

pytestmark = pytest.mark.browser


def test_a_purge_in_github_actions_has_a_group_annotations_summary_and_outputs(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
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


def test_a_purge_in_travis_ci_is_folded_and_its_result_is_below(purger: Purger, repository: Repository) -> None:
    repository.fill(1)
    ended = purger("purge", "acme/widgets", "--yes", CI="true", TRAVIS="true", TRAVIS_REPO_SLUG="acme/widgets")
    assert "travis_fold:start:purger" in ended.err
    folded, _, after = ended.err.partition("travis_fold:end:purger")
    assert "load 1:" in folded
    assert "1 cache of acme/widgets is gone" in after


def test_what_is_not_well_is_not_folded_in_travis_ci_which_has_no_annotations(purger: Purger, site: StandIn) -> None:
    for variables, is_folded in (({"TRAVIS": "true"}, False), ({"GITHUB_ACTIONS": "true"}, True)):
        ended = purger("list", "acme/missing", CI="true", **variables)
        folded, end, after = ended.err.partition("fold:end:" if not is_folded else "::endgroup::")
        assert ("Not found" in folded, ended.err.count(end)) == (is_folded, 1)
        assert "Not found" in after


def test_a_list_in_github_actions_speaks_of_no_purge_and_leaves_the_outputs_alone(
    purger: Purger, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(2)
    summary, output = tmp_path / "summary.md", tmp_path / "output"
    files = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
    ended = purger("list", "acme/widgets", CI="true", GITHUB_ACTIONS="true", **files)
    assert ended.code == 0
    assert "2 caches of acme/widgets listed (" in ended.err
    assert "2 caches of acme" in summary.read_text()
    assert not any(word in ended.err + summary.read_text() for word in ("deleted", "freed", "touched"))
    assert not output.exists()
