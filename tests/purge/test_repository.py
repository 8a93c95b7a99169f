"""The purge of one repository, end to end: survey, clicks, rechecks and the report."""

from __future__ import annotations

import json
from typing import cast

import pytest

from purger.browser.causes import too_few
from purger.browser.network import DIRECT
from purger.cli.progress import log_event
from purger.core.cache import Cache
from purger.core.errors import AccessError, BrowserError, LastingSiteError, NoAnswerError, SiteError
from purger.core.selection import Selection
from purger.purge.repository import RepositoryPurge
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.standin import DeleteFault, StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.page.cache_page import CachePage
from purger.travis.rate_limit import Budget
from tests.support.browser import WIDGETS, OpenApi, Purge, Purger, over_both, survey_one
from tests.support.ports import free_port
from tests.support.raw_servers import Connection, raw_server
from tests.support.retry_policies import QUICK

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("caches", "branches", "passes"), [(60, None, 1), (0, None, 0), (1, None, 1), (2100, 210, 3)])
@over_both
def test_every_cache_is_deleted_and_seen_gone(
    purger: Purger, site: StandIn, repository: Repository, caches: int, branches: int | None, passes: int
) -> None:
    repository.fill(caches, branches=branches)
    ended = purger("purge", "acme/widgets", "--yes", "--max-rate", "0")
    assert repository.caches == []
    assert ended.code == 0, ended.err
    result = ended.repository
    assert (result["verified"], result["ok"]) == (True, True)
    assert (result["seen"], result["selected"], result["deleted"]) == (caches, caches, caches)
    assert result["passes"] == passes
    assert {cache["outcome"] for cache in result["caches"]} <= {"deleted"}
    assert {cache["how"] for cache in result["caches"]} <= {"icon"}
    assert result["bytes_deleted"] == sum(cache.size_bytes for cache, _ in repository.deleted)


def test_a_delayed_deletion_is_waited_for(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.fill(20)
    site.faults.deletion_delay_s = 8
    ended = purger("purge", "acme/widgets", "--yes")
    assert ended.code == 0
    assert ended.repository["verified"]
    assert repository.caches == []
    assert repository.listed() == []
    assert site.count("DELETE") == 20, "what was accepted is not clicked again"
    assert "still listed, although the deletion was accepted" in ended.err


def test_a_deletion_that_never_applies_is_never_called_deleted(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    repository.add("lost")
    site.faults.lost_deletions = ["lost"]
    ended = purger("purge", "acme/widgets", "--yes", "--recheck-timeout", "2s")
    assert ended.code == 1
    assert ended.outcomes() == {"main": "deleted", "lost": "remaining"}
    assert not ended.repository["verified"]


@over_both
def test_a_list_and_a_dry_run_touch_nothing(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.fill(5)
    for command in (["list"], ["purge", "--dry-run"]):
        ended = purger(command[0], "acme/widgets", *command[1:])
        assert ended.code == 0
        assert ended.repository["seen"] == 5
        table = purger(command[0], "acme/widgets", *command[1:], as_json=False)
        assert all(cache.branch in table.out for cache in repository.caches)
    assert site.count("DELETE") == 0
    assert len(repository.caches) == 5


@pytest.mark.parametrize(
    ("case", "code", "said"),
    [
        ("wrong token", 3, "The token was refused"),
        ("no repository", 3, "Not found, or hidden"),
        ("no right", 3, "may not delete the caches"),
        ("no view", 3, "may not see the caches"),
        ("dead port", 4, "The API did not answer"),
    ],
)
def test_each_refusal_has_its_code_and_sentence(purger: Purger, site: StandIn, case: str, code: int, said: str) -> None:
    permissions = {"no right": {"cache_delete": False}, "no view": {"cache_view": False}}.get(case, {})
    repository = site.add_repository("acme/gadgets", permissions=permissions)
    repository.fill(3)
    name = "acme/missing" if case == "no repository" else "acme/gadgets"
    more = {}
    if case == "wrong token":
        more["TRAVIS_TOKEN"] = "wrong-token-of-someone"
    if case == "dead port":
        more["PURGER_API_URL"] = f"http://127.0.0.1:{free_port()}"
    ended = purger("purge", name, "--yes", **more)
    assert (ended.code, ended.report["exit_code"]) == (code, code)
    assert said in ended.err
    assert len(repository.caches) == 3
    assert site.count("GET", "/caches") == 0 or case == "no right"
    assert not any(request.origin == "web" for request in site.requests), "no page is opened"


def test_no_one_to_ask_and_no_yes_starts_nothing(purger: Purger, site: StandIn, repository: Repository) -> None:
    ended = purger("purge", "acme/widgets")
    assert ended.code == 2
    assert "Add --yes" in ended.err
    assert site.requests == []


def test_small_batches_and_one_document_on_stdout(purger: Purger, repository: Repository) -> None:
    repository.fill(25)
    ended = purger("purge", "acme/widgets", "--yes", "--batch-size", "10")
    assert ended.code == 0
    assert json.loads(ended.out) == ended.report
    assert "10 clicked" in ended.err
    assert repository.caches == []


def test_in_slow_motion_each_click_is_a_batch_and_logged(purger: Purger, repository: Repository) -> None:
    branches = [repository.add(f"branch-{number}").branch for number in range(3)]
    ended = purger("purge", "acme/widgets", "--yes", "--slow-mo", "50", "-v")
    assert ended.code == 0
    assert [f"clicking {branch!r}" in ended.err for branch in branches] == [True, True, True]
    assert "1 clicked" in ended.err
    assert "3 clicked, 3 accepted" in ended.err


class UnreachablePage:
    """A page whose browser may not reach what the front end redirects to."""

    loads = 0

    async def load(self, _repository_id: int) -> None:
        self.loads += 1
        raise NoAnswerError("the page did not answer: net::ERR_NAME_NOT_RESOLVED")


@pytest.mark.parametrize(
    ("front_end", "said"),
    [
        ("leads elsewhere", r"^the front end answered 302, a redirect to another host: https://sso.test \("),
        ("answers", r"ERR_NAME_NOT_RESOLVED, although the front end answers purger's own calls"),
        ("is down", r"ERR_NAME_NOT_RESOLVED\Z"),
    ],
)
async def test_what_keeps_the_browser_from_the_front_end_is_told_where_it_can_not_tell(
    site: StandIn, repository: Repository, open_api: OpenApi, front_end: str, said: str
) -> None:
    repository.fill(1)

    async def answer(connection: Connection, _head: str) -> None:
        if front_end == "answers":
            await connection.respond(b"<title>Travis CI</title>")
        else:
            await connection.respond(b"", "Location: https://sso.test/login?next=secret", status="302 Found")

    page = UnreachablePage()
    async with raw_server(answer) as server:
        url = f"http://127.0.0.1:{free_port()}" if front_end == "is down" else server.url
        there = Site.at(url, site.api_url)
        settings = Settings(site=there, network=DIRECT, token=Token(site.token), policies=QUICK)
        async with open_api(at=there) as api:
            purge = RepositoryPurge(WIDGETS, settings, Selection(), api, Budget(0), log_event)
            await survey_one(purge, to_delete=True)
            with pytest.raises(SiteError, match=said) as caught:
                await purge.run(cast("CachePage", page))
    assert isinstance(caught.value, LastingSiteError) == (front_end == "leads elsewhere")
    assert ("--connect" in (caught.value.remedy or "")) == (front_end == "answers")
    assert front_end != "is down" or caught.value.remedy == "Check the address (--url) and whether the site is up."
    assert page.loads == (1 if front_end == "leads elsewhere" else 3)


async def test_a_limit_of_the_machine_is_no_fault_of_a_front_end_that_answers(
    purge: Purge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.fill(2)

    async def fail(_page: CachePage, _repository_id: int | None) -> list[Cache]:
        raise NoAnswerError("the page did not answer: net::ERR_ABORTED")

    monkeypatch.setattr(CachePage, "load", fail)
    monkeypatch.setattr("purger.purge.repository.limits_fault", lambda: too_few("open files", "the limit is 100"))
    with pytest.raises(BrowserError, match="too few open files for a browser: the limit is 100"):
        await purge()


async def test_a_right_to_see_that_is_lost_after_the_survey_is_no_fault_of_the_page(
    purge: Purge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.fill(2)
    load = CachePage.load

    async def lose_and_load(page: CachePage, repository_id: int | None) -> list[Cache]:
        repository.permissions["cache_view"] = False
        return await load(page, repository_id)

    monkeypatch.setattr(CachePage, "load", lose_and_load)
    with pytest.raises(AccessError, match="the token may not see the caches of acme/widgets"):
        await purge()


@pytest.mark.parametrize("at_load", [1, 2], ids=["before the clicks", "before the recheck"])
@pytest.mark.parametrize("selection", [Selection(), Selection(branches=("main",))], ids=["all", "filter"])
async def test_a_repository_that_is_replaced_under_its_name_after_the_survey_is_not_touched(
    purge: Purge,
    site: StandIn,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    at_load: int,
    selection: Selection,
) -> None:
    fresh = site.add_repository("acme/fresh")
    for one in (repository, fresh):
        one.add("main")
        one.add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    load, loads = CachePage.load, iter(range(1, 9))

    async def replace_and_load(page: CachePage, repository_id: int | None) -> list[Cache]:
        if next(loads) == at_load:
            repository.slug, fresh.slug = "acme/old", repository.slug
        return await load(page, repository_id)

    monkeypatch.setattr(CachePage, "load", replace_and_load)
    with pytest.raises(LastingSiteError, match="another repository than the one that was surveyed"):
        await purge(selection)
    assert sorted(cache.branch for cache in fresh.caches) == ["main", "stubborn"]
    assert next(loads) == at_load + 1, "it is not loaded again"
    assert all(f"/repo/{repository.id}/" in request.path for request in site.requests if request.method == "DELETE")
