"""How fast the front end and the API answer without a token, and what counts as no answer."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from purger.browser.connections import Connections
from purger.browser.network import DIRECT
from purger.core.errors import SiteError
from purger.standin import StandIn
from purger.travis.addresses import Site
from purger.travis.reachability import api_answers_s, front_end_answers_s

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
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        address = f"http://127.0.0.1:{closed_soon.getsockname()[1]}"
    with pytest.raises(SiteError, match=f"^{who} does not answer") as caught:
        await answers_s(connections, Site.at(address, address))
    assert option in (caught.value.remedy or "")
    assert (caught.value.where or "").startswith(address)


async def test_a_front_end_that_has_no_such_page_is_an_error_and_an_api_that_refuses_is_not(
    site: StandIn, connections: Connections
) -> None:
    swapped = Site.at(site.api_url, site.api_url)
    with pytest.raises(SiteError, match=r"^the front end answered 4\d\d "):
        await front_end_answers_s(connections, swapped)
    assert await api_answers_s(connections, swapped) >= 0
