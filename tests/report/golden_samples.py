"""The inputs of the golden documents in `golden/`: one of each kind that `--json` writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from purger.core.cache import Kind, Method, Outcome
from purger.core.errors import AccessError, NotACacheProblemError, SiteError
from purger.core.selection import Selection
from purger.jobs.attempts import Attempt, JobRun
from purger.jobs.check_log import CheckedLog
from purger.jobs.retry import Retry, RetryRequest
from purger.jobs.settings import RetrySettings
from purger.purge.record import Record
from purger.purge.run import Run, RunResult
from purger.purge.settings import Settings
from purger.report.model import Verdict
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site
from purger.travis.job_log import Fetch, FetchVerdict, JobLog, Stored, Symptom
from purger.travis.jobs import JobFacts
from tests.report.samples import SampleEntry, deleted, record, record_of, recreated, refused, skipped
from tests.support.builders import NOW, cache

STARTED_AT = datetime(2026, 3, 1, 14, 0, 0, 999, tzinfo=UTC) - timedelta(hours=2)
SELECTION = Selection(
    branches=("main", "feature/*"),
    match="py",
    kind=Kind.PULL_REQUEST,
    older_than_s=60.5,
    larger_than_bytes=5,
    as_of=NOW + timedelta(microseconds=5),
)
SITE_ERROR = SiteError("the site is gone", where="https://api", remedy="Wait.")
FETCH = Fetch("main", "cache-a.tgz", NOW + timedelta(seconds=1.5), found=True, source="own")
MISSING = Fetch("PR.7", "cache-b.tgz", None, found=False, source="unknown")
LOG = JobLog(
    is_log=True,
    asked=(MISSING, FETCH),
    fetched=(FETCH,),
    stored=(Stored("main", "cache-a.tgz", NOW, True), Stored(None, None, NOW, False), Stored("x", "y.tgz", None, None)),
    nothing_changed=True,
    started_clean=False,
    symptoms=(Symptom("version-conflict", "VersionConflict: x", "The cache is stale.", "Purge the caches."),),
    last_failing_lines=("$ make", "make: *** no rule"),
    truncated=True,
)
CLEAN = replace(LOG, asked=(MISSING,), fetched=(), stored=(), started_clean=True, truncated=False)
GONE = FetchVerdict(FETCH, True, "deleted", NOW + timedelta(milliseconds=900), "after")
UNSEEN = FetchVerdict(FETCH, False, None, None, "unknown")


def mixed() -> Record:
    """A repository with a cache of each outcome."""
    made = record_of(
        [
            deleted("branch-0", 10**6, attempts=3, how=Method.API),
            deleted("branch-1", 10, how=Method.ICON),
            refused("no", "b.tgz"),
            replace(recreated("back"), bytes_deleted=7, method=Method.ICON, gone_at=NOW),
            SampleEntry(cache("foo", "d.tgz", size=4, full="feature/foo"), reason="still listed", attempts=1),
            replace(skipped("PR.12"), cache=cache("PR.12", "é\ud800.tgz")),
        ],
        settled_s=5.0,
    )
    made.surveyed, made.seconds, made.warnings = True, 3.4567, ["Odd."]
    return made


def hidden() -> Record:
    """A repository that the token may not see."""
    made = record_of([], "hidden", provider="gitlab")
    made.error, made.verified = AccessError("not found", where="https://api/hidden", remedy="Ask."), False
    return made


def dry() -> Record:
    """A repository of a dry run."""
    made = record_of([SampleEntry(cache("main"), reason="not tried"), skipped("other")])
    made.surveyed = True
    return made


def retry() -> Retry:
    """A retry of two jobs in two attempts, and a third one that was stopped before its purge."""
    run = JobRun(
        5,
        "https://app/jobs/5",
        restarted_at=STARTED_AT,
        state="failed",
        started_at=STARTED_AT,
        finished_at=STARTED_AT,
        log=LOG,
        fetched=(GONE,),
        verdict=Verdict.FETCHED_DELETED,
    )
    error = NotACacheProblemError("not a cache problem", where="https://app/jobs/6", remedy="Look.")
    other = JobRun(6, "https://app/jobs/6", log=CLEAN, verdict=Verdict.NOT_A_CACHE_PROBLEM, error=error)
    request = RetryRequest(repository=Repository("github", "acme", "widgets"), job_ids=[5, 6], selection=SELECTION)
    made = Retry(Settings(site=Site(), token=Token("token-for-tests")), request, RetrySettings())
    made._error = error
    for number, records, runs in ((1, [record()], [run, other]), (2, [mixed()], []), (3, [], [])):
        of = cast(Run, SimpleNamespace(result=partial(RunResult, tuple(records), None), selection=SELECTION))
        made._attempts.append(Attempt(number, 0.5 * number, of, runs))
    return made


CHECKED: dict[str, CheckedLog] = {
    "checked_log": CheckedLog("a.log", LOG),
    "checked_log_clean": CheckedLog("stdin", CLEAN, None, ()),
    "checked_log_with_report": CheckedLog("a.log", LOG, None, (UNSEEN,)),
    "checked_log_of_job": CheckedLog(
        "job 7", LOG, JobFacts(7, "started", NOW, None, 3, 1, "acme/widgets", None), (GONE,)
    ),
    "checked_log_of_unknown_job": CheckedLog("job 7", CLEAN, JobFacts(7, "passed", NOW, NOW, 3, 1, None, None)),
}
CHECKS: list[dict[str, Any]] = [
    {"check": "python", "state": "ok", "text": "Python 3"},
    {"check": "display", "state": "note", "text": "there is none", "remedy": "Use a virtual one."},
    {"check": "token", "state": "failed", "text": "refused", "remedy": "Get another.", "exit_code": 3},
    {"check": "page", "state": "skipped", "text": "not checked"},
]
PURGES: dict[str, dict[str, Any]] = {
    "purge": {"records": [mixed(), hidden(), record("done")], "error": SITE_ERROR, "selection": SELECTION},
    "purge_ok": {"records": [record(settled_s=0.0)], "error": None, "selection": Selection(as_of=NOW)},
    "dry_run": {"records": [dry(), hidden()], "error": None, "dry_run": True},
    "error": {"records": [], "error": AccessError("the token was refused")},
}
assert {entry.outcome for entry in mixed().ledger.entries} == set(Outcome)
