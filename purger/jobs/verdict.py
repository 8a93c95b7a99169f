"""What a restarted job's end means for whoever purged the caches; pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from purger.core.errors import JobError, NotACacheProblemError, PurgerError, SiteError
from purger.travis.job_log import FetchVerdict, JobLog
from purger.jobs.log_phrases import advice, archive_text, what_it_did
from purger.core.text import many


class Verdict(StrEnum):
    """What became of a restarted job. Of several, the first of these matters most."""

    FETCHED_DELETED = "fetched-deleted"
    """It failed, and had fetched a cache that was deleted: worth another purge."""
    NOT_A_CACHE_PROBLEM = "not-a-cache-problem"
    UNKNOWN = "unknown"
    """It failed, and its log does not tell what it fetched."""
    CANCELED = "canceled"
    PASSED = "passed"


def judge(state: str, log: JobLog, fetched: Sequence[FetchVerdict]) -> Verdict:
    """The verdict on a job that ended in this state (the API's word), with what its log says.

    `fetched` compares what it fetched with all purges so far.
    """
    if state == "passed":
        return Verdict.PASSED
    if state == "canceled":
        return Verdict.CANCELED
    if any(verdict.deleted for verdict in fetched):
        return Verdict.FETCHED_DELETED
    if not log.is_log:
        return Verdict.UNKNOWN
    # Caches are fetched before any command of the job's own runs.
    ends_too_early = log.started_clean is None and log.truncated and not log.last_failing_lines
    return Verdict.UNKNOWN if ends_too_early else Verdict.NOT_A_CACHE_PROBLEM


def sentence_about(verdict: Verdict, log: JobLog) -> str:
    """What became of the job, as the end of a sentence that begins with the job."""
    match verdict:
        case Verdict.PASSED:
            return f"passed; it {what_it_did(log)}" if log.is_log else "passed"
        case Verdict.CANCELED:
            return "was cancelled by someone"
        case Verdict.UNKNOWN:
            return "failed, and its log does not tell what it fetched"
        case _:
            return f"failed; it {what_it_did(log)}"


def error_of(
    verdict: Verdict, job_id: int, url: str, log: JobLog, fetched: Sequence[FetchVerdict], attempts: int
) -> PurgerError | None:
    """Why the command does not end well, where nothing more is to be tried with this job; None where it passed."""
    match verdict:
        case Verdict.PASSED:
            return None
        case Verdict.CANCELED:
            return JobError(
                f"job {job_id} was cancelled by someone", where=url, remedy="Ask who did, and why; then run this again."
            )
        case Verdict.FETCHED_DELETED:
            archives = ", ".join(archive_text(each.fetch) for each in fetched if each.deleted)
            return JobError(
                f"job {job_id} still fetches a deleted cache after {many(attempts, 'attempt')}: {archives}",
                where=url,
                remedy="A running job may upload it again and again: wait until none runs on that branch, "
                "then run this again, with a longer --wait.",
            )
        case Verdict.UNKNOWN:
            return SiteError(
                f"job {job_id} failed, and its log does not tell whether it fetched a cache",
                where=url,
                remedy="Look at its page: the log may be missing, or cut off.",
            )
        case Verdict.NOT_A_CACHE_PROBLEM:
            return NotACacheProblemError(
                f"not a cache problem: job {job_id} failed, and {what_it_did(log)}",
                where=url,
                remedy=_where_to_look(log),
            )


def _where_to_look(log: JobLog) -> str:
    """The symptom that was found, else the last failing command's lines, else where they are."""
    spared = "It fetched a cache that the purge did not delete: were there filters?\n" if log.fetched else ""
    if log.symptoms:
        symptom = log.symptoms[-1]
        return f"{spared}{symptom.line}\n{symptom.meaning} {advice(symptom, log)}"
    if log.last_failing_lines:
        return "\n".join([f"{spared}The last command that failed:", *(f"  {line}" for line in log.last_failing_lines)])
    return f"{spared}Look at the build itself."
