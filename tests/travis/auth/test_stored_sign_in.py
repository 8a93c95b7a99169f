"""The token that a sign-in stored in the front end's storage."""

from __future__ import annotations

import pytest

from purger.travis.auth.stored_sign_in import token_text


@pytest.mark.parametrize(
    ("accounts", "active", "web_token", "token"),
    [
        (None, None, None, None),
        (None, None, "", None),
        (None, None, "lone", "lone"),
        ('[{"id": 1, "web_token": "one"}, {"id": 2, "web_token": "two"}]', "2", "lone", "two"),
        ('[{"id": 1, "web_token": "one"}]', None, None, None),
        ('[{"id": 1, "web_token": "one"}]', "2", "lone", "lone"),
        ('[{"id": 1}]', "1", None, None),
        ('[{"id": 1, "web_token": null}]', "1", "lone", "lone"),
        ("{broken", "1", "lone", "lone"),
        ("null", "1", None, None),
        ("[7]", "1", None, None),
    ],
)
def test_the_active_accounts_token_comes_before_the_single_web_token(
    accounts: str | None, active: str | None, web_token: str | None, token: str | None
) -> None:
    assert token_text(accounts, active, web_token) == token
