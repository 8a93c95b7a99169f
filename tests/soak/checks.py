"""Whether a run told the truth and kept to its selection: its report against the server's own history."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from purger.core import events
from purger.core.errors import PurgerError
from purger.core.selection import Selection
from purger.purge.run import Run
from purger.report.build import exit_code_of, run_report
from purger.secrets.spellings import SecretBlanker
from purger.standin import Cache
from purger.standin.repository import Repository
from tests.soak.plan import WAYS, Plan
from tests.support.reports import value_of

Version = tuple[str, str, str, int]
Looks = Sequence[tuple[float, float]]


class History:
    """From when to when each version of an archive was on the server, in monotonic seconds."""

    def __init__(self, repository: Repository) -> None:
        self.first = list(repository.caches)
        self._repository = repository
        self._since = dict.fromkeys(self.first, float("-inf"))
        self._upload_again = repository._upload_again
        repository._upload_again = self._note_upload  # type: ignore[method-assign]

    def _note_upload(self, cache: Cache, at: float) -> None:
        self._upload_again(cache, at)
        stored = self._repository.stored(cache.branch, cache.name)
        if stored is not None:
            self._since.setdefault(stored, at)

    @property
    def uploads(self) -> dict[Cache, float]:
        """What was uploaded in the meantime, and when."""
        return {cache: since for cache, since in self._since.items() if since > float("-inf")}

    @property
    def deleted(self) -> list[tuple[Cache, float]]:
        """What was removed, and when."""
        return self._repository.deleted

    def throughout(self, start: float, end: float) -> list[Cache]:
        """What was there the whole time."""
        gone = self._gone()
        return [one for one, since in self._since.items() if since <= start and gone.get(one, end + 1) > end]

    def at_times(self, start: float, end: float) -> list[Cache]:
        """What was there at some moment at least."""
        gone = self._gone()
        return [one for one, since in self._since.items() if since <= end and gone.get(one, end) >= start]

    def _gone(self) -> dict[Cache, float]:
        return dict(self.deleted)


class Seen:
    """An observer that notes between which two moments each look happened, and in `said` what each event says."""

    def __init__(self, said: list[str], verbose: bool) -> None:
        self.looks: list[tuple[float, float]] = []
        self._said = said
        self._started = self._last = time.monotonic()
        self._verbose = verbose

    def see(self, event: events.Event) -> None:
        """Take in an event."""
        now = time.monotonic()
        self._said.append(str(event))
        if self._verbose:
            sys.stderr.write(f"{now - self._started:7.3f} {event}\n")
        if isinstance(event, events.Surveyed | events.PageLoaded):
            self.looks.append((self._last, now))
        if event.repository and not isinstance(event, events.Recreated | events.Warned):
            self._last = now  # those, and what is told of no repository, come in the middle of a look


@dataclass(frozen=True, slots=True)
class Ending:
    """How a purger ended: its exit code, its report, and when it looked at the site. `why` explains the exit code."""

    code: int
    report: dict[str, Any]
    looks: Looks
    why: str

    @classmethod
    def of_run(cls, run: Run, looks: Looks, selection: Selection) -> Ending:
        """Return how a run ended, with the report that a command would make of it."""
        result = run.result()
        code = exit_code_of(result.records, result.error)
        report = value_of(run_report(result.records, result.error, datetime.now(UTC), selection=selection))
        return cls(int(code), report, looks, str(result.error or _errors(run)))

    @classmethod
    def of_error(cls, error: PurgerError) -> Ending:
        """Return how a command ends that does not get to its run."""
        return cls(int(error.exit_code), value_of(run_report([], error, datetime.now(UTC))), [], str(error))


def violations(plan: Plan, ending: Ending, history: History) -> list[str]:
    """Return all that is wrong with what one purger did and told."""
    report = ending.report
    found = [*_beyond_the_selection(plan, history)]
    if plan.refused_with is not None:
        return [*found, *_not_refused(plan.refused_with, ending, history)]
    if plan.gentle and ending.code:
        found.append(f"all could be got over, but it ended with {ending.code}: {ending.why}")
    if report["ok"] != (ending.code == 0):
        found.append(f"exit code {ending.code}, but ok is {report['ok']}")
    for repository in report["repositories"]:
        found += _told(plan, repository, ending.looks, history)
        if ending.code == 0:
            found += _claimed(plan, repository, ending.looks, history)
    if ending.code == 0 and not report["repositories"]:
        found.append("exit code 0 without a repository")
    return found


def _not_refused(wanted: int, ending: Ending, history: History) -> Iterable[str]:
    if history.deleted:
        yield f"DELETED, ALTHOUGH REFUSED: {[cache.name for cache, _ in history.deleted]}"
    if ending.code != wanted:
        yield f"it had to be refused with {wanted}, but it ended with {ending.code}: {ending.why}"


def shown_secrets(secrets: Sequence[str], written: Mapping[str, bytes]) -> Iterable[str]:
    """Yield where a secret stands in what was written, in any of its spellings."""
    blanker = SecretBlanker(secrets)
    for what, data in written.items():
        if (hit := blanker.find(data)) is not None:
            at = data.index(hit)
            yield f"A SECRET IS SHOWN in {what}: {data[max(0, at - 60) : at + 60]!r}"


def written_by(endings: Sequence[Ending], texts: Sequence[str]) -> dict[str, bytes]:
    """Return what runs told: their events and log lines, and the reports."""
    reports = [json.dumps(ending.report, ensure_ascii=False) + ending.why for ending in endings]
    return {"events and log": "\n".join(texts).encode(errors="replace"), "report": "\n".join(reports).encode()}


def _errors(run: Run) -> str:
    return "; ".join(
        str(record.error or [(e.cache.branch, e.outcome.value, e.reason) for e in record.ledger.left])
        for record in run.result().records
    )


def _beyond_the_selection(plan: Plan, history: History) -> Iterable[str]:
    # No look can show an upload that comes between two requests of the same moment: those of two purgers, or of
    # Chromium, which itself sends a DELETE again when its connection was reset.
    excused = history.uploads if plan.purgers > 1 or "connection reset" in plan.kinds else {}
    for cache, at in history.deleted:
        if not plan.selects(cache) and cache not in excused:
            since = history.uploads.get(cache)
            age = "" if since is None else f", uploaded {at - since:.2f} s before"
            yield f"NOT SELECTED, BUT DELETED: {cache.branch!r} {cache.name}{age}"


def _told(plan: Plan, report: dict[str, Any], looks: Looks, history: History) -> Iterable[str]:
    """The report of each archive against the server at the time of the last look."""
    caches = report["caches"]
    outcomes = Counter(cache["outcome"] for cache in caches)
    if report["seen"] != len(caches) or any(
        report[outcome] != outcomes[outcome] for outcome in ("deleted", "remaining", "recreated", "failed", "skipped")
    ):
        yield "the counts are not those of its caches"
    if not looks:
        if caches:
            yield "archives are told without a look"
        return
    start, end = looks[-1]
    surely = Counter(map(_version, history.throughout(start, end)))
    # What an answer told after the last look is told as listed still.
    perhaps = Counter(map(_version, history.at_times(start, time.monotonic())))
    listed = Counter(_version_told(cache) for cache in caches if cache["outcome"] != "deleted")
    for version in surely.keys() | listed.keys():
        if listed[version] < surely[version]:
            yield f"CALLED DELETED, BUT THERE: {version}: {surely[version]}, told as listed {listed[version]}"
        if listed[version] > perhaps[version]:
            yield f"TOLD AS LISTED, BUT GONE: {version}: {perhaps[version]}, told as listed {listed[version]}"
    at_first = Counter(_displayed(one.branch, one.name) for one in history.first)
    uploaded = Counter(_displayed(one.branch, one.name) for one in history.uploads)
    told = Counter(_displayed(cache["row"], cache["name"]) for cache in caches)
    for key in at_first.keys() | told.keys():
        most = at_first[key] + (uploaded[key] if _by_date(plan) or plan.purgers > 1 else 0)
        if not at_first[key] <= told[key] <= most:
            yield f"{key} is told {told[key]} times, and was there {at_first[key]} times at first"
    # Where nobody can tell what one cache is, others may have to be kept for it.
    is_open = plan.chosen is not None and any(cache["undecided"] for cache in caches)
    certain = [cache for cache in caches if cache["selected"] or not (is_open or cache["undecided"])]
    wrong = [cache for cache in certain if not _may_be_selected(plan, cache, history)]
    if wrong:
        yield f"told as selected or not, and it is the other way round: {wrong}"


def _may_be_selected(plan: Plan, cache: dict[str, Any], history: History) -> bool:
    """Whether some version that looks like this one is selected, or not, as the report says.

    What is uploaded during the survey, since another purger deleted it, is known by no full branch: it is spared.
    """
    told = _version_told(cache)
    alike = {plan.selects(one) for one in [*history.first, *history.uploads] if _version(one) == told}
    is_spared = plan.purgers > 1 and any(_version(one) == told for one in history.uploads)
    return cache["selected"] in alike or (is_spared and not cache["selected"])


def _claimed(plan: Plan, report: dict[str, Any], looks: Looks, history: History) -> Iterable[str]:
    """What exit code 0 claims: verified, and nothing selected was there at the last look."""
    start, end = looks[-1]
    # What is not known to be gone is kept: a fault may hide that.
    is_sure = not plan.selection.policies.gone or not set(plan.kinds) - WAYS
    there = [one for one in history.throughout(start, end) if is_sure and plan.selects(one)]
    if there:
        yield f"EXIT 0, BUT THERE: {[(one.branch, one.name) for one in there]}"
    if not report["verified"]:
        yield "exit 0 without a second look"
    if report["selected"] and len(looks) < 3 and any(cache["attempts"] for cache in report["caches"]):
        yield "exit 0 after one look"
    left = [cache for cache in report["caches"] if cache["selected"] and cache["outcome"] != "deleted"]
    if left:
        yield f"exit 0, but the report tells of something left: {left}"


def _by_date(plan: Plan) -> bool:
    return plan.selection.older_than_s is not None or plan.selection.policies.are_any


def _displayed(branch: str, name: str) -> tuple[str, str]:
    """The last two parts of a key, which are what the site shows of it."""
    *_, last_but_one, last = f"{branch}/{name}".split("/")
    return last_but_one, last


def _version(cache: Cache) -> Version:
    modified = cache.last_modified.strftime("%Y-%m-%dT%H:%M:%SZ")
    return *_displayed(cache.branch, cache.name), modified, cache.size_bytes


def _version_told(cache: dict[str, Any]) -> Version:
    return *_displayed(cache["row"], cache["name"]), cache["last_modified"], cache["size_bytes"]
