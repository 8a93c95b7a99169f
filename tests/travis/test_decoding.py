"""Whatever the API answers to whichever call is one of our types or an error of the site, with the exit code 4."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenacity import stop_after_attempt, wait_none

from purger.browser.connections import Connections
from purger.browser.network import DIRECT
from purger.core.errors import ExitCode, PurgerError, SiteError
from purger.core.retry_policies import RetryPolicy
from purger.secrets.token import Token
from purger.travis.addresses import Owner, Repository, Site
from purger.travis.api import Api
from purger.travis.decoding import NotJsonError, UserPayload, decode, not_our_api, seconds_in
from purger.travis.jobs import JobFacts, Jobs
from purger.travis.rate_limit import Budget
from tests.support.retry_policies import QUICK

WIDGETS = Repository("github", "acme", "widgets")
JOB = JobFacts(7, "failed", None, None, 3, 1, "acme/widgets", None)
CACHE = {"name": "cache-a.tgz", "branch": "main", "size": 12, "last_modified": "2026-03-01T12:00:00Z"}
REPOSITORY = {
    "id": 1, "slug": "acme/widgets", "vcs_provider": "github", "active": True,
    "default_branch": {"name": "main"}, "@permissions": {"cache_view": True},
}  # fmt: skip
BUILD = {"id": 3, "pull_request_number": 4, "branch": {"name": "main"}}
LAST = {"@pagination": {"next": None}}

Call = Callable[[Api], Awaitable[Any]]
CALLS: dict[str, tuple[Call, dict[str, Any]]] = {
    "user": (lambda api: api.user(), {"id": 1, "login": "octavia"}),
    "repository": (lambda api: api.repository(WIDGETS), REPOSITORY),
    "caches": (lambda api: api.caches(1), {"caches": [CACHE]}),
    "delete": (lambda api: api.delete_caches(1, "main"), {"caches": [CACHE]}),
    "branches": (lambda api: api.branches(1), {"branches": [{"name": "main"}]} | LAST),
    "pull requests": (lambda api: api.pull_requests(1), {"builds": [BUILD]} | LAST),
    "repositories": (lambda api: api.repositories(Owner("github", "acme")), {"repositories": [REPOSITORY]} | LAST),
    "job": (
        lambda api: Jobs(api).facts(7),
        {"id": 7, "state": "passed", "started_at": "2026-03-01T12:00:00Z", "build": BUILD, "repository": REPOSITORY},
    ),
    "branches of a job": (lambda api: Jobs(api).branches(JOB), REPOSITORY | {"branch": {"name": "main"}}),
    "restart": (lambda api: Jobs(api).restart(7), {"id": 7, "state": "passed"}),
    "log": (lambda api: Jobs(api).log(7), {"content": "travis_fold:start:worker_info\r\x1b[0KWorker information\n"}),
}


async def asked(name: str, body: bytes) -> Any:
    """Make the call of this name, answered with this body; return what it returns or the error that it raises."""
    at_once = replace(QUICK, api_busy=RetryPolicy(stop=stop_after_attempt(2), wait=wait_none()))
    budget = Budget(0, pauses=QUICK.rate_limit)
    always = httpx2.MockTransport(lambda _request: httpx2.Response(200, content=body, headers={"Date": "soon"}))
    async with Connections(DIRECT, always) as connections:
        try:
            return await CALLS[name][0](Api(connections, Site(), Token("a-token"), budget, at_once))
        except PurgerError as error:
            return error


@pytest.mark.parametrize("name", CALLS)
async def test_what_the_api_answers_is_understood(name: str) -> None:
    assert not isinstance(await asked(name, json.dumps(CALLS[name][1]).encode()), PurgerError)


ODD = [
    b"{}", b"[]", b"null", b"7", b'"text"', b"", b"<html>", b"\xff\xfe", b'{"id": "\xff"}', b'{"id": null}',
    b'{"user": {"id": 1}}', b'{"id": 1.5, "slug": 7}', b'{"id": -1}', b'{"id": true}', b'{"id": 1' + b"0" * 5000 + b"}",
    b'{"id": 1e999}', b'{"caches": {}}', b'{"caches": [null]}', b'{"caches": [{"name": 1}]}', b'{"branches": [[]]}',
    b'{"builds": [{"pull_request_number": "x"}]}', b'{"repositories": [{"id": 1, "slug": "x"}]}',
    b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", b"[" * 100_000, b'{"id": 1, "state": [], "slug": {}}',
    json.dumps({"caches": [CACHE | {"last_modified": "0001-01-01T00:00:00+23:59"}]}).encode(),
    json.dumps({"caches": [CACHE | {"size": 10**30}]}).encode(),
    json.dumps({"id": 7, "state": "passed", "started_at": "yesterday"}).encode(),
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"log", "restart"}))
async def test_another_answer_is_an_error_of_the_site(name: str) -> None:
    for body in ODD:
        result = await asked(name, body)
        if name in {"user", "branches of a job"} and (b'"id": 1,' in body or b'"id": 7,' in body):
            continue  # all that this call needs
        assert isinstance(result, SiteError), (body[:80], result)
        assert result.exit_code is ExitCode.SITE, body[:80]


def other_forms(value: Any) -> st.SearchStrategy[Any]:
    """Draw JSON like this one, with parts of it replaced by something else or left out."""
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
    if isinstance(value, dict):
        kept: st.SearchStrategy[Any] = st.fixed_dictionaries(
            {}, optional={key: other_forms(item) for key, item in value.items()}
        )
    elif isinstance(value, list):
        kept = st.lists(other_forms(value[0]), max_size=2)
    else:
        kept = st.just(value)
    return st.one_of(kept, kept, st.just(value), anything)


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=15)
@given(data=st.data())
def test_no_answer_raises_anything_else(name: str, data: st.DataObject) -> None:
    form = data.draw(other_forms(CALLS[name][1]))
    for body in (json.dumps(form).encode(), data.draw(st.binary(max_size=40))):
        result = asyncio.run(asked(name, body))
        if isinstance(result, PurgerError):
            assert result.exit_code is ExitCode.SITE or name == "log"


async def test_a_next_page_elsewhere_is_never_asked() -> None:
    """The text is put behind the API's origin, where `.evil.test/` would make another host of it."""
    body = json.dumps({"branches": [], "@pagination": {"next": {"@href": ".evil.test/branches"}}}).encode()
    result = await asked("branches", body)
    assert isinstance(result, SiteError)
    assert "not the API we know" in result.what


def test_the_error_names_the_field_and_the_place() -> None:
    with pytest.raises(SiteError, match="expected `int`, got `null` - at") as caught:
        decode(b'{"id": null}', UserPayload, "https://api/user")
    assert caught.value.where == "https://api/user"
    with pytest.raises(NotJsonError):
        decode(b"<html>", UserPayload, "https://api/user")
    assert not_our_api("Odd").what.endswith(": odd")


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("²", None), ("٣", None), ("", None), (None, None), ("soon", None), ("-1", None)]
)
def test_only_plain_digits_are_seconds(text: str | None, seconds: float | None) -> None:
    assert seconds_in(text) == seconds
