"""The HTML report in a real browser: three widths, light and dark, sorted and searched by real clicks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, async_playwright

from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch
from purger.report.html import write_html
from purger.report.model import Report, TimelineEntry
from tests.report.samples import hostile_report, record, recreated, refused, report
from tests.support.hostile import HOSTILE

pytestmark = pytest.mark.browser

XSS = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
TIMELINE = [
    TimelineEntry(at_s=0.5, repository="acme/widgets", kind="pass", number=1, to_click=3, caches=3),
    TimelineEntry(at_s=0.6, repository="acme/widgets", kind="click", rows=3),
    TimelineEntry(at_s=1.2, repository="acme/widgets", kind="response", accepted=3, refused=1, deleted=3),
    TimelineEntry(at_s=3.0, repository="acme/widgets", kind="wait", seconds=2.0, text=XSS, times=1),
    TimelineEntry(at_s=5.0, repository="acme/widgets", kind="load", number=2, left=0, gone=3, times=1),
]


class Opened:
    """A page with the report, and everything that the browser complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    async def shown(self, column: str) -> list[str]:
        """The texts of a column, of the rows that are seen."""
        found = await self.page.locator(f"tbody tr:visible td.{column}").all_inner_texts()
        return ["".join(text.split("\n")) for text in found]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(
            playwright,
            BrowserSettings(browser=os.environ.get("PURGER_BROWSER")),
            Reach(addresses=("http://127.0.0.1",)),
        )
        yield browser
        await browser.close()


async def open_report(
    browser: Browser,
    folder: Path,
    made: Report,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    script: bool = True,
) -> Opened:
    file = folder / "report.html"
    file.write_bytes(write_html(made, TIMELINE, {}).encode("utf-8", "replace"))
    page = await browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
    )
    opened = Opened(page)
    await page.goto(file.as_uri())
    return opened


def made_of(count: int = 3) -> Report:
    return report(record(gone=count, left=[refused(XSS, "z" * 150, XSS), recreated("recreated-later")]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
async def test_it_fits_any_screen_and_loads_nothing(
    browser: Browser, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    opened = await open_report(browser, tmp_path, made_of(), width=width, scheme=scheme)
    wide = await opened.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    back, text = await opened.page.evaluate(
        "(({backgroundColor, color}) => [backgroundColor, color].map((each) => +each.match(/\\d+/)[0]))"
        "(getComputedStyle(document.body))"
    )
    assert (back < text) == (scheme == "dark")
    outside = await opened.page.evaluate(
        "[...document.querySelectorAll('td, th, .tiles div, h1, .bars span, .course circle, .course rect')]"
        ".filter((each) => each.getClientRects().length)"
        ".filter((each) => { const {left, right} = each.getBoundingClientRect();"
        " return left < -1 || right > innerWidth + 1; }).length"
    )
    assert outside == 0
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    await opened.page.close()


@pytest.mark.parametrize("name", [XSS, *HOSTILE])
async def test_a_name_stays_text(browser: Browser, tmp_path: Path, name: str) -> None:
    opened = await open_report(browser, tmp_path, hostile_report(name))
    assert "owned" not in (await opened.page.title())[:5]
    assert await opened.page.locator("img").count() == 0
    assert await opened.page.locator("script").count() == 1
    assert opened.complaints == []
    await opened.page.close()


async def test_the_policy_stops_what_would_come_in_all_the_same(browser: Browser, tmp_path: Path) -> None:
    opened = await open_report(browser, tmp_path, made_of())
    await opened.page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = \"document.title = 'owned'\";"
        " document.body.append(one); document.body.insertAdjacentHTML('beforeend',"
        " '<img src=http://127.0.0.1:9/x onerror=\"document.title=1\">'); }"
    )
    await opened.page.wait_for_function("() => document.querySelector('img').complete")
    assert "are gone" in await opened.page.title()
    assert len([text for text in opened.complaints if "Content Security Policy" in text]) >= 2
    await opened.page.close()


@pytest.mark.parametrize("width", [360, 1280])
async def test_sorting_by_each_column(browser: Browser, tmp_path: Path, width: int) -> None:
    opened = await open_report(browser, tmp_path, made_of(12), width=width)
    page = opened.page
    for column in ("branch", "cache", "kind", "size", "modified", "outcome", "by", "why"):
        head = page.locator(f"th.{column}")
        await head.get_by_role("button").click()
        assert await head.get_attribute("aria-sort") == "ascending"
        up = await opened.shown(column)
        await head.get_by_role("button").click()
        assert await head.get_attribute("aria-sort") == "descending"
        down = await opened.shown(column)
        assert len(up) == len(down)
        assert await page.locator("th[aria-sort]").count() == 1
    await page.locator("th.size button").click()
    assert (await opened.shown("size"))[1:4] == ["10 Bytes", "1.0 MB", "2.0 MB"], "by bytes, not by letters"
    await page.locator("th.branch button").click()
    branches = await opened.shown("branch")
    assert branches.index("branch-2") < branches.index("branch-10"), "numbers in names count as numbers"
    assert opened.complaints == []
    await page.close()


async def test_searching_and_choosing_outcomes(browser: Browser, tmp_path: Path) -> None:
    opened = await open_report(browser, tmp_path, made_of(30))
    page, search = opened.page, opened.page.get_by_role("searchbox")
    await search.press_sequentially("BRANCH-2 cache")
    assert set(await opened.shown("branch")) == {"branch-2", *(f"branch-2{digit}" for digit in range(10))}
    assert await page.locator("output").inner_text() == "11 of 32"
    await search.fill("onerror")
    assert await opened.shown("outcome") == ["failed"]
    await search.fill("no such thing")
    assert await opened.shown("branch") == []
    assert await page.get_by_text("No cache matches").is_visible()
    await search.fill("")
    await page.get_by_role("button", name="recreated 1").click()
    assert await opened.shown("branch") == ["recreated-later"]
    await page.get_by_role("button", name="failed 1").click()
    assert len(await opened.shown("branch")) == 2
    await page.get_by_role("button", name="failed 1").click()
    await page.get_by_role("button", name="recreated 1").click()
    assert len(await opened.shown("branch")) == 32
    await page.close()


async def test_two_thousand_rows(browser: Browser, tmp_path: Path) -> None:
    opened = await open_report(browser, tmp_path, made_of(2000))
    page = opened.page
    assert len(await opened.shown("branch")) == 100
    await page.get_by_role("button", name="Show all 2,002").click()
    assert await page.locator("tbody tr:visible").count() == 2002
    await page.locator("th.branch button").click()
    assert (await opened.shown("branch"))[-3:] == ["branch-1998", "branch-1999", "recreated-later"]
    await page.get_by_role("searchbox").fill("branch-1999")
    assert await opened.shown("branch") == ["branch-1999"]
    await page.close()


async def test_without_script_everything_is_there_to_read(browser: Browser, tmp_path: Path) -> None:
    opened = await open_report(browser, tmp_path, made_of(200), script=False)
    assert await opened.page.locator("tbody tr:visible").count() == 202
    assert not await opened.page.get_by_role("searchbox").is_visible()
    assert await opened.page.locator(".course").is_visible()
    await opened.page.close()


async def test_several_repositories_are_searched_each_by_itself(browser: Browser, tmp_path: Path) -> None:
    opened = await open_report(browser, tmp_path, report(record(gone=5), record("gadgets", gone=7)))
    page = opened.page
    await page.get_by_role("link", name="acme/gadgets 7 caches").click()
    assert page.url.endswith("#r2")
    second = page.locator("article").nth(1)
    await second.get_by_role("searchbox").fill("branch-6")
    assert await second.locator("tbody tr:visible").count() == 1
    assert await page.locator("article").first.locator("tbody tr:visible").count() == 5
    await page.close()


async def test_a_picture_can_be_made_large(browser: Browser, tmp_path: Path) -> None:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    picture = tmp_path / "before.png"
    await page.screenshot(path=picture)
    file = tmp_path / "report.html"
    file.write_text(write_html(report(), [], {"acme/widgets before": picture}))
    await page.goto(file.as_uri())
    image = page.get_by_alt_text("The cache page before the purge")
    assert await image.evaluate("(image) => image.naturalWidth") == 1280
    small = await image.bounding_box()
    await page.get_by_role("button", name="Enlarge").click()
    large = await image.bounding_box()
    assert small is not None
    assert large is not None
    assert large["width"] > 1.5 * small["width"]
    await page.close()
