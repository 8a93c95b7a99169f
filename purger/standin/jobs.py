"""Simulate jobs: their states over time, the caches that they fetch and store, and their restarts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from purger.standin.caches import Cache
from purger.standin.clock import Clock
from purger.standin.job_logs import LogFacts, Outcome, Symptom, log_of
from purger.standin.repository import Repository
from purger.standin.samples import cache_name

Fetch = Literal["clean", "own", "target", "default", "auto"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a job.

    It waits `queue_s` seconds and runs for `duration_s`. With `fetch` "auto" it looks for the cache of its own branch,
    of the target, and of the default branch, as the real tool does (docs/TRAVIS.md section 5). Other values only
    write such a fetch to the log. With `stores` it uploads a cache at the end. With `never_starts` it stays queued.
    """

    outcome: Outcome = "passed"
    duration_s: float = 0.3
    queue_s: float = 0.1
    fetch: Fetch = "auto"
    symptom: Symptom | None = None
    stores: bool = False
    never_starts: bool = False


@dataclass(frozen=True, slots=True)
class JobOptions:
    """The options of `StandIn.add_job`."""

    branch: str
    pull_request: int | None
    target_branch: str
    script: Sequence[Attempt]
    cache_name: str | None


@dataclass(slots=True)
class _Run:
    """An attempt in progress: when it was created, and after its start what it looked for and found."""

    attempt: Attempt
    created_at: float
    asked: list[str]
    found: bool = False

    @property
    def started_at(self) -> float:
        return float("inf") if self.attempt.never_starts else self.created_at + self.attempt.queue_s

    @property
    def finished_at(self) -> float:
        return self.started_at + self.attempt.duration_s


class Job:
    """A job of the stand-in. At first it has just finished the first attempt of its script."""

    def __init__(
        self, job_id: int, repository: Repository, clock: Clock, options: JobOptions, *, build_id: int, web_url: str
    ) -> None:
        self.id = job_id
        self.build_id = build_id
        self.repository = repository
        self.pull_request = options.pull_request
        self.branch = options.branch if self.pull_request is None else f"PR.{self.pull_request}"
        self.target_branch = options.target_branch
        self.git_branch = options.branch if self.pull_request is None else self.target_branch
        self.url = f"{web_url}/{repository.provider}/{repository.slug}/jobs/{job_id}"
        self.restarts: list[float] = []
        self._clock = clock
        self._script = list(options.script) or [Attempt()]
        self.cache_name = options.cache_name or self._name_on_server()
        with clock.settled() as now:
            first = self._script[0]
            self._run = _Run(first, now - first.queue_s - first.duration_s, [])
            self._start(self._run, now)

    @property
    def is_running(self) -> bool:
        """Whether the job is waiting or running, so that a restart is refused."""
        return self.state in {"created", "queued", "received", "started"}

    @property
    def state(self) -> str:
        """The current state, as the API names it."""
        with self._clock.settled() as now:
            run = self._run
            if now >= run.finished_at:
                return run.attempt.outcome
            if now >= run.started_at:
                return "started"
            waited_share = (now - run.created_at) / run.attempt.queue_s if run.attempt.queue_s else 0.0
            if run.attempt.never_starts:
                return "created" if waited_share < 1 else "queued"
            return "created" if waited_share < 0.5 else "received"

    @property
    def started_at(self) -> float | None:
        """The start in monotonic seconds; None before it."""
        with self._clock.settled() as now:
            return self._run.started_at if now >= self._run.started_at else None

    @property
    def finished_at(self) -> float | None:
        """The end in monotonic seconds; None before it."""
        with self._clock.settled() as now:
            return self._run.finished_at if now >= self._run.finished_at else None

    def restart(self) -> bool:
        """Start the next attempt of the script, or its last one again; return False while the job is running."""
        with self._clock.settled() as now:
            if self.is_running:
                return False
            self.restarts.append(now)
            attempt = self._script[min(len(self.restarts), len(self._script) - 1)]
            run = self._run = _Run(attempt, now, [])
            if not attempt.never_starts:
                self._clock.schedule(run.started_at, partial(self._start, run))
                if attempt.stores:
                    self._clock.schedule(run.finished_at, self._store)
            return True

    def log(self) -> str:
        """Return the log as far as it is written; it is empty before the start."""
        with self._clock.settled() as now:
            run = self._run
            if now < run.started_at:
                return ""
            stored = f"{_last_part(self.branch)}/{self.cache_name}" if run.attempt.stores else None
            facts = LogFacts(
                job_id=self.id,
                slug=self.repository.slug,
                branch=self.branch,
                asked=run.asked,
                found=run.found,
                stored=stored,
                symptom=run.attempt.symptom,
                outcome=run.attempt.outcome,
                ns_at=lambda share: self._clock.since_1970_ns(run.started_at + share * run.attempt.duration_s),
            )
            return log_of(facts, finished=now >= run.finished_at)

    def _searched_branches(self) -> list[str]:
        return list(dict.fromkeys((self.branch, self.target_branch, self.repository.default_branch)))

    def _name_on_server(self) -> str:
        """Return the name of a cache of the job's branches, so that the job finds caches stored without a name."""
        stored: list[Cache] = []
        for branch in self._searched_branches():
            stored += [cache for cache in self.repository.listed(branch) if cache.branch == branch]
        return stored[0].name if stored else cache_name("")

    def _start(self, run: _Run, _at: float) -> None:
        wanted = {"own": self.branch, "target": self.target_branch, "default": self.repository.default_branch}
        for branch in self._searched_branches():
            run.asked.append(f"{_last_part(branch)}/{self.cache_name}")
            if run.attempt.fetch == "auto":
                run.found = self.repository.stored(branch, self.cache_name) is not None
            else:
                run.found = branch == wanted.get(run.attempt.fetch)
            if run.found:
                return

    def _store(self, at: float) -> None:
        self.repository.upload(self.branch, self.cache_name, at)


def _last_part(branch: str) -> str:
    return branch.rpartition("/")[2]
