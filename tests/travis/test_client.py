"""API calls to the stand-in: which refusals are sent again, which end at once, and what each of them is."""

from __future__ import annotations

from pathlib import Path

import pytest
from trustme import CA

from purger.browser.certificates import CertificateError
from purger.core.errors import AccessError, LastingSiteError, PurgerError, SiteError
from purger.secrets.token import Token
from purger.standin import DeleteFault, ListFault, StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.api import Api
from purger.travis.rate_limit import Budget
from purger.travis.refusals import BusyError, NotAllowedError, NotFoundError, RateLimitedError
from tests.support.browser import OpenApi
from tests.support.https_servers import HOST, context_of, hello, trusting
from tests.support.ports import free_port
from tests.support.raw_servers import OK, Connection, raw_server
from tests.support.retry_policies import FAST, QUICK


def statuses(site: StandIn) -> int:
    """How many calls the API received."""
    return sum(request.origin == "api" for request in site.requests)


@pytest.mark.parametrize("fault", [ListFault(status=500), ListFault(status=429), ListFault(kind="broken_json")])
async def test_a_call_that_fails_once_is_sent_again(
    site: StandIn, repository: Repository, open_api: OpenApi, fault: ListFault
) -> None:
    repository.fill(2)
    fault.times = 1
    site.faults.list_fault = fault
    async with open_api() as api:
        assert len(await api.caches(repository.id)) == 2
        assert (api.take_count(), api.take_count()) == (2, 0)
    assert statuses(site) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "message", "attempts"),
    [
        (ListFault(status=502), BusyError, "the API answered 502", 4),
        (ListFault(kind="broken_json"), BusyError, "not JSON", 4),
        (ListFault(kind="reset"), BusyError, "the API did not answer", 4),
        (ListFault(status=429), RateLimitedError, "the site's rate limit is reached", 8),
        (ListFault(status=408), BusyError, "the API answered 408", 4),
        (ListFault(status=421), BusyError, "the API answered 421", 4),
        (ListFault(status=425), BusyError, "the API answered 425", 4),
        (ListFault(status=511), LastingSiteError, "the network answered 511", 1),
        (ListFault(status=400), SiteError, "the API answered 400", 1),
    ],
)
async def test_a_call_that_always_fails_ends_after_the_attempts_of_its_policy(
    site: StandIn,
    repository: Repository,
    open_api: OpenApi,
    fault: ListFault,
    kind: type[PurgerError],
    message: str,
    attempts: int,
) -> None:
    site.faults.list_fault = fault
    async with open_api() as api:
        with pytest.raises(SiteError, match=message) as caught:
            await api.caches(repository.id)
        assert type(caught.value) is kind
        assert api.take_count() == attempts


async def test_a_deletion_is_sent_once_even_if_it_is_refused(
    site: StandIn, repository: Repository, open_api: OpenApi
) -> None:
    repository.add("main")
    site.faults.delete_fault = [DeleteFault(status=500)]
    async with open_api() as api:
        with pytest.raises(BusyError):
            await api.delete_caches(repository.id, "main")
    assert site.count("DELETE") == 1
    assert len(repository.caches) == 1


async def test_a_token_that_is_refused_is_no_access(site: StandIn, repository: Repository, open_api: OpenApi) -> None:
    async with open_api(token="wrong-token-of-someone") as api:
        with pytest.raises(AccessError, match="the token was refused: answered 403") as raised:
            await api.user()
    assert statuses(site) == 1
    assert "Copy a new one" in (raised.value.remedy or ""), "as the token says, which knows where it is from"


async def test_a_right_that_is_missing_and_a_repository_that_is_hidden_are_different(
    site: StandIn, open_api: OpenApi
) -> None:
    locked = site.add_repository("acme/locked", permissions={"cache_delete": False})
    async with open_api() as api:
        with pytest.raises(NotAllowedError, match="the token lacks a right"):
            await api.delete_caches(locked.id, "main")
        with pytest.raises(NotFoundError, match="not found, or hidden from this token"):
            await api.caches(424242)


async def test_a_page_in_place_of_json_is_another_server_and_is_not_asked_again(open_api: OpenApi) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"\n<!DOCTYPE html><html><title>Hotel &amp; Bar</title>Welcome</html>")

    async with raw_server(answer) as server, open_api(at=Site.at(server.url, server.url)) as api:
        with pytest.raises(
            LastingSiteError, match=r'something else than the API .* a page \("Hotel & Bar"\)'
        ) as caught:
            await api.user()
    assert "sign in before it lets them through" in (caught.value.remedy or "")
    assert server.count("GET") == 1


async def test_a_byte_order_mark_before_json_does_no_harm(open_api: OpenApi) -> None:
    async def answer(connection: Connection, head: str) -> None:
        if head.startswith("GET /user "):
            await connection.respond(b'\xef\xbb\xbf{"id": 1, "login": "octavia"}')
        else:
            error = b'\xef\xbb\xbf{"error_type": "not_found"}'
            await connection.respond(error, status="404 Not Found")

    async with raw_server(answer) as server, open_api(at=Site.at(server.url, server.url)) as api:
        assert (await api.user()).login == "octavia"
        with pytest.raises(NotFoundError):
            await api.caches(1)


async def test_a_redirect_is_not_followed(site: StandIn, repository: Repository, open_api: OpenApi) -> None:
    site.faults.redirect_api_to = site.third_party_url
    async with open_api() as api:
        with pytest.raises(SiteError, match="a redirect, which is not followed with a token"):
            await api.user()
    assert not [request for request in site.requests if request.origin == "third-party"]


async def test_a_response_that_never_comes_is_given_up(
    site: StandIn, repository: Repository, open_api: OpenApi
) -> None:
    site.faults.list_fault = ListFault(kind="hang", times=1)
    repository.fill(1)
    async with open_api(policies=FAST) as api:
        assert len(await api.caches(repository.id)) == 1, "the second attempt"
    assert statuses(site) == 2
    assert FAST.call_timeout_s == 1.0


async def test_an_endless_payload_is_given_up(open_api: OpenApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purger.travis.client.LARGEST_PAYLOAD_BYTES", 2**20)
    sent = 0

    async def endless(connection: Connection, _head: str) -> None:
        nonlocal sent
        await connection.send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            await connection.send(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
            sent += 0x4000

    async with raw_server(endless) as server, open_api(at=Site.at(server.url, server.url)) as api:
        with pytest.raises(SiteError, match="its answer has more than 1 MiB") as caught:
            await api.user()
        assert not isinstance(caught.value, BusyError)
    assert server.count("GET") == 1
    assert sent < 20 * 2**20, "what was not read waits in the buffers of two sockets"


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
async def test_a_connection_that_ends_under_a_request_is_replaced_for_a_get_alone(
    open_api: OpenApi, method: str
) -> None:
    """The server closes what it kept open just when the next request arrives: was that one carried out?"""

    async def answer(connection: Connection, _head: str) -> None:
        if connection.number == 1 and connection.requests == 2:
            connection.reset()
        else:
            await connection.respond(b'{"id": 1, "login": "octavia", "caches": []}')

    async with raw_server(answer) as server, open_api(at=Site.at(server.url, server.url)) as api:
        await api.user()
        if method == "GET":
            assert (await api.user()).login == "octavia"
        elif method == "DELETE":
            with pytest.raises(BusyError):
                await api.delete_caches(1, "main")
        else:
            with pytest.raises(BusyError):
                await api.post(f"{server.url}/job/1/restart")
        assert server.count(method) == {"GET": 3}.get(method, 1)


async def test_one_connection_serves_all_repositories(open_api: OpenApi) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b'{"id": 1, "login": "octavia", "caches": []}')

    async with raw_server(answer) as server, open_api(at=Site.at(server.url, server.url)) as api:
        for one in (api, api.for_one(), api.for_one()):
            await one.user()
            await one.caches(1)
        assert (server.connections, len(server.heads)) == (1, 6)


async def test_the_token_goes_to_the_origin_of_the_api_alone(open_api: OpenApi) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"{}")

    async with (
        raw_server(answer) as ours,
        raw_server(answer) as other,
        open_api(at=Site.at(ours.url, ours.url)) as api,
    ):
        for server in (ours, other):
            await api.call("GET", f"{server.url}/x", dict[str, object])
    assert "authorization: token " in ours.heads[0].lower()
    assert "authorization" not in other.heads[0].lower()
    assert "travis-api-version: 3\r\n" in other.heads[0].lower()


async def test_a_certificate_that_is_not_accepted_is_not_tried_again(tmp_path: Path) -> None:
    authority, token = CA(), Token("a-token-for-tests")
    async with raw_server(hello, context_of(authority, "expired")) as server:
        site = Site.at(f"https://{HOST}:{server.port}")
        async with Api.open(trusting(authority, tmp_path), site, token, Budget(0), QUICK) as api:
            with pytest.raises(CertificateError, match="has expired"):
                await api.user()
            assert api.take_count() == 1
    assert server.heads == []


async def test_a_port_where_nothing_listens_is_an_error_of_the_site(open_api: OpenApi) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    async with open_api(at=Site.at(address, address)) as api:
        with pytest.raises(SiteError, match="the API did not answer") as caught:
            await api.user()
    assert caught.value.where == f"{address}/user"
