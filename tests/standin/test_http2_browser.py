"""The stand-in over HTTP/2 in a real Chromium that accepts its keys and no others; the server checks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from purger.browser.find import candidates
from purger.standin import DeleteFault, GoAway, Repository, StandIn
from tests.support.browser import eventually
from tests.support.tls import pinning

pytestmark = pytest.mark.browser

CLICK_ALL = "() => document.querySelectorAll('.delete-cache-icon').forEach((icon) => icon.click())"
VERSIONS = "() => performance.getEntriesByType('resource').map((one) => one.nextHopProtocol).filter(Boolean)"


@pytest.fixture
def repository(tls_site: StandIn) -> Repository:
    return tls_site.add_repository("acme/widgets")


@pytest.fixture
async def browser(tls_site: StandIn, playwright: Playwright) -> AsyncIterator[Browser]:
    found = str(candidates(playwright, os.environ.get("PURGER_BROWSER"))[0])
    pins = await pinning(tls_site)
    launched = await playwright.chromium.launch(executable_path=found, args=[pins], env={**os.environ})
    yield launched
    await launched.close()


@pytest.fixture
async def page(browser: Browser, tls_site: StandIn) -> Page:
    made = await browser.new_page()
    await made.add_init_script(
        f"if (location.origin === '{tls_site.url}') localStorage.setItem('travis.webToken', '{tls_site.token}');"
        "window.confirm = () => true"
    )
    return made


async def show(page: Page, site: StandIn) -> None:
    await page.goto(f"{site.url}/github/acme/widgets/caches")
    await page.locator(".cache-item").first.wait_for()


async def click_until_empty(page: Page, repository: Repository) -> None:
    while repository.caches:
        await page.evaluate(CLICK_ALL)


async def test_the_page_works_over_http2(page: Page, tls_site: StandIn, repository: Repository) -> None:
    repository.fill(60)
    tls_site.faults.third_party_scripts = [f"{tls_site.third_party_url}/v3/"]
    await show(page, tls_site)
    assert set(await page.evaluate(VERSIONS)) == {"h2"}
    assert await page.evaluate("() => typeof window.Stripe") == "function"
    await page.evaluate(CLICK_ALL)
    await page.locator(".no-caches").wait_for()
    assert repository.caches == []
    assert {(request.origin, request.http_version) for request in tls_site.requests} == {
        ("web", "2"), ("api", "2"), ("third-party", "2"),
    }  # fmt: skip
    deletions = {request.raw_query for request in tls_site.requests if request.method == "DELETE"}
    preflights = {request.raw_query for request in tls_site.requests if request.method == "OPTIONS"}
    assert len(deletions) == 60
    assert preflights >= deletions


async def test_a_hundred_deletions_are_in_flight(page: Page, tls_site: StandIn, repository: Repository) -> None:
    repository.fill(120)
    tls_site.faults.delete_fault = [DeleteFault(kind="hang")]
    await show(page, tls_site)
    await page.evaluate(CLICK_ALL)
    await eventually(lambda: tls_site.count("DELETE") == 100)
    await page.close()


async def test_a_refused_stream_is_sent_again_by_the_browser(
    page: Page, tls_site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    tls_site.faults.delete_fault = [DeleteFault(kind="refuse_stream", times=1)]
    await show(page, tls_site)
    await page.evaluate(CLICK_ALL)
    await page.locator(".no-caches").wait_for()
    assert [request.status for request in tls_site.requests if request.method == "DELETE"] == [None, 200]


@pytest.mark.parametrize("applied", ["none", "all"])
async def test_a_reset_stream_leaves_its_row(
    page: Page, tls_site: StandIn, repository: Repository, applied: str
) -> None:
    repository.add("main")
    repository.add("other")
    tls_site.faults.delete_fault = [DeleteFault("main", kind="reset_stream", applied=applied)]  # type: ignore[arg-type]
    await show(page, tls_site)
    await page.evaluate(CLICK_ALL)
    await page.locator(".flash .error").first.wait_for()
    await page.locator(".deleting").wait_for(state="detached")
    assert (await page.locator(".cache-item .row-branch .label-align").inner_text()).strip() == "main"
    assert [cache.branch for cache in repository.caches] == (["main"] if applied == "none" else [])
    assert [request.raw_query for request in tls_site.requests if request.status is None] == ["branch=main"]


async def test_the_browser_makes_a_new_connection_where_one_goes_away(
    page: Page, tls_site: StandIn, repository: Repository
) -> None:
    """Chromium sends what was not processed again; a stream that it was about to open may fail instead."""
    repository.fill(60)
    tls_site.faults.goaway = GoAway(after=50)
    await show(page, tls_site)
    await page.evaluate(CLICK_ALL)
    await page.locator(".deleting").first.wait_for(state="detached")
    await eventually(lambda: tls_site.faults.goaway is not None and tls_site.faults.goaway.times == 0)
    await click_until_empty(page, repository)
    assert len({request.raw_query for request in tls_site.requests if request.method == "DELETE"}) == 60


async def test_calls_on_a_reset_connection_are_sent_again_by_the_browser(
    page: Page, tls_site: StandIn, repository: Repository
) -> None:
    repository.fill(20)
    first = repository.caches[0].branch
    tls_site.faults.delete_latency_s = 0.2
    tls_site.faults.delete_fault = [DeleteFault(first, kind="reset", times=1)]
    await show(page, tls_site)
    await page.evaluate(CLICK_ALL)
    await page.locator(".no-caches").wait_for()
    assert repository.caches == []
    unanswered = [request for request in tls_site.requests if request.method == "DELETE" and request.status is None]
    assert [request.raw_query for request in unanswered] == [f"branch={first}"]
    assert tls_site.count("DELETE") > 20


async def test_the_browser_rejects_a_key_that_changed(
    browser: Browser, page: Page, tls_site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    await show(page, tls_site)
    tls_site.use_certificate("new_key")
    other = await browser.new_page()
    with pytest.raises(PlaywrightError, match="ERR_CERT_AUTHORITY_INVALID"):
        await other.goto(tls_site.url)
    tls_site.use_certificate("valid")
    await show(page, tls_site)
