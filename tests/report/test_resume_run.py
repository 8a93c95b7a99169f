"""A run that resumes a former one deletes only what that one left."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.standin import DeleteFault, StandIn
from tests.support.browser import Purger, fill, left

pytestmark = pytest.mark.browser


def test_only_what_a_former_run_left_is_deleted(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    fill(site, "a", "b", "c")
    site.repositories[0].add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    site.faults.delete_all_fault = [DeleteFault(None, 500)]
    first = purger("purge", "acme/a", "acme/b", "acme/nobody", "--yes", "--attempts", "1")
    assert first.code == 3
    (tmp_path / "report.json").write_text(first.out)
    site.faults.reset()
    # Dates are whole seconds: those of the next ones are newer than the report.
    site.repositories[0].add("made-since", age_s=-2)
    site.repositories[1].add("made-since", age_s=-2)
    second = purger("purge", "--resume", "report.json", "--yes")
    assert [one["repository"] for one in second.report["repositories"]] == ["acme/a", "acme/nobody"]
    assert second.report["repositories"][0]["ok"]
    assert {cache.branch for cache in site.repositories[0].caches} == {"made-since"}
    assert left(site) == {"acme/a": 1, "acme/b": 1, "acme/c": 4}


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 2}', "\0"])
def test_what_is_no_report_starts_nothing(purger: Purger, site: StandIn, tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    ended = purger("purge", "--resume", "report.json", "--yes")
    assert ended.code == 2
    assert site.requests == []
