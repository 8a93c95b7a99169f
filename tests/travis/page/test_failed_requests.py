"""What a failed request tells and the page does not is noticed: a refused certificate, a proxy, another origin."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.async_api import Page

from purger.browser.certificates import RefusedByBrowserError
from purger.core.errors import SiteError
from purger.travis.page.failed_requests import FailedRequests

SITE = ("https://app.localhost:8443/base", "https://api.localhost:8443/api")


class FakePage:
    """A page whose requests fail as the test says."""

    def __init__(self) -> None:
        self._listeners: list[Any] = []

    def on(self, event: str, listener: Any) -> None:
        assert event == "requestfailed"
        self._listeners.append(listener)

    def fail(self, url: str, failure: str | None, **more: Any) -> None:
        for listener in self._listeners:
            listener(SimpleNamespace(url=url, failure=failure, is_navigation_request=lambda: bool(more), **more))


@pytest.fixture
def page() -> FakePage:
    return FakePage()


@pytest.fixture
def failed(page: FakePage) -> FailedRequests:
    watched = FailedRequests(SITE)
    watched.watch(cast(Page, page))
    return watched


@pytest.mark.parametrize("url", ["https://app.localhost:8443/x", "https://api.localhost:8443/repo/1?branch=a"])
@pytest.mark.parametrize("code", ["ERR_CERT_AUTHORITY_INVALID", "ERR_SSL_KEY_USAGE_INCOMPATIBLE"])
async def test_a_refused_certificate_of_the_site_is_an_error(
    page: FakePage, failed: FailedRequests, url: str, code: str
) -> None:
    page.fail(url, f"net::{code}")
    with pytest.raises(RefusedByBrowserError, match=code) as caught:
        await failed.check()
    assert caught.value.address == url.partition("8443")[0] + "8443"
    failed.forget()
    await failed.check()


@pytest.mark.parametrize(
    ("url", "failure"),
    [
        ("https://js.stripe.com/v3/", "net::ERR_CERT_DATE_INVALID"),
        ("https://api.localhost:9999/user", "net::ERR_CERT_DATE_INVALID"),
        ("http://app.localhost:8443/", "net::ERR_CERT_DATE_INVALID"),
        ("https://app.localhost:8443/", "net::ERR_CONNECTION_RESET"),
        ("https://app.localhost:8443/", "net::ERR_SSL_PROTOCOL_ERROR"),
        ("https://app.localhost:8443/", None),
    ],
)
async def test_other_hosts_and_other_failures_are_passed_over(
    page: FakePage, failed: FailedRequests, url: str, failure: str | None
) -> None:
    page.fail(url, failure)
    await failed.check()


@pytest.mark.parametrize(
    ("parent_frame", "redirected_from", "leads"), [(None, None, True), ("a page", None, False), (None, "/x", False)]
)
async def test_the_page_leads_elsewhere_by_itself_and_not_by_a_frame_or_a_redirect(
    page: FakePage,
    failed: FailedRequests,
    parent_frame: str | None,
    redirected_from: str | None,
    leads: bool,
) -> None:
    frame = SimpleNamespace(parent_frame=parent_frame)
    page.fail("http://portal.test/?a=b", "net::ERR_NAME_NOT_RESOLVED", frame=frame, redirected_from=redirected_from)
    with pytest.raises(SiteError, match=r"to another host: http://portal\.test \(") if leads else nullcontext():
        await failed.check()
