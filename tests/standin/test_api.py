"""The stand-in's API over real connections: responses, and the state of the server after them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import yarl

from purger.standin import Attempt, DeleteFault, ListFault, Repository, StandIn

pytestmark = pytest.mark.browser


class Client:
    def __init__(self, session: aiohttp.ClientSession, site: StandIn) -> None:
        self._session = session
        self._site = site
        self.token: str | None = site.token
        self.headers: dict[str, str] = {}

    async def __call__(self, path: str, method: str = "GET", **more: Any) -> tuple[int, Any]:
        headers = {"Travis-API-Version": "3"}
        if self.token is not None:
            headers["Authorization"] = f"token {self.token}"
        url = path if path.startswith("http") else self._site.api_url + path
        more.setdefault("allow_redirects", False)
        async with self._session.request(method, yarl.URL(url, encoded=True), headers=headers, **more) as response:
            self.headers = dict(response.headers)
            text = await response.text()
            return response.status, json.loads(text) if response.content_type == "application/json" else text


@pytest.fixture
async def call(site: StandIn) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, site)


async def test_only_the_right_token_is_signed_in(site: StandIn, call: Client) -> None:
    status, user = await call("/user")
    assert (status, user["login"]) == (200, site.login)
    call.token = "wrong"
    status, text = await call("/user")
    assert (status, "access denied" in text, call.headers["Content-Type"].split(";")[0]) == (403, True, "text/html")
    call.token = None
    status, error = await call("/user")
    assert (status, error["error_type"]) == (403, "login_required")
    assert [request.authorized for request in site.requests] == [True, False, False]


async def test_permissions_decide_what_is_allowed(site: StandIn, repository: Repository, call: Client) -> None:
    repository.permissions["cache_delete"] = False
    site.add_repository("acme/open", private=False)
    site.add_repository("acme/hidden", visible=False)
    for path in ("/repo/github/acme%2Fwidgets", "/repo/acme%2Fwidgets", f"/repo/{repository.id}"):
        status, payload = await call(path)
        assert (status, payload["id"], payload["slug"], payload["@permissions"]["cache_delete"]) == (
            200, repository.id, "acme/widgets", False,
        )  # fmt: skip
    status, error = await call(f"/repo/{repository.id}/caches", "DELETE")
    assert (status, error["error_type"]) == (403, "insufficient_access")
    for path in ("/repo/gitlab/acme%2Fwidgets", "/repo/acme%2Fhidden", "/repo/acme%2Fnone", "/repo/9"):
        assert (await call(path))[0] == 404
    call.token = None
    assert (await call("/repo/acme%2Fwidgets"))[0] == 404
    status, payload = await call("/repo/acme%2Fopen")
    assert (status, payload["@permissions"]["cache_view"]) == (200, False)
    assert (await call(f"/repo/{payload['id']}/caches"))[1]["error_type"] == "login_required"


async def test_lists_are_paged(site: StandIn, call: Client) -> None:
    for number in range(5):
        site.add_repository(f"octo/r{number}", branches=[f"b{count}" for count in range(3)])
    path: str | None = "/owner/github/octo/repos?limit=2"
    slugs = []
    while path:
        _, payload = await call(path)
        slugs += [item["slug"] for item in payload["repositories"]]
        path = (payload["@pagination"]["next"] or {}).get("@href")
    assert slugs == [f"octo/r{number}" for number in range(5)]
    _, payload = await call(f"/repo/{site.repositories[0].id}/branches?limit=100")
    assert [item["name"] for item in payload["branches"]] == ["b0", "b1", "b2"]


async def test_a_deletion_answers_with_the_deleted_caches(repository: Repository, call: Client) -> None:
    for branch in ("main", "feature/foo", "foo", "feature"):
        repository.add(branch)
    path = f"/repo/{repository.id}/caches"
    _, payload = await call(path)
    assert sorted(item["branch"] for item in payload["caches"]) == ["feature", "foo", "foo", "main"]
    assert set(payload["caches"][0]) >= {"name", "branch", "size", "last_modified", "repository_id"}
    _, payload = await call(f"{path}?branch=feature%2Ffoo", "DELETE")
    assert [item["branch"] for item in payload["caches"]] == ["foo"]
    assert sorted(cache.branch for cache in repository.caches) == ["feature", "foo", "main"]
    assert (await call(f"{path}?branch=nothing", "DELETE"))[1]["caches"] == []
    assert (await call(f"{path}?branch=100%", "DELETE"))[0] == 400
    name = repository.caches[0].name
    _, payload = await call(f"{path}?match={name[10:40]}", "DELETE")
    assert [item["name"] for item in payload["caches"]] == [name]


async def test_faults_apply_to_deletions(site: StandIn, repository: Repository, call: Client) -> None:
    path = f"/repo/{repository.id}/caches"
    for number in range(10):
        repository.add(f"b{number}")
    site.faults.delete_fault = [
        DeleteFault("b0", 502, times=1, applied="all"),
        DeleteFault("b1", 429, times=1, retry_after_s=7),
        DeleteFault("b2", times=1, applied="all", kind="broken_json"),
        # Clients repeat a DELETE whose kept-alive connection was reset.
        DeleteFault("b3", times=2, kind="reset"),
        DeleteFault("b4", times=1, kind="hang"),
    ]
    site.faults.delete_all_fault = [DeleteFault(status=504, times=1, applied="half")]
    assert (await call(f"{path}?branch=b0", "DELETE"))[0] == 502
    assert (await call(f"{path}?branch=b1", "DELETE"))[0] == 429
    assert call.headers["Retry-After"] == "7"
    with pytest.raises(json.JSONDecodeError):
        await call(f"{path}?branch=b2", "DELETE")
    assert sorted(a.branch for a in repository.caches) == ["b1", *(f"b{number}" for number in range(3, 10))]
    with pytest.raises(aiohttp.ClientConnectionError):
        await call(f"{path}?branch=b3", "DELETE")
    with pytest.raises(TimeoutError):
        await call(f"{path}?branch=b4", "DELETE", timeout=aiohttp.ClientTimeout(total=2))
    assert len(repository.caches) == 8
    assert (await call(path, "DELETE"))[0] == 504
    assert len(repository.caches) == 4
    assert [request.status for request in site.requests] == [502, 429, 200, None, None, None, 504]
    site.faults.list_fault = ListFault(403, times=1)
    assert [(await call(path))[0] for _ in range(2)] == [403, 200]
    site.faults.list_fault = ListFault(403, times=1, after=2)
    assert [(await call(path))[0] for _ in range(4)] == [200, 200, 403, 200]


async def test_the_rate_limit_and_the_expiry_of_a_token_apply(site: StandIn, call: Client) -> None:
    site.faults.rate_limit_per_minute = 3
    assert [(await call("/user"))[0] for _ in range(4)] == [200, 200, 200, 429]
    assert ((await call("/user"))[1], "Retry-After" in call.headers) == ("Retry later\n", False)
    site.faults.reset()
    site.faults.token_expires_after = 2
    assert [(await call("/user"))[0] for _ in range(4)] == [200, 200, 403, 403]
    site.faults.reset()
    site.use_token_elsewhere(2000)
    assert (await call("/user"))[0] == 429


async def test_api_calls_can_be_redirected(site: StandIn, call: Client) -> None:
    site.faults.redirect_api_to = site.third_party_url
    assert (await call("/user?x=1"))[0] == 302
    assert call.headers["Location"] == f"{site.third_party_url}/user?x=1"


async def test_a_finished_job_can_be_restarted(site: StandIn, repository: Repository, call: Client) -> None:
    job = site.add_job(repository, script=[Attempt("failed"), Attempt(queue_s=0, duration_s=0.2)])
    assert (await call(f"/job/{job.id}"))[1]["state"] == "failed"
    assert (await call(f"/job/{job.id}/restart", "POST"))[0] == 202
    assert (await call(f"/job/{job.id}/restart", "POST"))[0] == 409
    while (payload := (await call(f"/job/{job.id}"))[1])["state"] != "passed":
        await asyncio.sleep(0.02)
    assert payload["finished_at"] >= payload["started_at"]
    _, text = await call(f"/job/{job.id}/log.txt")
    assert (await call(f"/job/{job.id}/log"))[1]["log_parts"][0]["content"] == text
    assert "\x1b[31;1mcould not download cache\x1b[0m\r\n" in text
    assert [one["id"] for one in (await call(f"/build/{job.build_id}/jobs"))[1]["jobs"]] == [job.id]
    repository.permissions["build_restart"] = False
    assert (await call(f"/job/{job.id}/restart", "POST"))[0] == 403


async def test_control_calls_read_and_change_the_state(site: StandIn, call: Client) -> None:
    own = f"{site.url}/_standin"
    filled = {"slug": "acme/new", "count": 3, "caches": [{"branch": "a/b", "size_bytes": 5, "age_s": 60}]}
    for _ in range(2):
        status, payload = await call(f"{own}/repositories", "POST", json=filled)
    assert (status, payload["repositories"][0]["left"]) == (200, 4)
    status, payload = await call(f"{own}/faults", "PATCH", json={"delete_fault": [{"status": 502}]})
    assert (status, payload["faults"]["delete_fault"][0]["status"]) == (200, 502)
    assert (await call(f"{own}/faults", "PATCH", json={"nonsense": 1}))[0] == 400
    assert (await call(f"{own}/faults", "PATCH", data="{"))[0] == 400
    assert (await call(f"{own}/reset", "POST"))[1]["faults"]["delete_fault"] == []
    await call("/user")
    assert (await call(f"{own}/state"))[1]["requests"] == {"GET": 1}
    assert (await call(f"{own}/requests", "DELETE"))[1]["requests"] == {}
    for wrong in ({"slug": "x"}, {"slug": "a/b", "count": -1}, {"slug": "a/b", "caches": [{"name": "x"}]}):
        assert (await call(f"{own}/repositories", "POST", json=wrong))[0] == 400


async def test_the_stand_in_runs_in_the_foreground() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "purger.standin", "--caches", "4", "--token", "t0",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    addresses = json.loads(await process.stdout.readline())
    async with aiohttp.ClientSession() as session, session.get(f"{addresses['url']}/_standin/state") as response:
        (repository,) = (await response.json())["repositories"]
    assert (repository["slug"], repository["left"], addresses["token"]) == ("acme/widgets", 4, "t0")
    os.kill(process.pid, signal.SIGTERM)
    assert await process.communicate() == (b"", b"")
    assert process.returncode == 0
