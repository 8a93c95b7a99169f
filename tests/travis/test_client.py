"""API calls to the stand-in: which refusals are sent again, which end at once, and what each of them is."""

from __future__ import annotations

import socket

import pytest

from purger.core.errors import AccessError, PurgerError, SiteError
from purger.standin import DeleteFault, ListFault, StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.client import BusyError, NotAllowedError, NotFoundError, RateLimitedError
from tests.support.browser import OpenApi
from tests.support.retry_policies import FAST

pytestmark = pytest.mark.browser


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
        with pytest.raises(AccessError, match="the token was refused: answered 403"):
            await api.user()
    assert statuses(site) == 1


async def test_a_right_that_is_missing_and_a_repository_that_is_hidden_are_different(
    site: StandIn, open_api: OpenApi
) -> None:
    locked = site.add_repository("acme/locked", permissions={"cache_delete": False})
    async with open_api() as api:
        with pytest.raises(NotAllowedError, match="the token lacks a right"):
            await api.delete_caches(locked.id, "main")
        with pytest.raises(NotFoundError, match="not found, or hidden from this token"):
            await api.caches(424242)


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
    async with open_api() as api:
        assert len(await api.caches(repository.id)) == 1, "the second attempt"
    assert statuses(site) == 2
    assert FAST.call_timeout_s == 1.0


async def test_a_port_where_nothing_listens_is_an_error_of_the_site(open_api: OpenApi) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        address = f"http://127.0.0.1:{closed_soon.getsockname()[1]}"
    async with open_api(at=Site.at(address, address)) as api:
        with pytest.raises(SiteError, match="the API did not answer") as caught:
            await api.user()
    assert caught.value.where == f"{address}/user"
