"""Pages for people are told from the API's JSON, and named by their titles."""

from __future__ import annotations

import pytest

from purger.travis.pages import is_page, text_of, title_in, titled


@pytest.mark.parametrize(
    ("text", "expected"), [("\ufeff\n <html>", True), ("<p>", True), ('{"a": "<p>"}', False), ("", False)]
)
def test_a_page_begins_with_markup(text: str, expected: bool) -> None:
    assert is_page(text) is expected


def test_a_page_is_named_by_its_title() -> None:
    page = "<html><head><TITLE lang=en>Sign in\n to &lt;Hotel&gt;</TITLE></head><p>and pay"
    assert title_in(page) == "Sign in to <Hotel>"
    assert titled(page) == ' ("Sign in to <Hotel>")'
    assert titled("<p>") == title_in("<p>") == ""
    assert text_of("<h1>Access</h1> denied") == "Access denied"
