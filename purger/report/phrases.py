"""A finished report as sentences: its result, what is left, and its errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from purger.core.cache import UNSIZED, Method, Outcome
from purger.core.errors import ExitCode
from purger.core.text import many, sentence_of
from purger.core.units import seconds_text, size_text
from purger.purge.completeness import HIDDEN
from purger.purge.entry import ACCEPTED_ONLY, NOT_RECHECKED
from purger.report.model import CacheReport, ErrorReport, JobReport, Report, RepositoryReport, Verdict


def counted(caches: Sequence[CacheReport]) -> str:
    """Return the caches counted by outcome: `1 recreated, 2 failed`."""
    counts = Counter(cache.outcome for cache in caches)
    return ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in Outcome if counts[outcome])


def stored_size(size_bytes: int) -> str:
    """Return the size of caches: `20.3 MB`; `unknown` where the site names none."""
    return size_text(size_bytes) if size_bytes > UNSIZED else "unknown"


def at_least(count: int, *, complete: bool) -> str:
    """Return a count of caches; where a full list may hide more: `at least 1,000 caches`."""
    return many(count, "cache") if complete else f"at least {many(count, 'cache')}"


def verdict_of(repository: RepositoryReport, *, dry_run: bool, filters: str = "") -> str:
    """Return the result of one repository in one sentence; `filters` explains why nothing was selected."""
    name, selected, left = repository.name, repository.selected, repository.left
    gone = selected - len(left)
    size = size_text(repository.bytes_deleted)
    if not selected:
        return _nothing_selected(repository, filters)
    if dry_run:
        count = at_least(selected, complete=repository.complete)
        would = f"{count} of {name} would be deleted ({size_text(repository.selected_bytes)}{_hidden(repository)})."
        return f"{sentence_of(would)} Nothing was touched."
    are = "is" if gone == 1 else "are"
    if repository.ok:
        return f"{many(gone, 'cache')} of {name} {are} gone ({size}), {_rechecked(repository)}."
    if not left and repository.undecided:
        unclear = _unclear(many(repository.undecided, "other cache"), repository)
        return f"{many(gone, 'cache')} of {name} {are} gone ({size}), but of {unclear}."
    if not left and not repository.complete:
        return f"{many(gone, 'cache')} of {name} {are} gone ({size}), but others may be hidden: {HIDDEN}."
    if not left:
        return f"{many(gone, 'cache')} of {name} {are} gone ({size}), but no second recheck confirmed it."
    of = at_least(selected, complete=repository.complete)
    return f"{gone:,} of {of} of {name} {are} gone ({size}); {counted(left)}.{_not_rechecked(left)}"


def _not_rechecked(left: Sequence[CacheReport]) -> str:
    """Return a sentence about deletions that no recheck followed, since the run ended before; else nothing."""
    accepted = sum(cache.reason == ACCEPTED_ONLY for cache in left)
    count = accepted + sum(cache.reason == NOT_RECHECKED for cache in left)
    return f" No recheck shows what became of {count:,} of them ({accepted:,} accepted as deleted)." if count else ""


def kept_sentences(repository: RepositoryReport) -> list[str]:
    """Return what the policies keep, a sentence a reason: `keeps 12 caches, 1.4 GB: newest of their branch`."""
    return [
        f"keeps {many(kept.caches, 'cache')}, {size_text(kept.size_bytes)}: {kept.reason}" for kept in repository.kept
    ]


def _hidden(repository: RepositoryReport) -> str:
    return "" if repository.complete else f"; {HIDDEN}"


def _nothing_selected(repository: RepositoryReport, filters: str) -> str:
    if repository.error:
        return f"Nothing of {repository.name} was deleted."
    if not repository.seen:
        return f"{repository.name} has no caches."
    why = f" ({filters})" if filters else ""
    if repository.undecided:
        unclear = _unclear(f"{many(repository.undecided, 'cache')} of {repository.name}", repository)
        return f"Of {unclear}{why}; no other is."
    noun = "cache" if repository.complete else "listed cache"
    which = f"The only {noun}" if repository.seen == 1 else f"None of the {many(repository.seen, noun)}"
    is_selected = "is not selected" if repository.seen == 1 else "is selected"
    then = ": nothing to do" if repository.complete else f", but others may be hidden: {HIDDEN}"
    return f"{which} of {repository.name} {is_selected}{why}{then}."


def _unclear(caches: str, repository: RepositoryReport) -> str:
    """Return a part of a sentence: of the repository's undecided caches nobody can tell whether they are selected."""
    return f"{caches} nobody can tell whether {'it is' if repository.undecided == 1 else 'they are'} selected"


def _rechecked(repository: RepositoryReport) -> str:
    """Return how often, and how far apart, the page showed that nothing selected is left."""
    settled_s = repository.settled_s
    if settled_s is None:
        # Of a resumed run, the first list may have held nothing selected any more.
        return "rechecked twice" if repository.looks else "listed no more"
    return f"rechecked twice, {seconds_text(settled_s)} apart" if settled_s else "rechecked twice in a row"


def how_sentence(repository: RepositoryReport) -> str | None:
    """Return how many caches were not deleted by their row's icon, and why; None where all were."""
    counts = Counter(cache.how for cache in repository.caches if cache.selected)
    ways = []
    if counts[Method.BUTTON]:
        ways.append(f"{many(counts[Method.BUTTON], 'cache')} by the page's 'Delete all' button")
    if counts[Method.API]:
        ways.append(f"{many(counts[Method.API], 'cache')} by the API")
    if not ways:
        return None
    return (
        f"{' and '.join(ways)}, because the icon of such a row was refused, deletes nothing of it, or more than was "
        "selected (branch names with a slash show only their last part), or what it deleted stayed listed."
    )


class StoredFile(Protocol):
    """An archive as a log names it; None where the log does not."""

    @property
    def branch(self) -> str | None:
        """The branch part of its key."""

    @property
    def archive(self) -> str | None:
        """Its file name."""


def archive_text(file: StoredFile) -> str:
    """Return an archive as a log names it: `main/cache-linux-….tgz`."""
    if not file.archive:
        return "a cache that the log does not name"
    return f"{file.branch}/{file.archive}" if file.branch else file.archive


_JOB_RESULTS = {
    Verdict.PASSED: "passed",
    Verdict.FETCHED_DELETED: "failed, and had fetched a deleted cache",
    Verdict.NO_ANSWER: "failed, and got no answer to its request for a cache",
    Verdict.UNLISTED: "failed, and fetched a cache that the site does not list",
    Verdict.NOT_A_CACHE_PROBLEM: "failed, and no deleted cache is to blame",
    Verdict.UNKNOWN: "failed, and its log does not tell what it fetched",
    Verdict.CANCELED: "was cancelled",
}


def job_words(job: JobReport) -> str:
    """Return how a restarted job ended, or what is known of it, as the end of a sentence that begins with the job."""
    if job.verdict is not None:
        return _JOB_RESULTS[job.verdict]
    if job.restarted_at is None:
        return "was not restarted"
    match job.state:
        case None:
            return "was restarted"
        case "started":
            return "was restarted, and still ran when it was seen last"
        case "created" | "queued" | "received":
            return f"was restarted, and still waited for its start when it was seen last ({job.state})"
        case _:
            return f"was restarted, and ended ({job.state}), but was not judged"


def _retry_headline(report: Report) -> str:
    jobs, not_reached = report.last_runs, report.jobs_not_reached
    if not jobs:
        is_one = len(not_reached) == 1
        result = f"job {not_reached[0]} was not restarted" if is_one else "no job was restarted"
    elif len(jobs) == 1:
        result = f"job {jobs[0].job} {job_words(jobs[0])}"
    else:
        result = f"{sum(job.verdict is Verdict.PASSED for job in jobs)} of {many(len(jobs), 'job')} passed"
    deleted = sum(purge.deleted for purge in report.purges)
    return sentence_of(f"{result}; {many(deleted, 'cache')} deleted in {many(len(report.attempts), 'attempt')}")


def headline(report: Report) -> str:
    """Return the result of the whole run in one sentence or two; of a retry, what became of its jobs."""
    if report.attempts:
        return _retry_headline(report)
    repositories = report.repositories
    if not repositories:
        what = report.error.message if report.error else "there was no repository to purge"
        return sentence_of(f"nothing was deleted: {what}")
    if len(repositories) == 1:
        return verdict_of(repositories[0], dry_run=report.dry_run) + _failed_besides(report)
    selected = sum(repository.selected for repository in repositories)
    where = many(len(repositories), "repository")
    if report.ok and not selected:
        return f"Nothing is selected in {where}: nothing to do."
    if report.error and not selected:
        return sentence_of(f"nothing was deleted: {report.error.message}")
    bad = sum(not repository.ok for repository in repositories)
    not_done = f"{many(bad, 'repository')} {'is' if bad == 1 else 'are'} not done"
    if not selected:
        return f"Nothing was deleted in {where}; {not_done}."
    complete = all(repository.complete for repository in repositories)
    if report.dry_run:
        size = size_text(sum(repository.selected_bytes for repository in repositories))
        count = f"{at_least(selected, complete=complete)} in {where} would be deleted ({size})"
        return f"{sentence_of(count + _unlisted(repositories))} Nothing was touched.{_failed_besides(report)}"
    size = size_text(sum(repository.bytes_deleted for repository in repositories))
    gone = selected - sum(len(repository.left) for repository in repositories)
    are = "is" if gone == 1 else "are"
    if not bad:
        is_rechecked = all(repository.looks for repository in repositories if repository.selected)
        how = "rechecked twice" if is_rechecked else "listed no more"
        return f"{many(gone, 'cache')} in {where} {are} gone ({size}), {how}.{_failed_besides(report)}"
    of = at_least(selected, complete=complete)
    return f"{gone:,} of {of} in {where} {are} gone ({size}); {not_done}."


def _failed_besides(report: Report) -> str:
    """Return a sentence about the run's error where that is none of a repository's, as of an owner who is unknown."""
    if report.error is None or not all(repository.ok for repository in report.repositories):
        return ""
    return f" {sentence_of(report.error.message)}"


def _unlisted(repositories: Sequence[RepositoryReport]) -> str:
    """Return the end of a sentence that counts the repositories that could not be listed; empty where all were."""
    count = sum(repository.error is not None for repository in repositories)
    return f"; {many(count, 'repository')} could not be listed" if count else ""


def list_headline(report: Report) -> str:
    """Return in one sentence how many caches a list shows, and their size."""
    repositories = report.repositories
    if all(repository.error and not repository.selected for repository in repositories):
        count = many(len(repositories), "repository")
        why = f"{count} could not be listed" if repositories else "there was no repository"
        return sentence_of(f"nothing is listed: {report.error.message if report.error else why}")
    where = f"of {repositories[0].name}" if len(repositories) == 1 else f"in {many(len(repositories), 'repository')}"
    complete = all(repository.complete for repository in repositories)
    count = at_least(sum(repository.selected for repository in repositories), complete=complete)
    size = size_text(sum(repository.selected_bytes for repository in repositories))
    return sentence_of(f"{count} {where} listed ({size}){_unlisted(repositories)}")


def state_of(*, ok: bool, dry_run: bool, exit_code: ExitCode) -> str:
    """Return the result as one word: `done`, `dry-run`, `stopped` or `failed`."""
    if exit_code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
        return "stopped"
    if not ok:
        return "failed"
    return "dry-run" if dry_run else "done"


def errors_of(report: Report) -> dict[ErrorReport, list[str]]:
    """Return the run's error, each repository's and each job's, each once, with the names of its repositories.

    There are none where it is the run's or a job's, whose words name the job, or that of all of several repositories.
    """
    found: dict[ErrorReport, list[str]] = {report.error: []} if report.error else {}
    for repository in report.repositories:
        if repository.error and repository.error != report.error:
            found.setdefault(repository.error, []).append(repository.name)
    for job in report.last_runs:
        if job.error:
            found.setdefault(job.error, [])
    everyone = len(report.repositories)
    return {error: names if len(names) < everyone or everyone == 1 else [] for error, names in found.items()}


def error_words(error: ErrorReport) -> str:
    """Return an error as a sentence with its place: what happened (where)."""
    where = f" ({error.where})" if error.where else ""
    return sentence_of(f"{error.message.rstrip('.')}{where}")


def remedy_lines(error: ErrorReport) -> list[str]:
    """Return what to do about an error, line by line: what it quotes of a job's log has lines of its own."""
    return error.remedy.split("\n") if error.remedy else []
