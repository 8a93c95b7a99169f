"""The API's origin: CORS, preflights, and every call that the page and purger make."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from purger.standin.answers import Refusal, json_error, not_found, page_of, refusal
from purger.standin.cache_calls import CacheCalls
from purger.standin.gate import let_in, may_see, need, need_sign_in, permissions_of
from purger.standin.jobs import Job
from purger.standin.query import BadQueryError, read_query
from purger.standin.repository import Repository
from purger.standin.world import USER_ID, Origin, Request, World

_PROVIDERS = {"github", "gitlab", "bitbucket", "assembla"}
_MOST_ON_A_PAGE = 100
_USUAL_ON_A_PAGE = 25


class Api:
    """Answers the API's calls from the stand-in's state."""

    name: Origin = "api"

    def __init__(self, world: World, closing: asyncio.Event) -> None:
        """Answer from this state; `closing` ends the calls that never answer."""
        self._world = world
        self._cache_calls = CacheCalls(world, closing)

    async def answer(self, request: web.BaseRequest, entry: Request) -> web.StreamResponse:
        """Answer one request; `entry` is its line in the log."""
        try:
            response = await self._answer(request, entry)
        except Refusal as refused:
            response = refused.response
        except BadQueryError as error:
            response = json_error(400, "wrong_params", str(error))
        if request.headers.get("Origin") == self._world.web_url:
            response.headers["Access-Control-Allow-Origin"] = self._world.web_url
            response.headers["Access-Control-Expose-Headers"] = "Content-Type, Retry-After"
        response.headers["Vary"] = "Origin"
        return response

    async def _answer(self, request: web.BaseRequest, entry: Request) -> web.Response:
        if request.method == "OPTIONS":
            return self._preflight(request)
        await asyncio.sleep(self._world.faults.api_latency_s)
        segments = [unquote(part) for part in entry.path.strip("/").split("/")]
        if segments[:2] == ["auth", "code"]:
            return self._exchange(segments[2:])
        with self._world.clock.settled() as now:
            let_in(self._world, request, entry, now)
        if self._world.faults.redirect_api_to is not None:
            elsewhere = self._world.faults.redirect_api_to.rstrip("/") + request.raw_path
            return web.Response(status=302, headers={"Location": elsewhere})
        return await self._dispatch(request, entry, segments)

    def _preflight(self, request: web.BaseRequest) -> web.Response:
        if request.headers.get("Origin") != self._world.web_url:
            return web.Response(status=403)
        allowed = {
            "Access-Control-Allow-Methods": "HEAD, GET, POST, PATCH, PUT, DELETE",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Travis-API-Version",
            # Chromium would keep an answer for 5 s if nothing were said.
            "Access-Control-Max-Age": "0",
        }
        return web.Response(status=200, headers=allowed)

    def _exchange(self, codes: list[str]) -> web.Response:
        """Give the token for the one-time code that the OAuth round trip left."""
        with self._world.clock.settled():
            if not self._world.sign_in_codes.intersection(codes):
                raise refusal(403, "wrong_credentials", "this code was used, or never given")
            self._world.sign_in_codes.difference_update(codes)
        return web.json_response(self._user() | {"web_token": self._world.token})

    async def _dispatch(self, request: web.BaseRequest, entry: Request, segments: list[str]) -> web.Response:
        match request.method, segments:
            case "GET", ["user"]:
                need_sign_in(entry)
                return web.json_response({"@type": "user"} | self._user())
            case "GET", ["users", "permissions"]:
                need_sign_in(entry)
                await asyncio.sleep(self._world.faults.permissions_delay_s)
                numbers = [repository.id for repository in self._world.repositories]
                return web.json_response(dict.fromkeys(("permissions", "admin", "pull", "push"), numbers))
            case "GET", ["broadcasts"]:
                return web.json_response({"@type": "broadcasts", "broadcasts": []})
            case "GET", ["owner", provider, login]:
                return web.json_response({"@type": "organization", "login": login, "provider": provider})
            case "GET", ["owner", provider, login, "repos"]:
                return self._repositories_of(entry, provider, login)
            case "GET", ["build", number, *rest] if rest in ([], ["jobs"]):
                jobs = [job for job in self._world.jobs.values() if str(job.build_id) == number]
                if not jobs or not may_see(jobs[0].repository, entry):
                    raise not_found("build")
                if not rest:
                    branch = {"@type": "branch", "name": jobs[0].git_branch}
                    return web.json_response(self._build_facts(jobs[0]) | {"branch": branch})
                return web.json_response({"@type": "jobs", "jobs": [self._job_facts(job) for job in jobs]})
            case method, ["job", number, *rest]:
                return self._job_call(method, entry, self._job(number, entry), rest)
            case "GET", ["repo", provider, slug] if provider in _PROVIDERS:
                return web.json_response(self._facts(self._visible(entry, slug, provider), entry))
            case "GET", ["repo", slug]:
                return web.json_response(self._facts(self._visible(entry, slug), entry))
            case "GET" | "DELETE", ["repo", slug, "caches"]:
                return await self._on_caches(request, entry, self._visible(entry, slug))
            case "GET", ["repo", slug, "branches"]:
                return self._branches(entry, self._visible(entry, slug))
        raise not_found("resource")

    async def _on_caches(self, request: web.BaseRequest, entry: Request, repository: Repository) -> web.Response:
        if request.method == "GET":
            need(repository, "cache_view", entry)
            return await self._cache_calls.list(request, repository, entry.raw_query)
        need(repository, "cache_delete", entry)
        return await self._cache_calls.delete(request, repository, entry.raw_query)

    def _visible(self, entry: Request, slug: str, provider: str | None = None) -> Repository:
        with self._world.clock.settled():
            if slug.isdecimal() and provider is None:
                found = next((one for one in self._world.repositories if str(one.id) == slug), None)
            else:
                found = self._world.repository(slug, provider)
        if found is None or not may_see(found, entry):
            raise not_found("repository")
        return found

    def _user(self) -> dict[str, Any]:
        return {
            "id": USER_ID,
            "login": self._world.login,
            "name": self._world.login.title(),
            "vcs_type": "GithubUser",
        }

    def _facts(self, repository: Repository, entry: Request) -> dict[str, Any]:
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

    def _repositories_of(self, entry: Request, provider: str, login: str) -> web.Response:
        with self._world.clock.settled():
            theirs = [
                self._facts(one, entry)
                for one in self._world.repositories
                if one.slug.partition("/")[0] == login and one.provider == provider and may_see(one, entry)
            ]
        if not theirs:
            raise not_found("owner")
        return web.json_response(page_of(theirs, "repositories", entry.path, *_window(entry)))

    def _branches(self, entry: Request, repository: Repository) -> web.Response:
        items = [{"@type": "branch", "name": name, "exists_on_github": True} for name in repository.branches]
        return web.json_response(page_of(items, "branches", entry.path, *_window(entry)))

    def _job(self, number: str, entry: Request) -> Job:
        with self._world.clock.settled():
            job = self._world.jobs.get(int(number)) if number.isdecimal() else None
        if job is None or not may_see(job.repository, entry):
            raise not_found("job")
        return job

    def _job_call(self, method: str, entry: Request, job: Job, rest: list[str]) -> web.Response:
        match method, rest:
            case "GET", []:
                return web.json_response(self._job_facts(job))
            case "GET", ["log.txt"]:
                need(job.repository, "log_view", entry)
                return web.Response(text=job.log(), content_type="text/plain")
            case "GET", ["log"]:
                need(job.repository, "log_view", entry)
                text = job.log()
                parts = [{"content": text, "final": not job.is_running, "number": 0}]
                return web.json_response({"@type": "log", "id": job.id, "content": text, "log_parts": parts})
            case "POST", ["restart"]:
                need(job.repository, "build_restart", entry)
                if not job.restart():
                    raise refusal(409, "job_already_running", "job already running, cannot restart")
                pending = {"@type": "pending", "state_change": "restart", "resource_type": "job"}
                return web.json_response(pending | {"job": self._job_facts(job)}, status=202)
        raise not_found("resource")

    def _job_facts(self, job: Job) -> dict[str, Any]:
        return {
            "@type": "job",
            "id": job.id,
            "number": f"{job.build_id}.1",
            "state": job.state,
            "started_at": self._iso(job.started_at),
            "finished_at": self._iso(job.finished_at),
            "build": self._build_facts(job),
            "repository": {"id": job.repository.id, "slug": job.repository.slug},
        }

    def _build_facts(self, job: Job) -> dict[str, Any]:
        event = "push" if job.pull_request is None else "pull_request"
        return {
            "@type": "build",
            "id": job.build_id,
            "event_type": event,
            "pull_request_number": job.pull_request,
        }

    def _iso(self, at: float | None) -> str | None:
        return None if at is None else self._world.clock.date(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _window(entry: Request) -> tuple[int, int]:
    """The page that is asked for: how many, and from where."""
    asked = read_query(entry.raw_query)
    limit, offset = asked.get("limit", ""), asked.get("offset", "")
    most = min(_MOST_ON_A_PAGE, int(limit)) if limit.isdecimal() and int(limit) else _USUAL_ON_A_PAGE
    return most, int(offset) if offset.isdecimal() else 0
