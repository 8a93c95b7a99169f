"""Loads after the decision: what a full list hides is looked for where it matters, and never called gone."""

from __future__ import annotations

import pytest

from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.repository import RepositoryPurge
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
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
