"""A headed run: what a person sees in the window, and where the run waits for the person."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from purger.browser.supervise import BrowserSupervisor
from purger.standin import StandIn
from purger.standin.repository import Repository
from purger.travis.page.cache_page import WITHOUT_MARKS
from tests.support.browser import environment, long_enough
from tests.support.windows import in_a_window, needs_a_display

pytestmark = [pytest.mark.browser, needs_a_display]


@pytest.mark.parametrize("changed", [None, "icon-class"])
async def test_the_browser_stays_open_until_the_person_closes_it(
    site: StandIn,
    repository: Repository,
    browsers: tuple[Playwright, BrowserSupervisor],
    browser_path: str,
    tmp_path: Path,
    changed: str | None,
) -> None:
    repository.fill(5)
    site.faults.changed_page = changed  # type: ignore[assignment]
    page_timeout = "60s" if changed is None else "5s"
    command = ["purge", "acme/widgets", "--yes", "--headed", "--keep-open", "--page-timeout", page_timeout]
    with in_a_window(command, environment(site), browser_path, tmp_path) as window:
        await window.said("the browser stays open until you close it")
        assert len(repository.caches) == (0 if changed is None else 5)
        page = await window.page(browsers[0])
        marks = page.locator("[data-purger]").last
        assert await marks.is_visible()
        assert page.url.endswith("/github/acme/widgets/caches")
        overlay = await page.evaluate("() => document.documentElement.lastElementChild.style.pointerEvents")
        assert overlay == "none", "the marks are drawn above the page, and let clicks through"
        await page.add_style_tag(content=WITHOUT_MARKS)
        assert await marks.is_hidden(), "the marks are no part of a picture that is kept"
        await page.close()
        assert await window.end() == (0 if changed is None else 4)


async def test_nothing_is_clicked_before_the_inspector_lets_it_go_on(
    site: StandIn, repository: Repository, browser_path: str, tmp_path: Path
) -> None:
    repository.fill(5)
    command = ["purge", "acme/widgets", "--yes", "--headed", "--pause"]
    with in_a_window(command, environment(site), browser_path, tmp_path) as window:
        await window.said("nothing was clicked yet; continue in Playwright's inspector")
        await asyncio.sleep(1)
        assert site.count("DELETE") == 0
        window.interrupt()
        assert await window.end() == 130
    assert len(repository.caches) == 5


async def test_a_browser_that_is_open_when_time_is_over_makes_no_failure_of_a_purge(
    site: StandIn, repository: Repository, browser_path: str, tmp_path: Path
) -> None:
    for seconds in long_enough(8):
        repository.clear()  # what ran out of time may have deleted them, and an empty list opens no browser
        repository.fill(2)
        command = ["purge", "acme/widgets", "--yes", "--headed", "--keep-open", "--timeout", f"{seconds:g}s"]
        with in_a_window(command, environment(site), browser_path, tmp_path) as window:
            code = await window.end()
        if "the browser stays open until you close it" in window.stderr:
            break
    assert code == 0
    assert repository.caches == []
