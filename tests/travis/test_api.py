"""The API's calls against the stand-in: users, repositories, lists of caches, branches, and exact deletions."""

from __future__ import annotations

import pytest

from purger.core.errors import AccessError
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Owner
from purger.travis.addresses import Repository as Name
from tests.support.browser import WIDGETS, OpenApi

pytestmark = pytest.mark.browser


async def test_the_user_is_that_of_the_token(site: StandIn, open_api: OpenApi) -> None:
    async with open_api() as api:
        assert (await api.user()).login == site.login


async def test_a_repository_has_the_permissions_of_the_token(site: StandIn, open_api: OpenApi) -> None:
    stored = site.add_repository("acme/widgets", permissions={"cache_delete": False})
    async with open_api() as api:
        facts = await api.repository(WIDGETS)
        with pytest.raises(AccessError, match="not found"):
            await api.repository(Name("github", "acme", "missing"))
    assert (facts.id, facts.slug, facts.active) == (stored.id, "acme/widgets", True)
    assert "cache_view" in facts.permissions
    assert "cache_delete" not in facts.permissions


@pytest.mark.parametrize("branch", ["main", "#hash", "a&b", "a+b", "100%", "ünï", "a b"])
async def test_the_caches_of_one_branch_are_listed_whatever_it_is_called(
    repository: Repository, open_api: OpenApi, branch: str
) -> None:
    added = repository.add(branch)
    repository.add("another")
    async with open_api() as api:
        assert [cache.name for cache in await api.caches(repository.id, branch)] == [added.name]
        assert len(await api.caches(repository.id)) == 2


async def test_a_branch_includes_what_is_nested_below_it_and_a_match_is_a_part_of_the_name(
    repository: Repository, open_api: OpenApi
) -> None:
    repository.add("feature", name="cache-a.tgz")
    repository.add("feature/foo", name="cache-b.tgz")
    repository.add("feature2", name="cache-c.tgz")
    async with open_api() as api:
        assert {cache.name for cache in await api.caches(repository.id, "feature")} == {"cache-a.tgz", "cache-b.tgz"}
        assert [cache.branch for cache in await api.caches(repository.id, "feature", "e-b")] == ["foo"]


async def test_a_deletion_returns_what_it_deleted_and_spares_the_rest(
    repository: Repository, open_api: OpenApi
) -> None:
    repository.add("main", name="cache-a.tgz")
    repository.add("main", name="cache-b.tgz")
    async with open_api() as api:
        assert [cache.name for cache in await api.delete_caches(repository.id, "main", "e-a")] == ["cache-a.tgz"]
    assert [cache.name for cache in repository.caches] == ["cache-b.tgz"]


async def test_a_deletion_without_a_branch_is_never_sent(
    site: StandIn, repository: Repository, open_api: OpenApi
) -> None:
    repository.fill(2)
    async with open_api() as api:
        with pytest.raises(ValueError, match="an empty branch would delete every cache"):
            await api.delete_caches(repository.id, "")
    assert site.count("DELETE") == 0
    assert len(repository.caches) == 2


async def test_lists_of_several_pages_are_read_to_the_end(site: StandIn, open_api: OpenApi) -> None:
    names = [f"branch-{number}" for number in range(230)]
    stored = site.add_repository("acme/widgets", branches=names)
    others = [site.add_repository(f"acme/r{number}") for number in range(120)]
    site.add_repository("other/x")
    async with open_api() as api:
        assert sorted(await api.branches(stored.id)) == sorted(names)
        found = await api.repositories(Owner("github", "acme"))
    assert {str(name) for name, _ in found} == {"acme/widgets", *(one.slug for one in others)}
    assert {facts.id for _, facts in found} == {stored.id, *(one.id for one in others)}


async def test_one_repository_counts_its_own_requests(repository: Repository, open_api: OpenApi) -> None:
    async with open_api() as api:
        one, other = api.for_one(), api.for_one()
        await one.caches(repository.id)
        await one.user()
        assert (one.take_count(), other.take_count(), api.take_count()) == (2, 0, 0)
