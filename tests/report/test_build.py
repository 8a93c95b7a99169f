"""The typed report of a run: its exit code, its error, a dry run. `test_build_golden.py` has every field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from purger.core.cache import Kind, Method, Outcome
from purger.core.decision import Decision, Kept
from purger.core.errors import AccessError, ExitCode, PurgerError, SiteError
from purger.core.options import declared
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.record import Record
from purger.report.build import doctor_report, error_report, exit_code_of, repository_report, run_report
from purger.report.model import CheckReport, CheckState, KeptReport, SelectionReport
from purger.travis.refusals import NotAllowedError, NotFoundError
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


def test_a_report_has_every_filter_and_policy_for_a_later_run() -> None:
    """One that it had not would be lost in a run that resumes it, which would delete more."""
    chosen = Selection(
        branches=("main", "x*"),
        exclude=("x-old",),
        match="py",
        kind=Kind.PUSH,
        older_than_s=60.0,
        newer_than_s=3600.0,
        larger_than_bytes=5,
        smaller_than_bytes=500,
        as_of=NOW,
        not_after=NOW - timedelta(days=1),
        policies=Policies(keep_newest=2, gone=True, until_below_bytes=700, largest_first=True, limit=9),
        clock_offset_s=-2.5,
    )
    given = [(chosen, each) for each, _ in declared(Selection)] + [
        (chosen.policies, each) for each, _ in declared(Policies)
    ]
    assert [each.name for owner, each in given if getattr(owner, each.name) == each.default] == []
    reported = run_report([], None, NOW, selection=chosen).selection
    assert reported is not None
    assert reported.selection() == chosen
    assert reported == SelectionReport(
        branches=["main", "x*"],
        exclude=["x-old"],
        match="py",
        kind=Kind.PUSH,
        older_than_s=60.0,
        newer_than_s=3600.0,
        larger_than_bytes=5,
        smaller_than_bytes=500,
        as_of=NOW,
        not_after=NOW - timedelta(days=1),
        keep_newest=2,
        gone=True,
        until_below_bytes=700,
        largest_first=True,
        limit=9,
        clock_offset_s=-2.5,
    )
    rounded = run_report([], None, NOW, selection=replace(chosen, clock_offset_s=-2.56)).selection
    assert rounded is not None
    assert rounded.clock_offset_s == -2.6


def test_a_cache_is_reported_with_the_row_of_the_page_and_why_it_is_left_alone() -> None:
    entries = [
        SampleEntry(cache("parser", full="feature/parser"), Outcome.SKIPPED, selected=False, kept=Kept.NEWEST),
        SampleEntry(cache("part"), Outcome.SKIPPED, selected=False, undecided=True),
    ]
    kept, undecided = repository_report(record_of(entries), None).caches
    assert (kept.branch, kept.row, kept.kept, kept.undecided) == ("feature/parser", "parser", Kept.NEWEST, False)
    assert (undecided.branch, undecided.row, undecided.kept, undecided.undecided) == ("part", "part", None, True)


def test_what_policies_keep_is_summed_by_reason_as_far_as_it_is_listed() -> None:
    entries = [
        SampleEntry(cache(branch, size=size), Outcome.SKIPPED, selected=False, kept=kept)
        for branch, size, kept in (("a", 1, Kept.EXISTS), ("b", 20, Kept.NEWEST), ("c", 300, Kept.EXISTS))
    ]
    gone = SampleEntry(cache("gone", size=4000), Outcome.DELETED, selected=False, kept=Kept.NEWEST)
    made = repository_report(record_of([*entries, SampleEntry(cache("main")), gone]), None)
    assert made.kept == [
        KeptReport(kept=Kept.NEWEST, reason=Kept.NEWEST.of_one, caches=1, size_bytes=20),
        KeptReport(kept=Kept.EXISTS, reason=Kept.EXISTS.of_many, caches=2, size_bytes=301),
    ]


@pytest.mark.parametrize("surveyed", [True, False])
@pytest.mark.parametrize("decision", [Decision(), None])
def test_policies_are_decided_for_a_repository_that_was_listed(surveyed: bool, decision: Decision | None) -> None:
    made = record()
    made.surveyed = surveyed
    made.ledger.selection = Selection(decision=decision)
    assert repository_report(made, None).decided is (surveyed and decision is not None)


@pytest.mark.parametrize(
    ("error", "surveyed", "is_shown"),
    [
        (NotFoundError("no such owner"), True, False),
        (NotAllowedError("not of this token"), True, False),
        (NotFoundError("no such owner"), False, True),
        (SiteError("the site is gone"), True, True),
    ],
)
def test_what_is_wrong_with_an_owner_is_no_error_of_a_repository_that_was_listed(
    error: PurgerError, surveyed: bool, is_shown: bool
) -> None:
    made = record(left=[refused("x")])
    made.surveyed = surveyed
    assert repository_report(made, error).error == (error_report(error) if is_shown else None)


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


def test_an_error_is_reported_without_what_is_secret_in_its_addresses() -> None:
    address = "https://someone:hunter2@host.example/path"
    made = error_report(SiteError(f"{address} is gone", where=address, remedy=f"Look at {address}."))
    assert made is not None
    for shown in (made.message, made.where, made.remedy):
        assert shown is not None
        assert "host.example" in shown
        assert "hunter2" not in shown


def test_the_report_of_the_doctor_is_ok_without_a_fault() -> None:
    check = CheckReport(check="token", state=CheckState.FAILED, text="refused", exit_code=ExitCode.ACCESS)
    made = doctor_report([check], ExitCode.ACCESS)
    assert (made.ok, made.exit_code, made.checks) == (False, 3, [check])
    assert doctor_report([], ExitCode.OK).ok
