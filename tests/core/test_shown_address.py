"""What is shown of an address has no user info, no query and no fragment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purger.core.shown_address import shown_address, without_secrets, without_user_info


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
