"""The archives that a job fetched, compared with the report of a purge."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from purger.core.errors import InputError
from purger.jobs.purged_caches import PurgedCaches
from purger.report.build import run_report
from purger.report.model import CacheReport
from purger.travis.addresses import Site
from purger.travis.job_log import Fetch, JobLog, with_sources
from tests.report.samples import cache_report, repository_of, unfinished
from tests.support.reports import value_of

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def log_at(at: datetime | None) -> JobLog:
    fetch = Fetch("foo", "cache-a.tgz", at, found=True)
    return JobLog(is_log=True, asked=(fetch,), fetched=(fetch,), started_clean=False)


def report(*caches: CacheReport, slug: str = "acme/widgets", **more: Any) -> dict[str, Any]:
    made = msgspec.structs.replace(
        run_report([], None, START), finished_at=START + 10 * MINUTE, repositories=[repository_of(*caches, slug=slug)]
    )
    document: dict[str, Any] = value_of(made)
    return document | more


def cache(outcome: str = "deleted", gone_at: datetime | None = None) -> CacheReport:
    return cache_report("feature/foo", outcome=outcome, gone_at=gone_at)


def read(
    tmp_path: Path, document: object, slug: str | None = None, provider: str | None = None, site: Site | None = None
) -> PurgedCaches:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document))
    return PurgedCaches.read(path, slug, provider, site)


@pytest.mark.parametrize(
    ("gone_at", "fetched_at", "when"),
    [
        (START + 5 * MINUTE, START + 6 * MINUTE, "after"),
        (START + 5 * MINUTE, START + 4 * MINUTE, "before"),
        (None, START - MINUTE, "before"),
        (None, START + 5 * MINUTE, "unknown"),
        (None, START + 11 * MINUTE, "after"),
        (None, None, "unknown"),
    ],
)
@pytest.mark.parametrize("outcome", ["deleted", "recreated"])
def test_which_came_first(
    tmp_path: Path, outcome: str, gone_at: datetime | None, fetched_at: datetime | None, when: str
) -> None:
    purged = read(tmp_path, report(cache(outcome, gone_at)))
    (verdict,) = purged.verdicts(log_at(fetched_at))
    assert (verdict.deleted, verdict.outcome, verdict.when) == (True, outcome, when)


@pytest.mark.parametrize("outcome", ["skipped", "failed", "remaining"])
def test_a_cache_that_was_not_deleted_counts_as_not_deleted(tmp_path: Path, outcome: str) -> None:
    (verdict,) = read(tmp_path, report(cache(outcome))).verdicts(log_at(START))
    assert (verdict.deleted, verdict.outcome) == (False, outcome)


def test_all_purges_of_a_retry_count(tmp_path: Path) -> None:
    (first,) = report(cache())["repositories"]
    attempt: dict[str, Any] = {"number": 1, "wait_s": 60.0, "verdict": None, "jobs": []}
    retry = {"jobs": [5], "attempts": [attempt | {"purge": first}, attempt | {"purge": None}]}
    assert read(tmp_path, report(retry=retry)).verdicts(log_at(START))[0].deleted


def test_only_the_jobs_repository_counts(tmp_path: Path) -> None:
    document = report(cache(), slug="acme/other")
    document["repositories"] += report()["repositories"]
    assert not read(tmp_path, document, "Acme/Widgets").verdicts(log_at(START))[0].deleted
    assert read(tmp_path, document).verdicts(log_at(START))[0].deleted
    with pytest.raises(InputError, match=r"tells nothing of acme/third \("):
        read(tmp_path, document, "acme/third")


def test_of_an_unknown_repository_nothing_is_known_where_repositories_differ(tmp_path: Path) -> None:
    document = report(cache(), slug="acme/other")
    document["repositories"] += report(cache("skipped"))["repositories"]
    (verdict,) = read(tmp_path, document).verdicts(log_at(START))
    assert (verdict.deleted, verdict.outcome, verdict.when) == (None, None, "unknown")
    assert verdict.fetch == log_at(START).fetched[0]
    assert verdict.doubt == "deleted in acme/other, and is still there in acme/widgets"
    (verdict,) = read(tmp_path, document, "acme/other").verdicts(log_at(START))
    assert (verdict.deleted, verdict.doubt) == (True, None)
    (verdict,) = read(tmp_path, document, "acme/widgets").verdicts(log_at(START))
    assert (verdict.deleted, verdict.outcome, verdict.doubt) == (False, "skipped", None)
    document["repositories"][1] = report(cache("recreated"))["repositories"][0]
    assert read(tmp_path, document).verdicts(log_at(START))[0].deleted


@pytest.mark.parametrize(
    ("of_gone", "of_kept", "deleted"),
    [
        ({"in_full": True}, {}, False),
        ({"branch": "team/foo"}, {}, True),
        ({"branch": "team/foo", "row": None}, {}, None),
        ({}, {}, None),
        ({}, {"last_modified": START + MINUTE}, True),
    ],
    ids=["another branch", "the job's", "version 0.1.0", "not in full", "came back"],
)
def test_of_branches_that_are_shown_alike_the_jobs_own_counts(
    tmp_path: Path, of_gone: dict[str, Any], of_kept: dict[str, Any], *, deleted: bool | None
) -> None:
    shown = {"row": "foo", "last_modified": START - MINUTE}
    gone = msgspec.structs.replace(cache_report("foo"), **(shown | of_gone))
    kept = msgspec.structs.replace(cache_report("foo", outcome="skipped"), **(shown | of_kept))
    (verdict,) = read(tmp_path, report(gone, kept)).verdicts(
        with_sources(log_at(START), own="team/foo", target=None, default="main")
    )
    assert verdict.deleted is deleted


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (3, "acme/0, acme/1, acme/2"),
        (4, "acme/0, acme/1, acme/2 and 1 more"),
        (5, "acme/0, acme/1, acme/2 and 2 more"),
    ],
)
def test_of_many_repositories_only_some_are_named(tmp_path: Path, count: int, named: str) -> None:
    document = report(cache("failed"))
    for number in range(count):
        document["repositories"] += report(cache(), slug=f"acme/{number}")["repositories"]
    (verdict,) = read(tmp_path, document).verdicts(log_at(START))
    assert verdict.doubt == f"deleted in {named}, and is still there in acme/widgets"


def test_a_report_without_the_repository_counts_as_a_whole_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report(cache())))
    (verdict,) = PurgedCaches.read(path, "acme/third", or_all=True).verdicts(log_at(START))
    assert verdict.deleted


def test_repositories_of_several_providers_may_have_the_same_name(tmp_path: Path) -> None:
    document = report(cache())
    (there,) = report(cache("remaining"))["repositories"]
    document["repositories"].append(there | {"provider": "gitlab"})
    assert read(tmp_path, document, "acme/widgets", "github").verdicts(log_at(START))[0].deleted
    assert read(tmp_path, document, "acme/widgets", "gitlab").verdicts(log_at(START))[0].outcome == "remaining"
    (verdict,) = read(tmp_path, document, "acme/widgets").verdicts(log_at(START))
    assert verdict.doubt == "deleted in acme/widgets, and is still there in gitlab/acme/widgets"
    del document["repositories"][0]
    with pytest.raises(InputError, match="tells nothing of github/acme/widgets, but of gitlab/acme/widgets"):
        read(tmp_path, document, "acme/widgets", "github")


def test_the_report_of_another_site_is_refused(tmp_path: Path) -> None:
    assert read(tmp_path, report(cache()), site=Site()).verdicts(log_at(START))[0].deleted
    with pytest.raises(InputError, match=r"the report is of another site: https://app\.travis-ci\.com/") as caught:
        read(tmp_path, report(cache()), site=Site.at("https://travis.example", "https://api.example"))
    assert caught.value.where == str(tmp_path / "report.json")


@pytest.mark.parametrize("is_of_a_retry", [False, True])
def test_a_report_whose_names_lost_a_secrets_text_acquits_no_cache(tmp_path: Path, *, is_of_a_retry: bool) -> None:
    document = report(cache_report("REDACTED", outcome="deleted"))
    if is_of_a_retry:
        (first,) = document["repositories"]
        attempt = {"number": 1, "wait_s": 60.0, "verdict": None, "jobs": [], "purge": first}
        document = report(cache(), retry={"jobs": [5], "attempts": [attempt]})
    with pytest.raises(InputError, match="lacks a part of a name"):
        read(tmp_path, document)


@pytest.mark.parametrize(
    ("times", "offset_s"),
    [({"finished_at": "9999-12-31T23:59:59Z"}, 3600.0), ({"started_at": "0001-01-01T00:00:00Z"}, -3600.0)],
)
def test_a_time_beyond_all_calendars_is_bad_input(tmp_path: Path, times: dict[str, Any], offset_s: float) -> None:
    document = unfinished() | times
    document["selection"]["clock_offset_s"] = offset_s
    with pytest.raises(InputError, match="can't be read"):
        read(tmp_path, document)


@pytest.mark.parametrize("document", [[], {}, {"schema": 2}, report(cache()) | {"repositories": 1}], ids=range(4))
def test_a_file_that_is_no_report_is_bad_input(tmp_path: Path, document: object) -> None:
    with pytest.raises(InputError, match="report") as caught:
        read(tmp_path, document)
    assert caught.value.where == str(tmp_path / "report.json")


def test_a_missing_report_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read") as caught:
        PurgedCaches.read(tmp_path / "missing.json")
    assert caught.value.where == str(tmp_path / "missing.json")
    assert caught.value.remedy == "Give the report.json that a purge wrote."


def test_a_report_that_names_no_repository(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^the report tells nothing of any repository") as caught:
        read(tmp_path, report() | {"repositories": []})
    assert caught.value.where == str(tmp_path / "report.json")


def test_a_report_of_another_schema_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^the report is of another kind: schema 2"):
        read(tmp_path, {"schema": 2})
