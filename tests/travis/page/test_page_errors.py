"""Why the cache page can't be used, as an error with its remedy."""

from __future__ import annotations

import pytest
from playwright.async_api import Error as PlaywrightError

from purger.browser.causes import too_few
from purger.core.errors import BrowserError, LastingSiteError, NoAnswerError, SiteError
from purger.travis.page.page_errors import moved, other_origin, unopened
from purger.travis.refusals import OTHER_HOST_REMEDY


@pytest.mark.parametrize(
    ("path", "title", "said", "remedy"),
    [
        ("/github/o/n", "Travis CI", "the page moved to /github/o/n instead", "ask an admin"),
        ("/github/o/n/", "", "the page moved to /github/o/n/ instead", "ask an admin"),
        (
            "/login",
            "Corporate login",
            'something else than the front end answers here: a page ("Corporate login")',
            "sign",
        ),
        ("/signin", "Travis CI", "the page moved to /signin instead", "ask an admin"),
        ("/my.policy\x1b", "", "the page moved to /my.policy", OTHER_HOST_REMEDY),
        ("/", "", "the page moved to / instead", OTHER_HOST_REMEDY),
        ("/github/o/n-2", "", "the page moved to /github/o/n-2 instead", OTHER_HOST_REMEDY),
    ],
)
def test_a_page_that_moved_is_the_repositorys_own_or_something_else(
    path: str, title: str, said: str, remedy: str
) -> None:
    caught = moved(path, title, "https://app.travis.test/github/o/n/caches")
    assert caught.what.startswith(said)
    assert "\x1b" not in caught.what
    assert remedy in (caught.remedy or "")
    assert isinstance(caught, LastingSiteError) is (title == "Corporate login"), "only that stays"


@pytest.mark.parametrize(
    ("shown", "remedy"),
    [
        (
            "https://travis.test/github/o/n/caches",
            "Give --url with https://travis.test in place of http://travis.test.",
        ),
        (
            "http://TRAVIS.test:8080/x?secret=1",
            "Give --url with http://travis.test:8080 in place of http://travis.test.",
        ),
        ("about:blank", "See --url."),
        ("https://elsewhere.test/", "See --url."),
    ],
)
def test_a_front_end_that_leads_to_another_origin_of_its_host_is_where_to_go(shown: str, remedy: str) -> None:
    caught = other_origin("http://travis.test/github/o/n/caches", shown)
    assert "another origin" in caught.what
    assert caught.remedy == remedy


@pytest.mark.parametrize(
    ("code", "is_limited", "kind"),
    [
        ("net::ERR_ABORTED", True, BrowserError),
        ("net::ERR_ABORTED", False, SiteError),
        ("net::ERR_CONNECTION_REFUSED", True, NoAnswerError),
    ],
)
def test_what_a_browser_at_its_limits_aborts_is_no_answer_of_the_front_end(
    code: str, is_limited: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = too_few("open files", "the limit is 64") if is_limited else None
    monkeypatch.setattr("purger.travis.page.page_errors.limits_fault", lambda: limit)
    caught = unopened(PlaywrightError(f"Page.goto: {code} at https://travis.test/"), "https://travis.test/")
    assert type(caught) is kind
    assert ("ulimit -n" in (caught.remedy or "")) == (kind is BrowserError)
