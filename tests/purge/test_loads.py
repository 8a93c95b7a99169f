"""Loads after the decision: what a full list hides is looked for where it matters, and never called gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from purger.core.cache import Cache
from purger.core.decision import Decision, Verdict
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.repository import RepositoryPurge
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.standin import StandIn
from purger.standin.caches import Cache as Stored
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.keys import last_part
from purger.travis.rate_limit import Budget
from tests.support.browser import WIDGETS, OpenApi, survey_one

pytestmark = pytest.mark.browser

DAY_S = 86_400.0


async def test_what_a_full_list_hides_is_listed_only_where_it_is_selected(
    open_api: OpenApi, site: StandIn, repository: Repository
) -> None:
    for number in range(1100):
        repository.add(f"b{number // 10:03}", age_s=(5 if number < 1080 else 50 + number) * DAY_S)
    settings = Settings(site=Site.at(site.url, site.api_url), token=Token(site.token))
    selection = Selection(policies=Policies(limit=15))
    async with open_api() as api:
        one = RepositoryPurge(WIDGETS, settings, selection, api, Budget(0), lambda _event: None)
        await survey_one(one, to_delete=True)
        ledger = one.record.ledger
        assert {entry.cache.known_branch for entry in ledger.selected} == {"b108", "b109"}
        deleted = await api.delete_caches(repository.id, "b109")
        site.forget_requests()
        await one._loads.record_load(await api.caches(repository.id))
    assert len(ledger.entries) == 1100
    assert {entry.cache.name for entry in ledger.entries if not entry.listed} == {cache.name for cache in deleted}
    assert len(ledger.left) == 5
    assert len(site.requests) < 8, "the branches without a selected cache are not listed again"
    assert one.record.complete


KEPT, SELECTED = Verdict(selected=False), Verdict(selected=True)


def row_of(cache: Stored) -> Cache:
    """The cache as the site lists it."""
    return Cache(cache.name, last_part(cache.branch), cache.size_bytes, cache.last_modified)


async def first_load(open_api: OpenApi, site: StandIn, decision: Decision) -> RepositoryPurge:
    """The survey of a run that goes on with one that decided this."""
    settings = Settings(site=Site.at(site.url, site.api_url), token=Token(site.token))
    async with open_api() as api:
        one = RepositoryPurge(WIDGETS, settings, Selection(decision=decision), api, Budget(0), lambda _event: None)
        await survey_one(one, to_delete=True)
    return one


async def test_what_was_decided_before_is_looked_for_where_the_first_full_list_hides_it(
    open_api: OpenApi, site: StandIn, repository: Repository
) -> None:
    repository.fill(1000, branches=100)
    old = [repository.add(name, age_s=50 * DAY_S) for name in ("z-old", "zz/old", "z-gone", "z-done")]
    assert {cache.name for cache in repository.listed()}.isdisjoint(cache.name for cache in old)
    rows = [row_of(cache) for cache in old]
    repository.delete(old[2:])
    made = Decision.of(((row, SELECTED) for row in rows), is_complete=True)
    site.forget_requests()
    one = await first_load(open_api, site, replace(made, deleted=tuple(rows[3:])))
    assert {entry.cache.full_branch for entry in one.record.ledger.left} == {"z-old", "zz/old"}
    assert len(one.record.ledger.selected) == 2, "what its own branch does not list is gone"
    assert one.record.complete
    assert not [one for one in map(str, site.requests) if "z-done" in one], "what was seen gone is not looked for"


async def test_what_is_shown_of_a_kept_namesake_is_not_taken_for_what_was_decided(
    open_api: OpenApi, site: StandIn, repository: Repository
) -> None:
    repository.fill(999, branches=100)
    kept = repository.add("y/zz", age_s=50 * DAY_S, name="cache-linux--a.tgz")
    mine = repository.add("z/zz", age_s=50 * DAY_S, name=kept.name)
    named = [replace(row_of(one), last_modified=kept.last_modified, full_branch=one.branch) for one in (kept, mine)]
    made = Decision.of(zip(named, (KEPT, SELECTED), strict=True), is_complete=True)
    one = await first_load(open_api, site, made)
    assert [entry.cache.full_branch for entry in one.record.ledger.left] == ["z/zz"]
    assert not one.record.ledger.undecided


async def test_what_nobody_can_look_for_behind_a_full_list_counts_as_listed(
    open_api: OpenApi, site: StandIn, repository: Repository
) -> None:
    repository.fill(1000, branches=100)
    nested = Cache("rails_6.gemfile.tgz", "cache-linux--gemfile-gemfiles", 10, repository.caches[0].last_modified)
    one = await first_load(open_api, site, Decision.of([(nested, SELECTED)], is_complete=True))
    assert [entry.cache.name for entry in one.record.ledger.left] == [nested.name]
    assert not one.record.ok
