"""Ages are counted from the site's clock: what the server lost, whatever this machine's clock says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from purger.core.selection import Selection
from purger.purge.record import Record
from purger.purge.site_time import NO_SITE_CLOCK, count_ages_from_site
from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import WIDGETS, Purger
from tests.support.builders import NOW, ledger_of

DAY_S = 86_400.0
YEAR_S = 365 * DAY_S


def record_with(selection: Selection) -> Record:
    return Record(WIDGETS, "https://x", ledger_of(selection=selection), lambda _event: None)


@pytest.mark.parametrize(
    ("offset_s", "words"),
    [
        (-YEAR_S, "this machine's clock is a year ahead of the site's"),
        (YEAR_S, "this machine's clock is a year behind the site's"),
        (301, "behind the site's"),
        (299, None),
        (0, None),
    ],
)
def test_a_difference_of_more_than_five_minutes_is_a_warning(offset_s: float, words: str | None) -> None:
    record, offset = record_with(Selection(as_of=NOW)), timedelta(seconds=offset_s)
    count_ages_from_site(record, offset, NOW + offset)
    assert record.ledger.selection.as_of == NOW + offset
    assert [words in warning for warning in record.warnings if words] == ([True] if words else [])
    assert bool(record.warnings) == bool(words)


@pytest.mark.parametrize(("older_than_s", "warnings"), [(60.0, [NO_SITE_CLOCK]), (None, [])])
def test_without_a_date_this_machines_clock_is_used_and_said(older_than_s: float | None, warnings: list[str]) -> None:
    selection = Selection(older_than_s=older_than_s, as_of=NOW)
    record = record_with(selection)
    count_ages_from_site(record, None, NOW)
    assert record.ledger.selection == selection
    assert record.warnings == warnings


def test_a_resumed_selection_is_never_later_than_the_sites_time() -> None:
    compared = Selection(older_than_s=60.0, as_of=NOW, clock_offset_s=5.0)
    for site_now, as_of in ((NOW + timedelta(hours=1), NOW), (NOW - timedelta(hours=1), NOW - timedelta(hours=1))):
        record = record_with(compared)
        count_ages_from_site(record, timedelta(), site_now)
        assert record.ledger.selection.as_of == as_of


def with_old_and_young(site: StandIn, repository: Repository, offset_s: float) -> None:
    """Let the site's clock differ, and store a cache that is 50 days old there, and one of 150 days."""
    site.faults.clock_offset_s = offset_s
    repository.add("young", age_s=50 * DAY_S - offset_s)
    # An hour more, since the site tells its time in whole seconds.
    repository.add("old", age_s=150 * DAY_S + 3600 - offset_s)


@pytest.mark.browser
@pytest.mark.parametrize("offset_s", [-YEAR_S, YEAR_S])
def test_only_what_is_old_by_the_sites_clock_is_deleted(
    purger: Purger, site: StandIn, repository: Repository, offset_s: float
) -> None:
    with_old_and_young(site, repository, offset_s)
    listed = purger("list", "acme/widgets", "--older-than", "100d")
    dry = purger("purge", "acme/widgets", "--older-than", "100d", "--dry-run")
    for ended in (listed, dry):
        assert (ended.code, ended.repository["selected"]) == (0, 1)
        assert "the site's: ages are counted from the site's clock" in ended.err
    table = purger("list", "acme/widgets", "--older-than", "100d", as_json=False).out
    assert "150 days" in table
    done = purger("purge", "acme/widgets", "--older-than", "100d", "--yes")
    assert (done.code, [cache.branch for cache in repository.caches]) == (0, ["young"])
    assert any("ages are counted from" in warning for warning in done.repository["warnings"])
    assert abs(done.report["selection"]["clock_offset_s"] - offset_s) < 60


@pytest.mark.browser
def test_a_report_is_resumed_by_the_sites_clock(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    with_old_and_young(site, repository, -YEAR_S)
    dry = purger("purge", "acme/widgets", "--older-than", "100d", "--dry-run", as_json=True)
    text = dry.out.replace('"ok": true', '"ok": false').replace('"dry_run": true', '"dry_run": false')
    # The filters are asked again where the list was not whole.
    (tmp_path / "report.json").write_text(text.replace('"complete": true', '"complete": false'))
    repository.add("after", age_s=150 * DAY_S + YEAR_S)
    repository.add("uploaded later", age_s=YEAR_S - 3600)
    done = purger("purge", "--resume", "report.json", "--yes")
    assert done.code == 0, done.err
    assert {cache.branch for cache in repository.caches} == {"young", "uploaded later"}


@pytest.mark.browser
def test_a_site_without_dates_is_said_where_ages_are_a_filter(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    site.faults.date_header = "empty"
    repository.add("old", age_s=150 * DAY_S)
    assert purger("list", "acme/widgets").repository["warnings"] == []
    ended = purger("list", "acme/widgets", "--older-than", "100d")
    assert (ended.code, ended.repository["selected"]) == (0, 1)
    assert ended.repository["warnings"] == [NO_SITE_CLOCK]
