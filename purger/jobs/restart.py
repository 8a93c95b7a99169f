"""Restart jobs: require before anything is deleted that they can be restarted, and restart them after it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from purger.core.errors import InputError, JobError, PurgerError
from purger.jobs.attempts import JobRun
from purger.travis.addresses import Repository
from purger.travis.api import Api
from purger.travis.job_names import HOW_TO_NAME
from purger.travis.jobs import JobFacts, Jobs, NoSuchJobError, RestartRefusedError, gone_error, running_error
from purger.travis.refusals import BusyError, TokenRefusedError


async def require_restartable(
    api: Api, jobs: Jobs, repository: Repository, pages: Mapping[int, str]
) -> dict[int, JobFacts]:
    """Return the facts of the jobs, whose pages these are by their ids, if all can be restarted after a purge.

    Raises AccessError where the token lacks a right, InputError for a job that is not of this repository, and
    JobRunningError.
    """
    facts = await api.repository(repository)
    facts.require({"build_restart": "restart jobs", "log_view": "read logs"}, so="; nothing was deleted")
    known: dict[int, JobFacts] = {}
    for job_id, page in pages.items():
        job = known[job_id] = await jobs.facts(job_id)
        if job.repository_id != facts.id:
            raise _of_another(job, repository)
        if job.is_running:
            raise running_error(job_id, page)
    return known


def _of_another(job: JobFacts, repository: Repository) -> InputError:
    """Return the error for a job that is not known to be of this repository."""
    slug = job.repository_slug
    if job.repository_id is None:
        return InputError(
            f"the API does not say which repository job {job.id} is of, so nothing was deleted of {repository}",
            remedy="Check the job's page: does it exist, and may this token see it?",
        )
    if slug is None or slug.lower() == repository.slug.lower():
        return InputError(
            f"job {job.id} is not of {repository}, but of another repository"
            + (f" that is called {slug}, too" if slug else ""),
            remedy="Name the job's own repository, with its provider: gitlab/owner/name, for example.",
        )
    return InputError(
        f"job {job.id} is of {slug}, not of {repository}",
        remedy=f"{HOW_TO_NAME} If {slug} is meant, name it as the repository.",
    )


async def restart(jobs: Jobs, run: JobRun) -> JobFacts | None:
    """Restart a job and return its facts from before; or keep in the run why that failed, and return None.

    Raises TokenRefusedError, which is not about this job alone.
    """
    try:
        before = await jobs.facts(run.id)
        await _send(jobs, run)
    except TokenRefusedError:
        raise
    except (JobError, RestartRefusedError) as error:
        run.error = error
    except NoSuchJobError:
        run.error = gone_error(run.id, run.url).about(f"job {run.id} was not restarted")
    except BusyError as error:
        run.error = error.about(f"whether job {run.id} was restarted is not known")
    except PurgerError as error:
        run.error = error.about(f"job {run.id} was not restarted")
    else:
        run.restarted_at = datetime.now(UTC)
        return before
    return None


async def _send(jobs: Jobs, run: JobRun) -> None:
    try:
        await jobs.restart(run.id)
    except asyncio.CancelledError:
        run.error = JobError(
            f"whether job {run.id} was restarted is not known: purger was stopped before the API answered",
            where=run.url,
            remedy="Check its page.",
        )
        raise
