"""Which branch a cache is of: told by the list of branches where one alone is meant, else by listing them."""

from __future__ import annotations

import pytest

from purger.core.cache import Cache, Kind
from purger.core.selection import Selection
from purger.purge.attribution import Attribution
from purger.purge.branch_listings import BranchListings
from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import OpenApi

pytestmark = pytest.mark.browser


async def attributed(open_api: OpenApi, repository: Repository, selection: Selection) -> list[Cache]:
    async with open_api() as api:
        listings = BranchListings(api, repository.id, lambda: selection)
        attribution = Attribution(listings, lambda: selection)
        return await attribution.decidable(await api.caches(repository.id), [])


async def test_excluding_costs_a_listing_only_where_several_branches_may_be_meant(
    open_api: OpenApi, site: StandIn, repository: Repository
) -> None:
    for branch in ("main", "fix", "login", "release/login", "PR.7"):
        repository.add(branch)
    caches = await attributed(open_api, repository, Selection(exclude=("release/*",)))
    assert sorted(str(cache.full_branch) for cache in caches) == ["PR.7", "fix", "login", "main", "release/login"]
    listed = {request.raw_query for request in site.requests if request.path.endswith("/caches")}
    assert {query for query in listed if query} == {
        f"branch={name}" for name in ("login", "login%2Flogin", "release%2Flogin", "release%2Flogin%2Flogin")
    }


@pytest.mark.parametrize("kind", Kind)
async def test_only_what_may_be_a_pull_request_or_a_nested_branch_is_listed_to_learn_its_kind(
    open_api: OpenApi, site: StandIn, repository: Repository, kind: Kind
) -> None:
    for branch in ("main", "fix/login", "fix/PR.7", "PR.7", "PR.8"):
        repository.add(branch)
    selection = Selection(kind=kind)
    caches = await attributed(open_api, repository, selection)
    kinds = {str(cache.full_branch or cache.branch): selection.decide(cache) for cache in caches}
    pushed = kind is Kind.PUSH
    assert kinds == {"main": pushed, "login": pushed, "fix/PR.7": pushed, "PR.7": not pushed, "PR.8": not pushed}
    listed = {request.raw_query for request in site.requests if request.path.endswith("/caches")}
    assert {query for query in listed if query} == {
        f"branch={name}" for name in ("PR.7", "PR.7%2FPR.7", "fix%2FPR.7", "fix%2FPR.7%2FPR.7")
    }


async def test_a_branch_that_is_named_costs_nothing_where_the_row_has_another_name(
    open_api: OpenApi, site: StandIn, repository: Repository
) -> None:
    for branch in ("main", "fix"):
        repository.add(branch)
    caches = await attributed(open_api, repository, Selection(exclude=("develop",)))
    assert [cache.full_branch for cache in caches] == [None, None]
    assert len(site.requests) == 1


async def test_a_cache_of_an_excluded_branch_that_only_the_listing_shows(
    open_api: OpenApi, repository: Repository
) -> None:
    repository.add("login")
    repository.add("old/login")
    repository._branches = ["login"]
    selection = Selection(exclude=("old/login",))
    decisions = {
        (cache.full_branch, selection.decide(cache)) for cache in await attributed(open_api, repository, selection)
    }
    assert decisions == {("login", True), ("old/login", False)}
