"""How fast the front end and the API answer without a token, and what counts as no answer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from purger.browser.connections import Connections
from purger.browser.network import DIRECT
from purger.core.errors import SiteError
from purger.secrets.token import Token
from purger.standin import StandIn
from purger.travis.addresses import Site
from purger.travis.client import Calls
from purger.travis.rate_limit import Budget
from purger.travis.reachability import api_answers_s, front_end_answers_s
from tests.support.ports import free_port
from tests.support.raw_servers import Connection, raw_server

Measure = Callable[[Connections, Site], Awaitable[float]]


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    async with Connections(DIRECT) as opened:
        yield opened


@pytest.mark.parametrize("answers_s", [front_end_answers_s, api_answers_s])
async def test_a_site_that_is_up_answers_without_a_token(
    site: StandIn, connections: Connections, answers_s: Measure
) -> None:
    site.faults.page_latency_s = site.faults.api_latency_s = 0.2
    assert 0.2 <= await answers_s(connections, Site.at(site.url, site.api_url)) < 15
    assert [request for request in site.requests if "Authorization" in request.headers] == []


@pytest.mark.parametrize(
    ("answers_s", "who", "option"),
    [(front_end_answers_s, "the front end", "--url"), (api_answers_s, "the API", "--api-url")],
)
async def test_a_port_where_nothing_listens_is_an_error_with_its_option(
    connections: Connections, answers_s: Measure, who: str, option: str
) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(SiteError, match=f"^{who} does not answer") as caught:
        await answers_s(connections, Site.at(address, address))
    assert option in (caught.value.remedy or "")
    assert (caught.value.where or "").startswith(address)


async def test_a_front_end_that_has_no_such_page_is_an_error_and_an_api_that_refuses_is_not(
    site: StandIn, connections: Connections
) -> None:
    swapped = Site.at(site.api_url, site.api_url)
    with pytest.raises(SiteError, match=r"^the front end answered 404: "):
        await front_end_answers_s(connections, swapped)
    assert await api_answers_s(connections, swapped) >= 0


@pytest.mark.parametrize(("answers_s", "who"), [(front_end_answers_s, "the front end"), (api_answers_s, "the API")])
async def test_a_redirect_to_another_host_is_no_answer_of_the_site(
    connections: Connections, answers_s: Measure, who: str
) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"", "Location: http://portal.hotel/in?secret=1", status="302 Found")

    async with raw_server(answer) as server:
        expected = f"^{who} answered 302, a redirect to another host: http://portal.hotel \\("
        with pytest.raises(SiteError, match=expected) as caught:
            await answers_s(connections, Site.at(server.url, server.url))
    assert "sign in" in (caught.value.remedy or "")
    assert "url" not in (caught.value.remedy or "")


async def test_a_front_end_that_leads_to_another_origin_of_its_host_is_no_page_to_sign_in_to(
    connections: Connections,
) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"", "Location: https://127.0.0.1/", status="301 Moved")

    async with raw_server(answer) as server:
        with pytest.raises(SiteError, match=r"^the front end leads to another origin: ") as caught:
            await front_end_answers_s(connections, Site.at(server.url, server.url))
    assert caught.value.remedy == f"Give --url with https://127.0.0.1 in place of {server.url}."


async def test_a_front_end_may_lead_to_another_page_of_its_own(connections: Connections) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"", "Location: /dashboard", status="302 Found")

    async with raw_server(answer) as server:
        assert await front_end_answers_s(connections, Site.at(server.url, server.url)) >= 0


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "<title>Hotel</title>", 'something else than the API answered 200 with a page ("Hotel")'),
        (200, "[]", "something else than the API answered 200"),
        (302, "", "this is not the API we know: it answered 302"),
        (404, "nothing here", "this is not the API we know: it answered 404: nothing here"),
    ],
)
async def test_an_answer_without_the_json_of_the_api_is_another_server(
    connections: Connections, status: int, body: str, said: str
) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(body.encode(), status=f"{status} Some Reason")

    async with raw_server(answer) as server:
        with pytest.raises(SiteError, match=f"^{re.escape(said)}") as caught:
            await api_answers_s(connections, Site.at(server.url, server.url))
    assert "--api-url" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("status", "header", "body"),
    [
        (301, "Location: https://{host}/user", ""),
        (302, "Location: /login", ""),
        (403, "X: y", "<title>Blocked</title>"),
        (403, "X: y", '{"message": "Forbidden"}'),
        (404, "X: y", "nothing here"),
        (407, "X: y", ""),
        (451, "X: y", "<p>"),
        (500, "X: y", '{"@type": "error"}'),
        (502, "X: y", "<title>proxy</title>"),
        (511, "X: y", "<title>Hotel</title>"),
    ],
)
async def test_a_refusal_that_is_not_the_apis_has_the_cause_and_the_remedy_that_a_call_has(
    connections: Connections, status: int, header: str, body: str
) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        fields = header.format(host=f"127.0.0.1:{server.port}")
        await connection.respond(body.encode(), fields, status=f"{status} Some Reason")

    async with raw_server(answer) as server:
        site = Site.at(server.url, server.url)
        with pytest.raises(SiteError) as measured:
            await api_answers_s(connections, site)
        with pytest.raises(SiteError) as called:
            await Calls(connections, site, Token("abcdef123456"), Budget(0)).send_once(
                "GET", f"{site.api_url}/user", dict[str, str]
            )
    assert (str(measured.value), measured.value.remedy) == (str(called.value), called.value.remedy)


@pytest.mark.parametrize(("status", "body"), [(403, '{"error_type": "login_required"}'), (429, "Retry later")])
async def test_an_api_that_refuses_is_up(connections: Connections, status: int, body: str) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(body.encode(), status=f"{status} Some Reason")

    async with raw_server(answer) as server:
        assert await api_answers_s(connections, Site.at(server.url, server.url)) >= 0
