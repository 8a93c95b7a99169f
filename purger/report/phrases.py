"""A finished report in words: its result in one sentence, what is left, and text of others made safe to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from purger.core.cache import Outcome
from purger.core.errors import ExitCode
from purger.core.units import seconds_text, size_text
from purger.core.text import many

Values = dict[str, Any]
"""A report, one of its repositories, caches or errors: JSON-ready values, as report.py describes them."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def visible(text: str, longest: int | None = None) -> str:
    """Text of others as one line without control, invisible or direction-changing characters, cut in its middle."""
    if longest is not None and len(text) > longest:
        head = longest // 2
        text = f"{text[:head]}…{text[len(text) - (longest - head - 1) :]}"
    return "".join(character if character.isprintable() else _REPLACEMENT for character in text)


def sentence_of(text: str) -> str:
    """Text with a capital at its start and a full stop at its end."""
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def name_of(repository: Values) -> str:
    """The repository as people write it, and as events and timelines name it."""
    slug, provider = repository["repository"], repository.get("provider", "github")
    return str(slug) if provider == "github" else f"{provider}/{slug}"


def left_of(repository: Values) -> list[Values]:
    """The archives that were selected and are not gone."""
    return [cache for cache in repository["caches"] if cache["selected"] and cache["outcome"] != Outcome.DELETED]


def selected_bytes(repository: Values) -> int:
    """The size of everything that was selected, in bytes."""
    return sum(cache["size_bytes"] for cache in repository["caches"] if cache["selected"])


def counted(caches: Sequence[Values]) -> str:
    """Archives by outcome: `2 failed, 1 recreated`."""
    counts = Counter(str(cache["outcome"]) for cache in caches)
    return ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in Outcome if counts[outcome])


def verdict_of(repository: Values, *, dry_run: bool, filters: str = "") -> str:
    """The result of one repository, in one sentence; `filters` says what was selected, where that explains it."""
    name, selected, left = name_of(repository), repository["selected"], left_of(repository)
    gone = selected - len(left)
    size = size_text(repository["bytes_deleted"])
    if not selected:
        if repository["error"]:
            return f"Nothing of {name} was deleted."
        if not repository["seen"]:
            return f"{name} has no caches."
        why = f" ({filters})" if filters else ""
        return f"None of the {many(repository['seen'], 'cache')} of {name} is selected{why}: nothing to do."
    if dry_run:
        would = f"{many(selected, 'cache')} of {name} would be deleted ({size_text(selected_bytes(repository))})."
        return f"{would} Nothing was touched."
    are = "is" if gone == 1 else "are"
    if repository["ok"]:
        return f"{many(gone, 'cache')} of {name} {are} gone ({size}), seen on two looks{_apart(repository)}."
    if not left:
        return f"{many(gone, 'cache')} of {name} {are} gone ({size}), but that nothing is left was not proved."
    return f"{gone:,} of {many(selected, 'cache')} of {name} are gone ({size}); {counted(left)}."


def _apart(repository: Values) -> str:
    """How far apart the two looks were that proved it."""
    settled_s = repository.get("settled_s")
    if settled_s is None:
        return ""
    return f" {seconds_text(settled_s)} apart" if settled_s else " one after the other"


_JOB_WORDS = {
    "passed": "passed",
    "fetched-deleted": "failed, and had fetched a deleted cache",
    "not-a-cache-problem": "failed, and no deleted cache is to blame",
    "unknown": "failed, and its log does not tell what it fetched",
    "canceled": "was cancelled",
}


def job_words(job: Values) -> str:
    """What became of a restarted job, as the end of a sentence that begins with the job."""
    if job["verdict"] is None:
        return "was restarted" if job["restarted_at"] else "was not restarted"
    return _JOB_WORDS[job["verdict"]]


def _retry_headline(attempts: Sequence[Values]) -> str:
    jobs = {job["job"]: job for attempt in attempts for job in attempt["jobs"]}
    if len(jobs) == 1:
        ((number, job),) = jobs.items()
        result = f"job {number} {job_words(job)}"
    else:
        passed = sum(job["verdict"] == "passed" for job in jobs.values())
        result = f"{passed} of {many(len(jobs), 'job')} passed"
    deleted = sum(attempt["purge"]["deleted"] for attempt in attempts if attempt["purge"])
    return sentence_of(f"{result}; {many(deleted, 'cache')} deleted in {many(len(attempts), 'attempt')}")


def headline(report: Values) -> str:
    """The result of the whole run, in one sentence or two; of a retry what became of its jobs."""
    attempts = (report.get("retry") or {}).get("attempts", [])
    if any(attempt["jobs"] for attempt in attempts):
        return _retry_headline(attempts)
    repositories = report["repositories"]
    if not repositories:
        what = report["error"]["message"] if report["error"] else "there was no repository to purge"
        return sentence_of(f"nothing was deleted: {what}")
    if len(repositories) == 1:
        return verdict_of(repositories[0], dry_run=report["dry_run"])
    selected = sum(repository["selected"] for repository in repositories)
    where = many(len(repositories), "repository")
    if report["dry_run"]:
        size = size_text(sum(map(selected_bytes, repositories)))
        return f"{many(selected, 'cache')} in {where} would be deleted ({size}). Nothing was touched."
    size = size_text(sum(repository["bytes_deleted"] for repository in repositories))
    left = [cache for repository in repositories for cache in left_of(repository)]
    if report["ok"]:
        return f"{many(selected, 'cache')} in {where} are gone ({size}), seen on two looks."
    bad = sum(not repository["ok"] for repository in repositories)
    state = "is" if bad == 1 else "are"
    return (
        f"{selected - len(left):,} of {many(selected, 'cache')} in {where} are gone ({size}); "
        f"{many(bad, 'repository')} {state} not done."
    )


def state_of(*, ok: bool, dry_run: bool, exit_code: int) -> str:
    """The result in one word: `done`, `looked` (a dry run), `stopped` or `failed`."""
    if exit_code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
        return "stopped"
    if not ok:
        return "failed"
    return "looked" if dry_run else "done"


def errors_of(report: Values) -> list[tuple[str | None, Values]]:
    """What stopped the run and what stopped each repository (with its name), each once."""
    errors: list[tuple[str | None, Values]] = [(None, report["error"])] if report["error"] else []
    errors += [
        (name_of(repository), repository["error"])
        for repository in report["repositories"]
        if repository["error"] and repository["error"] != report["error"]
    ]
    return errors


def error_words(error: Values) -> str:
    """An error's sentence with its place: what happened (where)."""
    where = f" ({error['where']})" if error["where"] else ""
    return sentence_of(f"{error['message'].rstrip('.')}{where}")
