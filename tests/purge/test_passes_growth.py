"""The work of a pass for each cache does not grow with the number of caches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from purger.core.cache import Cache
from purger.core.selection import Selection
from purger.purge.attribution import Attribution
from purger.purge.branch_listings import BranchListings
from purger.purge.exact_deletion import ExactDeletion
from purger.purge.ledger import Ledger
from purger.purge.passes import Passes
from purger.purge.record import Record
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site
from purger.travis.api import Api
from purger.travis.page.cache_page import CachePage
from purger.travis.payloads import Response
from purger.travis.rate_limit import Budget
from tests.support.builders import NOW, cache
from tests.support.growth import MOST_GROWTH, growth


class FakeApi:
    """The API of a repository with a cache in each branch."""

    def __init__(self, stored: dict[str, list[Cache]]) -> None:
        self._stored = stored
        self.branches_asked = 0

    async def caches(self, _id: int, branch: str, _match: str | None = None) -> list[Cache]:
        await asyncio.sleep(0)
        return self._stored.get(branch, [])

    async def delete_caches(self, _id: int, branch: str, _match: str | None = None) -> list[Cache]:
        return self._stored.pop(branch)

    async def branches(self, _id: int) -> dict[str, bool | None]:
        self.branches_asked += 1
        await asyncio.sleep(0)
        return dict.fromkeys(self._stored)


class FakePage:
    """A page that accepts each click at once, and names what the row shows."""

    dismissed = ()

    def __init__(self, rows: dict[str, list[Cache]]) -> None:
        self._rows = rows

    async def click(self, branches: list[str], **_more: Any) -> tuple[list[Response], int]:
        return [Response(name, 200, "answered 200", tuple(self._rows[name])) for name in branches], 0


def passing(stored: dict[str, list[Cache]], selection: Selection) -> tuple[Passes, FakePage, FakeApi]:
    fake = FakeApi(stored)
    api = cast(Api, fake)
    ledger = Ledger(selection, 4)
    ledger.record_load([one for caches in stored.values() for one in caches], NOW)
    site = Site.at("https://app.travis-ci.com", "https://api.travis-ci.com")
    record = Record(Repository("github", "acme", "widgets"), "https://x", ledger, lambda _event: None)
    settings = Settings(site=site, token=Token("token-of-someone"))
    listings = BranchListings(api, 1, lambda: selection)
    attribution = Attribution(listings, lambda: selection)
    passes = Passes(record, settings, api, ExactDeletion(api, 1, listings), Budget(0), attribution)
    return passes, FakePage({caches[0].branch: caches for caches in stored.values() if caches}), fake


ROWS: dict[str, Callable[[int], dict[str, list[Cache]]]] = {
    "one row": lambda count: {"main": [cache("main", str(number)) for number in range(count)]},
    "many rows": lambda count: {f"row-{number}": [cache(f"row-{number}")] for number in range(count)},
    "names to be traced": lambda count: {f"feature/{number}": [cache(f"{number}")] for number in range(count)},
    "one displayed name": lambda count: {f"{number}/a": [cache("a", age_s=number)] for number in range(2, count)},
}


@pytest.mark.parametrize(
    ("rows", "everything"),
    [
        *((rows, True) for rows in ROWS),
        # For a displayed name, the listing of each branch behind it is compared with what is wanted: not linear.
        *((rows, False) for rows in ROWS if rows != "one displayed name"),
    ],
)
def test_the_work_of_a_pass_does_not_grow(rows: str, everything: bool) -> None:
    def work(count: int) -> Callable[[], object]:
        selection = Selection() if everything else Selection(older_than_s=1.0, as_of=NOW)
        stored = ROWS[rows](count)
        passes, page, fake = passing(stored, selection)

        def run() -> None:
            asyncio.run(passes.run_pass(cast(CachePage, page)))
            assert len(passes.record.ledger.waiting) >= min(count - 2, len(page._rows))
            assert passes.record.ledger.to_attempt == [] or rows == "one displayed name"
            assert fake.branches_asked <= 1

        return run

    assert growth(work) < MOST_GROWTH
