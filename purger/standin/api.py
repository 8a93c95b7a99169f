"""Serve the API's origin: CORS, preflights, and all calls that the page and purger make."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

from aiohttp import web

from purger.standin.access import admit, may_see, require_permission, require_sign_in
from purger.standin.cache_calls import CacheCalls
from purger.standin.calls import Call
from purger.standin.faults import Origin, take_odd_answer
from purger.standin.jobs import Job
from purger.standin.payloads import (
    build_payload,
    job_payload,
    pull_request_build,
    repository_payload,
    user_payload,
)
from purger.standin.query import BadQueryError, read_query
from purger.standin.repository import Repository
from purger.standin.responses import Refusal, json_error, not_found, page_of, refusal
from purger.standin.state import Request, SiteState

_PROVIDERS = {"github", "gitlab", "bitbucket", "assembla"}
_MAX_PAGE_SIZE = 100
_DEFAULT_PAGE_SIZE = 25


class Api:
    """Answers the API's calls from the stand-in's state (docs/TRAVIS.md section 4).

    `closing` ends the calls that never get a response.
    """

    name: Origin = "api"

    def __init__(self, state: SiteState, closing: asyncio.Event) -> None:
        self._state = state
        self._cache_calls = CacheCalls(state, closing)

    async def answer(self, call: Call, entry: Request) -> web.Response:
        """Answer one call; `entry` is its record in the state."""
        try:
            response = await self._response(call, entry)
        except Refusal as refused:
            response = refused.response
        except BadQueryError as error:
            response = json_error(400, "wrong_params", str(error))
        if call.headers.get("Origin") == self._state.web_url:
            response.headers["Access-Control-Allow-Origin"] = self._state.web_url
            response.headers["Access-Control-Expose-Headers"] = "Content-Type, Retry-After"
        response.headers["Vary"] = "Origin"
        return response

    async def _response(self, call: Call, entry: Request) -> web.Response:
        if call.method == "OPTIONS":
            return self._preflight(call)
        await asyncio.sleep(self._state.faults.api_latency_s)
        segments = [unquote(part) for part in entry.path.strip("/").split("/")]
        if segments[:2] == ["auth", "code"]:
            return self._exchange(segments[2:])
        with self._state.clock.settled() as now:
            admit(self._state, call, entry, now)
        if self._state.faults.redirect_api_to is not None:
            elsewhere = self._state.faults.redirect_api_to.rstrip("/") + call.raw_path
            return web.Response(status=302, headers={"Location": elsewhere})
        if odd := take_odd_answer(self._state.faults.odd_answers, entry.method, entry.path):
            return web.Response(text=odd.body, status=odd.status, content_type="application/json")
        return await self._dispatch(call, entry, segments)

    def _preflight(self, call: Call) -> web.Response:
        if call.headers.get("Origin") != self._state.web_url:
            return web.Response(status=403)
        allowed = {
            "Access-Control-Allow-Methods": "HEAD, GET, POST, PATCH, PUT, DELETE",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Travis-API-Version",
            # Without this header Chromium would cache the response for 5 s.
            "Access-Control-Max-Age": "0",
        }
        return web.Response(status=200, headers=allowed)

    def _exchange(self, codes: list[str]) -> web.Response:
        """Exchange the one-time code of the OAuth redirect for the token."""
        with self._state.clock.settled():
            if not self._state.sign_in_codes.intersection(codes):
                raise refusal(403, "wrong_credentials", "this code was used or does not exist")
            self._state.sign_in_codes.difference_update(codes)
        return web.json_response(user_payload(self._state) | {"web_token": self._state.token})

    async def _dispatch(self, call: Call, entry: Request, segments: list[str]) -> web.Response:
        match call.method, segments:
            case "GET", ["user"]:
                require_sign_in(entry)
                return web.json_response({"@type": "user"} | user_payload(self._state))
            case "GET", ["users", "permissions"]:
                require_sign_in(entry)
                await asyncio.sleep(self._state.faults.permissions_delay_s)
                numbers = [repository.id for repository in self._state.repositories]
                return web.json_response(dict.fromkeys(("permissions", "admin", "pull", "push"), numbers))
            case "GET", ["broadcasts"]:
                return web.json_response({"@type": "broadcasts", "broadcasts": []})
            case "GET", ["owner", provider, login]:
                return web.json_response({"@type": "organization", "login": login, "provider": provider})
            case "GET", ["owner", provider, login, "repos"]:
                return self._repositories_of(entry, provider, login)
            case "GET", ["build", number, *rest] if rest in ([], ["jobs"]):
                jobs = [job for job in self._state.jobs.values() if str(job.build_id) == number]
                if not jobs or not may_see(jobs[0].repository, entry):
                    raise not_found("build")
                if not rest:
                    branch = {"@type": "branch", "name": jobs[0].git_branch}
                    return web.json_response(build_payload(jobs[0]) | {"branch": branch})
                return web.json_response({"@type": "jobs", "jobs": [job_payload(job, self._state) for job in jobs]})
            case method, ["job", number, *rest]:
                return self._job_call(method, entry, self._job(number, entry), rest)
            case "GET", ["repo", provider, slug] if provider in _PROVIDERS:
                return web.json_response(repository_payload(self._visible(entry, slug, provider), entry))
            case "GET", ["repo", slug]:
                return web.json_response(repository_payload(self._visible(entry, slug), entry))
            case "GET" | "DELETE", ["repo", slug, "caches"]:
                return await self._on_caches(call, entry, self._visible(entry, slug))
            case "GET", ["repo", slug, "branches"]:
                return self._branches(entry, self._visible(entry, slug))
            case "GET", ["repo", slug, "builds"]:
                return self._builds(entry, self._visible(entry, slug))
        raise not_found("resource")

    async def _on_caches(self, call: Call, entry: Request, repository: Repository) -> web.Response:
        if call.method == "GET":
            require_permission(repository, "cache_view", entry)
            return await self._cache_calls.list(call, repository, entry.raw_query)
        require_permission(repository, "cache_delete", entry)
        return await self._cache_calls.delete(call, repository, entry.raw_query)

    def _visible(self, entry: Request, slug: str, provider: str | None = None) -> Repository:
        with self._state.clock.settled():
            if slug.isdecimal() and provider is None:
                found = next((one for one in self._state.repositories if str(one.id) == slug), None)
            else:
                found = self._state.repository(slug, provider)
        if found is None or not may_see(found, entry):
            raise not_found("repository")
        return found

    def _repositories_of(self, entry: Request, provider: str, login: str) -> web.Response:
        with self._state.clock.settled():
            visible = [
                repository_payload(one, entry)
                for one in self._state.repositories
                if one.slug.partition("/")[0] == login and one.provider == provider and may_see(one, entry)
            ]
        if not visible:
            raise not_found("owner")
        return web.json_response(page_of(visible, "repositories", entry.path, *_limit_and_offset(entry)))

    def _branches(self, entry: Request, repository: Repository) -> web.Response:
        wanted = read_query(entry.raw_query).get("branch.exists_on_github")
        items = [
            {"@type": "branch", "name": name, "exists_on_github": repository.has_branch(name)}
            for name in repository.branches
            if wanted in {None, "true" if repository.has_branch(name) else "false"}
        ]
        return web.json_response(page_of(items, "branches", entry.path, *_limit_and_offset(entry)))

    def _builds(self, entry: Request, repository: Repository) -> web.Response:
        """Answer with the builds of pull requests, newest first; other builds have no caches of their own."""
        builds = [pull_request_build(repository, number) for number in repository.pull_requests]
        return web.json_response(page_of(builds, "builds", entry.path, *_limit_and_offset(entry)))

    def _job(self, number: str, entry: Request) -> Job:
        with self._state.clock.settled():
            job = self._state.jobs.get(int(number)) if number.isdecimal() else None
        if job is None or not may_see(job.repository, entry):
            raise not_found("job")
        return job

    def _job_call(self, method: str, entry: Request, job: Job, rest: list[str]) -> web.Response:
        match method, rest:
            case "GET", []:
                return web.json_response(job_payload(job, self._state))
            case "GET", ["log.txt"]:
                require_permission(job.repository, "log_view", entry)
                return web.Response(text=job.log(), content_type="text/plain")
            case "GET", ["log"]:
                require_permission(job.repository, "log_view", entry)
                text = job.log()
                parts = [{"content": text, "final": not job.is_running, "number": 0}]
                return web.json_response({"@type": "log", "id": job.id, "content": text, "log_parts": parts})
            case "POST", ["restart"]:
                require_permission(job.repository, "build_restart", entry)
                if not job.restart():
                    raise refusal(409, "job_already_running", "job already running, cannot restart")
                pending = {"@type": "pending", "state_change": "restart", "resource_type": "job"}
                return web.json_response(pending | {"job": job_payload(job, self._state)}, status=202)
        raise not_found("resource")


def _limit_and_offset(entry: Request) -> tuple[int, int]:
    query = read_query(entry.raw_query)
    limit, offset = query.get("limit", ""), query.get("offset", "")
    page_size = min(_MAX_PAGE_SIZE, int(limit)) if limit.isdecimal() and int(limit) else _DEFAULT_PAGE_SIZE
    return page_size, int(offset) if offset.isdecimal() else 0
