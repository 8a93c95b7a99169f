"""Plays jobs: their states over time, what they fetch and store, and one attempt of the script a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from purger.standin.caches import Archive
from purger.standin.clock import Clock
from purger.standin.job_logs import LogFacts, Outcome, Symptom, log_of
from purger.standin.repository import Repository
from purger.standin.samples import archive_name

Fetch = Literal["clean", "own", "target", "default", "auto"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a job.

    It waits `queue_s` seconds and runs `duration_s`. `fetch` "auto" looks on the server, as the real tool does, for
    its own branch's archive, then the target's, then the default branch's; the others only say so in the log.
    `stores` uploads an archive at the end. `never_starts` leaves it queued for ever.
    """

    outcome: Outcome = "passed"
    duration_s: float = 0.3
    queue_s: float = 0.1
    fetch: Fetch = "auto"
    symptom: Symptom | None = None
    stores: bool = False
    never_starts: bool = False


@dataclass(slots=True)
class _Run:
    """An attempt on the clock: when it was created, and, from its start on, what it looked for and found."""

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
    """A job of the stand-in. It has just finished the first attempt of its script when it is made."""

    def __init__(
        self,
        job_id: int,
        repository: Repository,
        clock: Clock,
        *,
        build_id: int,
        web_url: str,
        branch: str,
        pull_request: int | None,
        target_branch: str,
        script: Sequence[Attempt],
        name: str | None,
    ) -> None:
        """See StandIn.add_job."""
        self.id = job_id
        self.build_id = build_id
        self.repository = repository
        self.branch = branch if pull_request is None else f"PR.{pull_request}"
        self.pull_request = pull_request
        self.target_branch = target_branch
        self.git_branch = branch if pull_request is None else target_branch
        self.url = f"{web_url}/{repository.provider}/{repository.slug}/jobs/{job_id}"
        self.restarts: list[float] = []
        self._clock = clock
        self._script = list(script) or [Attempt()]
        self.archive_name = name or self._name_on_server()
        with clock.settled() as now:
            first = self._script[0]
            self._run = _Run(first, now - first.queue_s - first.duration_s, [])
            self._start(self._run, now)

    @property
    def is_running(self) -> bool:
        """Whether a restart would be refused."""
        return self.state in {"created", "queued", "received", "started"}

    @property
    def state(self) -> str:
        """The API's word for it, now."""
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
        """Monotonic seconds; None before it starts."""
        with self._clock.settled() as now:
            return self._run.started_at if now >= self._run.started_at else None

    @property
    def finished_at(self) -> float | None:
        """Monotonic seconds; None before it ends."""
        with self._clock.settled() as now:
            return self._run.finished_at if now >= self._run.finished_at else None

    def restart(self) -> bool:
        """Begin the next attempt of the script, the last one again at its end; False while it runs."""
        with self._clock.settled() as now:
            if self.is_running:
                return False
            self.restarts.append(now)
            attempt = self._script[min(len(self.restarts), len(self._script) - 1)]
            run = self._run = _Run(attempt, now, [])
            if not attempt.never_starts:
                self._clock.plan(run.started_at, partial(self._start, run))
                if attempt.stores:
                    self._clock.plan(run.finished_at, self._store)
            return True

    def log(self) -> str:
        """Its log as far as it is written; empty before it starts."""
        with self._clock.settled() as now:
            run = self._run
            if now < run.started_at:
                return ""
            stored = f"{_last_part(self.branch)}/{self.archive_name}" if run.attempt.stores else None
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

    def _looks_in(self) -> list[str]:
        return list(dict.fromkeys((self.branch, self.target_branch, self.repository.default_branch)))

    def _name_on_server(self) -> str:
        """The name that its branches' archives have, so that a job finds what a test stored without a name."""
        stored: list[Archive] = []
        for branch in self._looks_in():
            stored += [archive for archive in self.repository.listed(branch) if archive.branch == branch]
        return stored[0].name if stored else archive_name("")

    def _start(self, run: _Run, _at: float) -> None:
        wanted = {"own": self.branch, "target": self.target_branch, "default": self.repository.default_branch}
        for branch in self._looks_in():
            run.asked.append(f"{_last_part(branch)}/{self.archive_name}")
            if run.attempt.fetch == "auto":
                run.found = self.repository.stored(branch, self.archive_name) is not None
            else:
                run.found = branch == wanted.get(run.attempt.fetch)
            if run.found:
                return

    def _store(self, at: float) -> None:
        self.repository.upload(self.branch, self.archive_name, at)


def _last_part(branch: str) -> str:
    return branch.rpartition("/")[2]
