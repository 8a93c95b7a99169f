"""Judge a restarted job that has ended: did it fetch a deleted cache? Pure."""

from __future__ import annotations

from collections.abc import Sequence

from purger.core.errors import JobError, NotACacheProblemError, PurgerError, SiteError
from purger.core.text import many
from purger.jobs.log_phrases import last_lines, what_it_did
from purger.jobs.log_report import log_report
from purger.report.model import Verdict
from purger.report.phrases import archive_text
from purger.travis.job_log import CacheUse, FetchVerdict, JobLog, Unknown

WORTH_A_RESTART = frozenset({Verdict.FETCHED_DELETED, Verdict.NO_ANSWER})
"""The verdicts on jobs that the next attempt restarts."""


def judge(state: str, log: JobLog, fetched: Sequence[FetchVerdict]) -> Verdict:
    """Return the verdict on a job that ended in this state (the API's word) with this log.

    `fetched` compares what it fetched with all purges so far.
    """
    if state == "passed":
        return Verdict.PASSED
    if state == "canceled":
        return Verdict.CANCELED
    if any(verdict.deleted for verdict in fetched):
        return Verdict.FETCHED_DELETED
    if unlisted_of(fetched):
        return Verdict.UNLISTED
    if log.unknown is Unknown.IN_SET_UP:
        return Verdict.NOT_A_CACHE_PROBLEM  # it asked for none yet
    if log.unknown is not None and log.unknown.is_worth_a_restart:
        return Verdict.NO_ANSWER
    is_unknown = log.cache_use is CacheUse.UNKNOWN or log.fetched_unnamed or bool(_doubtful(fetched))
    return Verdict.UNKNOWN if is_unknown else Verdict.NOT_A_CACHE_PROBLEM


def unlisted_of(fetched: Sequence[FetchVerdict]) -> list[FetchVerdict]:
    """Return what the job fetched of its own branch that no purge ever saw listed."""
    return [each for each in fetched if each.deleted is False and each.outcome is None and each.fetch.source == "own"]


def is_spared(fetched: Sequence[FetchVerdict]) -> bool:
    """Return whether what the job fetched of deleted caches are later uploads, which no other purge would delete."""
    deleted = [each for each in fetched if each.deleted]
    return bool(deleted) and all(each.is_spared for each in deleted)


def _doubtful(fetched: Sequence[FetchVerdict]) -> list[FetchVerdict]:
    """Return what the job fetched of which nobody can tell whether a purge deleted it."""
    return [each for each in fetched if each.deleted is None]


def unlisted_error(job_id: int, url: str, fetched: Sequence[FetchVerdict], tried: str) -> JobError:
    """Return the error for a job that fetches what the site does not list; `tried` is a clause on its deletion."""
    archives = ", ".join(archive_text(each.fetch) for each in unlisted_of(fetched))
    return JobError(
        f"job {job_id} failed, and fetched a cache of its own branch that the site does not list: {archives}; {tried}",
        where=url,
        remedy="Run this again, to see whether the job still fetches it. If so, ask Travis CI's support to delete it, "
        "or set another `cache: key` of the job (an environment variable will do), so that it looks elsewhere.",
    )


def sentence_about(verdict: Verdict, log: JobLog) -> str:
    """Return how the job ended, as the end of a sentence that begins with the job."""
    match verdict:
        case Verdict.PASSED:
            return f"passed; it {what_it_did(log_report(log))}" if log.is_log else "passed"
        case Verdict.CANCELED:
            return "was cancelled"
        case Verdict.UNKNOWN:
            return "failed, and its log does not tell what it fetched"
        case Verdict.NO_ANSWER:
            return f"failed; its log {log.unknown}"
        case _:
            return f"failed; it {what_it_did(log_report(log))}"


def error_of(
    verdict: Verdict, job_id: int, url: str, log: JobLog, fetched: Sequence[FetchVerdict], attempts: int
) -> PurgerError | None:
    """Return the error that the command ends with because of this job; None where it passed."""
    match verdict:
        case Verdict.PASSED:
            return None
        case Verdict.CANCELED:
            return JobError(
                f"job {job_id} was cancelled",
                where=url,
                remedy="Find out who cancelled it: someone, or Travis CI because of a newer build of the branch "
                "(see auto cancellation in the repository's settings). Then run this again.",
            )
        case Verdict.FETCHED_DELETED:
            return _fetched_deleted_error(job_id, url, fetched, attempts)
        case Verdict.NO_ANSWER:
            return SiteError(
                f"job {job_id} got no answer to its request for a cache, in {many(attempts, 'attempt')}: "
                f"its log {log.unknown}",
                where=url,
                remedy="The store of the caches may be slow or down: run this again later.",
            )
        case Verdict.UNLISTED:
            return unlisted_error(job_id, url, fetched, "no deletion was tried")
        case Verdict.UNKNOWN:
            return _unknown_error(job_id, url, fetched)
        case Verdict.NOT_A_CACHE_PROBLEM:
            result = "no deleted cache is to blame" if fetched else "not a cache problem"
            return NotACacheProblemError(
                f"{result}: job {job_id} failed, and {what_it_did(log_report(log))}",
                where=url,
                remedy=_where_to_look(log, fetched),
            )


def _fetched_deleted_error(job_id: int, url: str, fetched: Sequence[FetchVerdict], attempts: int) -> JobError:
    archives = ", ".join(archive_text(each.fetch) for each in fetched if each.deleted)
    if is_spared(fetched):
        return JobError(
            f"job {job_id} fetched a cache that was uploaded again after its deletion, and is not selected: {archives}",
            where=url,
            remedy="Run this again with options that select it: without --older-than, --newer-than, --keep-newest, "
            "--until-below and --limit, for example.",
        )
    return JobError(
        f"job {job_id} still fetches a deleted cache after {many(attempts, 'attempt')}: {archives}",
        where=url,
        remedy="A running job may upload it again and again: wait until none runs on that branch, "
        "then run this again, with a longer --wait.",
    )


def _unknown_error(job_id: int, url: str, fetched: Sequence[FetchVerdict]) -> SiteError:
    if unclear := _doubtful(fetched):
        archives = ", ".join(f"{archive_text(each.fetch)} was {each.doubt}" for each in unclear)
        return SiteError(
            f"job {job_id} failed, and whether it fetched a deleted cache is not known: {archives}",
            where=url,
            remedy="Name the job's branch in full with --branch: then it is known which of them is deleted.",
        )
    return SiteError(
        f"job {job_id} failed, and its log does not tell whether it fetched a cache",
        where=url,
        remedy="Check its page: the log may be missing, or cut off.",
    )


def _where_to_look(log: JobLog, fetched: Sequence[FetchVerdict]) -> str:
    """Return the remedy: the symptom that was found, else the last failing command's lines, else a general hint."""
    spared = ""
    if any(each.outcome is not None for each in fetched):
        spared = "It fetched a cache that the purge did not delete: were there filters?\n"
    elif fetched:
        spared = "It fetched a cache that no purge saw listed: was it uploaded since then? Then run this again.\n"
    report = log_report(log)
    if report.symptoms:
        symptom = report.symptoms[-1]
        return f"{spared}{symptom.line}\n{symptom.meaning} {symptom.what_to_do}"
    return spared + ("\n".join(last_lines(report)) or "Check the build itself.")
