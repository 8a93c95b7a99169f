"""The HTML report in a real browser: three widths, light and dark, sorted and searched by real clicks."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from playwright.async_api import Browser, Page, Playwright

from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch
from purger.core.cache import UNDATED
from purger.report import html_rows
from purger.report.html_pictures import MOST_HEIGHT
from purger.report.model import Report, TimelineEntry
from tests.report.samples import cache_report, hostile_report, html_of, record, recreated, refused, report
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

    async def show(self, folder: Path, made: Report) -> None:
        """Go to this report."""
        file = folder / "report.html"
        file.write_bytes(html_of(made, TIMELINE, {}).encode("utf-8", "replace"))
        await self.page.goto(file.as_uri())

    async def shown(self, column: str) -> list[str]:
        """The texts of a column, of the rows that are seen."""
        return await self.page.locator(f"tbody tr:visible td.{column}").all_inner_texts()


@pytest.fixture(scope="module")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"))
    browser = await launch(playwright, settings, Reach(addresses=("http://127.0.0.1",)))
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
    page = await browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
    )
    opened = Opened(page)
    await opened.show(folder, made)
    return opened


def made_of(count: int = 3, last: str = "recreated-later") -> Report:
    return report(record(gone=count, left=[refused(XSS, "z" * 150, XSS), recreated(last)]))


@pytest.fixture(params=[300, 2], ids=["rows", "data"])
def in_page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows are HTML; the others are made by the script from data."""
    count: int = request.param
    monkeypatch.setattr(html_rows, "MOST_IN_PAGE", count)
    return count


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
async def test_it_fits_any_screen_and_loads_nothing(
    browser: Browser, tmp_path: Path, width: int, scheme: Literal["light", "dark"], in_page: int
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


async def test_a_name_stays_text(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [XSS, "</script><img src=x><!--<script>", "\u2028", "\\u003cimg>", *HOSTILE]
    opened = await open_report(browser, tmp_path, made_of())
    shown = []
    for count in (1, 0):
        monkeypatch.setattr(html_rows, "MOST_IN_PAGE", count)
        await opened.show(tmp_path, hostile_report(*names))
        assert "owned" not in await opened.page.title()
        assert await opened.page.locator("img").count() == 0
        assert await opened.page.locator("script").count() == 1 + len(names), "each table has one with its data"
        rows = opened.page.locator("tbody tr:first-child")
        shown.append(await rows.evaluate_all("(rows) => rows.map((row) => row.outerHTML)"))
        assert opened.complaints == []
    assert len(shown[0]) == len(names)
    for name, as_row, as_data in zip(names, *shown, strict=True):
        assert as_row == as_data, name
    await opened.page.close()


async def test_rows_of_data_are_the_same_as_those_of_the_page(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, found = made_of(40), []
    (repository,) = made.repositories
    nameless = cache_report("undated", 0, last_modified=UNDATED)
    repository = msgspec.structs.replace(repository, caches=[*repository.caches, nameless])
    made = msgspec.structs.replace(made, repositories=[repository])
    for count in (300, 7):
        monkeypatch.setattr(html_rows, "MOST_IN_PAGE", count)
        opened = await open_report(browser, tmp_path, made)
        rows = opened.page.locator("tbody tr")
        found.append(await rows.evaluate_all("(rows) => rows.map((row) => row.outerHTML)"))
        await opened.page.close()
    assert found[0] == found[1]
    assert len(found[0]) == 43


@pytest.mark.parametrize("width", [360, 1280])
async def test_a_long_name_is_copied_as_one(browser: Browser, tmp_path: Path, width: int) -> None:
    name = "feature/a-name-that-is-shown-cut-in-the-middle-and-meant-whole"
    opened = await open_report(browser, tmp_path, made_of(last=name), width=width)
    is_cut = "(each) => each.clientWidth < each.scrollWidth"
    assert await opened.page.locator("td.branch span", has_text="feature/").evaluate(is_cut)
    await opened.page.locator("td.branch", has_text=name[-8:]).click(click_count=3)
    assert (await opened.page.evaluate("getSelection().toString()")).rstrip("\n") == name
    assert name in await opened.page.locator(".bars").inner_text()
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
async def test_sorting_by_each_column(browser: Browser, tmp_path: Path, width: int, in_page: int) -> None:
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


async def test_searching_and_choosing_outcomes(browser: Browser, tmp_path: Path, in_page: int) -> None:
    accented = "cafe\u0301"  # two characters, as macOS writes it
    opened = await open_report(browser, tmp_path, made_of(30, accented))
    page, search = opened.page, opened.page.get_by_role("searchbox")
    await search.press_sequentially("BRANCH-2 cache")
    assert set(await opened.shown("branch")) == {"branch-2", *(f"branch-2{digit}" for digit in range(10))}
    assert await page.locator("output").inner_text() == "11 of 32"
    await search.fill("onerror")
    assert await opened.shown("outcome") == ["failed"]
    await search.fill("CAF\u00c9")
    assert await opened.shown("branch") == [accented]
    await search.fill("no such thing")
    assert await opened.shown("branch") == []
    assert await page.get_by_text("No cache matches").is_visible()
    await search.fill("")
    await page.get_by_role("button", name="recreated 1").click()
    assert await opened.shown("branch") == [accented]
    await page.get_by_role("button", name="failed 1").click()
    assert len(await opened.shown("branch")) == 2
    await page.get_by_role("button", name="failed 1").click()
    await page.get_by_role("button", name="recreated 1").click()
    assert len(await opened.shown("branch")) == 32
    await page.close()


async def test_more_rows_than_are_shown_at_once(browser: Browser, tmp_path: Path) -> None:
    opened = await open_report(browser, tmp_path, made_of(2500))
    page = opened.page
    assert len(await opened.shown("branch")) == 100
    assert await page.locator("tbody tr").count() == 100, "a row is made when it is shown"
    await page.get_by_role("button", name="Show 2,000 more of 2,402").click()
    assert await page.locator("tbody tr").count() == 2100
    await page.get_by_role("button", name="Show all 2,502").click()
    assert await page.locator("tbody tr:visible").count() == 2502
    assert await page.locator(".more:visible").count() == 0
    await page.locator("th.branch button").click()
    assert (await opened.shown("branch"))[-3:] == ["branch-2498", "branch-2499", "recreated-later"]
    await page.get_by_role("searchbox").fill("branch-1999")
    assert await opened.shown("branch") == ["branch-1999"]
    await page.close()


async def test_all_that_matches_is_printed(browser: Browser, tmp_path: Path) -> None:
    opened = await open_report(browser, tmp_path, made_of(1000))
    page = opened.page
    await page.get_by_role("searchbox").fill("branch-1")
    counts = await page.evaluate(
        "['beforeprint', 'afterprint'].map((name) => { dispatchEvent(new Event(name));"
        " return document.querySelectorAll('tbody tr').length; })"
    )
    assert counts == [111, 100]
    await page.close()


async def test_the_keyboard_is_enough(browser: Browser, tmp_path: Path, in_page: int) -> None:
    opened = await open_report(browser, tmp_path, made_of(150))
    page = opened.page
    await page.get_by_role("searchbox").focus()
    await page.keyboard.type("branch-1")
    assert await page.locator("output").inner_text() == "61 of 152"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    assert await opened.shown("branch") == [], "the first outcome is failed"
    await page.keyboard.press("Space")
    for _ in range(3):
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.locator("th.branch").get_attribute("aria-sort") == "ascending"
    assert await page.locator("th.branch button").evaluate("(head) => head === document.activeElement")
    assert (await opened.shown("branch"))[:3] == ["branch-1", "branch-10", "branch-11"]
    await page.close()


async def test_without_script_the_worst_can_be_read(browser: Browser, tmp_path: Path) -> None:
    opened = await open_report(browser, tmp_path, made_of(200), script=False)
    assert await opened.page.locator("tbody tr:visible").count() == 202
    assert not await opened.page.get_by_role("searchbox").is_visible()
    assert await opened.page.locator(".course").is_visible()
    await opened.page.close()
    many = await open_report(browser, tmp_path, made_of(400), script=False)
    assert await many.page.locator("tbody tr:visible").count() == 300
    assert (await many.shown("outcome"))[:3] == ["failed", "recreated", "deleted"]
    hint = many.page.get_by_text("… and 102 more caches, which this page shows only where it may run its script")
    assert await hint.is_visible()
    await many.page.close()
    with_script = await open_report(browser, tmp_path, made_of(400))
    assert not await with_script.page.get_by_text("more caches, which").is_visible()
    await with_script.page.close()


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
    file.write_text(html_of(report(), [], {"acme/widgets before": picture}))
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


async def test_the_top_of_a_long_picture_is_its_pixels(browser: Browser, tmp_path: Path) -> None:
    page = await browser.new_page(viewport={"width": 300, "height": 800})
    await page.set_content(
        "<body style='margin:0'>" + "".join(f"<p style='margin:0;height:100px'>{each}</p>" for each in range(50))
    )
    picture, top = tmp_path / "before.png", tmp_path / "top.png"
    await page.screenshot(path=picture, full_page=True)
    await page.screenshot(path=top, full_page=True, clip={"x": 0, "y": 0, "width": 300, "height": MOST_HEIGHT})
    file = tmp_path / "report.html"
    file.write_text(html_of(report(), [], {"acme/widgets before": picture}))
    await page.goto(file.as_uri())
    same = await page.evaluate(
        """async (expected) => {
          const pixels = async (source) => {
            const image = new Image();
            image.src = source;
            await image.decode();
            const { width, height } = image;
            const canvas = Object.assign(document.createElement("canvas"), { width, height });
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            return [width, height, ...context.getImageData(0, 0, width, height).data].join();
          };
          return await pixels(document.querySelector("img").src) === await pixels(expected);
        }""",
        f"data:image/png;base64,{base64.b64encode(top.read_bytes()).decode()}",
    )
    assert same
    assert await page.get_by_text("before.png shows 2,000 pixels more.").is_visible()
    await page.close()
