"""A token: what is none, and that its text is shown nowhere."""

from __future__ import annotations

import pytest
from loguru import logger

from purger.core.errors import AccessError, InputError
from purger.secrets.redaction import redact
from purger.secrets.token import Token

TEXT = "t0ken-of-somebody"


def test_the_text_is_only_given_to_who_asks_for_it() -> None:
    token = Token(TEXT)
    assert token.reveal() == TEXT
    for shown in (repr(token), str(token), f"{token}", f"{[token]}", "%s" % token):  # noqa: UP031 - all ways
        assert TEXT not in shown
        assert "Token(***)" in shown


def test_a_token_is_redacted_from_then_on() -> None:
    Token("another-t0ken")
    assert redact("authorization: token another-t0ken") == "authorization: token REDACTED"


def test_a_log_of_a_token_does_not_show_it() -> None:
    lines: list[str] = []
    number = logger.add(lines.append, format="{message}")
    logger.warning("signed in with {}", Token(TEXT))
    logger.remove(number)
    assert "".join(lines).strip() == "signed in with Token(***)"


@pytest.mark.parametrize("text", ["", " ", "\n", "\t \n"])
def test_an_empty_token_is_no_access(text: str) -> None:
    with pytest.raises(AccessError, match="the token is empty"):
        Token(text)


@pytest.mark.parametrize("text", ["a b", "abcdef\n", "\tabcdef", "a\x1b[31m", "tökèn", "a\0b", "a\u202eb"])
def test_what_no_header_can_hold_is_an_input_error_that_does_not_quote_it(text: str) -> None:
    with pytest.raises(InputError, match="white space, control characters or letters") as caught:
        Token(text)
    assert text not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    "text",
    [
        "/builds/acme/widgets.tmp/TRAVIS_TOKEN",
        "~/s3cret",
        "./s3cret",
        '"s3cret"',
        "'s3cret'",
        "TRAVIS_TOKEN=s3cret",
        "token:s3cret",
        "encrypted:BFhs3cret==",
        "op://s3cret/travis/token",
        "vault:secret/data/s3cret#token",
        "ref+vault://s3cret",
        "arn:aws:secretsmanager:eu-west-1:1:secret:s3cret",
        "ENC[AES256_GCM,data:s3cret=,type:str]",
        "@Microsoft.KeyVault(SecretUri=https://s3cret)",
        "$S3CRET",
        "$(s3cret)",
        "`s3cret`",
        "{{s3cret}}",
        "%S3CRET%",
        "<s3cret>",
        "[secure]",
        "!reference",
        "***",
    ],
)
def test_what_leads_to_a_token_or_has_more_around_it_is_refused_and_never_sent(text: str) -> None:
    with pytest.raises(InputError, match="the token begins as a reference, a path or a quote does") as caught:
        Token(text)
    said = f"{caught.value} {caught.value.remedy}"
    assert "s3cret" not in said.lower()
    assert "Set TRAVIS_TOKEN to the token alone: not to a file" in said
    assert "needs that tool to start purger" in said


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        (TEXT, "Copy a new one"),
        ("aB3_-x9==", "Copy a new one"),
        ("-aB3", "Copy a new one"),
        ("ABCDEF==", "Copy a new one"),
        ("aB/3.x+9=", "Set TRAVIS_TOKEN to the token alone"),
        (f'{TEXT}"', "Set TRAVIS_TOKEN to the token alone"),
    ],
)
def test_what_to_do_about_a_refused_token_depends_on_whether_more_was_given(text: str, remedy: str) -> None:
    assert Token(text).renewal.startswith(remedy)
    assert Token(text, renewal="Sign in again.").renewal == "Sign in again."


def test_no_attribute_can_be_added() -> None:
    with pytest.raises(AttributeError):
        Token(TEXT).text = TEXT  # type: ignore[attr-defined]
