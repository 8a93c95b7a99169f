"""The stand-in's page in a real Chromium behaves as the real page was measured; results are checked on the server."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, BrowserContext, Dialog, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch
from purger.standin import Attempt, DeleteFault, ListFault, Repository, StandIn
from tests.support.browser import eventually, full_state
from tests.support.clocks import Ahead

pytestmark = pytest.mark.browser

CONFIRM = "window.confirm = () => true"
CLICK_ALL = "() => document.querySelectorAll('.delete-cache-icon').forEach((icon) => icon.click())"


@pytest.fixture(scope="module")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"), allow_third_party=True)
    launched = await launch(playwright, settings, Reach())
    yield launched
    await launched.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    made = await browser.new_context()
    made.set_default_timeout(60_000)
    yield made
    await made.close()


def token_script(site: StandIn, token: str | None = None) -> str:
    return f"if (location.origin === '{site.url}') localStorage.setItem('travis.webToken', '{token or site.token}')"


async def signed_in(context: BrowserContext, site: StandIn, *, confirming: bool = True) -> Page:
    await context.add_init_script(token_script(site) + (f"\n{CONFIRM}" if confirming else ""))
    return await context.new_page()


async def show(page: Page, site: StandIn, waiting_for: str = ".cache-item") -> None:
    await page.goto(f"{site.url}/github/acme/widgets/caches", wait_until="commit")
    await page.locator(waiting_for).first.wait_for()


async def click(page: Page, branch: str) -> None:
    """Click the icon of this displayed branch, and wait for the response to its request."""
    clicked = await page.evaluate(
        """(branch) => {
          const text = (item) => item.querySelector('.row-branch .label-align').textContent;
          const items = [...document.querySelectorAll('.cache-item')].filter((item) => text(item).trim() === branch);
          items.forEach((item) => item.querySelector('.delete-cache-icon').click());
          return items.length;
        }""",
        branch,
    )
    assert clicked == 1, branch
    await page.locator(".deleting").wait_for(state="detached")


async def answers_for_ever(page: Page) -> None:
    """Ask the page again and again; raises TimeoutError as soon as its script holds it."""
    while True:
        await asyncio.wait_for(page.evaluate("() => 1"), 2)
        await asyncio.sleep(0.05)


async def test_the_console_snippet_deletes_all_caches(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    repository.fill(60)
    page = await signed_in(context, site)
    await show(page, site)
    assert await page.title() == "Travis CI"
    assert await page.locator("#tab_caches.active").count() == 1
    assert await page.locator("ul.push-caches > li.cache-item.push").count() > 20
    assert await page.locator("ul.pull-request-caches > li.cache-item.pull_request").count() > 10
    calls = [request.path for request in site.requests if request.origin == "api" and request.method == "GET"]
    assert (len(calls), site.count("OPTIONS")) == (4, 4)
    await page.evaluate(CLICK_ALL)
    await page.locator(".no-caches").wait_for()
    assert repository.caches == []
    assert len(repository.deleted) == 60
    assert (site.count("DELETE"), site.count("OPTIONS", "/caches")) == (60, 61)
    assert all(request.authorized for request in site.requests if request.method == "DELETE")
    await show(page, site, ".no-caches")


async def test_a_row_sums_a_displayed_branch(context: BrowserContext, site: StandIn, repository: Repository) -> None:
    for branch, age_days in (("foo", 9), ("feature/foo", 7), ("bug/foo", 8), ("SPRINT", 1)):
        repository.add(branch, size_bytes=20_308_738, age_s=age_days * 86400 + 60)
    page = await signed_in(context, site)
    await show(page, site)
    cells = await page.locator(".push-caches .label-align").all_text_contents()
    assert [cell.strip() for cell in cells] == ["foo", "7 days ago", "58.10MB"]
    assert all(cell != cell.strip() for cell in cells)
    assert (await page.locator(".pull-request-caches .row-branch").inner_text()).strip() == "SPRINT"
    assert await page.locator(".delete-cache-icon svg").count() == 2


async def test_without_confirmation_nothing_is_deleted(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    page = await signed_in(context, site, confirming=False)
    questions = []

    async def accept(dialog: Dialog) -> None:
        questions.append(dialog.message)
        await dialog.accept()

    await show(page, site)
    await page.locator(".delete-cache-icon").click()
    assert site.count("DELETE") == 0
    page.on("dialog", accept)
    await page.locator(".delete-cache-button").click()
    await page.locator(".no-caches").wait_for()
    assert questions == ["Are you sure?"]
    assert (repository.caches, site.count("DELETE")) == ([], 1)


PLAIN = ["main", "PR.12", "a b", "what?", "a=b", "it's", 'a"b', "<b>x", "ünï-çødé", "😀"]
TABLE: list[tuple[str, str, list[str], list[str]]] = [
    *[(branch, branch, ["keep"], [branch]) for branch in PLAIN],
    ("#hash", "#hash", ["keep", "PR.1"], ["#hash", "keep", "PR.1"]),
    ("a#b", "a#b", ["a"], ["a"]),
    ("a&b", "a&b", ["a"], ["a"]),
    ("a;b", "a;b", ["a"], ["a"]),
    ("a+b", "a+b", ["a b"], ["a b"]),
    ("a%20b", "a%20b", ["a b"], ["a b"]),
    ("a%2Fb", "a%2Fb", ["a/b"], ["a/b"]),
    ("100%", "100%", ["keep"], []),
    ("a%b", "a%b", ["a"], []),
    ("feature/foo", "foo", ["keep"], []),
    ("<b>x</b>", "b>", ["keep"], []),
    ("feature/bar", "bar", ["bar", "bug/bar"], ["bar"]),
    ("feature", "feature", ["feature/foo", "feature2"], ["feature", "feature/foo"]),
]


async def test_an_icon_deletes_by_the_unencoded_branch_name(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    page = await signed_in(context, site)
    for branch, *_ in TABLE:
        repository.add(branch)
    await show(page, site)
    # The page does not fetch its list again, so one load is enough for all branches of the table.
    for branch, displayed, others, gone in TABLE:
        repository.clear()
        for name in (branch, *others):
            repository.add(name)
        rows = await page.locator(".cache-item").count()
        await click(page, displayed)
        assert sorted(cache.branch for cache, _ in repository.deleted) == sorted(gone), branch
        is_refused = branch in {"100%", "a%b"}
        assert await page.locator(".cache-item").count() == rows - (not is_refused), branch
        assert (await page.locator("ul.flash > li.error .message").count() == 1) or not is_refused, branch


async def test_a_branch_name_can_act_as_a_match(context: BrowserContext, site: StandIn, repository: Repository) -> None:
    repository.add("&match=x", name="cache-y.tgz")
    repository.add("main", name="cache-x.tgz")
    repository.add("other", name="cache-z.tgz")
    page = await signed_in(context, site)
    await show(page, site)
    await click(page, "&match=x")
    assert [cache.branch for cache, _ in repository.deleted] == ["main"]


async def test_an_encoded_branch_deletes_only_itself(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    await context.add_init_script("""const open = XMLHttpRequest.prototype.open;
      XMLHttpRequest.prototype.open = function (method, url, ...rest) {
        const encoded = url.replace(/branch=([^]*)$/, (_, branch) => `branch=${encodeURIComponent(branch)}`);
        return open.call(this, method, encoded, ...rest);
      };""")
    for name in ("#hash", "a", "a&b", "100%"):
        repository.add(name)
    page = await signed_in(context, site)
    await show(page, site)
    for name in ("#hash", "a&b", "100%"):
        await click(page, name)
    assert [cache.branch for cache in repository.caches] == ["a"]


async def test_a_failed_deletion_can_be_repeated(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    site.faults.delete_fault = [
        DeleteFault("a", 502, times=1, applied="all"),
        DeleteFault("b", times=20, kind="reset"),
        DeleteFault("c", times=1, applied="all", kind="broken_json"),
    ]
    site.faults.delete_latency_s = 0.1
    for name in ("a", "b", "c"):
        repository.add(name)
    page = await signed_in(context, site)
    await show(page, site)
    deleting = await page.evaluate(
        f"""() => {{
          ({CLICK_ALL})();
          const icons = document.querySelectorAll('.delete-cache-icon.deleting').length;
          ({CLICK_ALL})();
          return icons;
        }}"""
    )
    assert deleting == 3
    await page.locator(".deleting").first.wait_for(state="detached")
    await page.wait_for_function("() => !document.querySelector('.deleting')")
    assert [text.strip() for text in await page.locator(".row-branch").all_inner_texts()] == ["a", "b"]
    assert await page.locator(".flash .error .message").all_inner_texts() == ["Could not delete the cache"]
    assert [cache.branch for cache in repository.caches] == ["b"]
    site.faults.reset()
    await page.evaluate(CLICK_ALL)
    await page.locator(".no-caches").wait_for()
    assert repository.caches == []


async def test_a_deletion_without_a_response_locks_its_icon(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    site.faults.delete_fault = [DeleteFault(kind="hang")]
    page = await signed_in(context, site)
    await show(page, site)
    await page.evaluate(CLICK_ALL)
    await eventually(lambda: site.count("DELETE") == 1)
    await page.evaluate(CLICK_ALL)
    assert await page.locator(".deleting").count() == 1
    assert site.count("DELETE") == 1


async def test_a_delayed_deletion_is_listed_again(
    context: BrowserContext, site: StandIn, repository: Repository, standin_clock: Ahead
) -> None:
    repository.add("main")
    site.faults.deletion_delay_s = 3600
    page = await signed_in(context, site)
    await show(page, site)
    await page.evaluate(CLICK_ALL)
    await page.locator(".no-caches").wait_for()
    assert (len(repository.listed()), repository.caches) == (1, [])
    await show(page, site, ".cache-item, .no-caches")
    assert await page.locator(".cache-item").count() == 1
    standin_clock.skip(3600)
    assert repository.listed() == []
    await show(page, site, ".no-caches")


async def test_the_security_policy_blocks_eval_and_inline_scripts(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    page = await signed_in(context, site)
    await show(page, site)
    with pytest.raises(PlaywrightError, match="EvalError"):
        await page.wait_for_function("window.injected === true")
    await page.wait_for_function("() => document.title === 'Travis CI'")
    with pytest.raises(PlaywrightError):
        await page.add_script_tag(content="window.injected = true")
    assert await page.evaluate("() => window.injected") is None


async def test_a_full_sign_in_fails_if_permissions_arrive_late(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    await context.add_init_script(full_state(site))
    page = await context.new_page()
    await show(page, site)
    assert await page.locator(".profile").inner_text() == site.login
    site.faults.permissions_delay_s = 0.7
    site.forget_requests()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    await show(page, site, ".loading-indicator")
    await eventually(lambda: any(request.path == "/users/permissions" and request.status for request in site.requests))
    await eventually(lambda: any("reading 'admin'" in error for error in errors))
    assert await page.locator(".cache-item").count() == 0
    assert await page.locator(".loading-indicator").count() == 1


async def test_other_states_than_the_list_are_shown(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    site.add_repository("acme/open", private=False).add("main")
    repository.add("main")
    page = await context.new_page()
    await page.goto(f"{site.url}/assets/style.css")

    async def seen(token: str | None, slug: str, selector: str) -> str:
        await page.evaluate("(token) => localStorage.setItem('travis.webToken', token)", token or "")
        await page.goto(f"{site.url}/github/{slug}/caches", wait_until="commit")
        text = await page.locator(selector).first.inner_text()
        is_moved = not page.url.endswith("/caches")
        assert is_moved == (selector == ".tabs")
        assert await page.locator("#tab_caches.active").count() == 0
        return text

    for token, slug in ((None, "acme/widgets"), ("wrong", "acme/widgets"), (site.token, "acme/none")):
        assert "We couldn't display the repository" in await seen(token, slug, ".missing-notice")
    await seen(None, "acme/open", ".tabs")
    site.faults.list_fault = ListFault(403)
    assert "permissions are insufficient" in await seen(site.token, "acme/widgets", ".error-text")
    site.faults.list_fault = ListFault(kind="broken_json")
    assert "error while loading data" in await seen(site.token, "acme/widgets", ".error-text")
    repository.permissions["cache_view"] = False
    await seen(site.token, "acme/widgets", ".tabs")


async def test_a_manual_sign_in_stores_the_account(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    page = await context.new_page()
    await page.goto(f"{site.url}/signin")
    await page.get_by_role("button", name="Sign in with GitHub").click()
    await page.wait_for_url(f"{site.third_party_url}/**")
    await page.get_by_role("button", name="Authorize").click()
    await page.wait_for_url(f"{site.url}/")
    keys = await page.evaluate("() => ({...localStorage})")
    assert re.search(f'"id":4711.*"web_token":"{site.token}"', keys["travis.auth.accounts"])
    assert keys["travis.auth.activeAccountId"] == "4711"
    await show(page, site)
    await page.evaluate(
        '() => localStorage.setItem(\'travis.auth.accounts\', \'[{"id": 4711, "web_token": "wrong"}]\')'
    )
    await page.goto(f"{site.url}/github/acme/widgets/caches", wait_until="commit")
    await page.wait_for_url("**/signin")


async def test_a_click_takes_less_time_in_a_run_loop(context: BrowserContext) -> None:
    with StandIn() as site:
        site.add_repository("acme/widgets").fill(100)
        site.faults.delete_fault = [DeleteFault(kind="hang")]
        page = await signed_in(context, site)
        await show(page, site)
        ten = (
            "[...document.querySelectorAll('.delete-cache-icon:not(.deleting)')].slice(0, 10).forEach((i) => i.click())"
        )
        timed = "() => { const start = performance.now(); %s; return performance.now() - start; }"
        together = f"requirejs('@ember/runloop/index').run(() => {ten})"
        # A clock that only a look at it moves: it shows what the page spends on purpose, on a busy machine as well.
        await page.evaluate("() => { let now = performance.now(); performance.now = () => (now += 0.125); }")
        outside, inside = await page.evaluate(timed % ten), await page.evaluate(timed % together)
        assert outside >= 90
        assert 20 <= inside < outside / 2


async def test_the_page_can_be_changed(context: BrowserContext, site: StandIn, repository: Repository) -> None:
    repository.add("main")
    page = await signed_in(context, site, confirming=False)
    for change, there, gone in (
        ("icon-class", ".cache-item", ".delete-cache-icon"),
        ("list-markup", ".delete-cache-icon", ".caches-list, .cache-item"),
        ("empty-lists", ".no-caches", ".cache-item"),
    ):
        site.faults.changed_page = change  # type: ignore[assignment]
        await show(page, site, there)
        assert await page.locator(gone).count() == 0
    site.faults.changed_page = "confirm-text"
    await show(page, site)
    async with page.expect_event("dialog") as asked:
        await page.evaluate("() => setTimeout(() => document.querySelector('.delete-cache-icon').click())")
    dialog = await asked.value
    assert dialog.message != "Are you sure?"
    await dialog.dismiss()
    site.faults.changed_page = "hang-script"
    await page.goto(f"{site.url}/github/acme/widgets/caches", wait_until="commit")
    with pytest.raises(TimeoutError):
        await answers_for_ever(page)


async def test_the_page_can_be_hostile(context: BrowserContext, site: StandIn, repository: Repository) -> None:
    repository.add("main")
    page = await signed_in(context, site)
    dialogs = []

    async def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", dismiss)
    site.faults.hostile = "dialogs"
    await show(page, site)
    await eventually(lambda: site.count("GET", "/collect") == 2)
    assert dialogs == ["alert", "prompt"]
    site.faults.hostile = "popup"
    async with context.expect_page():
        await show(page, site)
    site.faults.hostile = "download"
    async with page.expect_download() as download:
        await show(page, site)
    assert (await download.value).suggested_filename == "invoice.exe"
    site.faults.hostile = "exfiltrate"
    await show(page, site)
    stolen = quote(site.token)
    await eventually(lambda: any(stolen in r.raw_query for r in site.requests if r.origin == "third-party"))
    await eventually(lambda: site.count("POST", "/collect") >= 2)


async def test_third_party_scripts_block_the_page(
    context: BrowserContext, site: StandIn, repository: Repository
) -> None:
    repository.add("main")
    site.faults.third_party_scripts = [f"{site.third_party_url}/v3/"]
    site.faults.third_party_latency_s = 0.3
    page = await signed_in(context, site)
    await show(page, site)
    times = await page.evaluate(
        "() => performance.getEntriesByType('resource').map((one) => [one.name, one.startTime, one.responseEnd])"
    )
    (there_at,) = (end for name, _, end in times if name.startswith(site.third_party_url))
    calls = [start for name, start, _ in times if name.startswith(site.api_url)]
    assert calls
    assert min(calls) >= there_at, "the page's own script waits until the third party's is there"
    assert site.count("GET", "/v3/") == 1
    assert await page.evaluate("() => typeof window.Stripe") == "function"


async def test_a_job_page_shows_the_log(context: BrowserContext, site: StandIn, repository: Repository) -> None:
    job = site.add_job(repository, script=[Attempt("failed", symptom="test-image")])
    page = await signed_in(context, site)
    await page.goto(job.url)
    assert "Ensure test image" in await page.locator(".job-log").inner_text()
    assert await page.get_by_role("button", name="Restart job").count() == 0
