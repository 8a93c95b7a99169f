"""A job that fetches a cache of its own branch although the site lists none is named, and one deletion is tried."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from purger.core.cache import Cache
from purger.core.errors import PurgerError, SiteError
from purger.jobs.unlisted import delete_unlisted
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis.api import Api
from purger.travis.job_log import Fetch
from tests.support.browser import WIDGETS, Purger
from tests.support.builders import cache
from tests.support.stand_in_jobs import failed

pytestmark = pytest.mark.browser


def deletions(site: StandIn) -> list[str]:
    return [request.path for request in site.requests if request.method == "DELETE"]


def test_a_cache_that_is_not_listed_is_named_and_one_exact_deletion_is_tried(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    job = site.add_job(repository, script=[failed(fetch="own")])
    ended = purger("retry", "acme/widgets", str(job.id), "--yes", "--wait", "0.1s")
    assert ended.code == 1, ended.err
    (attempt,) = ended.report["retry"]["attempts"]
    assert (attempt["verdict"], attempt["jobs"][0]["verdict"]) == ("unlisted", "unlisted")
    assert "of its own branch that the site does not list: main/" in ended.err
    assert "one deletion through the API was tried, and the API had nothing to delete there" in ended.err
    assert "Not a cache problem" not in ended.err
    assert len(deletions(site)) == 1


def test_with_filters_it_is_named_and_nothing_is_deleted(purger: Purger, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[failed(fetch="own")])
    ended = purger("retry", "acme/widgets", str(job.id), "--yes", "--wait", "0.1s", "--branch", "other")
    assert ended.code == 1, ended.err
    assert "the site does not list: main/" in ended.err
    assert "no deletion was tried" in ended.err
    assert deletions(site) == []


class FakeApi:
    """An API that lists these caches, and counts deletions."""

    def __init__(self, *listed: Cache, answer: Sequence[Cache] | PurgerError = ()) -> None:
        self.listed = list(listed)
        self.answer = answer
        self.deleted: list[tuple[int, str, str | None]] = []

    async def repository(self, _repository: object) -> SimpleNamespace:
        return SimpleNamespace(id=7)

    async def caches(self, _id: int, _branch: str, _match: str | None) -> list[Cache]:
        return self.listed

    async def delete_caches(self, repository_id: int, branch: str, match: str | None) -> list[Cache]:
        self.deleted.append((repository_id, branch, match))
        if isinstance(self.answer, PurgerError):
            raise self.answer
        return list(self.answer)


@pytest.mark.parametrize(
    ("listed", "branch", "archive", "deletions"),
    [
        ([], "team/main", "cache-a.tgz", [(7, "team/main", "cache-a")]),
        ([cache("main/nested")], "main", "cache-a.tgz", []),
        ([], None, "cache-a.tgz", []),
        ([], "main", None, []),
    ],
)
async def test_nothing_is_deleted_that_is_listed_or_not_named(
    listed: list[Cache], branch: str | None, archive: str | None, deletions: list[tuple[int, str, str]]
) -> None:
    api = FakeApi(*listed)
    fetch = Fetch("main", cast(str, archive), None, found=True, source="own")
    said = await delete_unlisted(cast(Api, api), WIDGETS, branch, fetch)
    assert api.deleted == deletions
    assert ("no deletion was tried" in said) is not bool(deletions)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((), "one deletion through the API was tried, and the API had nothing to delete there"),
        ([cache("main")], "one deletion through the API was tried, and the API named it as deleted"),
        (SiteError("it answered 500"), "the deletion through the API failed: it answered 500"),
    ],
)
async def test_what_became_of_the_one_deletion_is_said(answer: Sequence[Cache] | PurgerError, said: str) -> None:
    fetch = Fetch("main", "cache-a.tgz", None, found=True, source="own")
    assert await delete_unlisted(cast(Api, FakeApi(answer=answer)), WIDGETS, "main", fetch) == said
