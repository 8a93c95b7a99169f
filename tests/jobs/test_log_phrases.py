"""Every sentence and every value of the reports of checked logs, against `log_phrases.json`.

`python -m tests.jobs.test_log_phrases` writes that file anew: read what changed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from purger.jobs.check_log import CheckedLog
from purger.jobs.log_phrases import last_lines, lines_about, what_it_did
from purger.jobs.log_report import log_report
from purger.travis.job_log import Fetch, FetchVerdict, JobLog, Stored, Symptom, Unknown, read_log, with_sources
from purger.travis.jobs import JobFacts
from tests.support.reports import assert_valid, value_of
from tests.travis.job_log.corpus import LOGS

RENDERED = Path(__file__).with_name("log_phrases.json")
CORPUS = [
    "new_own.log",
    "new_target.log",
    "new_default.log",
    "new_clean.log",
    "old_upload_failed.log",
    "old_gave_up.log",
    "contextual_conflict.log",
    "version_conflict.log",
    "test_image_fails.log",
    "workspace_only.log",
    "cut_at_start.log",
]
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FETCH = Fetch("main", "cache-a.tgz", AT, found=True, source="own")
OTHER = Fetch("main", "", None, found=True)
RUNNING = JobFacts(7, "started", AT, None, 3, 1, "acme/widgets", None)


def fetched(*fetches: Fetch) -> JobLog:
    return JobLog(is_log=True, asked=fetches, fetched=fetches, started_clean=not fetches)


def verdict(**changes: Any) -> FetchVerdict:
    return replace(FetchVerdict(FETCH, True, "deleted", AT - timedelta(minutes=1), "after"), **changes)


def untold() -> dict[str, CheckedLog]:
    """Samples of which not all is known, each by its name."""
    cut = JobLog(is_log=True, truncated=True, unknown=Unknown.ENDS_EARLY)
    doubted = verdict(
        deleted=None, outcome=None, deleted_at=None, when="unknown", doubt="deleted in a/b, and is still there in c/d"
    )
    return {
        "unknown": CheckedLog("a.log", cut),
        "unknown: a running job": CheckedLog("job 7", cut, RUNNING),
        "unknown: a job that ended": CheckedLog("job 7", cut, replace(RUNNING, state="failed")),
        "unknown: no answer": CheckedLog(
            "a.log", replace(cut, asked=(replace(FETCH, found=None),), unknown=Unknown.STALLED)
        ),
        "doubted": CheckedLog("a.log", fetched(FETCH), None, (doubted,)),
        "doubted: a job": CheckedLog("job 7", fetched(FETCH), replace(RUNNING, state="failed"), (doubted,)),
        "doubted: one of two": CheckedLog("a.log", fetched(FETCH, OTHER), None, (doubted, verdict(fetch=OTHER))),
        "one of two not named": CheckedLog("a.log", replace(fetched(FETCH), fetched_unnamed=True)),
        "report: one of two not named": CheckedLog(
            "a.log", replace(fetched(FETCH), fetched_unnamed=True), None, (verdict(deleted=False),)
        ),
        "report: one of two not named, the other deleted": CheckedLog(
            "a.log", replace(fetched(FETCH), fetched_unnamed=True), None, (verdict(),)
        ),
        "unpacked in part": CheckedLog("a.log", replace(fetched(FETCH), unpacking_cut_off=True)),
    }


def checked() -> dict[str, CheckedLog]:
    """Each sample by its name."""
    found = {name: CheckedLog(name, with_sources(read_log([(LOGS / name).read_bytes()]))) for name in CORPUS}
    verdicts = {
        "after": verdict(),
        "after, time unknown": verdict(deleted_at=None),
        "before": verdict(when="before"),
        "which first is unknown": verdict(when="unknown"),
        "never seen": verdict(deleted=False, outcome=None, deleted_at=None),
        "skipped": verdict(deleted=False, outcome="skipped", deleted_at=None),
    }
    for name, one in verdicts.items():
        found[f"report: {name}"] = CheckedLog("a.log", fetched(FETCH), None, (one,))
    found["report: one of two"] = CheckedLog(
        "a.log", fetched(FETCH, OTHER), None, (verdict(deleted=False), verdict(fetch=OTHER))
    )
    found["a running job"] = CheckedLog("job 7", replace(fetched(FETCH, OTHER), truncated=True), RUNNING)
    found["a job that ended"] = CheckedLog("job 7", fetched(), replace(RUNNING, state="passed"))
    stored = [
        Stored("main", "cache-a.tgz", AT, True),
        Stored("main", "b.tgz", None, None),
        Stored(None, None, AT, False),
    ]
    found["stored"] = CheckedLog("a.log", replace(fetched(), stored=tuple(stored), nothing_changed=True))
    found["stored: not named first"] = CheckedLog("a.log", replace(fetched(), stored=tuple(reversed(stored))))
    several = replace(fetched(FETCH), several_jobs=True)
    found["several jobs in a file"] = CheckedLog("a.log", several)
    found["several starts of a job"] = CheckedLog("job 7", several, replace(RUNNING, state="failed"))
    found["failed"] = CheckedLog("a.log", replace(fetched(), last_failing_lines=("$ make", "make: no rule")))
    return found | untold()


def rendered(sample: CheckedLog) -> dict[str, Any]:
    value = value_of(sample.report())
    assert_valid(value)
    return {"lines": list(lines_about(sample.report())), "value": value | {"version": "…"}}


@pytest.mark.parametrize("name", checked())
def test_a_checked_log_in_words(name: str) -> None:
    assert rendered(checked()[name]) == json.loads(RENDERED.read_text())[name]


@pytest.mark.parametrize(
    ("log", "clause"),
    [
        (JobLog(is_log=True, unknown=Unknown.ENDS_EARLY), "ends before it tells whether a cache was fetched"),
        (JobLog(is_log=False), "is not there"),
    ],
)
def test_what_a_job_did_is_not_told_where_its_log_does_not_show_it(log: JobLog, clause: str) -> None:
    assert what_it_did(log_report(log)) == f"does not show what it fetched: its log {clause}"


@pytest.mark.parametrize("path", sorted(LOGS.iterdir()), ids=lambda path: path.name)
def test_no_line_with_a_symptom_is_quoted_twice(path: Path) -> None:
    made = CheckedLog(path.name, with_sources(read_log([path.read_bytes()]))).report()
    shown = list(lines_about(made))
    for symptom in made.symptoms:
        assert sum(symptom.line in line for line in shown) == 1
        assert sum(symptom.meaning in line for line in shown) == 1
    assert not made.last_failing_lines or len(shown) > len(made.last_failing_lines), "the others stay"


def test_what_two_symptoms_have_in_common_is_said_once() -> None:
    first = Symptom("version-conflict", "pkg: VersionConflict: a", "Stale.", "Purge the caches.")
    second = replace(first, id="contextual-version-conflict", line="pkg: ContextualVersionConflict: b")
    third = replace(first, id="distribution-not-found", meaning="One is missing.")
    log = replace(fetched(FETCH), symptoms=(first, third, second), last_failing_lines=("$ a", f"  {first.line}", "end"))
    assert list(lines_about(CheckedLog("a.log", log).report()))[3:] == [
        f"A known symptom: {first.line}",
        f"A known symptom: {second.line}",
        "  Stale.",
        "  Purge the caches.",
        "  One is missing.",
        "The last command that failed:",
        "  $ a",
        "  (the line with the known symptom)",
        "  end",
    ]


def test_what_a_stopped_job_printed_last_is_no_failed_command() -> None:
    stopped = log_report(replace(fetched(), stopped=True, last_failing_lines=("$ make", "still at it")))
    assert last_lines(stopped) == ["What it printed last:", "  $ make", "  still at it"]


def test_a_job_that_was_stopped_while_it_stored_has_no_failed_command() -> None:
    stopped = log_report(replace(fetched(), stopped=True, stopped_storing=True, last_failing_lines=("$ make",)))
    assert last_lines(stopped) == ["The job was stopped while it stored its cache: that is not the fault of the build."]


if __name__ == "__main__":
    RENDERED.write_text(
        json.dumps({name: rendered(one) for name, one in checked().items()}, indent=1, ensure_ascii=False) + "\n"
    )
