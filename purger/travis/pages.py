"""Read pages for people, which another server sends in place of the API's JSON or of the front end's page."""

from __future__ import annotations

import html
import re

from purger.core.text import visible

LONGEST_TITLE = 80
_HEAD = 4096
"""Characters of a page in which its title is looked for."""


def is_page(text: str) -> bool:
    """Whether a body is a page for people, where the API's JSON was expected."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def title_in(page: str) -> str:
    """Return the title of a page, safe to show; empty if it has none."""
    found = re.search(r"<title\b[^>]*>(.*?)</title", page[:_HEAD], re.DOTALL | re.IGNORECASE)
    return visible(text_of(found[1]), LONGEST_TITLE) if found else ""


def titled(page: str) -> str:
    """Return the title of a page in brackets and quotes, with a space before it; empty if it has none."""
    title = title_in(page)
    return f' ("{title}")' if title else ""


def text_of(page: str) -> str:
    """Return the text at the beginning of a page, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page[:_HEAD])).split())
