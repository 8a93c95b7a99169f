"""The report for machines: every field, in full."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from unittest.mock import ANY

import pytest

from purger import __version__
from purger.core.cache import How, Kind
from purger.core.errors import AccessError, ExitCode, PurgerError, SiteError
from purger.purge.ledger import Entry, Ledger
from purger.purge.record import Record
from purger.report.build import exit_code_of, report_of, repository_value, time_text, to_json
from purger.core.selection import Selection
from purger.travis.addresses import Repository
from tests.builders import NOW, archive
from tests.report.samples import record, refused


def mixed() -> Record:
    """A repository with an archive of each outcome."""
    spared = Entry(archive("spared", "e.tgz", size=1), selected=False)
    back = Entry(archive("back", "c.tgz", size=3), selected=True, tries=2, answered=True, recreated=1, how=How.ICON)
    waits = Entry(archive("foo", "d.tgz", size=4, full="feature/foo"), selected=True, tries=1, answered=True)
    made = record(gone=1, left=[refused("no", "b.tgz"), back, waits, spared])
    made.ledger.entries[0].how, made.ledger.entries[0].tries = How.API, 3
    made.surveyed, made.seconds, made.warnings = True, 3.4567, ["Odd."]
    return made


def cache(branch: str, name: str, outcome: str, **more: object) -> dict[str, object]:
    return {
        "name": name,
        "branch": branch,
        "kind": "push",
        "size_bytes": 10,
        "last_modified": "2026-03-01T11:00:00Z",
        "selected": True,
        "outcome": outcome,
        "attempts": 1,
        "how": None,
        "reason": None,
        "recreated_times": 0,
        "gone_at": None,
    } | more


def test_a_report_in_full() -> None:
    selection = Selection(
        branches=("main",), match="py", kind=Kind.PULL_REQUEST, older_than_s=60, larger_than_bytes=5, as_of=NOW
    )
    error = SiteError("the site is gone", where="https://api", remedy="Wait.")
    assert report_of([mixed()], error, NOW, selection=selection) == {
        "schema": 1,
        "version": __version__,
        "started_at": "2026-03-01T12:00:00Z",
        "finished_at": ANY,
        "ok": False,
        "exit_code": 4,
        "dry_run": False,
        "error": {"message": "the site is gone", "where": "https://api", "remedy": "Wait.", "exit_code": 4},
        "selection": {
            "branches": ["main"],
            "match": "py",
            "kind": "pull-request",
            "older_than_s": 60,
            "larger_than_bytes": 5,
            "as_of": "2026-03-01T12:00:00Z",
        },
        "repositories": [
            {
                "repository": "acme/widgets",
                "provider": "github",
                "url": "https://app.travis-ci.com/github/acme/widgets/caches",
                "ok": False,
                "error": {"message": "the site is gone", "where": "https://api", "remedy": "Wait.", "exit_code": 4},
                "seen": 5,
                "selected": 4,
                "deleted": 1,
                "remaining": 1,
                "recreated": 1,
                "failed": 1,
                "skipped": 1,
                "bytes_deleted": 10**6,
                "passes": 1,
                "looks": 2,
                "requests": 12,
                "seconds": 3.5,
                "verified": False,
                "settled_s": None,
                "warnings": ["Odd."],
                "caches": [
                    cache("branch-0", "cache-a.tgz", "deleted", size_bytes=10**6, attempts=3, how="api")
                    | {"gone_at": "2026-03-01T12:00:00Z"},
                    cache("no", "b.tgz", "failed", attempts=4, reason="answered 403"),
                    cache("back", "c.tgz", "recreated", size_bytes=3, attempts=2, recreated_times=1, reason=ANY),
                    cache("feature/foo", "d.tgz", "remaining", size_bytes=4, reason=ANY),
                    cache("spared", "e.tgz", "skipped", size_bytes=1, attempts=0, selected=False)
                    | {"reason": "not selected"},
                ],
            }
        ],
    }


def test_a_report_without_filters() -> None:
    made = report_of([], None, NOW)
    assert (made["ok"], made["exit_code"], made["error"], made["selection"]) == (True, 0, None, None)
    assert made["finished_at"].endswith("Z")
    assert report_of([], None, NOW, selection=Selection())["selection"] | {"as_of": ""} == {
        "branches": [],
        "match": None,
        "kind": None,
        "older_than_s": None,
        "larger_than_bytes": None,
        "as_of": "",
    }


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
def test_the_worst_decides(records: list[Record], error: PurgerError | None, dry_run: bool, code: ExitCode) -> None:
    assert exit_code_of(records, error, dry_run=dry_run) is code
    assert report_of(records, error, NOW, dry_run=dry_run)["exit_code"] == code
    assert (exit_code_of(records, error) is ExitCode.REMAINS) == (not error and any(not one.ok for one in records))


def test_a_dry_run_is_well_where_it_could_look() -> None:
    looked = record(gone=0, left=[refused("x")])
    looked.surveyed = True
    assert repository_value(looked, SiteError("later"), dry_run=True)["ok"]
    assert repository_value(looked, SiteError("later"), dry_run=True)["error"] is None
    assert not repository_value(looked, None)["ok"]
    blind = record(gone=0, left=[refused("x")])
    assert not repository_value(blind, None, dry_run=True)["ok"]
    blind.surveyed, blind.error = True, AccessError("hidden")
    assert not repository_value(blind, None, dry_run=True)["ok"]
    done = record()
    assert repository_value(done, SiteError("of another one"))["error"] is None


def test_a_provider_of_its_own() -> None:
    made = Record(Repository("gitlab", "a", "b"), "u", Ledger(Selection(), 4), lambda _event: None, settled_s=5.0)
    told = repository_value(made, None)
    assert (told["repository"], told["provider"], told["settled_s"]) == ("a/b", "gitlab", 5.0)


def test_times_and_text() -> None:
    there = timezone(timedelta(hours=2))
    assert time_text(datetime(2026, 3, 1, 14, 0, 0, 999, tzinfo=there)) == "2026-03-01T12:00:00Z"
    assert to_json({"a": "ü"}) == '{\n "a": "ü"\n}'
    assert json.loads(to_json({"a": "ü"}, ascii_only=True)) == {"a": "ü"}
    assert to_json({"a": "ü"}, ascii_only=True).isascii()
