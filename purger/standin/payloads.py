"""Build the JSON payloads of the stand-in's API: users, repositories, jobs and builds."""

from __future__ import annotations

from typing import Any

from purger.standin.access import permissions_of
from purger.standin.jobs import Job
from purger.standin.repository import Repository
from purger.standin.state import USER_ID, Request, SiteState


def user_payload(state: SiteState) -> dict[str, Any]:
    """Return the payload of the token's user."""
    return {"id": USER_ID, "login": state.login, "name": state.login.title(), "vcs_type": "GithubUser"}


def repository_payload(repository: Repository, entry: Request) -> dict[str, Any]:
    """Return the payload of a repository, with the permissions of the request's sender."""
    owner, _, name = repository.slug.partition("/")
    return {
        "@type": "repository",
        "@href": f"/repo/{repository.id}",
        "@permissions": permissions_of(repository, entry),
        "id": repository.id,
        "name": name,
        "slug": repository.slug,
        "owner": {"@type": "organization", "login": owner},
        "active": repository.active,
        "private": repository.private,
        "default_branch": {"@type": "branch", "name": repository.default_branch},
        "provider": repository.provider,
        "vcs_provider": repository.provider,
    }


def job_payload(job: Job, state: SiteState) -> dict[str, Any]:
    """Return the payload of a job in its current state."""
    return {
        "@type": "job",
        "id": job.id,
        "number": f"{job.build_id}.1",
        "state": job.state,
        "started_at": _iso(job.started_at, state),
        "finished_at": _iso(job.finished_at, state),
        "build": build_payload(job),
        "repository": {"id": job.repository.id, "slug": job.repository.slug},
    }


def build_payload(job: Job) -> dict[str, Any]:
    """Return the payload of a job's build."""
    return {
        "@type": "build",
        "id": job.build_id,
        "event_type": "push" if job.pull_request is None else "pull_request",
        "pull_request_number": job.pull_request,
    }


def pull_request_build(repository: Repository, number: int) -> dict[str, Any]:
    """Return the payload of a build of a pull request; its branch is the target."""
    return {
        "@type": "build",
        "event_type": "pull_request",
        "pull_request_number": number,
        "branch": {"@type": "branch", "name": repository.default_branch},
        "state": "passed",
    }


def _iso(at: float | None, state: SiteState) -> str | None:
    return None if at is None else state.clock.date(at).strftime("%Y-%m-%dT%H:%M:%SZ")
