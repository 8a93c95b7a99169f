"""The cache page: signing in, reading its list, clicking its icons."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Playwright

from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import close_context, launch, new_context
from purger.browser.supervise import BrowserSupervisor
from purger.core.errors import BrowserLostError, LastingSiteError, SiteError, UnknownPageError
from purger.secrets.token import Token
from purger.standin import DeleteFault, OddAnswer, StandIn
from purger.standin.faults import ChangedPage, ListFault
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.page.cache_page import HANDLE, TOKEN_KEY, CachePage
from tests.support.browser import WIDGETS, Purger
from tests.support.odd_tokens import SENTINEL
from tests.support.raw_servers import Connection, raw_server

pytestmark = pytest.mark.browser


@pytest.fixture
def site() -> Iterator[StandIn]:
    with StandIn(token=SENTINEL, costs=False) as stand_in:
        yield stand_in


async def test_the_token_is_stored_only_for_the_front_ends_origin(
    site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    playwright, _ = browsers
    settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"), allow_third_party=True)
    ours = Site.at(site.url, site.api_url)
    browser = await launch(playwright, settings, Reach(addresses=ours.addresses))
    context = await new_context(browser)
    try:
        await CachePage.prepare(context, ours, Token(SENTINEL), watched=False)
        page = await context.new_page()
        for address, expected in ((site.url, SENTINEL), (f"{site.third_party_url}/login/oauth/authorize", None)):
            await page.goto(address)
            stored = await page.evaluate("(key) => localStorage.getItem(key)", TOKEN_KEY)
            assert stored == expected, address
            assert await page.evaluate("(name) => name in window", HANDLE) == (expected is not None)
        for frame in (f"{site.third_party_url}/login/oauth/authorize", site.url):
            # The script does not run in the front end's page inside of a frame.
            await page.evaluate("(url) => { document.body.innerHTML = `<iframe src='${url}'></iframe>`; }", frame)
            element = await page.wait_for_selector("iframe")
            inner = await element.content_frame() if element else None
            assert inner is not None
            await inner.wait_for_load_state()
            assert await inner.evaluate("(name) => name in window", HANDLE) is False
    finally:
        await close_context(context)
        await browser.close()


@asynccontextmanager
async def opened(
    site: StandIn, browsers: tuple[Playwright, BrowserSupervisor], *, url: str | None = None, timeout_s: float = 60.0
) -> AsyncIterator[CachePage]:
    """The cache page of acme/widgets in a context of its own, signed in and not loaded yet.

    `url` is that of another front end, for the site's API.
    """
    ours = Site.at(url or site.url, site.api_url)
    context = await new_context(await browsers[1].get())
    page = CachePage(context, ours, WIDGETS, timeout_s=timeout_s)
    try:
        await page.prepare(context, ours, Token(site.token), watched=False)
        yield page
    finally:
        await page.close()
        await close_context(context)


async def test_a_load_returns_the_list_that_the_page_fetched(
    site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    repository.add("main", name="cache-a.tgz", size_bytes=12)
    repository.add("feature/foo")
    async with opened(site, browsers) as page:
        caches = await page.load()
        assert sorted(cache.branch for cache in caches) == ["foo", "main"]
        assert [(cache.name, cache.size_bytes) for cache in caches if cache.branch == "main"] == [("cache-a.tgz", 12)]
        repository.clear()
        assert await page.load() == []
    assert site.count("DELETE") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "public, max-age=600"},
        {"Expires": "Sat, 01 Jan 2180 00:00:00 GMT"},
        {"Last-Modified": "Sat, 01 Jan 2000 00:00:00 GMT"},
    ],
)
async def test_no_load_shows_a_list_that_the_browser_kept(
    headers: dict[str, str], site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    site.faults.list_headers = headers
    async with opened(site, browsers) as page:
        assert await page.load() == []
        repository.add("main")
        assert len(await page.load()) == 1
        repository.clear()
        assert await page.load() == []


async def test_a_list_is_one_by_what_it_holds(
    site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    repository.add("main")
    whole = '{"caches": []}'
    async with opened(site, browsers) as page:
        for status, body, said in (
            (200, '{"caches": [{"name": "ca', "got no whole list: answered 200"),
            (200, "<title>Hotel</title>", 'got no whole list: answered 200 with a page ("Hotel")'),
            (403, "<title>Filter</title>", 'list of caches was refused: answered 403 with a page ("Filter")'),
            (500, whole, f"list of caches was refused: answered 500: {whole}"),
        ):
            site.faults.odd_answers = [OddAnswer("/caches", body, status=status)]
            with pytest.raises(SiteError) as caught:
                await page.load()
            assert caught.value.what.endswith(said)
            assert "`purger list`" in (caught.value.remedy or "")
        site.faults.odd_answers, site.faults.list_fault = [], ListFault(kind="reset")
        with pytest.raises(SiteError, match=r"^the page got no whole list: no answer: the connection broke"):
            await page.load()
        # As what passes a response on answers where it changed something else.
        site.faults.odd_answers, site.faults.list_fault = [OddAnswer("/caches", whole, status=203)], None
        assert await page.load() == []


@pytest.mark.parametrize("rule", ["max-age=0", "no-store, max-age=600", ""])
async def test_a_list_that_nobody_may_keep_leaves_the_browser_its_scripts(
    rule: str, site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    repository.add("main")
    site.faults.list_headers = {"Cache-Control": rule} if rule else {}
    async with opened(site, browsers) as page:
        assert len(await page.load()) == len(await page.load()) == 1
    assert site.count("GET", "/assets/app.js") == 1


async def test_a_click_deletes_the_caches_of_the_rows_that_are_named_and_no_others(
    site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    for branch in ("main", "main", "develop", "other"):
        repository.add(branch)
    site.faults.delete_fault = [DeleteFault("develop", 500)]
    async with opened(site, browsers) as page:
        await page.load()
        responses, missing = await page.click(["main", "develop"], most_pending=0, silence_s=60.0)
    by_branch = {response.branch: response for response in responses}
    assert missing == 0
    assert (by_branch["main"].ok, len(by_branch["main"].deleted or ())) == (True, 2)
    assert (by_branch["develop"].ok, by_branch["develop"].status) == (False, 500)
    assert sorted(cache.branch for cache in repository.caches) == ["develop", "other"]
    assert page.dismissed == []


@pytest.mark.parametrize(("changed", "kind"), [("icon-class", UnknownPageError), ("empty-lists", SiteError)])
async def test_a_page_that_does_not_show_the_list_that_it_fetched_is_not_read_as_empty(
    site: StandIn,
    repository: Repository,
    browsers: tuple[Playwright, BrowserSupervisor],
    changed: ChangedPage,
    kind: type[SiteError],
) -> None:
    repository.fill(3)
    site.faults.changed_page = changed
    async with opened(site, browsers) as page:
        with pytest.raises(kind) as caught:
            await page.load()
    assert (caught.value.where or "").endswith("/github/acme/widgets/caches")
    assert len(repository.caches) == 3


async def test_a_page_that_is_closed_is_lost_and_can_be_loaded_anew(
    site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    repository.fill(2)
    async with opened(site, browsers) as page:
        await page.load()
        await page.close()
        with pytest.raises(BrowserLostError, match="the page was closed"):
            await page.click(["main"], most_pending=0, silence_s=1.0)
        with pytest.raises(BrowserLostError, match="the page was closed"):
            await page.screenshot()
        assert len(await page.load()) == 2
    assert site.count("DELETE") == 0


async def test_what_answers_in_place_of_the_front_end_is_named(
    site: StandIn, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    status, title = "", ""

    async def answer(connection: Connection, _head: str) -> None:
        body = f"<title>{title}</title>".encode()
        await connection.respond(body, "Content-Type: text/html", status=status)

    async with (
        raw_server(answer) as server,
        opened(site, browsers, url=server.url, timeout_s=3.0) as page,
    ):
        for status, title, kind, said in (  # noqa: B007 - the server answers with them
            (
                "403 Forbidden",
                "Blocked",
                LastingSiteError,
                r'^the front end answered 403 with a page \("Blocked"\)',
            ),
            ("503 Unavailable", "Maintenance", SiteError, r"^the front end answered 503 with a page"),
            ("404 Not Found", "Travis CI", SiteError, r"^the page did not show its list"),
            ("200 OK", "Guest WiFi", LastingSiteError, r'^something else .* answers here: a page \("Guest WiFi"\)'),
        ):
            with pytest.raises(SiteError, match=said) as caught:
                await page.load()
            assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [
        ("302 Found", ("Location: /again",), "net::ERR_TOO_MANY_REDIRECTS"),
        ("204 No Content", (), "net::ERR_ABORTED"),
        ("200 OK", ("Content-Disposition: attachment",), "Download is starting"),
        ("200 OK", ("Content-Length: 7",), "net::ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH"),
    ],
)
async def test_an_answer_that_is_no_page_is_not_called_none(
    status: str, headers: tuple[str, ...], code: str, site: StandIn, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(b"", *headers, status=status)

    async with (
        raw_server(answer) as server,
        opened(site, browsers, url=server.url, timeout_s=30.0) as page,
    ):
        with pytest.raises(SiteError, match=f"^the front end answers, but not with a page: {code}") as caught:
            await page.load()
        assert type(caught.value) is SiteError


@pytest.mark.parametrize(
    "way",
    [
        '<meta http-equiv="refresh" content="0;url=http://portal.test/login?secret=1">',
        "<script>location.replace('http://portal.test/login?secret=1')</script>",
    ],
)
async def test_a_page_that_leads_to_another_host_says_to_which(
    way: str, site: StandIn, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    async def answer(connection: Connection, _head: str) -> None:
        await connection.respond(way.encode(), "Content-Type: text/html")

    async with (
        raw_server(answer) as server,
        opened(site, browsers, url=server.url, timeout_s=30.0) as page,
    ):
        with pytest.raises(SiteError, match=r"^the page leads to another host: http://portal.test \(") as caught:
            await page.load()
        assert "sign in" in (caught.value.remedy or "")


def test_no_part_of_the_token_is_shown_where_the_words_of_a_refusal_are_cut(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    body = f"refused{' ' * 285}{SENTINEL}"
    site.faults.odd_answers = [OddAnswer("/caches", body, method="DELETE", status=400)]
    ended = purger("purge", "acme/widgets", "--yes")
    assert ended.code == 1
    assert "refused REDACTED" in ended.out + ended.err
    assert SENTINEL[:6] not in ended.out + ended.err
