"""The typed report of a run: its exit code, its error, a dry run. `test_build_golden.py` has every field."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from purger.core.cache import Method, Outcome
from purger.core.errors import AccessError, ExitCode, PurgerError, SiteError
from purger.core.selection import Selection
from purger.purge.record import Record
from purger.report.build import doctor_report, error_report, exit_code_of, repository_report, run_report
from purger.report.model import CheckReport, CheckState
from tests.report.samples import SampleEntry, record, record_of, refused
from tests.support.builders import NOW, cache


def test_a_report_without_filters_has_no_selection() -> None:
    made = run_report([], None, NOW)
    assert (made.ok, made.exit_code, made.error, made.selection) == (True, 0, None, None)
    assert NOW < made.finished_at <= datetime.now(UTC)
    everything = run_report([], None, NOW, selection=Selection(as_of=NOW)).selection
    assert everything is not None
    assert (everything.branches, everything.match, everything.kind, everything.as_of) == ([], None, None, NOW)
    assert (everything.older_than_s, everything.larger_than_bytes) == (None, None)


def test_how_and_when_are_reported_only_of_what_is_gone() -> None:
    """A cache that was deleted and uploaded again has been gone by some method, too."""
    entries = [
        SampleEntry(cache(), outcome, method=Method.ICON, gone_at=NOW)
        for outcome in (Outcome.DELETED, Outcome.RECREATED)
    ]
    gone, back = repository_report(record_of(entries), None).caches
    assert (gone.how, gone.gone_at) == (Method.ICON, NOW)
    assert (back.how, back.gone_at) == (None, None)


@pytest.mark.parametrize(
    ("records", "error", "dry_run", "code"),
    [
        ([], None, False, ExitCode.OK),
        ([record()], None, False, ExitCode.OK),
        ([record(), record(left=[refused("x")])], None, False, ExitCode.REMAINS),
        ([record(left=[refused("x")])], None, True, ExitCode.OK),
        ([record(left=[refused("x")])], SiteError("x"), False, ExitCode.SITE),
        ([], AccessError("x"), True, ExitCode.ACCESS),
    ],
)
def test_the_worst_exit_code_is_that_of_the_run(
    records: list[Record], error: PurgerError | None, dry_run: bool, code: ExitCode
) -> None:
    assert exit_code_of(records, error, dry_run=dry_run) is code
    assert run_report(records, error, NOW, dry_run=dry_run).exit_code == code
    assert (exit_code_of(records, error) is ExitCode.REMAINS) == (not error and any(not one.ok for one in records))


def test_a_dry_run_is_ok_where_the_caches_could_be_listed() -> None:
    listed = record(gone=0, left=[refused("x")])
    listed.surveyed = True
    assert repository_report(listed, SiteError("later"), dry_run=True).ok
    assert repository_report(listed, SiteError("later"), dry_run=True).error is None
    assert not repository_report(listed, None).ok
    unlisted = record(gone=0, left=[refused("x")])
    assert not repository_report(unlisted, None, dry_run=True).ok
    unlisted.surveyed, unlisted.error = True, AccessError("hidden")
    assert not repository_report(unlisted, None, dry_run=True).ok
    assert repository_report(record(), SiteError("of another repository")).error is None


def test_an_error_keeps_its_parts_and_its_exit_code() -> None:
    assert error_report(None) is None
    made = error_report(SiteError("the site is gone", where="https://api", remedy="Wait."))
    assert made is not None
    assert (made.message, made.where, made.remedy, made.exit_code) == ("the site is gone", "https://api", "Wait.", 4)


def test_the_report_of_the_doctor_is_ok_without_a_fault() -> None:
    check = CheckReport(check="token", state=CheckState.FAILED, text="refused", exit_code=ExitCode.ACCESS)
    made = doctor_report([check], ExitCode.ACCESS)
    assert (made.ok, made.exit_code, made.checks) == (False, 3, [check])
    assert doctor_report([], ExitCode.OK).ok
