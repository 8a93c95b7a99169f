"""The model of a report: times, and what is derived from its fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from purger.core.cache import Outcome
from purger.report.json_document import to_json
from purger.report.model import CheckReport, CheckState, StoredReport, time_text, to_second
from tests.report.samples import cache_report, job_report, record, refused, report, repository_of, retried

THERE = timezone(timedelta(hours=2))


def test_times_are_in_utc_to_the_second() -> None:
    time = datetime(2026, 3, 1, 14, 0, 0, 999, tzinfo=THERE)
    assert time_text(time) == "2026-03-01T12:00:00Z"
    stored = StoredReport(branch="main", archive="a.tgz", at=time, succeeded=True)
    assert stored.at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert stored.at is not None
    assert stored.at.utcoffset() == timedelta(0)
    assert json.loads(to_json(stored))["at"] == "2026-03-01T12:00:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.convert({"branch": None, "archive": None, "at": "2026-03-01T12:00:00", "succeeded": None}, StoredReport)


def test_a_time_is_cut_to_the_second_in_utc() -> None:
    assert to_second(datetime(2026, 3, 1, 14, 0, 5, 7, tzinfo=THERE)) == datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def test_a_name_has_its_provider_unless_it_is_github() -> None:
    assert repository_of().name == "acme/widgets"
    assert repository_of(provider="gitlab").name == "gitlab/acme/widgets"


def test_what_is_left_and_how_large_it_was() -> None:
    caches = [cache_report("a", 5), cache_report("b", 3, "failed"), cache_report("c", 9, "skipped", selected=False)]
    made = repository_of(*caches)
    assert [cache.branch for cache in made.left] == ["b"]
    assert made.selected_bytes == 8
    skipped = cache_report("c", 9, "skipped")
    assert skipped.is_left, "what was selected and can't be deleted is left"
    assert skipped.outcome is Outcome.SKIPPED


def test_the_last_run_of_each_job_is_found() -> None:
    made = retried("fetched-deleted", "passed", more_jobs=(job_report(13, None),))
    assert [(job.job, job.verdict) for job in made.last_runs] == [(12, "passed"), (13, None)]
    assert made.retry
    assert made.retry.last_runs == made.last_runs
    purge = report(record(left=[refused("x")]))
    assert (purge.attempts, purge.last_runs) == ([], [])


def test_a_check_needs_no_remedy() -> None:
    check = CheckReport(check="python", state=CheckState.OK, text="Python 3")
    assert json.loads(to_json(check)) == {
        "check": "python",
        "state": "ok",
        "text": "Python 3",
        "remedy": None,
        "exit_code": 0,
    }
