"""The report as types: what a run, a checked log and the doctor say to machines; reading validates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from purger.core.cache import Kind, Method, Outcome
from purger.core.decision import Kept
from purger.core.errors import ExitCode
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.core.units import LARGEST_BYTES, LONGEST_S
from purger.travis.addresses import Provider

SCHEMA: Final = 1

Time = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time in UTC, to the second; written as ISO 8601 with a `Z`."""
SymptomId = Literal["contextual-version-conflict", "version-conflict", "distribution-not-found", "test-image"]
CheckName = Literal["python", "settings", "proxy", "site", "token", "repository", "browser", "display", "page"]


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all parts of a report: frozen values, written as JSON objects in the order of their fields."""

    def __post_init__(self) -> None:
        """Bring every time to UTC, to the second. Raises OverflowError for a time that UTC can't express."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime):
                msgspec.structs.force_setattr(self, name, to_second(value))


class ErrorReport(Model, frozen=True, kw_only=True):
    """What went wrong, where, and what to do next."""

    message: str
    where: str | None
    remedy: str | None
    exit_code: ExitCode


class SelectionReport(Model, frozen=True, kw_only=True):
    """The filters and policies of a run, so that a later run can use them again.

    `as_of` is on the site's clock, which is `clock_offset_s` ahead of the machine's (None: they were not compared). A
    resumed run leaves alone what was modified after `not_after`, the end of the first run. `limit_used` counts what was
    selected, of the `limit`, in repositories that were done and are in the reports of former runs only.
    """

    branches: list[str]
    match: str | None
    kind: Kind | None
    older_than_s: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_S)] | None
    larger_than_bytes: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_BYTES)] | None
    as_of: Time
    clock_offset_s: Annotated[float, msgspec.Meta(ge=-LONGEST_S, le=LONGEST_S)] | None = None
    exclude: list[str] = []
    newer_than_s: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_S)] | None = None
    smaller_than_bytes: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_BYTES)] | None = None
    keep_newest: Annotated[int, msgspec.Meta(ge=1)] | None = None
    gone: bool = False
    until_below_bytes: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_BYTES)] | None = None
    largest_first: bool = False
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    not_after: Time | None = None
    limit_used: Annotated[int, msgspec.Meta(ge=0)] = 0

    def selection(self, ended_at: datetime | None = None) -> Selection:
        """Return the selection with these filters; `ended_at` is the end of a run that is first resumed now."""
        return Selection(
            branches=tuple(self.branches),
            match=self.match,
            kind=self.kind,
            older_than_s=self.older_than_s,
            larger_than_bytes=self.larger_than_bytes,
            not_after=self.not_after or ended_at,
            as_of=self.as_of,
            clock_offset_s=self.clock_offset_s,
            exclude=tuple(self.exclude),
            newer_than_s=self.newer_than_s,
            smaller_than_bytes=self.smaller_than_bytes,
            policies=Policies(
                keep_newest=self.keep_newest,
                gone=self.gone,
                until_below_bytes=self.until_below_bytes,
                largest_first=self.largest_first,
                limit=self.limit,
            ),
        )


class CacheReport(Model, frozen=True, kw_only=True):
    """One cache and its outcome. `branch` is the full name where it is known, else the displayed one.

    `row` is what the page shows as its branch: for a file name with a slash a part of that (None: version 0.1.0).
    `kept` names the policy that keeps it; `undecided` means that nobody can tell whether it is selected. `in_full`
    means that `branch` is known to be the full name.
    """

    name: str
    branch: str
    row: str | None = None
    kind: Kind
    size_bytes: int
    last_modified: Time
    selected: bool
    outcome: Outcome
    attempts: int
    how: Method | None
    reason: str | None
    recreated_times: int
    gone_at: Time | None
    kept: Kept | None = None
    undecided: bool = False
    in_full: bool = False

    @property
    def is_left(self) -> bool:
        """Whether the cache was selected and is not gone."""
        return self.selected and self.outcome is not Outcome.DELETED


class KeptReport(Model, frozen=True, kw_only=True):
    """The caches that one policy keeps, counted and summed; `reason` is said of several of them."""

    kept: Kept
    reason: str
    caches: int
    size_bytes: int


class RepositoryReport(Model, frozen=True, kw_only=True):
    """One repository: counts of its caches by outcome, what it took, and every cache that was ever listed.

    `looks` counts loads of the page, `passes` those after which something was deleted. `verified` means that nothing
    selected was listed on two loads in a row, `settled_s` seconds apart, or that there was nothing from the start.
    `undecided` counts the skipped caches of which nobody can tell whether they are selected. `complete` is false where
    a list of the site was full on the last load, so that there may be more caches than are counted here. `kept` sums up
    what the policies keep; `decided` means that they were decided, so that a later run need not do it again.
    """

    repository: str
    provider: Provider
    url: str
    ok: bool
    error: ErrorReport | None
    seen: int
    selected: int
    deleted: int
    remaining: int
    recreated: int
    failed: int
    skipped: int
    bytes_deleted: int
    passes: int
    looks: int
    requests: int
    seconds: float
    verified: bool
    settled_s: float | None
    warnings: list[str]
    caches: list[CacheReport]
    undecided: int = 0
    complete: bool = True
    kept: list[KeptReport] = []
    decided: bool = False

    @property
    def name(self) -> str:
        """The repository as people write it, and as events and timelines name it."""
        return self.repository if self.provider == "github" else f"{self.provider}/{self.repository}"

    @property
    def is_done(self) -> bool:
        """Whether nothing is left of it for a run that resumes this one."""
        return self.ok and not self.left

    @property
    def left(self) -> list[CacheReport]:
        """The caches that were selected and are not gone."""
        return [cache for cache in self.caches if cache.is_left]

    @property
    def selected_bytes(self) -> int:
        """The size of everything that was selected, in bytes."""
        return sum(cache.size_bytes for cache in self.caches if cache.selected)


class FetchReport(Model, frozen=True, kw_only=True):
    """An archive that a job asked for; those from `deleted` on are there where it was compared with a purge.

    `branch` and `archive` are empty where the log does not show them; `found` is null where it shows no answer.
    `deleted` is null where it is not known whether the purge deleted it; only then there is a `reason`.
    """

    branch: str
    archive: str
    at: Time | None
    found: bool | None
    source: Literal["own", "target", "default", "unknown"]
    deleted: bool | UnsetType | None = UNSET
    outcome: Outcome | UnsetType | None = UNSET
    deleted_at: Time | UnsetType | None = UNSET
    when: Literal["before", "after", "unknown"] | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class StoredReport(Model, frozen=True, kw_only=True):
    """An archive that a job stored, or failed to store, or (None) began to store.

    `branch` and `archive` are None where the log does not name what it stores; `failure` is why it failed, if known.
    """

    branch: str | None
    archive: str | None
    at: Time | None
    succeeded: bool | None
    failure: str | None = None


class SymptomReport(Model, frozen=True, kw_only=True):
    """A known symptom in a log: the line that shows it, what it means and what to do."""

    id: SymptomId
    line: str
    meaning: str
    what_to_do: str


class LogReport(Model, frozen=True, kw_only=True):
    """What a job's log says: which archives the job asked for, fetched and stored, and how it failed.

    `cache_use` is what the log proves, with `unknown_reason` where it proves nothing; `is_worth_a_restart` means that
    the job itself got no answer. With `fetched_unnamed` a cache was fetched that the log does not name. With `stopped`
    the last lines are those of a job that was stopped. With `several_jobs` all of it is of these jobs together.
    """

    started_clean: bool | None
    asked: list[FetchReport]
    fetched: list[FetchReport]
    stored: list[StoredReport]
    nothing_changed: bool
    symptoms: list[SymptomReport]
    last_failing_lines: list[str]
    truncated: bool
    cache_use: Literal["fetched", "started-clean", "uses-no-cache", "unknown"] = "unknown"
    unknown_reason: str | None = None
    is_worth_a_restart: bool = False
    fetched_unnamed: bool = False
    unpacking_cut_off: bool = False
    stopped: bool = False
    stopped_storing: bool = False
    several_jobs: bool = False


class Verdict(StrEnum):
    """How a restarted job ended. Of several verdicts, the first of these matters most."""

    FETCHED_DELETED = "fetched-deleted"
    """It failed, and had fetched a cache that was deleted: worth another purge."""
    NO_ANSWER = "no-answer"
    """It failed, and got no answer to what it asked for: worth another restart."""
    UNLISTED = "unlisted"
    """It failed, and had fetched its own branch's cache, which the site does not list: no purge reaches it."""
    NOT_A_CACHE_PROBLEM = "not-a-cache-problem"
    UNKNOWN = "unknown"
    """It failed, and its log does not tell what it fetched."""
    CANCELED = "canceled"
    PASSED = "passed"


class JobReport(LogReport, frozen=True, kw_only=True):
    """One job in one attempt of `purger retry`; `state` is the API's word."""

    job: int
    url: str
    restarted_at: Time | None
    state: str | None
    started_at: Time | None
    finished_at: Time | None
    verdict: Verdict | None
    error: ErrorReport | None


class AttemptReport(Model, frozen=True, kw_only=True):
    """One purge, the wait after it, and the jobs that were restarted then."""

    number: int
    purge: RepositoryReport | None
    wait_s: float
    verdict: Verdict | None
    jobs: list[JobReport]


class RetryReport(Model, frozen=True, kw_only=True):
    """All attempts of `purger retry`."""

    jobs: list[int]
    attempts: list[AttemptReport]

    @property
    def last_runs(self) -> list[JobReport]:
        """Each job as it was restarted last, or failed to; where it never was, as far as it came."""
        jobs = [job for attempt in self.attempts for job in attempt.jobs]
        jobs.sort(key=lambda job: job.restarted_at is not None or job.error is not None)
        return list({job.job: job for job in jobs}.values())


class Report(Model, frozen=True, kw_only=True):
    """What came of a whole run; `error` is what stopped it. Fields may be added; none is renamed or removed.

    `warnings` are about the run, and about repositories that are left out of it; each of the others has its own.
    """

    schema: Literal[1] = 1
    version: str
    started_at: Time
    finished_at: Time
    ok: bool
    exit_code: ExitCode
    dry_run: bool
    error: ErrorReport | None
    warnings: list[str] = []
    selection: SelectionReport | None
    repositories: list[RepositoryReport]
    retry: RetryReport | UnsetType = UNSET

    @property
    def started_by_the_site(self) -> datetime:
        """When it started by the site's clock; the report's own times are of the machine's."""
        return self.started_at + self._ahead

    @property
    def finished_by_the_site(self) -> datetime:
        """When it ended by the site's clock."""
        return self.finished_at + self._ahead

    @property
    def _ahead(self) -> timedelta:
        return timedelta(seconds=(self.selection.clock_offset_s if self.selection else None) or 0)

    @property
    def attempts(self) -> list[AttemptReport]:
        """The attempts of a retry; none for a purge."""
        return [] if self.retry is UNSET else self.retry.attempts

    @property
    def purges(self) -> list[RepositoryReport]:
        """What was purged: of a retry its repository once for each attempt."""
        return [attempt.purge for attempt in self.attempts if attempt.purge] or self.repositories

    @property
    def repository_warnings(self) -> list[tuple[str, str]]:
        """Each warning about a repository, once, after its name; of a retry those of all its attempts."""
        return list(dict.fromkeys((one.name, text) for one in self.purges for text in one.warnings))

    @property
    def last_runs(self) -> list[JobReport]:
        """Each job of a retry as it was restarted last."""
        return [] if self.retry is UNSET else self.retry.last_runs

    @property
    def jobs_not_reached(self) -> list[int]:
        """The jobs of a retry that began and ended before it came to their restart."""
        if self.retry is UNSET or not self.attempts:
            return []
        reached = {job.job for job in self.last_runs}
        return [job for job in self.retry.jobs if job not in reached]


class CheckedJobReport(Model, frozen=True, kw_only=True):
    """The job that a checked log is of."""

    id: int
    state: str
    repository: str | None


class CheckedLogReport(LogReport, frozen=True, kw_only=True):
    """A checked log: `source` is what people call it."""

    schema: Literal[1] = 1
    version: str
    ok: bool
    exit_code: ExitCode
    error: ErrorReport | None
    source: str
    job: CheckedJobReport | None


class CheckState(StrEnum):
    """How a check of the doctor went. A note is something that only some uses need."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"
    SKIPPED = "skipped"


class CheckReport(Model, frozen=True, kw_only=True):
    """One line of the doctor: what was checked, how it is, and what to do about it."""

    check: CheckName
    state: CheckState
    text: str
    remedy: str | None = None
    exit_code: ExitCode = ExitCode.OK


class DoctorReport(Model, frozen=True, kw_only=True):
    """All checks, with the exit code that a purge would have."""

    schema: Literal[1] = 1
    version: str
    ok: bool
    exit_code: ExitCode
    checks: list[CheckReport]


TimelineKind = Literal["pass", "click", "response", "load", "wait", "warning"]


class TimelineEntry(Model, frozen=True, kw_only=True):
    """A moment of a run, `at_s` seconds after its start; `repository` is empty for the run as a whole.

    By kind: pass `number`, `to_click`, `caches`; click `rows`; response `accepted`, `refused`, `deleted` (caches); load
    `number`, `left`, `waiting`, `gone`, `times`; wait `seconds`, `times`, `text`; warning `times`, `text`.
    """

    at_s: float
    repository: str
    kind: TimelineKind
    number: int = 0
    to_click: int = 0
    caches: int = 0
    rows: int = 0
    accepted: int = 0
    refused: int = 0
    deleted: int = 0
    left: int = 0
    waiting: int = 0
    gone: int = 0
    times: int = 0
    seconds: float = 0.0
    text: str = ""


def to_second(time: datetime) -> datetime:
    """The time in UTC without fractions of a second, as reports have it."""
    # The site's times are such already: of many caches no second copy is made.
    return time if time.tzinfo is UTC and not time.microsecond else time.astimezone(UTC).replace(microsecond=0)


def time_text(time: datetime) -> str:
    """A time in UTC as ISO 8601 with a `Z`, to the second."""
    return to_second(time).isoformat().replace("+00:00", "Z")
