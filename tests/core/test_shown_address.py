"""What is shown of an address has no user info, no query and no fragment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purger.core.shown_address import quoted, shown_address, shown_value, without_secrets, without_user_info


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://x:PASSWORD@git.corp.test/o/n.git", "https://git.corp.test/o/n.git"),
        ("https://PASSWORD@git.corp.test/o/n.git?token=PASSWORD#PASSWORD", "https://git.corp.test/o/n.git"),
        ("https://x:PASS/WORD@git.corp.test/o/n.git", "https://git.corp.test/o/n.git"),
        ("https://x:PASS@WORD@git.corp.test/o/n.git", "https://git.corp.test/o/n.git"),
        ("https://x:PASS?WORD@git.corp.test/o/n.git", "https://…"),
        ("https://x:PASS#WORD@git.corp.test/o/n.git", "https://…"),
        ("https:/x:PASSWORD@git.corp.test/o/n.git", "https:/git.corp.test/o/n.git"),
        ("ssh://git:PASSWORD@git.corp.test/o/n.git", "ssh://git.corp.test/o/n.git"),
        ("x:PASSWORD@git.corp.test/o/n", "…@git.corp.test/o/n"),
        ("wss://host.test/?token=PASSWORD", "wss://host.test/"),
        ("git@git.corp.test:o/n.git", "git@git.corp.test:o/n.git"),
        ("ext::sh -c PASSWORD", "ext::…"),
        ("owner/name", "owner/name"),
        ("owner/name?#", "owner/name?#"),
        ("/srv/a folder", "/srv/a folder"),
    ],
)
def test_what_is_shown_of_an_address(address: str, shown: str) -> None:
    assert shown_address(address) == shown
    assert "PASS" not in shown


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1))
def test_no_password_is_shown(password: str) -> None:
    assert "SENTINEL" not in shown_address(f"https://user:SENTINEL{password}@host.test/o/n")


def test_addresses_in_a_text_lose_what_may_be_secret() -> None:
    text = "see 'https://x:PASSWORD@host.test/o?k=PASSWORD#f', (wss://PASSWORD@b.test/p?PASSWORD) and a@b.test?"
    assert without_user_info("to https://x:PASSWORD@host.test/o?k=1, b@c") == "to https://host.test/o?k=1, b@c"
    assert without_secrets(text) == "see 'https://host.test/o', (wss://b.test/p and a@b.test?"
    assert without_user_info("/usr/bin:/home/me@work/bin") == "/usr/bin:/home/me@work/bin"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http:/u:PASS/WORD@h", "http:/h"),
        ("u:PASS/WORD@h:1", "…@h:1"),
        ("u:PASSWORD@h", "…@h"),
        (":PASSWORD@h", "…@h"),
        ("http:/PASSWORD@h", "http:/h"),
        ("node@18/report.json", "node@18/report.json"),
        ("/srv/a:b/me@work/x.json", "/srv/a:b/me@work/x.json"),
        ("~/a:b@c", "~/a:b@c"),
        ("./a:b@c", "./a:b@c"),
        (r"C:\Users\me@work", r"C:\Users\me@work"),
        ("127.0.0.1:9", "127.0.0.1:9"),
        ("https://api.travis-ci.com/user?k=PASSWORD", "https://api.travis-ci.com/user"),
        ("file:/srv/x?k=PASSWORD", "file:/srv/x"),
    ],
)
def test_what_is_shown_of_a_value_that_should_be_no_address(value: str, shown: str) -> None:
    assert shown_value(value) == shown
    assert without_secrets(f"that folder's {value!r} isn't it") == f"that folder's {shown!r} isn't it"


def test_a_quoted_value_is_one_short_line_without_secrets() -> None:
    assert quoted("u:PASSWORD@h\n") == "'…@h'"
    assert quoted("x" * 100) == f"'{'x' * 20}…{'x' * 19}'"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to http://u:PASS/WORD@h:1, which", "to http://h:1, which"),
        ("to http://u:PASS?WORD#x@h:1", "to http://h:1"),
        ("http://h:8080/@scope/x", "http://h:8080/@scope/x"),
        ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
        ("file://C:/a@b", "file://C:/a@b"),
        ("https://u:PASSWORD@h/a@b", "https://h/a@b"),
    ],
)
def test_a_password_with_a_slash_is_taken_out_of_a_text(text: str, shown: str) -> None:
    assert without_user_info(text) == shown
