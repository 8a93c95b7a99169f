"""A log against the report of a purge."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from purger.core.errors import InputError
from purger.travis.job_log import Fetch, JobLog
from purger.jobs.purged_caches import Purged

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def log_at(at: datetime | None) -> JobLog:
    fetch = Fetch("foo", "cache-a.tgz", at, found=True)
    return JobLog(is_log=True, asked=(fetch,), fetched=(fetch,), started_clean=False)


def report(*caches: dict[str, Any], slug: str = "acme/widgets", **more: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "started_at": "2026-03-01T12:00:00Z",
        "finished_at": "2026-03-01T12:10:00Z",
        "repositories": [{"repository": slug, "caches": list(caches)}],
    } | more


def cache(**changes: Any) -> dict[str, Any]:
    return {"branch": "feature/foo", "name": "cache-a.tgz", "outcome": "deleted", "gone_at": None} | changes


def read(tmp_path: Path, told: object, slug: str | None = None) -> Purged:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(told))
    return Purged.read(path, slug)


@pytest.mark.parametrize(
    ("gone_at", "fetched_at", "when"),
    [
        ("2026-03-01T12:05:00Z", START + 6 * MINUTE, "after"),
        ("2026-03-01T12:05:00Z", START + 4 * MINUTE, "before"),
        (None, START - MINUTE, "before"),
        (None, START + 5 * MINUTE, "unknown"),
        (None, START + 11 * MINUTE, "after"),
        (None, None, "unknown"),
    ],
)
@pytest.mark.parametrize("outcome", ["deleted", "recreated"])
def test_which_came_first(
    tmp_path: Path, outcome: str, gone_at: str | None, fetched_at: datetime | None, when: str
) -> None:
    purged = read(tmp_path, report(cache(outcome=outcome, gone_at=gone_at)))
    (verdict,) = purged.verdicts(log_at(fetched_at))
    assert (verdict.deleted, verdict.outcome, verdict.when) == (True, outcome, when)


@pytest.mark.parametrize("outcome", ["skipped", "failed", "remaining"])
def test_what_was_not_deleted(tmp_path: Path, outcome: str) -> None:
    (verdict,) = read(tmp_path, report(cache(outcome=outcome))).verdicts(log_at(START))
    assert (verdict.deleted, verdict.outcome) == (False, outcome)


def test_all_purges_of_a_retry_count(tmp_path: Path) -> None:
    first = {"repository": "acme/widgets", "caches": [cache()]}
    told = report(retry={"jobs": [5], "attempts": [{"purge": first}, {"purge": None}]})
    assert read(tmp_path, told).verdicts(log_at(START))[0].deleted


def test_only_the_jobs_repository_counts(tmp_path: Path) -> None:
    told = report(cache(), slug="acme/other")
    told["repositories"].append({"repository": "acme/widgets", "caches": []})
    assert not read(tmp_path, told, "Acme/Widgets").verdicts(log_at(START))[0].deleted
    assert read(tmp_path, told).verdicts(log_at(START))[0].deleted
    with pytest.raises(InputError, match="tells nothing of acme/third"):
        read(tmp_path, told, "acme/third")


@pytest.mark.parametrize(
    "told", [[], {}, {"schema": 2}, report(cache()) | {"repositories": 1}, report({"branch": "x"})]
)
def test_no_report(tmp_path: Path, told: object) -> None:
    with pytest.raises(InputError, match="report") as caught:
        read(tmp_path, told)
    assert caught.value.where == str(tmp_path / "report.json")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read") as caught:
        Purged.read(tmp_path / "missing.json")
    assert caught.value.where == str(tmp_path / "missing.json")
    assert caught.value.remedy == "Give the report.json that a purge wrote (FileNotFoundError)."


def test_a_report_that_tells_of_no_repository(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^the report tells nothing of any repository") as caught:
        read(tmp_path, report() | {"repositories": []})
    assert caught.value.where == str(tmp_path / "report.json")


def test_a_report_of_another_schema_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^the report is of another kind: schema 2"):
        read(tmp_path, {"schema": 2})
