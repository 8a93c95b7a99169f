"""What the host says of pull requests, and what it does not say."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest

from purger.browser.connections import Connections
from purger.browser.network import DIRECT
from purger.secrets.token import Token
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.host import HostSettings
from purger.travis.pull_requests import PullRequests, closed_pull_requests
from tests.support.browser import WIDGETS
from tests.support.retry_policies import QUICK

TOKEN = Token("host-token-of-tests")


async def ask(answer: Callable[[httpx2.Request], httpx2.Response], *numbers: int) -> PullRequests:
    """Ask GitHub, which answers so."""
    settings = HostSettings(token=TOKEN)
    async with Connections(DIRECT, httpx2.MockTransport(answer)) as connections:
        return await closed_pull_requests(WIDGETS, numbers, Site(), settings, connections, QUICK)


async def test_the_state_of_each_is_asked_with_the_token() -> None:
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((str(request.url), request.headers["Authorization"]))
        number = int(request.url.path.rpartition("/")[2])
        return httpx2.Response(200, json={"number": number, "state": "closed" if number == 8 else "open"})

    assert await ask(answer, 7, 8, 8) == PullRequests({7: False, 8: True})
    first = "https://api.github.com/repos/acme/widgets/pulls/"
    assert sorted(asked) == [(f"{first}{number}", "Bearer host-token-of-tests") for number in (7, 8)]


@pytest.mark.parametrize(
    ("status", "body", "problem", "is_over"),
    [
        (404, "{}", "does not know or show", False),
        (410, "{}", "answers 410", False),
        (301, "{}", "answers 301", False),
        (200, "<html>", "in a form", False),
        (200, '{"number": 99, "state": "closed"}', "in a form", False),
        (200, '{"number": 7, "state": "merged"}', "in a form", False),
        (401, "{}", "refuses GITHUB_TOKEN", True),
        (403, "{}", "rate limit", True),
        (429, "{}", "rate limit", True),
        (500, "{}", "answers 500", True),
    ],
)
async def test_what_it_does_not_say_is_not_known(status: int, body: str, problem: str, is_over: bool) -> None:
    asked: dict[str, int] = {}

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked[request.url.path] = asked.get(request.url.path, 0) + 1
        return httpx2.Response(status, text=body, headers={"Location": "https://elsewhere.example/"})

    found = await ask(answer, *range(7, 27))
    assert found.closed == {}
    assert len(found.problems) == 1
    assert problem in found.problems[0]
    assert (len(asked) < 20) is is_over, "after an answer that holds for all, no other is asked"
    assert max(asked.values()) == (4 if status == 500 else 1)


async def test_a_repository_that_was_renamed_or_transferred_is_asked_where_it_is_now() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/repositories/12/pulls/7":
            return httpx2.Response(200, json={"number": 7, "state": "closed"})
        return httpx2.Response(301, headers={"Location": "https://api.github.com/repositories/12/pulls/7"})

    assert await ask(answer, 7) == PullRequests({7: True})


@pytest.mark.parametrize(
    "location",
    [
        "https://api.github.com/repos/acme/widgets/pulls/7",
        "https://api.github.com.evil.example/",
        "https://me@api.github.com/repositories/12/pulls/7",
        "http://api.github.com/repositories/12/pulls/7",
        "https://[",
        "/repositories/12/pulls/7",
        "",
    ],
)
async def test_no_other_redirect_is_followed(location: str) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(301, headers={"Location": location})

    found = await ask(answer, 7)
    assert found == PullRequests({}, ("GitHub answers 301",))
    assert set(asked) == {"https://api.github.com/repos/acme/widgets/pulls/7"}
    assert len(asked) <= 2


async def test_a_busy_host_is_asked_again() -> None:
    answers = iter([503, 200])

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(next(answers), json={"number": 7, "state": "closed"})

    assert await ask(answer, 7) == PullRequests({7: True})


async def test_a_host_that_cannot_be_reached_is_a_problem() -> None:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route to host")

    found = await ask(answer, 7)
    assert found.closed == {}
    assert found.problems[0].startswith("GitHub can't be asked: ")


async def test_nobody_is_asked_about_another_installation() -> None:
    there = Site.at("https://travis.acme.org")
    found = await closed_pull_requests(WIDGETS, [7], there, HostSettings(), Connections(DIRECT))
    assert found.closed == {}
    assert "only for the public site" in found.problems[0]


async def test_a_look_alike_of_the_host(site: StandIn, repository: Repository) -> None:
    for number in (7, 8, 9):
        repository.add(f"PR.{number}")
    repository.close_pull_request(8)
    settings = HostSettings(api_url=site.third_party_url, token=TOKEN)
    there = Site.at(site.url, site.api_url)
    async with Connections(DIRECT) as connections:
        found = await closed_pull_requests(WIDGETS, [7, 8, 10], there, settings, connections, QUICK)
    assert found == PullRequests({7: False, 8: True}, ("GitHub does not know or show some pull requests",))
    assert not any("Authorization" in request.headers for request in site.requests)
    site.faults.host_calls = 1
    async with Connections(DIRECT) as connections:
        found = await closed_pull_requests(WIDGETS, [7, 8, 9], there, settings, connections, QUICK)
    assert len(found.closed) == 1
    assert "rate limit" in found.problems[0]
